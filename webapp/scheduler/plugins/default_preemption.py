"""DefaultPreemption: makes room for a Pod by evicting less important ones, and says why it cannot.

Models:
    pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go DefaultPreemption
    pkg/scheduler/framework/preemption/preemption.go Evaluator
    Deviation: victims are deleted within the cycle, not beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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
    harm_of,
    pick_candidate,
    protected_pods,
    select_victims,
    shape_of,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.arrays import IntArray
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.interface import Handle, Judge, RefusedNodes
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

LEAST_CANDIDATES_PERCENTAGE = 10
LEAST_CANDIDATES = 100

_KEPT_KINDS = 64
_KEPT_SHAPES = 4096
_TURN = 512

_NOT_HELPFUL = "Preemption is not helpful for scheduling"
_NEVER = "not eligible due to preemptionPolicy=Never."
_WAITING = "not eligible due to a terminating pod on the nominated node."


class _Outcome(NamedTuple):
    """Whether eviction helps on a Node: a candidate, or reasons why not.

    Attributes:
        candidate: The victims.
        reasons: Why there are none.
        is_lasting: Whether that holds until Pods come to the Node or leave it.
    """

    candidate: Candidate | None
    reasons: tuple[str, ...] = ()
    is_lasting: bool = True


_NOBODY = _Outcome(None, NO_VICTIMS.reasons)


class _Known:
    """Outcomes by row and by amounts, for Pods that look alike and where only amounts matter."""

    __slots__ = ("_layout", "_node_position", "_usage_position", "outcomes", "shapes")

    def __init__(self) -> None:
        self.outcomes: dict[int, _Outcome] = {}
        self.shapes: dict[Hashable, Selection] = {}
        self._layout = -1
        self._node_position = 0
        self._usage_position = 0

    def refresh(self, nodes: NodeTable) -> None:
        """Forget the rows that changed."""
        if len(self.shapes) > _KEPT_SHAPES:
            self.shapes.clear()
        if (
            self._layout != nodes.layout
            or self._usage_position < nodes.usage_log.start
            or self._node_position < nodes.node_log.start
        ):
            self.outcomes.clear()
        else:
            for log, position in (
                (nodes.usage_log, self._usage_position),
                (nodes.node_log, self._node_position),
            ):
                for row in log.each_since(position):
                    self.outcomes.pop(row, None)
        self._layout = nodes.layout
        self._usage_position = nodes.usage_log.end
        self._node_position = nodes.node_log.end


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
        self._known: dict[Hashable, _Known] = {}

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
        potential = np.sort(np.concatenate(rows)) if len(rows) > 1 else rows[0]
        candidates, reasons = self._find_candidates(pod, nodes, potential, judge)
        if not candidates:
            reasons[_NOT_HELPFUL] = nodes.size - len(potential)
            message = nodes_message(nodes.size, reasons)
            return PostFilterResult(_refusal(message), nominated_node="")
        chosen, rule = pick_candidate(candidates)
        self._handle.evict(chosen.victims, pod, chosen.node_name, rule)
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
        self, pod: PodInfo, nodes: NodeTable, potential: IntArray, judge: Judge
    ) -> tuple[list[Candidate], dict[str, int]]:
        """Nodes where eviction helps, those that violate no budget first; and why others do not.

        The search ends when enough have been found.
        """
        count = len(potential)
        if not nodes.has_priority_below(pod.priority):
            return [], dict.fromkeys(NO_VICTIMS.reasons, count) if count else {}
        if not count:
            return [], {}
        wanted = max(count * self._least_percentage // 100, self._least_candidates)
        offset = self._handle.chance(f"{pod.uid}/preemption") % count
        budgets = self._handle.listers.budgets()
        known = self._known_of(pod, nodes)
        outcomes = known.outcomes
        harmless: list[Candidate] = []
        violating: list[Candidate] = []
        reasons: dict[str, int] = {}
        for row, is_plain in _in_turn(potential, offset, judge):
            outcome = outcomes.get(row) if is_plain and not budgets else None
            if outcome is None:
                outcome = self._judge_node(
                    pod, nodes, row, budgets, judge, known.shapes if is_plain else None
                )
                if is_plain and not budgets and outcome.is_lasting:
                    outcomes[row] = outcome
            found = outcome.candidate
            if found is None:
                for reason in outcome.reasons:
                    reasons[reason] = reasons.get(reason, 0) + 1
                continue
            (violating if found.harm.violations else harmless).append(found)
            if harmless and len(harmless) + len(violating) >= wanted:
                break
        return [*harmless, *violating], reasons

    def _known_of(self, pod: PodInfo, nodes: NodeTable) -> _Known:
        """What is known of Nodes on which no Pods came or went since, for Pods of this kind."""
        key = pod.signature, pod.priority
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Known()
            if len(self._known) > _KEPT_KINDS:
                del self._known[next(iter(self._known))]
        known.refresh(nodes)
        return known

    def _judge_node(
        self,
        pod: PodInfo,
        nodes: NodeTable,
        row: int,
        budgets: Sequence[JSONObject],
        judge: Judge,
        shapes: dict[Hashable, Selection] | None,
    ) -> _Outcome:
        """Whether eviction helps on one Node; ``shapes`` are answers for Nodes of equal amounts."""
        others = [one for one in nodes.infos[row].pods.values() if one.priority < pod.priority]
        if not others:
            return _NOBODY
        others = self._importance.sorted(others)
        protected = protected_pods(others, budgets) if budgets else frozenset()
        selected = None
        shape: Hashable = None
        if not protected and shapes is not None:
            shape = shape_of(nodes, row, others)
            selected = shapes.get(shape)
        if selected is None:
            selected = select_victims(nodes, row, others, protected, judge)
        if shapes is not None and shape is not None:
            shapes[shape] = selected
        if not selected.status.is_success:
            return _Outcome(None, selected.status.reasons)
        victims = tuple([others[place] for place in selected.places])
        if not victims:
            text = f'expected at least one victim pod on node "{nodes.names[row]}"'
            return _Outcome(None, (text,), is_lasting=False)
        violations = sum(victim.uid in protected for victim in victims)
        harm = harm_of(victims, violations, self._importance)
        candidate = Candidate(nodes.names[row], victims, harm)
        # Which of two equal Pods started first may still change the choice.
        return _Outcome(candidate, is_lasting=all(map(self._importance.has_started, others)))


def _in_turn(rows: IntArray, offset: int, judge: Judge) -> Iterator[tuple[int, bool]]:
    """The rows from ``offset`` on and around, each with whether only amounts matter there."""
    order = np.concatenate((rows[offset:], rows[:offset]))
    for start in range(0, len(order), _TURN):
        part = order[start : start + _TURN]
        plain = judge.looks_at_resources_only(part)
        yield from zip(part.tolist(), plain.tolist(), strict=True)


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
