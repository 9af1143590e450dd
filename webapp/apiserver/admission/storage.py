"""Claims and volumes: protection, the default class, and who may grow.

Models:
    plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go storageProtectionPlugin
    plugin/pkg/admission/storage/storageclass/setdefault/admission.go claimDefaulterPlugin
    plugin/pkg/admission/storage/persistentvolume/resize/admission.go persistentVolumeClaimResize
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.meta import with_fields
from webapp.apimachinery.quantity import parse_quantity
from webapp.apiserver.admission.plugin import CREATE, UPDATE, AdmissionPlugin
from webapp.apiserver.storage import bucket_name

if TYPE_CHECKING:
    from fractions import Fraction

    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.admission.plugin import AdmissionAttributes
    from webapp.apiserver.storage import Storage

_CLAIMS = "persistentvolumeclaims"
_CLASSES = bucket_name("storage.k8s.io", "storageclasses")
_FINALIZERS = {
    _CLAIMS: "kubernetes.io/pvc-protection",
    "persistentvolumes": "kubernetes.io/pv-protection",
}
_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
_DEFAULT_MARKS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


class StorageObjectInUseProtection(AdmissionPlugin):
    """Gives new claims and volumes the finalizer that keeps them while they are in use."""

    name = "StorageObjectInUseProtection"

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """New claims and volumes."""
        return not group and resource in _FINALIZERS and not subresource and operation == CREATE

    def admit(self, attributes: AdmissionAttributes, obj: JSONObject) -> JSONObject:
        """The object with its finalizer."""
        finalizer = _FINALIZERS[attributes.info.resource]
        held = obj["metadata"].get("finalizers") or []
        if finalizer in held:
            return obj
        return with_fields(obj, ("metadata", "finalizers"), [*held, finalizer])


class DefaultStorageClass(AdmissionPlugin):
    """Gives claims without a class the default one."""

    name = "DefaultStorageClass"

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """New claims."""
        return (group, resource, subresource, operation) == ("", _CLAIMS, "", CREATE)

    def admit(self, attributes: AdmissionAttributes, obj: JSONObject) -> JSONObject:
        """The claim with a class, if it names none and there is a default one."""
        del attributes
        annotations = obj["metadata"].get("annotations") or {}
        if (obj.get("spec") or {}).get(
            "storageClassName"
        ) is not None or _BETA_CLASS in annotations:
            return obj
        classes = [held for held in self._storage.list(_CLASSES) if _is_default(held)]
        if not classes:
            return obj
        newest = max(held["metadata"]["creationTimestamp"] for held in classes)
        name = min(
            held["metadata"]["name"]
            for held in classes
            if held["metadata"]["creationTimestamp"] == newest
        )
        return with_fields(obj, ("spec", "storageClassName"), name)


class PersistentVolumeClaimResize(AdmissionPlugin):
    """Lets claims grow whose class allows it."""

    name = "PersistentVolumeClaimResize"

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def handles(self, group: str, resource: str, subresource: str, operation: str) -> bool:
        """Changed claims."""
        return (group, resource, subresource, operation) == ("", _CLAIMS, "", UPDATE)

    def validate(self, attributes: AdmissionAttributes, obj: JSONObject) -> None:
        """Refuse growth that nobody could carry out."""
        old = attributes.old or {}
        if _asked(obj) <= _asked(old):
            return
        if (old.get("status") or {}).get("phase") != "Bound":
            raise attributes.forbidden("Only bound persistent volume claims can be expanded")
        name = (obj.get("spec") or {}).get("storageClassName") or ""
        storage_class = self._storage.get(_CLASSES, name) if name else None
        if storage_class is None or not storage_class.get("allowVolumeExpansion"):
            raise attributes.forbidden(
                "only dynamically provisioned pvc can be resized and the storageclass that "
                "provisions the pvc must support resize"
            )


def _is_default(storage_class: JSONObject) -> bool:
    annotations = storage_class["metadata"].get("annotations") or {}
    return any(annotations.get(mark) == "true" for mark in _DEFAULT_MARKS)


def _asked(claim: JSONObject) -> Fraction:
    requests = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
    return parse_quantity(requests.get("storage", "0"))
