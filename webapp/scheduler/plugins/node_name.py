"""NodeName: a Pod that names its Node goes there or nowhere.

Models:
    pkg/scheduler/framework/plugins/nodename/node_name.go NodeName
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from webapp.scheduler.framework.interface import Code, FilterPlugin, Scope, Status
from webapp.scheduler.framework.types import (
    ActionType,
    ClusterEvent,
    ClusterEventWithHint,
    EventResource,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from webapp.scheduler.framework.arrays import IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

_REFUSED = Status(
    Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) didn't match the requested node name",)
)


class NodeName(FilterPlugin):
    """Looks at ``spec.nodeName``."""

    name = "NodeName"
    scope = Scope.NODES

    def sign(self, pod: PodInfo) -> Hashable:
        """The name asked for."""
        return pod.pod["spec"].get("nodeName") or ""

    def filter(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,
        rows: Rows,
    ) -> IntArray | None:
        """1 on all Nodes but the one named."""
        wanted = pod.pod["spec"].get("nodeName")
        if not wanted:
            return None
        codes = np.ones(nodes.size, np.int64)
        row = nodes.rows.get(wanted)
        if row is not None:
            codes[row] = 0
        return codes[rows]

    def verdict(self, state: CycleState, code: int) -> Status:  # noqa: ARG002
        """The only refusal there is."""
        return _REFUSED

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """A Node comes."""
        return (ClusterEventWithHint(ClusterEvent(EventResource.NODE, ActionType.ADD)),)
