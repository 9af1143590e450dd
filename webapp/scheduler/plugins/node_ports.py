"""NodePorts: a host port serves one Pod a Node.

Models:
    pkg/scheduler/framework/plugins/nodeports/node_ports.go NodePorts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.arrays import IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import HostPort

_REFUSED = Status(
    Code.UNSCHEDULABLE, ("node(s) didn't have free ports for the requested pod ports",)
)
_ALL_ADDRESSES = "0.0.0.0"  # noqa: S104  # the wire's word, nothing is bound here


class NodePorts(PreFilterPlugin, FilterPlugin):
    """Compares the Pod's host ports with those taken."""

    name = "NodePorts"
    scope = Scope.USAGE

    def sign(self, pod: PodInfo) -> Hashable:
        """The host ports."""
        return pod.host_ports

    def pre_filter(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,  # noqa: ARG002
    ) -> PreFilterResult:
        """SKIP without host ports."""
        return PreFilterResult() if pod.host_ports else PreFilterResult(SKIP)

    def filter(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,
        rows: Rows,
    ) -> IntArray | None:
        """1 where a port is taken."""
        infos = nodes.infos[rows] if isinstance(rows, slice) else [nodes.infos[r] for r in rows]
        codes = [
            bool(info.used_ports) and conflicts(pod.host_ports, info.used_ports) for info in infos
        ]
        return np.array(codes, np.int64) if any(codes) else None

    def filter_row(self, state: CycleState, pod: PodInfo, nodes: NodeTable, row: int) -> int:  # noqa: ARG002
        """The code of one row."""
        return int(conflicts(pod.host_ports, nodes.infos[row].used_ports))

    def verdict(self, state: CycleState, code: int) -> Status:  # noqa: ARG002
        """The only refusal there is."""
        return _REFUSED

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """A Pod frees its ports, or a Node comes."""
        freed = ClusterEvent(EventResource.ASSIGNED_POD, ActionType.DELETE)
        return (
            ClusterEventWithHint(freed, _hint),
            ClusterEventWithHint(ClusterEvent(EventResource.NODE, ActionType.ADD)),
        )


def conflicts(wanted: Iterable[HostPort], used: Iterable[HostPort]) -> bool:
    """Whether a wanted port is taken on the same address, or either side means all addresses."""
    return any(
        want.port == taken.port
        and want.protocol == taken.protocol
        and (want.ip == taken.ip or _ALL_ADDRESSES in (want.ip, taken.ip))
        for want in wanted
        for taken in used
    )


def _hint(pod: PodInfo, old: JSONObject, new: JSONObject | None) -> QueueingHint:
    del new
    frees = conflicts(pod.host_ports, PodInfo(old).host_ports)
    return QueueingHint.QUEUE if frees else QueueingHint.SKIP
