"""Which Pods would have to leave a Node for another, and on which Node that does the least harm.

Models:
    pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go SelectVictimsOnNode
    pkg/scheduler/framework/preemption/preemption.go pickOneNodeForPreemption
    Deviation: victims that are being deleted already do not count for spread, before and after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.labels import selector_from_label_selector
from webapp.scheduler.framework.interface import Candidate, Code, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

NO_VICTIMS = Status(
    Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("No preemption victims found for incoming pod",)
)
_NOT_STARTED = "~"
"""Sorts behind every time."""

_PRIORITY_OFFSET = 1 << 31


class Importance:
    """Orders Pods: higher priority first, then whoever started earlier."""

    def __init__(self, latest_pod: Callable[[str], JSONObject | None]) -> None:
        self._latest_pod = latest_pod

    def start_time(self, pod: PodInfo) -> str:
        """When it started, as text that sorts by time."""
        latest = self._latest_pod(pod.key) or pod.pod
        text: str = latest.get("status", {}).get("startTime") or _NOT_STARTED
        return text

    def sorted(self, pods: Sequence[PodInfo]) -> list[PodInfo]:
        """Most important first; equal ones by UID."""
        return sorted(pods, key=lambda pod: (-pod.priority, self.start_time(pod), pod.uid))


def select_victims(
    nodes: NodeTable,
    row: int,
    potential: Sequence[PodInfo],
    budgets: Sequence[JSONObject],
    importance: Importance,
    judge: Callable[[int], Status],
) -> tuple[Status, list[PodInfo], int]:
    """Find the least important Pods without which another fits on a Node.

    The Pods leave the table for the time of the call, so that the filters answer as if they were
    gone; afterwards it is as before.

    Args:
        nodes: The table.
        row: The Node.
        potential: Pods on it that may be evicted.
        budgets: PodDisruptionBudgets.
        importance: Orders them.
        judge: Row → whether the other Pod fits, as the table now is.

    Returns:
        The filters' answer with all of them gone, the victims, and how many of those violate a
        budget.
    """
    info = nodes.infos[row]
    before = dict(info.pods)
    position = nodes.usage_log.end
    gone = {pod.uid: pod for pod in potential}
    for pod in potential:
        nodes.remove_pod(row, pod)
    status = judge(row)
    victims: list[PodInfo] = []
    violations = 0
    if status.is_success:
        violating, others = split_by_budgets(importance.sorted(potential), budgets)
        for place, pod in enumerate([*violating, *others]):
            nodes.add_pod(row, pod)
            if judge(row).is_success:
                del gone[pod.uid]
                continue
            nodes.remove_pod(row, pod)
            victims.append(pod)
            violations += place < len(violating)
        if violating and others:
            victims = importance.sorted(victims)
    for pod in gone.values():
        nodes.add_pod(row, pod)
    info.pods = before
    nodes.usage_log.rewind(position)
    return status, victims, violations


def split_by_budgets(
    pods: Sequence[PodInfo], budgets: Sequence[JSONObject]
) -> tuple[list[PodInfo], list[PodInfo]]:
    """Pods whose eviction a disruption budget does not allow, and the others, in the order given.

    Models:
        pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go filterPodsWithPDBViolation
    """
    allowed = [budget.get("status", {}).get("disruptionsAllowed") or 0 for budget in budgets]
    violating: list[PodInfo] = []
    others: list[PodInfo] = []
    for pod in pods:
        is_violating = False
        for place, budget in enumerate(budgets):
            if _protects(budget, pod):
                allowed[place] -= 1
                is_violating = is_violating or allowed[place] < 0
        (violating if is_violating else others).append(pod)
    return violating, others


def _protects(budget: JSONObject, pod: PodInfo) -> bool:
    if not pod.labels or budget["metadata"].get("namespace", "") != pod.namespace:
        return False
    selector = selector_from_label_selector(budget["spec"].get("selector"))
    if selector.selects_everything or not selector.matches(pod.labels):
        return False
    disrupted = budget.get("status", {}).get("disruptedPods") or {}
    return pod.pod["metadata"]["name"] not in disrupted


def pick_candidate(
    candidates: Sequence[Candidate], importance: Importance
) -> tuple[Candidate, str]:
    """The Node where eviction does the least harm, and the rule that decided."""

    def earliest_start(candidate: Candidate) -> str:
        highest = max(pod.priority for pod in candidate.victims)
        return min(
            importance.start_time(pod) for pod in candidate.victims if pod.priority == highest
        )

    rules: tuple[tuple[str, Callable[[Candidate], int]], ...] = (
        ("fewest violated disruption budgets", lambda one: one.violations),
        ("lowest priority of the most important victim", lambda one: one.victims[0].priority),
        (
            "smallest sum of priorities",
            lambda one: sum(pod.priority + _PRIORITY_OFFSET for pod in one.victims),
        ),
        ("fewest victims", lambda one: len(one.victims)),
    )
    left = list(candidates)
    if len(left) == 1:
        return left[0], "only candidate"
    for name, rule in rules:
        least = min(map(rule, left))
        left = [one for one in left if rule(one) == least]
        if len(left) == 1:
            return left[0], name
    latest = max(map(earliest_start, left))
    left = [one for one in left if earliest_start(one) == latest]
    return left[0], "latest start of the most important victims" if len(left) == 1 else "first"
