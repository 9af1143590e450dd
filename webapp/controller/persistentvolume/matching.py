"""Which volume suits a claim, and what a volume made for a claim looks like. Pure.

Models:
    staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go FindMatchingVolume
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.quantity import quantity_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject

DEFAULT_CLASS_ANNOTATION = "storageclass.kubernetes.io/is-default-class"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
STORAGE_PROVISIONER = "volume.kubernetes.io/storage-provisioner"


def class_name(obj: JSONObject) -> str:
    """The storage class of a claim or a volume; "" for none."""
    return str(obj["spec"].get("storageClassName") or "")


def requested_bytes(claim: JSONObject) -> int:
    """How much a claim asks for."""
    requests = (claim["spec"].get("resources") or {}).get("requests") or {}
    return quantity_bytes(requests.get("storage", "0"))


def is_bound_to(volume: JSONObject, claim: JSONObject) -> bool:
    """Whether the volume was given to this very claim, or set aside for its name."""
    reference = volume["spec"].get("claimRef")
    if not reference:
        return False
    metadata = claim["metadata"]
    same_name = (reference.get("namespace"), reference.get("name")) == (
        metadata["namespace"],
        metadata["name"],
    )
    return same_name and reference.get("uid", "") in {"", metadata["uid"]}


def find_volume(claim: JSONObject, volumes: Iterable[JSONObject]) -> JSONObject | None:
    """The volume set aside for the claim, else the smallest free one that suits it."""
    suitable = []
    for volume in volumes:
        if is_bound_to(volume, claim):
            return volume
        if not volume["spec"].get("claimRef") and _suits(volume, claim):
            suitable.append(volume)
    return min(suitable, key=_size_order, default=None)


def _suits(volume: JSONObject, claim: JSONObject) -> bool:
    spec, wanted = volume["spec"], claim["spec"]
    selector = wanted.get("selector")
    return (
        "deletionTimestamp" not in volume["metadata"]
        and (volume.get("status") or {}).get("phase") in {"Available", "Pending"}
        and class_name(volume) == class_name(claim)
        and (spec.get("volumeMode") or "Filesystem") == (wanted.get("volumeMode") or "Filesystem")
        and set(wanted.get("accessModes") or ()) <= set(spec.get("accessModes") or ())
        and _capacity(volume) >= requested_bytes(claim)
        and (
            not selector
            or selector_from_label_selector(selector).matches(volume["metadata"].get("labels"))
        )
    )


def _capacity(volume: JSONObject) -> int:
    return quantity_bytes((volume["spec"].get("capacity") or {}).get("storage", "0"))


def _size_order(volume: JSONObject) -> tuple[int, str]:
    return _capacity(volume), volume["metadata"]["name"]


def claim_reference(claim: JSONObject) -> JSONObject:
    """How a volume names the claim that it is bound to."""
    metadata = claim["metadata"]
    return {
        "kind": "PersistentVolumeClaim",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "v1",
        "resourceVersion": metadata["resourceVersion"],
    }


def new_volume(claim: JSONObject, storage_class: JSONObject) -> JSONObject:
    """The volume that a provisioner makes for a claim: a directory on the Node's disk."""
    metadata = claim["metadata"]
    name = f"pvc-{metadata['uid']}"
    requests = (claim["spec"].get("resources") or {}).get("requests") or {}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": name,
            "annotations": {PROVISIONED_BY: storage_class["provisioner"]},
        },
        "spec": {
            "accessModes": claim["spec"].get("accessModes") or ["ReadWriteOnce"],
            "capacity": {"storage": requests.get("storage", "0")},
            "claimRef": claim_reference(claim),
            "hostPath": {
                "path": f"/var/local-path-provisioner/{name}_{metadata['namespace']}_{metadata['name']}",
                "type": "DirectoryOrCreate",
            },
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy") or "Delete",
            "storageClassName": storage_class["metadata"]["name"],
            "volumeMode": claim["spec"].get("volumeMode") or "Filesystem",
        },
    }
