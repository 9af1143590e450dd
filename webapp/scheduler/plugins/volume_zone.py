"""VolumeZone: zone and region labels of a volume must be those of the Node.

Models:
    pkg/scheduler/framework/plugins/volumezone/volume_zone.go VolumeZone
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from webapp.scheduler.framework.hints import after_claim_changed
from webapp.scheduler.framework.interface import (
    SKIP,
    Code,
    FilterPlugin,
    PreFilterPlugin,
    PreFilterResult,
    Scope,
    Status,
)
from webapp.scheduler.framework.types import (
    ActionType,
    ClusterEvent,
    ClusterEventWithHint,
    EventResource,
    QueueingHint,
)
from webapp.scheduler.framework.volumes import class_name, volumes_signature

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.arrays import IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.interface import Handle
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

_CURRENT = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
}
_LABELS = (*_CURRENT, *_CURRENT.values())
_REFUSED = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) had no available volume zone",))
_SEPARATOR = "__"
"""Between the zones of a volume that is in several."""


class VolumeZone(PreFilterPlugin, FilterPlugin):
    """Compares labels of bound volumes with those of Nodes."""

    name = "VolumeZone"
    looks_at_volumes_only = True
    scope = Scope.NODE

    def __init__(self, handle: Handle) -> None:
        self._volumes = handle.volumes

    def sign(self, pod: PodInfo) -> Hashable:
        """The claims, and all that is known of storage."""
        return volumes_signature(pod, self._volumes)

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> PreFilterResult:  # noqa: ARG002  # the extension point's signature
        """Note the zones of the Pod's volumes; SKIP when there are none."""
        zones: list[tuple[str, frozenset[str]]] = []
        for name, is_own in pod.claims:
            if is_own:
                continue
            claim = self._volumes.claim(f"{pod.namespace}/{name}")
            if claim is None:
                return _refusal(f'persistentvolumeclaim "{name}" not found')
            volume_name = claim["spec"].get("volumeName")
            if not volume_name:
                problem = self._unbound_problem(claim)
                if problem:
                    return _refusal(problem)
                continue
            volume = self._volumes.volume(volume_name)
            if volume is None:
                return _refusal(f'persistentvolume "{volume_name}" not found')
            zones.extend(zones_of(volume))
        if not zones:
            return PreFilterResult(SKIP)
        state.write(self.name, tuple(zones))
        return PreFilterResult()

    def _unbound_problem(self, claim: JSONObject) -> str:
        name = class_name(claim)
        if not name:
            return "PersistentVolumeClaim had no pv name and storageClass name"
        if name not in self._volumes.classes:
            return f'storageclass.storage.k8s.io "{name}" not found'
        return "" if self._volumes.binds_late(claim) else "PersistentVolume had no name"

    def filter(
        self,
        state: CycleState,
        pod: PodInfo,  # noqa: ARG002  # the extension point's signature
        nodes: NodeTable,
        rows: Rows,
    ) -> IntArray | None:
        """1 where the Node is in another zone; one without any zone labels takes all."""
        has_zone = np.zeros(len(nodes.pod_count[rows]), np.bool_)
        for label in _LABELS:
            has_zone |= nodes.label_column(label)[0][rows] >= 0
        wrong = np.zeros(len(has_zone), np.bool_)
        zones: tuple[tuple[str, frozenset[str]], ...] = state.read(self.name)
        for key, wanted in zones:
            numbers, values = nodes.label_column(key)
            own = np.isin(numbers[rows], [values[one] for one in wanted if one in values])
            if key in _CURRENT:
                others, names = nodes.label_column(_CURRENT[key])
                of_current = np.isin(others[rows], [names[one] for one in wanted if one in names])
                own |= (numbers[rows] < 0) & of_current
            wrong |= ~own
        codes = (wrong & has_zone).astype(np.int64)
        return codes if codes.any() else None

    def verdict(self, state: CycleState, code: int) -> Status:  # noqa: ARG002
        """The only refusal there is."""
        return _REFUSED

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """A class that waits, a claim of the Pod, a volume's zone, a Node's labels."""
        change = ActionType.ADD | ActionType.UPDATE
        classes = ClusterEvent(EventResource.STORAGE_CLASS, ActionType.ADD)
        claims = ClusterEvent(EventResource.PERSISTENT_VOLUME_CLAIM, change)
        volumes = ClusterEvent(EventResource.PERSISTENT_VOLUME, change)
        node = ClusterEvent(EventResource.NODE, ActionType.ADD | ActionType.UPDATE_NODE_LABEL)
        return (
            ClusterEventWithHint(classes, _after_class_added),
            ClusterEventWithHint(claims, after_claim_changed),
            ClusterEventWithHint(volumes, _after_volume_changed),
            ClusterEventWithHint(node),
        )


def zones_of(volume: JSONObject) -> list[tuple[str, frozenset[str]]]:
    """Pairs of (label, zones or regions) of a volume."""
    labels = volume["metadata"].get("labels") or {}
    found = []
    for key in _LABELS:
        if key in labels:
            parts = [part.strip() for part in labels[key].split(_SEPARATOR)]
            if all(parts):
                found.append((key, frozenset(parts)))
    return found


def _refusal(reason: str) -> PreFilterResult:
    return PreFilterResult(Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (reason,)))


def _after_class_added(pod: PodInfo, old: JSONObject | None, new: JSONObject) -> QueueingHint:
    del pod, old
    waits = new.get("volumeBindingMode") == "WaitForFirstConsumer"
    return QueueingHint.QUEUE if waits else QueueingHint.SKIP


def _after_volume_changed(pod: PodInfo, old: JSONObject | None, new: JSONObject) -> QueueingHint:
    del pod
    is_same = old is not None and zones_of(old) == zones_of(new)
    return QueueingHint.SKIP if is_same else QueueingHint.QUEUE
