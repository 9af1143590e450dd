"""NodeVolumeLimits: a CSI driver attaches a limited number of volumes to a Node, as its CSINode says.

Models:
    pkg/scheduler/framework/plugins/nodevolumelimits/csi.go CSILimits
    Deviation: VolumeAttachments are not counted; volumes inside Pods (``csi``) are not either.
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
    PodInfo,
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

_REFUSED = Status(Code.UNSCHEDULABLE, ("node(s) exceed max volume count",))


class NodeVolumeLimits(PreFilterPlugin, FilterPlugin):
    """Counts the volumes of each driver on a Node."""

    name = "NodeVolumeLimits"
    looks_at_volumes_only = True
    scope = Scope.USAGE

    def __init__(self, handle: Handle) -> None:
        self._volumes = handle.volumes

    def sign(self, pod: PodInfo) -> Hashable:
        """The claims, and all that is known of storage."""
        return volumes_signature(pod, self._volumes)

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> PreFilterResult:  # noqa: ARG002  # the extension point's signature
        """Note the Pod's attachable volumes; SKIP when there are none, or no limits."""
        wanted = self._attachable(pod) if self._volumes.csi_nodes else {}
        if not wanted:
            return PreFilterResult(SKIP)
        state.write(self.name, wanted)
        return PreFilterResult()

    def filter(
        self, state: CycleState, pod: PodInfo, nodes: NodeTable, rows: Rows
    ) -> IntArray | None:
        """1 where a driver has no place left."""
        wanted = np.arange(nodes.size)[rows].tolist()
        codes = np.array([self.filter_row(state, pod, nodes, row) for row in wanted], np.int64)
        return codes if codes.any() else None

    def filter_row(self, state: CycleState, pod: PodInfo, nodes: NodeTable, row: int) -> int:  # noqa: ARG002
        """The code of one row."""
        info = nodes.infos[row]
        limits = _limits(self._volumes.csi_nodes.get(info.name))
        if not limits:
            return 0
        wanted: dict[str, str] = state.read(self.name)
        attached: dict[str, str] = {}
        for other in info.pods.values():
            if other.claims:
                attached |= self._attachable(other)
        for driver in dict.fromkeys(wanted.values()):
            new = sum(own == driver and one not in attached for one, own in wanted.items())
            used = sum(own == driver for own in attached.values())
            if new and driver in limits and used + new > limits[driver]:
                return 1
        return 0

    def verdict(self, state: CycleState, code: int) -> Status:  # noqa: ARG002
        """The only refusal there is."""
        return _REFUSED

    def _attachable(self, pod: PodInfo) -> dict[str, str]:
        """Volume → CSI driver; claims without a volume yet count by their class's driver."""
        found: dict[str, str] = {}
        for name, _ in pod.claims:
            claim = self._volumes.claim(f"{pod.namespace}/{name}")
            if claim is None:
                continue
            volume = self._volumes.volume(claim["spec"].get("volumeName") or "")
            source = volume["spec"].get("csi") if volume is not None else None
            storage_class = self._volumes.classes.get(class_name(claim))
            if source is not None:
                found[f"{source['driver']}/{source['volumeHandle']}"] = source["driver"]
            elif volume is None and storage_class is not None:
                found[f"{storage_class['provisioner']}-{pod.namespace}/{name}"] = storage_class[
                    "provisioner"
                ]
        return found

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """Limits come or rise, a Pod with claims leaves, a claim of the Pod changes."""
        change = ActionType.ADD | ActionType.UPDATE
        limits = ClusterEvent(EventResource.CSI_NODE, change)
        left = ClusterEvent(EventResource.ASSIGNED_POD, ActionType.DELETE)
        claims = ClusterEvent(EventResource.PERSISTENT_VOLUME_CLAIM, change)
        return (
            ClusterEventWithHint(limits, _after_limits_changed),
            ClusterEventWithHint(left, _after_pod_left),
            ClusterEventWithHint(claims, after_claim_changed),
        )


def _limits(csi_node: JSONObject | None) -> dict[str, int]:
    """CSI driver → volumes that it attaches at most."""
    drivers = ((csi_node or {}).get("spec") or {}).get("drivers") or ()
    counts = {driver["name"]: (driver.get("allocatable") or {}).get("count") for driver in drivers}
    return {name: count for name, count in counts.items() if count is not None}


def _after_limits_changed(pod: PodInfo, old: JSONObject | None, new: JSONObject) -> QueueingHint:
    del pod
    before = _limits(old)
    rose = any(count > before.get(driver, -1) for driver, count in _limits(new).items())
    return QueueingHint.QUEUE if rose or old is None else QueueingHint.SKIP


def _after_pod_left(pod: PodInfo, old: JSONObject, new: JSONObject | None) -> QueueingHint:
    del pod, new
    return QueueingHint.QUEUE if PodInfo(old).claims else QueueingHint.SKIP
