"""Which Pods would have to leave a Node for another, and on which Node that does the least harm.

Models:
    pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go SelectVictimsOnNode
    pkg/scheduler/framework/preemption/preemption.go pickOneNodeForPreemption
    Deviation: victims that are being deleted already do not count for spread, before and after.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from webapp.apimachinery.labels import selector_from_label_selector
from webapp.scheduler.framework.interface import Code, Harm, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.interface import Candidate, Judge
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

NO_VICTIMS = Status(
    Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("No preemption victims found for incoming pod",)
)
NOT_STARTED = "~"
"""Sorts behind every time."""

_PRIORITY_OFFSET = 1 << 31

_RULES = (
    "fewest violated disruption budgets",
    "lowest priority of the most important victim",
    "smallest sum of priorities",
    "fewest victims",
)
"""In the order of the fields of a :class:`Harm`."""


class Importance:
    """Orders Pods: higher priority first, then whoever started earlier."""

    def __init__(self, latest_pod: Callable[[str], JSONObject | None]) -> None:
        self._latest_pod = latest_pod

    def start_time(self, pod: PodInfo) -> str:
        """When it started, as text that sorts by time."""
        latest = self._latest_pod(pod.key) or pod.pod
        text: str = latest.get("status", {}).get("startTime") or NOT_STARTED
        return text

    def has_started(self, pod: PodInfo) -> bool:
        """Whether it is known when it started; that does not change any more."""
        return self.start_time(pod) != NOT_STARTED

    def sorted(self, pods: Sequence[PodInfo]) -> list[PodInfo]:
        """Most important first; equal ones by UID."""
        return sorted(pods, key=lambda pod: (-pod.priority, self.start_time(pod), pod.uid))


class Selection(NamedTuple):
    """What eviction from one Node would take.

    Attributes:
        status: The filters' answer with all that may be evicted gone.
        places: Of those, the places of the ones that have to go.
    """

    status: Status
    places: tuple[int, ...]


def shape_of(nodes: NodeTable, row: int, potential: Sequence[PodInfo]) -> Hashable:
    """All that a selection hangs on where only resources are looked at."""
    return (
        nodes.allocatable_cpu.item(row) - nodes.requested_cpu.item(row),
        nodes.allocatable_memory.item(row) - nodes.requested_memory.item(row),
        nodes.allocatable_ephemeral.item(row) - nodes.requested_ephemeral.item(row),
        nodes.allocatable_pods.item(row) - nodes.pod_count.item(row),
        nodes.allocatable_cpu.item(row),
        nodes.allocatable_memory.item(row),
        nodes.allocatable_ephemeral.item(row),
        tuple([pod.requests for pod in potential]),
    )


def select_victims(
    nodes: NodeTable,
    row: int,
    potential: Sequence[PodInfo],
    protected: frozenset[str],
    judge: Judge,
) -> Selection:
    """Find the least important Pods without which another fits on a Node.

    The Pods leave the table for the time of the call, so that the filters answer as if they were
    gone; afterwards it is as before.

    Args:
        nodes: The table.
        row: The Node.
        potential: Pods on it that may be evicted, most important first.
        protected: UIDs of those whose eviction violates a disruption budget.
        judge: Asks the filters about the other Pod.
    """
    info = nodes.infos[row]
    before = dict(info.pods)
    position = nodes.usage_log.end
    gone = {pod.uid: pod for pod in potential}
    for pod in potential:
        nodes.remove_pod(row, pod)
    status = judge.status(row)
    places: list[int] = []
    if status.is_success:
        # Those that budgets protect get the first chance to stay.
        order = sorted(range(len(potential)), key=lambda one: potential[one].uid not in protected)
        for place in order:
            pod = potential[place]
            nodes.add_pod(row, pod)
            if judge.fits(row):
                del gone[pod.uid]
                continue
            nodes.remove_pod(row, pod)
            places.append(place)
    for pod in gone.values():
        nodes.add_pod(row, pod)
    info.pods = before
    nodes.usage_log.rewind(position)
    return Selection(status, tuple(sorted(places)))


def protected_pods(pods: Sequence[PodInfo], budgets: Sequence[JSONObject]) -> frozenset[str]:
    """UIDs of the Pods whose eviction, in the order given, a disruption budget does not allow.

    Models:
        pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go filterPodsWithPDBViolation
    """
    allowed = [budget.get("status", {}).get("disruptionsAllowed") or 0 for budget in budgets]
    protected = []
    for pod in pods:
        is_violating = False
        for place, budget in enumerate(budgets):
            if _protects(budget, pod):
                allowed[place] -= 1
                is_violating = is_violating or allowed[place] < 0
        if is_violating:
            protected.append(pod.uid)
    return frozenset(protected)


def _protects(budget: JSONObject, pod: PodInfo) -> bool:
    if not pod.labels or budget["metadata"].get("namespace", "") != pod.namespace:
        return False
    selector = selector_from_label_selector(budget["spec"].get("selector"))
    if selector.selects_everything or not selector.matches(pod.labels):
        return False
    disrupted = budget.get("status", {}).get("disruptedPods") or {}
    return pod.pod["metadata"]["name"] not in disrupted


def harm_of(victims: Sequence[PodInfo], violations: int, importance: Importance) -> Harm:
    """What evicting Pods (most important first) would do."""
    highest = victims[0].priority
    return Harm(
        violations,
        highest,
        sum(pod.priority + _PRIORITY_OFFSET for pod in victims),
        len(victims),
        min(importance.start_time(pod) for pod in victims if pod.priority == highest),
    )


def pick_candidate(candidates: Sequence[Candidate]) -> tuple[Candidate, str]:
    """The Node where eviction does the least harm, and the rule that decided."""
    if len(candidates) == 1:
        return candidates[0], "only candidate"
    counts = Counter([one.harm[: len(_RULES)] for one in candidates])
    rule = ""
    for place, name in enumerate(_RULES):
        least = min([harm[place] for harm in counts])
        counts = Counter({harm: own for harm, own in counts.items() if harm[place] == least})
        if counts.total() == 1:
            rule = name
            break
    (best,) = list(counts)[:1]
    left = [one for one in candidates if one.harm[: len(_RULES)] == best]
    if rule:
        return left[0], rule
    latest = max([one.harm.earliest_start for one in left])
    left = [one for one in left if one.harm.earliest_start == latest]
    return left[0], "latest start of the most important victims" if len(left) == 1 else "first"
