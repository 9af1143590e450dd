"""DefaultPreemption: makes room for a Pod by evicting less important ones, and says why it cannot.

Models:
    pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go DefaultPreemption
    pkg/scheduler/framework/preemption/preemption.go Evaluator
    Deviation: victims are deleted within the cycle, not beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from webapp.scheduler.framework.interface import (
    SUCCESS,
    Candidate,
    Code,
    PostFilterPlugin,
    PostFilterResult,
    Status,
)
from webapp.scheduler.framework.messages import nodes_message
from webapp.scheduler.framework.victims import (
    NO_VICTIMS,
    Importance,
    Selection,
    pick_candidate,
    protected_pods,
    select_victims,
    shape_of,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.interface import Handle, Judge, RefusedNodes
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

LEAST_CANDIDATES_PERCENTAGE = 10
LEAST_CANDIDATES = 100

_NOT_HELPFUL = "Preemption is not helpful for scheduling"
_NEVER = "not eligible due to preemptionPolicy=Never."
_WAITING = "not eligible due to a terminating pod on the nominated node."


class DefaultPreemption(PostFilterPlugin):
    """Finds the Node where evicting lower priorities does the least harm, and evicts."""

    name = "DefaultPreemption"

    def __init__(
        self,
        handle: Handle,
        least_percentage: int = LEAST_CANDIDATES_PERCENTAGE,
        least_candidates: int = LEAST_CANDIDATES,
    ) -> None:
        self._handle = handle
        self._least_percentage = least_percentage
        self._least_candidates = least_candidates
        self._importance = Importance(handle.latest_pod)

    def post_filter(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,
        refused: Sequence[RefusedNodes],
        judge: Judge,
    ) -> PostFilterResult:
        """A Node where room has been made, or the counts of Nodes where none can be."""
        why_not = self._not_eligible(pod, nodes, refused)
        if why_not:
            return PostFilterResult(_refusal(why_not))
        rows = [group.rows for group in refused if group.status.code is Code.UNSCHEDULABLE] or [
            np.zeros(0, np.int64)
        ]
        potential = np.sort(np.concatenate(rows)).tolist()
        candidates, statuses = self._find_candidates(pod, nodes, potential, judge)
        if not candidates:
            counts = {_NOT_HELPFUL: nodes.size - len(statuses)}
            for status in statuses:
                for reason in status.reasons:
                    counts[reason] = counts.get(reason, 0) + 1
            message = nodes_message(nodes.size, counts)
            return PostFilterResult(_refusal(message), nominated_node="")
        chosen, rule = pick_candidate(candidates, self._importance)
        self._handle.evict(chosen.victims, pod, chosen.node_name)
        return PostFilterResult(SUCCESS, chosen.node_name, tuple(candidates), rule)

    def _not_eligible(self, pod: PodInfo, nodes: NodeTable, refused: Sequence[RefusedNodes]) -> str:
        """Why the Pod may not evict others now, or ""."""
        if pod.pod["spec"].get("preemptionPolicy") == "Never":
            return _NEVER
        row = nodes.rows.get(self._handle.nominator.node_of(pod.uid))
        if row is None:
            return ""
        for group in refused:
            if group.status.code is Code.UNSCHEDULABLE_AND_UNRESOLVABLE and row in group.rows:
                return ""
        for other in nodes.infos[row].pods.values():
            if other.priority < pod.priority and _is_being_preempted(other.pod):
                return _WAITING
        return ""

    def _find_candidates(
        self,
        pod: PodInfo,
        nodes: NodeTable,
        potential: Sequence[int],
        judge: Judge,
    ) -> tuple[list[Candidate], list[Status]]:
        """Nodes where eviction helps, those that violate no budget first; and why others do not."""
        if not potential:
            return [], []
        count = len(potential)
        wanted = max(count * self._least_percentage // 100, self._least_candidates)
        offset = self._handle.chance(f"{pod.uid}/preemption") % count
        budgets = self._handle.listers.budgets()
        harmless: list[Candidate] = []
        violating: list[Candidate] = []
        statuses: list[Status] = []
        known: dict[Hashable, Selection] = {}
        for place in range(count):
            row = potential[(offset + place) % count]
            others = [one for one in nodes.infos[row].pods.values() if one.priority < pod.priority]
            if not others:
                statuses.append(NO_VICTIMS)
                continue
            others = self._importance.sorted(others)
            protected = protected_pods(others, budgets) if budgets else frozenset()
            selected = None
            shape: Hashable = None
            if not protected and judge.looks_at_resources_only(row):
                shape = shape_of(nodes, row, others)
                selected = known.get(shape)
            if selected is None:
                selected = select_victims(nodes, row, others, protected, judge)
            if shape is not None:
                known[shape] = selected
            if not selected.status.is_success:
                statuses.append(selected.status)
                continue
            victims = tuple([others[place] for place in selected.places])
            violations = sum(victim.uid in protected for victim in victims)
            if not victims:
                text = f'expected at least one victim pod on node "{nodes.names[row]}"'
                statuses.append(Status(Code.ERROR, (text,)))
                continue
            found = Candidate(nodes.names[row], victims, violations)
            (violating if violations else harmless).append(found)
            if harmless and len(harmless) + len(violating) >= wanted:
                break
        return [*harmless, *violating], statuses


def _refusal(message: str) -> Status:
    return Status(Code.UNSCHEDULABLE, (f"preemption: {message}",))


def _is_being_preempted(pod: JSONObject) -> bool:
    if "deletionTimestamp" not in pod["metadata"]:
        return False
    return any(
        condition["type"] == "DisruptionTarget"
        and condition["status"] == "True"
        and condition.get("reason") == "PreemptionByScheduler"
        for condition in pod.get("status", {}).get("conditions") or ()
    )
