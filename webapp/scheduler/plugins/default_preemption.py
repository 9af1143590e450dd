"""DefaultPreemption: whether evicting others could make room, and the words when it could not.

Models:
    pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go DefaultPreemption
    pkg/scheduler/framework/preemption/preemption.go Evaluator
    Deviation: no victims are selected; every Node where eviction could help counts as having none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.scheduler.framework.interface import (
    Code,
    PostFilterPlugin,
    PostFilterResult,
    Status,
)
from webapp.scheduler.framework.messages import nodes_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.interface import RefusedNodes
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

_NO_VICTIMS = "No preemption victims found for incoming pod"
_NOT_HELPFUL = "Preemption is not helpful for scheduling"
_NEVER = "not eligible due to preemptionPolicy=Never."


class DefaultPreemption(PostFilterPlugin):
    """Says of each Node why no room can be made there."""

    name = "DefaultPreemption"

    def post_filter(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,
        refused: Sequence[RefusedNodes],
    ) -> PostFilterResult:
        """A refusal with the counts of Nodes that have no victims, or that victims could not help."""
        if pod.pod["spec"].get("preemptionPolicy") == "Never":
            return PostFilterResult(Status(Code.UNSCHEDULABLE, (f"preemption: {_NEVER}",)))
        helpful = sum(
            len(group.rows) for group in refused if group.status.code is Code.UNSCHEDULABLE
        )
        counts = {_NO_VICTIMS: helpful, _NOT_HELPFUL: nodes.size - helpful}
        message = f"preemption: {nodes_message(nodes.size, counts)}"
        return PostFilterResult(Status(Code.UNSCHEDULABLE, (message,)), nominated_node="")
