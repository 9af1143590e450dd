"""InterPodAffinity: Pods that want others near, or far, and those others' wishes about them.

Both directions are counted as Pods come and go: Pods that a term of the waiting Pod means, and terms
on Nodes that mean the waiting Pod; a verdict or score is looked up by the Node's domains.

Models:
    pkg/scheduler/framework/plugins/interpodaffinity/plugin.go InterPodAffinity
    pkg/scheduler/framework/plugins/interpodaffinity/filtering.go preFilterState
    pkg/scheduler/framework/plugins/interpodaffinity/scoring.go preScoreState
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import orjson

from webapp.scheduler.framework.affinity_terms import NO_TERMS, affinity_terms
from webapp.scheduler.framework.interface import (
    MAX_NODE_SCORE,
    SUCCESS,
    ClusterFilterPlugin,
    ClusterScorePlugin,
    Code,
    Domains,
    PreFilterPlugin,
    PreFilterResult,
    PreScorePlugin,
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
    from collections.abc import Hashable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.affinity_terms import AffinityTerm
    from webapp.scheduler.framework.arrays import BoolArray, IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.listers import Listers
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.pod_counts import DomainCounts, PodCounts

DEFAULT_HARD_WEIGHT = 1

_NOT_NEAR = 1
_NOT_APART = 2
_NOT_WANTED = 3
_VERDICTS = {
    _NOT_NEAR: Status(
        Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) didn't match pod affinity rules",)
    ),
    _NOT_APART: Status(Code.UNSCHEDULABLE, ("node(s) didn't match pod anti-affinity rules",)),
    _NOT_WANTED: Status(
        Code.UNSCHEDULABLE, ("node(s) didn't satisfy existing pods anti-affinity rules",)
    ),
}
_FEW = 8
_NO_ROWS: IntArray = np.zeros(0, np.int64)


class _Counted(NamedTuple):
    """Counts of Pods with the topology key by which they are looked at."""

    pods: PodCounts
    topology_key: str
    weight: int = 1

    def by_domain(self) -> DomainCounts:
        """The counts, up to date."""
        return self.pods.by_domain(self.topology_key)


class _Filtering:
    """What is kept for the filter of one class of Pods."""

    __slots__ = (
        "apart",
        "existing",
        "is_first",
        "is_near_itself",
        "near",
        "positions",
        "terms_version",
        "topology",
    )

    def __init__(
        self, near: list[_Counted], apart: list[_Counted], *, is_near_itself: bool
    ) -> None:
        self.near = near
        self.apart = apart
        self.is_near_itself = is_near_itself
        self.existing: list[_Counted] = []
        self.terms_version = -1
        self.topology = -1
        self.is_first = False
        self.positions: list[int] = []


class _Scoring:
    """What is kept for the score of one class of Pods."""

    __slots__ = ("existing", "own", "terms_version")

    def __init__(self, own: list[_Counted]) -> None:
        self.own = own
        self.existing: list[_Counted] = []
        self.terms_version = -1


class InterPodAffinity(PreFilterPlugin, ClusterFilterPlugin, PreScorePlugin, ClusterScorePlugin):
    """Filters by required terms in both directions, scores by preferred ones."""

    name = "InterPodAffinity"

    def __init__(
        self,
        listers: Listers,
        hard_weight: int = DEFAULT_HARD_WEIGHT,
        *,
        ignores_preferences_of_existing: bool = False,
    ) -> None:
        self._namespace_labels = listers.namespace_labels
        self._hard_weight = hard_weight
        self._ignores_existing = ignores_preferences_of_existing

    def sign(self, pod: PodInfo) -> Hashable:
        """Namespace and labels, at which the terms of other Pods look, and the Pod's own terms."""
        if pod.terms is NO_TERMS:
            return pod.match_key
        affinity = pod.pod["spec"]["affinity"]
        own = affinity.get("podAffinity"), affinity.get("podAntiAffinity")
        return pod.match_key, orjson.dumps(own)

    # --- filter -----------------------------------------------------------------------------

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> PreFilterResult:
        """Count the Pods that the required terms mean."""
        required = pod.terms.required
        near = []
        if required:
            labels_of = self._namespace_labels

            def is_near(other: PodInfo) -> bool:
                return all(
                    term.matches(other.namespace, other.labels, labels_of) for term in required
                )

            pods = nodes.pod_counts(("affinity", required), is_near)
            near = [_Counted(pods, term.topology_key) for term in required]
        apart = [self._counted(nodes, term) for term in pod.terms.required_anti]
        itself = bool(required) and all(self._means(term, pod) for term in required)
        state.write(f"filter {self.name}", _Filtering(near, apart, is_near_itself=itself))
        return PreFilterResult()

    def refilter(
        self, state: CycleState, pod: PodInfo, nodes: NodeTable, codes: IntArray | None
    ) -> tuple[IntArray | None, IntArray]:
        """1 where no Pod is near, 2 where one must not be, 3 where one does not want this Pod."""
        kept: _Filtering = state.read(f"filter {self.name}")
        self._find_existing(kept, pod, nodes)
        if kept.existing or kept.near or kept.apart:
            counted = [one.by_domain() for one in (*kept.near, *kept.apart, *kept.existing)]
            is_first = kept.is_near_itself and not any(
                counts.total for counts in counted[: len(kept.near)]
            )
            rows = self._changed_rows(kept, counted, nodes, is_first=is_first)
            if rows is not None:
                return self._patched(state, pod, nodes, codes, rows)
            found = self._codes(kept, nodes)
        else:
            found = None
        if codes is None or found is None:
            either = found if codes is None else codes
            return found, _NO_ROWS if either is None else np.flatnonzero(either)
        return found, np.flatnonzero(found != codes)

    @staticmethod
    def _changed_rows(
        kept: _Filtering, counted: list[DomainCounts], nodes: NodeTable, *, is_first: bool
    ) -> list[int] | None:
        """Rows in whose domains the first Pod came or the last one went; ``None`` for too many."""
        before = kept.positions
        kept.positions = [counts.flips.end for counts in counted]
        is_same = kept.topology == nodes.topology and kept.is_first == is_first
        kept.topology, kept.is_first = nodes.topology, is_first
        if not is_same or len(before) != len(counted):
            return None
        if before == kept.positions:
            return []
        rows: dict[int, None] = {}
        for counts, position in zip(counted, before, strict=True):
            if position == counts.flips.end:
                continue
            if position < counts.flips.start or counts.flips.end - position > _FEW:
                return None
            for domain in counts.flips.each_since(position):
                own = np.flatnonzero(counts.domain == domain)
                if len(own) > _FEW:
                    return None
                rows.update(dict.fromkeys(own.tolist()))
        return list(rows)

    def _patched(
        self,
        state: CycleState,
        pod: PodInfo,
        nodes: NodeTable,
        codes: IntArray | None,
        rows: list[int],
    ) -> tuple[IntArray | None, IntArray]:
        if not rows:
            return codes, _NO_ROWS
        if codes is None:
            codes = np.zeros(nodes.size, np.int64)
        for row in rows:
            codes[row] = self.filter_row(state, pod, nodes, row)
        return codes, np.array(rows, np.int64)

    def _find_existing(self, kept: _Filtering, pod: PodInfo, nodes: NodeTable) -> None:
        if kept.terms_version == nodes.terms_version:
            return
        kept.terms_version = nodes.terms_version
        kept.positions = []
        kept.existing = [
            _Counted(pods, term.topology_key)
            for (kind, term), pods in nodes.terms.items()
            if kind == "required-anti" and self._means(term, pod)
        ]

    @staticmethod
    def _codes(kept: _Filtering, nodes: NodeTable) -> IntArray | None:
        codes = np.zeros(nodes.size, np.int64)
        for one in kept.existing:
            codes[_occupied(one.by_domain())] = _NOT_WANTED
        for one in kept.apart:
            codes[_occupied(one.by_domain())] = _NOT_APART
        if kept.near:
            near = [one.by_domain() for one in kept.near]
            if kept.is_near_itself and not any(counts.total for counts in near):
                for counts in near:
                    codes[counts.domain < 0] = _NOT_NEAR
            else:
                for counts in near:
                    codes[~_occupied(counts)] = _NOT_NEAR
        return codes if codes.any() else None

    def domains(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> list[Domains]:  # noqa: ARG002
        """The counts of the required terms, those of Pods that do not want this one included."""
        kept: _Filtering = state.read(f"filter {self.name}")
        found = []
        for one in kept.near:
            named = one.by_domain().named()
            is_first = kept.is_first
            own = tuple((value, count, bool(count) or is_first) for value, _, count in named)
            found.append(Domains(one.topology_key, own))
        for one in (*kept.apart, *kept.existing):
            own = tuple((value, count, not count) for value, _, count in one.by_domain().named())
            found.append(Domains(one.topology_key, own))
        return found

    def is_idle(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> bool:
        """When neither side has required terms about the other."""
        kept: _Filtering = state.read(f"filter {self.name}")
        self._find_existing(kept, pod, nodes)
        return not (kept.near or kept.apart or kept.existing)

    def filter_row(self, state: CycleState, pod: PodInfo, nodes: NodeTable, row: int) -> int:
        """The code of one row, of the counts as they are."""
        kept: _Filtering = state.read(f"filter {self.name}")
        self._find_existing(kept, pod, nodes)
        near = [one.by_domain() for one in kept.near]
        if any(counts.domain.item(row) < 0 for counts in near):
            return _NOT_NEAR
        if not all(counts.of_row(row) for counts in near) and (
            not kept.is_near_itself or any(counts.total for counts in near)
        ):
            return _NOT_NEAR
        if any(one.by_domain().of_row(row) for one in kept.apart):
            return _NOT_APART
        return _NOT_WANTED if any(one.by_domain().of_row(row) for one in kept.existing) else 0

    def verdict(self, state: CycleState, code: int) -> Status:  # noqa: ARG002
        """Which of the three rules fails."""
        return _VERDICTS[code]

    # --- score ------------------------------------------------------------------------------

    def pre_score(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> Status:
        """Count the Pods that the preferred terms mean."""
        own = [self._counted(nodes, term, weight) for weight, term in pod.terms.preferred]
        state.write(f"score {self.name}", _Scoring(own))
        return SUCCESS

    def score_fitting(
        self, state: CycleState, pod: PodInfo, nodes: NodeTable, rows: Rows, count: int
    ) -> IntArray | int:
        """Sum of the weights of all preferences met by the Pods in the Node's domains."""
        kept: _Scoring = state.read(f"score {self.name}")
        if kept.terms_version != nodes.terms_version:
            kept.terms_version = nodes.terms_version
            kept.existing = self._preferences_of_existing(kept, pod, nodes)
        if not kept.own and not kept.existing:
            return 0
        total = np.zeros(count, np.int64)
        for one in (*kept.own, *kept.existing):
            counts = one.by_domain()
            if not counts.total:
                continue
            domains = counts.domain[rows]
            found = counts.counts[domains] * one.weight
            if domains.min() < 0:
                found[domains < 0] = 0
            total += found
        return total

    def _preferences_of_existing(
        self, kept: _Scoring, pod: PodInfo, nodes: NodeTable
    ) -> list[_Counted]:
        if self._ignores_existing and not kept.own:
            return []
        found = []
        for (kind, term), pods in nodes.terms.items():
            weight = self._hard_weight if kind == "required" else kind
            if isinstance(weight, int) and weight and self._means(term, pod):
                found.append(_Counted(pods, term.topology_key, weight))
        return found

    def normalize(self, state: CycleState, scores: IntArray) -> IntArray:  # noqa: ARG002
        """The least becomes 0, the most 100; all 0 when they are equal."""
        least, most = int(scores.min()), int(scores.max())
        if least == most:
            return np.zeros_like(scores)
        normalized: IntArray = (MAX_NODE_SCORE * ((scores - least) / (most - least))).astype(
            np.int64
        )
        return normalized

    # --- terms and events -------------------------------------------------------------------

    def _means(self, term: AffinityTerm, pod: PodInfo) -> bool:
        return term.matches(pod.namespace, pod.labels, self._namespace_labels)

    def _counted(self, nodes: NodeTable, term: AffinityTerm, weight: int = 1) -> _Counted:
        labels_of = self._namespace_labels

        def is_meant(other: PodInfo) -> bool:
            return term.matches(other.namespace, other.labels, labels_of)

        place_free = term._replace(topology_key="")
        pods = nodes.pod_counts(("term", place_free), is_meant)
        return _Counted(pods, term.topology_key, weight)

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """Pods come, go or change labels; Nodes come or change labels or taints."""
        pods = ClusterEvent(
            EventResource.ASSIGNED_POD,
            ActionType.ADD | ActionType.DELETE | ActionType.UPDATE_POD_LABEL,
        )
        itself = ClusterEvent(EventResource.TARGET_POD, ActionType.UPDATE_POD_LABEL)
        node = ClusterEvent(
            EventResource.NODE,
            ActionType.ADD | ActionType.UPDATE_NODE_LABEL | ActionType.UPDATE_NODE_TAINT,
        )
        return (
            ClusterEventWithHint(pods, self._after_pod_changed),
            ClusterEventWithHint(itself),
            ClusterEventWithHint(node, _after_node_changed),
        )

    def _after_pod_changed(
        self, pod: PodInfo, old: JSONObject | None, new: JSONObject | None
    ) -> QueueingHint:
        """Worth it when a wanted Pod appears, an unwanted one goes, or one that does not want this."""
        before = PodInfo(old) if old is not None else None
        after = PodInfo(new) if new is not None else None
        near, apart = pod.terms.required, pod.terms.required_anti

        def is_near(other: PodInfo | None) -> bool:
            return other is not None and all(self._means(term, other) for term in near)

        if near and is_near(after) and not is_near(before):
            return QueueingHint.QUEUE
        if before is None:
            return QueueingHint.SKIP
        for term in apart:
            if self._means(term, before) and (after is None or not self._means(term, after)):
                return QueueingHint.QUEUE
        if after is None and any(
            self._means(term, pod) for term in affinity_terms(before.pod).required_anti
        ):
            return QueueingHint.QUEUE
        return QueueingHint.SKIP


def _occupied(counts: DomainCounts) -> BoolArray:
    """Row → whether there are Pods in its domain."""
    by_domain = np.zeros(len(counts.counts) + 1, np.bool_)  # the last one is for Nodes without
    np.greater(counts.counts, 0, out=by_domain[:-1])
    return by_domain[counts.domain]


def _after_node_changed(
    pod: PodInfo, old: JSONObject | None, new: JSONObject | None
) -> QueueingHint:
    """Worth it when the Node is new, or moves to another domain of one of the Pod's terms."""
    if old is None or new is None:
        return QueueingHint.QUEUE
    before = old["metadata"].get("labels") or {}
    after = new["metadata"].get("labels") or {}
    terms = (*pod.terms.required, *pod.terms.required_anti)
    moved = any(before.get(term.topology_key) != after.get(term.topology_key) for term in terms)
    return QueueingHint.QUEUE if moved or not terms else QueueingHint.SKIP
