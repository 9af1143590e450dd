"""VolumeRestrictions: claims for one Pod serve one Pod, and some disks one Pod a Node.

Models:
    pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go VolumeRestrictions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from webapp.scheduler.framework.hints import after_claim_changed
from webapp.scheduler.framework.interface import (
    SKIP,
    ClusterFilterPlugin,
    Code,
    PreFilterPlugin,
    PreFilterResult,
    Status,
)
from webapp.scheduler.framework.types import (
    ActionType,
    ClusterEvent,
    ClusterEventWithHint,
    EventResource,
    PodInfo,
    QueueingHint,
)
from webapp.scheduler.framework.volumes import READ_WRITE_ONCE_POD, volumes_signature

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.arrays import IntArray
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.interface import Handle
    from webapp.scheduler.framework.node_table import NodeTable

_DISK_TAKEN = 1
_CLAIM_TAKEN = 2
_VERDICTS = {
    _DISK_TAKEN: Status(Code.UNSCHEDULABLE, ("node(s) had no available disk",)),
    _CLAIM_TAKEN: Status(
        Code.UNSCHEDULABLE,
        (
            "node has pod using PersistentVolumeClaim with the same name and "
            "ReadWriteOncePod access mode",
        ),
    ),
}


class VolumeRestrictions(PreFilterPlugin, ClusterFilterPlugin):
    """Looks for other users of the Pod's claims and disks."""

    name = "VolumeRestrictions"
    looks_at_volumes_only = True

    def __init__(self, handle: Handle) -> None:
        self._volumes = handle.volumes

    def sign(self, pod: PodInfo) -> Hashable:
        """The claims with all that is known of storage, and the disks."""
        return volumes_signature(pod, self._volumes), pod.disks

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> PreFilterResult:  # noqa: ARG002  # the extension point's signature
        """Note claims for a single Pod; SKIP without those and without disks."""
        single = []
        for name, is_own in pod.claims:
            if is_own:
                continue
            key = f"{pod.namespace}/{name}"
            claim = self._volumes.claim(key)
            if claim is None:
                reason = f'persistentvolumeclaim "{name}" not found'
                return PreFilterResult(Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (reason,)))
            if READ_WRITE_ONCE_POD in (claim["spec"].get("accessModes") or ()):
                single.append(key)
        if not single and not pod.disks:
            return PreFilterResult(SKIP)
        state.write(self.name, tuple(single))
        return PreFilterResult()

    def refilter(
        self, state: CycleState, pod: PodInfo, nodes: NodeTable, codes: IntArray | None
    ) -> tuple[IntArray | None, IntArray]:
        """1 where a disk is taken, else 2 everywhere while a claim is."""
        found = self.filter(state, pod, nodes, slice(None))
        if found is None or not found.any():
            found = None
        if codes is None or found is None:
            both = found if codes is None else codes
            return found, np.zeros(0, np.int64) if both is None else np.flatnonzero(both)
        return found, np.flatnonzero(found != codes)

    def filter_row(self, state: CycleState, pod: PodInfo, nodes: NodeTable, row: int) -> int:
        """The code of one row."""
        if pod.disks:
            for other in nodes.infos[row].pods.values():
                if any(_conflict(one, two) for one in pod.disks for two in other.disks):
                    return _DISK_TAKEN
        single: tuple[str, ...] = state.read(self.name)
        return _CLAIM_TAKEN if any(nodes.claim_users.get(key) for key in single) else 0

    def verdict(self, state: CycleState, code: int) -> Status:  # noqa: ARG002
        """A disk, or a claim."""
        return _VERDICTS[code]

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """A Pod with the same volume leaves, a claim of the Pod comes, a Node comes."""
        left = ClusterEvent(EventResource.ASSIGNED_POD, ActionType.DELETE)
        claims = ClusterEvent(
            EventResource.PERSISTENT_VOLUME_CLAIM, ActionType.ADD | ActionType.UPDATE
        )
        node = ClusterEvent(EventResource.NODE, ActionType.ADD)
        return (
            ClusterEventWithHint(left, _after_pod_left),
            ClusterEventWithHint(claims, after_claim_changed),
            ClusterEventWithHint(node),
        )


def _conflict(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """Whether two disks are the same, and one side writes."""
    *first, reads = one
    *second, other_reads = other
    return first == second and not (reads and other_reads)


def _after_pod_left(pod: PodInfo, old: JSONObject, new: JSONObject | None) -> QueueingHint:
    del new
    gone = PodInfo(old)
    shares = gone.namespace == pod.namespace and bool(set(gone.claims) & set(pod.claims))
    shares = shares or any(_conflict(one, two) for one in pod.disks for two in gone.disks)
    return QueueingHint.QUEUE if shares else QueueingHint.SKIP
