"""PersistentVolumes, claims and StorageClasses as the scheduler sees them, its own intentions included.

The scheduler's informers write. A Pod's Reserve puts volumes and claims here as they will be once its
bindings are written (assumed), so that the next Pod does not count on the same volume; the informers'
newer versions take their place.

Models:
    pkg/scheduler/util/assumecache/assume_cache.go AssumeCache
    staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go FindMatchingVolume
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.meta import namespaced_name
from webapp.apimachinery.quantity import quantity_bytes
from webapp.scheduler.framework.node_selection import term_matches

if TYPE_CHECKING:
    from collections.abc import Hashable

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.arrays import BoolArray, Rows
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
WAIT_FOR_FIRST_CONSUMER = "WaitForFirstConsumer"
READ_WRITE_ONCE_POD = "ReadWriteOncePod"


class Volumes:
    """Everything about storage that plugins look up.

    Attributes:
        version: Rises with every change.
        classes: StorageClasses by name.
        csi_nodes: CSINodes by name.
    """

    def __init__(self) -> None:
        self.version = 0
        self.classes: dict[str, JSONObject] = {}
        self.csi_nodes: dict[str, JSONObject] = {}
        self._claims: dict[str, JSONObject] = {}
        self._volumes: dict[str, JSONObject] = {}
        self._assumed_claims: dict[str, JSONObject] = {}
        self._assumed_volumes: dict[str, JSONObject] = {}

    # --- writing ----------------------------------------------------------------------------

    def put_claim(self, claim: JSONObject) -> None:
        """A claim came or changed."""
        self._put(self._claims, self._assumed_claims, namespaced_name(claim), claim)

    def remove_claim(self, claim: JSONObject) -> None:
        """A claim went."""
        self._remove(self._claims, self._assumed_claims, namespaced_name(claim))

    def put_volume(self, volume: JSONObject) -> None:
        """A volume came or changed."""
        self._put(self._volumes, self._assumed_volumes, volume["metadata"]["name"], volume)

    def remove_volume(self, volume: JSONObject) -> None:
        """A volume went."""
        self._remove(self._volumes, self._assumed_volumes, volume["metadata"]["name"])

    def put_class(self, storage_class: JSONObject) -> None:
        """A StorageClass came or changed."""
        self.classes[storage_class["metadata"]["name"]] = storage_class
        self.version += 1

    def remove_class(self, storage_class: JSONObject) -> None:
        """A StorageClass went."""
        self.classes.pop(storage_class["metadata"]["name"], None)
        self.version += 1

    def put_csi_node(self, csi_node: JSONObject) -> None:
        """A CSINode came or changed."""
        self.csi_nodes[csi_node["metadata"]["name"]] = csi_node
        self.version += 1

    def remove_csi_node(self, csi_node: JSONObject) -> None:
        """A CSINode went."""
        self.csi_nodes.pop(csi_node["metadata"]["name"], None)
        self.version += 1

    def assume_claim(self, claim: JSONObject) -> None:
        """A claim is going to look like this."""
        self._assumed_claims[namespaced_name(claim)] = claim
        self.version += 1

    def assume_volume(self, volume: JSONObject) -> None:
        """A volume is going to look like this."""
        self._assumed_volumes[volume["metadata"]["name"]] = volume
        self.version += 1

    def forget_claim(self, key: str) -> None:
        """The claim stays as it is after all."""
        if self._assumed_claims.pop(key, None) is not None:
            self.version += 1

    def forget_volume(self, name: str) -> None:
        """The volume stays as it is after all."""
        if self._assumed_volumes.pop(name, None) is not None:
            self.version += 1

    def _put(
        self,
        held: dict[str, JSONObject],
        assumed: dict[str, JSONObject],
        key: str,
        obj: JSONObject,
    ) -> None:
        held[key] = obj
        intention = assumed.get(key)
        if intention is not None and _revision(obj) >= _revision(intention):
            del assumed[key]
        self.version += 1

    def _remove(
        self, held: dict[str, JSONObject], assumed: dict[str, JSONObject], key: str
    ) -> None:
        held.pop(key, None)
        assumed.pop(key, None)
        self.version += 1

    # --- reading ----------------------------------------------------------------------------

    def claim(self, key: str) -> JSONObject | None:
        """A claim, as it is going to be."""
        return self._assumed_claims.get(key) or self._claims.get(key)

    def volume(self, name: str) -> JSONObject | None:
        """A volume, as it is going to be."""
        return self._assumed_volumes.get(name) or self._volumes.get(name)

    def claim_as_told(self, key: str) -> JSONObject | None:
        """A claim as the API server tells of it."""
        return self._claims.get(key)

    def volume_as_told(self, name: str) -> JSONObject | None:
        """A volume as the API server tells of it."""
        return self._volumes.get(name)

    def binds_late(self, claim: JSONObject) -> bool:
        """Whether the claim's volume is chosen together with the Pod's Node."""
        storage_class = self.classes.get(class_name(claim))
        return (
            storage_class is not None
            and storage_class.get("volumeBindingMode") == WAIT_FOR_FIRST_CONSUMER
        )

    def suitable_volumes(self, claim: JSONObject) -> list[JSONObject]:
        """Volumes that the claim could have, the one set aside for it alone, else smallest first."""
        found = []
        for name in self._volumes:
            volume = self.volume(name) or {}
            if volume["spec"].get("claimRef"):
                if is_set_aside(volume, claim) and _is_big_enough(volume, claim):
                    return [volume]
            elif _suits(volume, claim):
                found.append(volume)
        return sorted(found, key=lambda one: (_capacity(one), one["metadata"]["name"]))


def volumes_signature(pod: PodInfo, volumes: Volumes) -> Hashable:
    """What plugins that look at a Pod's claims see; ``None`` for a Pod without."""
    if not pod.claims:
        return None
    return pod.namespace, pod.claims, volumes.version, pod.uid


def class_name(claim: JSONObject) -> str:
    """The storage class of a claim or a volume; "" for none."""
    return str(claim["spec"].get("storageClassName") or "")


def requested_bytes(claim: JSONObject) -> int:
    """How much a claim asks for."""
    requests = (claim["spec"].get("resources") or {}).get("requests") or {}
    return quantity_bytes(requests.get("storage", "0"))


def is_fully_bound(claim: JSONObject) -> bool:
    """Whether the claim has its volume for good."""
    annotations = claim["metadata"].get("annotations") or {}
    return bool(claim["spec"].get("volumeName")) and BIND_COMPLETED in annotations


def reachable(volume: JSONObject, nodes: NodeTable, rows: Rows) -> BoolArray:
    """From which Nodes the volume can be used, by its node affinity."""
    count = len(nodes.pod_count[rows])
    affinity = (volume["spec"].get("nodeAffinity") or {}).get("required")
    if affinity is None:
        return np.ones(count, np.bool_)
    found = np.zeros(count, np.bool_)
    for term in affinity.get("nodeSelectorTerms") or ():
        found |= term_matches(term, nodes, rows, count)
    return found


def is_set_aside(volume: JSONObject, claim: JSONObject) -> bool:
    """Whether the volume names this very claim, or one of this name."""
    reference = volume["spec"].get("claimRef") or {}
    metadata = claim["metadata"]
    return (
        reference.get("name") == metadata["name"]
        and reference.get("namespace") == metadata["namespace"]
        and reference.get("uid", "") in ("", metadata["uid"])
    )


def _suits(volume: JSONObject, claim: JSONObject) -> bool:
    spec, wanted = volume["spec"], claim["spec"]
    selector = wanted.get("selector")
    return (
        "deletionTimestamp" not in volume["metadata"]
        and (volume.get("status") or {}).get("phase") == "Available"
        and class_name(volume) == class_name(claim)
        and _is_big_enough(volume, claim)
        and set(wanted.get("accessModes") or ()) <= set(spec.get("accessModes") or ())
        and (
            not selector
            or selector_from_label_selector(selector).matches(volume["metadata"].get("labels"))
        )
    )


def _is_big_enough(volume: JSONObject, claim: JSONObject) -> bool:
    spec, wanted = volume["spec"], claim["spec"]
    same_mode = (spec.get("volumeMode") or "Filesystem") == (
        wanted.get("volumeMode") or "Filesystem"
    )
    return same_mode and _capacity(volume) >= requested_bytes(claim)


def _capacity(volume: JSONObject) -> int:
    return quantity_bytes((volume["spec"].get("capacity") or {}).get("storage", "0"))


def _revision(obj: JSONObject) -> int:
    return int(obj["metadata"].get("resourceVersion") or 0)
