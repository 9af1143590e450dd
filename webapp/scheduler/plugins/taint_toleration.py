"""TaintToleration: taints keep Pods away, or make a Node less welcome, unless tolerated.

Nodes share few distinct sets of taints, so each set is judged once and looked up for every Node.

Models:
    pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go TaintToleration
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from webapp.scheduler.framework.interface import (
    Code,
    FilterPlugin,
    Scope,
    ScorePlugin,
    Status,
    normalize_by_maximum,
)
from webapp.scheduler.framework.tolerations import (
    NO_EXECUTE,
    NO_SCHEDULE,
    PREFER_NO_SCHEDULE,
    any_tolerates,
    tolerations_of,
    tolerations_signature,
)
from webapp.scheduler.framework.types import (
    ActionType,
    ClusterEvent,
    ClusterEventWithHint,
    EventResource,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from webapp.scheduler.framework.arrays import IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.node_table import NodeTable, Taint
    from webapp.scheduler.framework.types import PodInfo

_REFUSED = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) had untolerated taint(s)",))


class TaintToleration(FilterPlugin, ScorePlugin):
    """Filters by NoSchedule and NoExecute, scores by PreferNoSchedule."""

    name = "TaintToleration"
    scope = Scope.NODE
    normalizes = True

    def sign(self, pod: PodInfo) -> Hashable:
        """The tolerations."""
        return tolerations_signature(pod)

    def filter(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,
        rows: Rows,
    ) -> IntArray | None:
        """1 where a taint that forbids the Pod is not tolerated."""
        tolerations = tolerations_of(pod)

        def is_refused(taints: tuple[Taint, ...]) -> int:
            return any(
                taint.effect in (NO_SCHEDULE, NO_EXECUTE) and not any_tolerates(tolerations, taint)
                for taint in taints
            )

        return _looked_up(nodes, rows, is_refused)

    def verdict(self, state: CycleState, code: int) -> Status:  # noqa: ARG002
        """The only refusal there is."""
        return _REFUSED

    def score(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,
        rows: Rows,
    ) -> IntArray | int:
        """How many taints would rather not have the Pod."""
        tolerations = [
            toleration
            for toleration in tolerations_of(pod)
            if toleration.get("effect", "") in ("", PREFER_NO_SCHEDULE)
        ]

        def unwelcome(taints: tuple[Taint, ...]) -> int:
            return sum(
                taint.effect == PREFER_NO_SCHEDULE and not any_tolerates(tolerations, taint)
                for taint in taints
            )

        found = _looked_up(nodes, rows, unwelcome)
        return 0 if found is None else found

    def normalize(self, state: CycleState, scores: IntArray) -> IntArray:  # noqa: ARG002
        """Fewest unwelcoming taints become 100."""
        return normalize_by_maximum(scores, reverse=True)

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """A Node comes or changes its taints; the Pod gets tolerations."""
        nodes = ClusterEvent(EventResource.NODE, ActionType.ADD | ActionType.UPDATE_NODE_TAINT)
        pod = ClusterEvent(EventResource.TARGET_POD, ActionType.UPDATE_POD_TOLERATIONS)
        return ClusterEventWithHint(nodes), ClusterEventWithHint(pod)


def _looked_up(
    nodes: NodeTable, rows: Rows, judge: Callable[[tuple[Taint, ...]], int]
) -> IntArray | None:
    verdicts = np.array([judge(taints) for taints in nodes.taint_sets], np.int64)
    if not verdicts.any():
        return None
    return verdicts[nodes.taint_set[rows]]
