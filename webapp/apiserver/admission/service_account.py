"""Pods run as a ServiceAccount and find its token mounted.

Models:
    plugin/pkg/admission/serviceaccount/admission.go Plugin
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apiserver.admission.plugin import CREATE, AdmissionPlugin
from webapp.apiserver.storage import bucket_name, object_key

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.admission.plugin import AdmissionAttributes
    from webapp.apiserver.storage import Storage
    from webapp.sim.rng import RandomStreams

TOKEN_MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105  # a path, no secret
_ACCOUNTS = bucket_name("", "serviceaccounts")
_DEFAULT_ACCOUNT = "default"
_MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
_VOLUME_PREFIX = "kube-api-access-"
_TOKEN_VOLUME_SOURCE: JSONObject = {
    "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {
            "configMap": {
                "name": "kube-root-ca.crt",
                "items": [{"key": "ca.crt", "path": "ca.crt"}],
            }
        },
        {
            "downwardAPI": {
                "items": [
                    {
                        "path": "namespace",
                        "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                    }
                ]
            }
        },
    ],
    "defaultMode": 420,
}


class ServiceAccountPlugin(AdmissionPlugin):
    """Fills in the account, its pull secrets and the token's volume."""

    name = "ServiceAccount"

    def __init__(self, storage: Storage, streams: RandomStreams) -> None:
        self._storage = storage
        self._suffixes = streams.stream("apiserver/token-volume")

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """New Pods."""
        return (group, resource, subresource, operation) == ("", "pods", "", CREATE)

    def admit(self, attributes: AdmissionAttributes, obj: JSONObject) -> JSONObject:
        """The Pod with its account."""
        annotations = obj["metadata"].get("annotations")
        if annotations and _MIRROR_ANNOTATION in annotations:
            return obj
        spec = dict(obj.get("spec") or {})
        name = spec.get("serviceAccountName") or spec.get("serviceAccount") or _DEFAULT_ACCOUNT
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        namespace = attributes.namespace
        account = self._storage.get(_ACCOUNTS, object_key(namespace, name))
        if account is None:
            raise attributes.forbidden(
                f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
            )
        if _should_mount(account, spec):
            self._mount_token(spec)
        if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
            spec["imagePullSecrets"] = account["imagePullSecrets"]
        return {**obj, "spec": spec}

    def _mount_token(self, spec: JSONObject) -> None:
        """Mount the token in each container that has nothing at its path."""
        needy = [
            container
            for field in ("initContainers", "containers")
            for container in spec.get(field) or ()
            if not _has_mount(container)
        ]
        if not needy:
            return
        volume = _VOLUME_PREFIX + self._suffixes.name_suffix()
        mount = {"name": volume, "readOnly": True, "mountPath": TOKEN_MOUNT_PATH}
        for field in ("initContainers", "containers"):
            if spec.get(field):
                spec[field] = [
                    container if _has_mount(container) else _with_mount(container, mount)
                    for container in spec[field]
                ]
        spec["volumes"] = [
            *(spec.get("volumes") or ()),
            {"name": volume, "projected": _TOKEN_VOLUME_SOURCE},
        ]


def _should_mount(account: JSONObject, spec: JSONObject) -> bool:
    for holder in (spec, account):
        wish = holder.get("automountServiceAccountToken")
        if wish is not None:
            return bool(wish)
    return True


def _has_mount(container: JSONObject) -> bool:
    return any(
        mount.get("mountPath") == TOKEN_MOUNT_PATH for mount in container.get("volumeMounts") or ()
    )


def _with_mount(container: JSONObject, mount: JSONObject) -> JSONObject:
    return {**container, "volumeMounts": [*(container.get("volumeMounts") or ()), mount]}
