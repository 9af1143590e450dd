"""What core kinds start with, and what updates must not carry over.

Models:
    pkg/registry/core/pod/strategy.go
    pkg/registry/core/namespace/strategy.go
    pkg/registry/core/persistentvolumeclaim/strategy.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.defaults.pod import mirror_service_account
from webapp.api.core.label_keys import merge_label_keys
from webapp.api.core.pods import qos_class
from webapp.api.defaulting import map_spec

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_GATED = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "SchedulingGated",
    "message": "Scheduling is blocked due to non-empty scheduling gates",
}
_NAMESPACE_FINALIZER = "kubernetes"


def prepare_new_pod(pod: JSONObject) -> JSONObject:
    """A new Pod is Pending, and held back while it has scheduling gates."""
    pod = merge_label_keys(_mirrored(pod))
    status: JSONObject = {"phase": "Pending", "qosClass": qos_class(pod)}
    if pod["spec"].get("schedulingGates"):
        status = {"conditions": [_GATED], **status}
    return {**pod, "status": status}


def prepare_changed_pod(new: JSONObject, old: JSONObject) -> JSONObject:
    """A changed Pod says the same under both names of its service account."""
    del old
    return _mirrored(new)


def prepare_pod_status(new: JSONObject, old: JSONObject) -> JSONObject:
    """An update of status changes neither owners nor the deletion, and keeps the QoS class."""
    metadata = new["metadata"]
    owners = old["metadata"].get("ownerReferences")
    if metadata.get("ownerReferences") != owners:
        metadata = {key: item for key, item in metadata.items() if key != "ownerReferences"}
        if owners:
            metadata["ownerReferences"] = owners
        new = {**new, "metadata": metadata}
    status = new.get("status") or {}
    qos = (old.get("status") or {}).get("qosClass")
    if qos and not status.get("qosClass"):
        new = {**new, "status": {**status, "qosClass": qos}}
    return new


def prepare_new_namespace(namespace: JSONObject) -> JSONObject:
    """A new Namespace is Active, and stays until its contents are gone."""
    spec = namespace.get("spec") or {}
    finalizers = spec.get("finalizers") or []
    if _NAMESPACE_FINALIZER not in finalizers:
        spec = {**spec, "finalizers": [*finalizers, _NAMESPACE_FINALIZER]}
    return {**namespace, "spec": spec, "status": {"phase": "Active"}}


def prepare_changed_namespace(new: JSONObject, old: JSONObject) -> JSONObject:
    """Only the finalize subresource changes a Namespace's finalizers."""
    return {**new, "spec": old["spec"]} if old.get("spec") else new


def prepare_new_volume(volume: JSONObject) -> JSONObject:
    """A new PersistentVolume or claim is Pending."""
    return {**volume, "status": {"phase": "Pending"}}


def prepare_new_service(service: JSONObject) -> JSONObject:
    """A new Service has no load balancer yet."""
    return {**service, "status": {"loadBalancer": {}}}


_mirrored = map_spec(mirror_service_account)
