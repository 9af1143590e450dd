"""DynamicResources: tries to free resource claims when a Pod fits nowhere; there never are any.

Resource claims are not allocated here, so no Pod has one to give back. What this plugin has to say
about that is part of every message about a Pod that fits nowhere.

Models:
    pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go DynamicResources.PostFilter
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.scheduler.framework.interface import (
    SKIP,
    Code,
    PostFilterPlugin,
    PostFilterResult,
    PreFilterPlugin,
    PreFilterResult,
    Status,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.interface import Judge, RefusedNodes
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

_NOTHING_TO_FREE = Status(Code.UNSCHEDULABLE, ("no new claims to deallocate",))
_NOT_PREPARED = Status(Code.ERROR, ("not found",))


class DynamicResources(PreFilterPlugin, PostFilterPlugin):
    """Answers when no Node fits."""

    name = "DynamicResources"

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> PreFilterResult:  # noqa: ARG002  # the extension point's signature
        """SKIP, and note that it has been asked."""
        state.write(self.name, ())
        return PreFilterResult(SKIP)

    def post_filter(
        self,
        state: CycleState,
        pod: PodInfo,  # noqa: ARG002  # the extension point's signature
        nodes: NodeTable,  # noqa: ARG002
        refused: Sequence[RefusedNodes],  # noqa: ARG002
        judge: Judge,  # noqa: ARG002
    ) -> PostFilterResult:
        """Nothing to free; an error that ends PostFilter when another plugin's PreFilter refused first."""
        return PostFilterResult(_NOTHING_TO_FREE if state.has(self.name) else _NOT_PREPARED)
