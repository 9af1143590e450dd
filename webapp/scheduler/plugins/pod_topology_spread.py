"""PodTopologySpread: keeps the Pods of a selector even over zones, Nodes or other domains.

Pods a domain are counted as Pods come and go (:mod:`~webapp.scheduler.framework.pod_counts`); a
verdict or score is looked up by the Node's domain. Pods without constraints of their own that belong
to a Service or a controller are spread softly over Nodes and zones.

Models:
    pkg/scheduler/framework/plugins/podtopologyspread/plugin.go PodTopologySpread
    pkg/scheduler/framework/plugins/podtopologyspread/filtering.go preFilterState
    pkg/scheduler/framework/plugins/podtopologyspread/scoring.go preScoreState
    Deviation: Nodes without a label and Nodes with its empty value are two domains in scores.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import orjson

from webapp.apimachinery.labels import selector_from_label_selector
from webapp.scheduler.framework.affinity_terms import with_label_keys
from webapp.scheduler.framework.interface import (
    MAX_NODE_SCORE,
    SKIP,
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
from webapp.scheduler.framework.node_selection import (
    node_affinity,
    node_selector,
    required_matches,
    requires_nodes,
)
from webapp.scheduler.framework.node_table import HASH_LABEL
from webapp.scheduler.framework.tolerations import forbidden_rows, tolerations_signature
from webapp.scheduler.framework.types import (
    ActionType,
    ClusterEvent,
    ClusterEventWithHint,
    EventResource,
    PodInfo,
    QueueingHint,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from webapp.apimachinery.labels import Selector
    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.arrays import BoolArray, FloatArray, IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.listers import Listers
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.pod_counts import DomainCounts, PodCounts

HOSTNAME_LABEL = "kubernetes.io/hostname"
ZONE_LABEL = "topology.kubernetes.io/zone"

_HARD = "DoNotSchedule"
_SOFT = "ScheduleAnyway"
_HONOR = "Honor"
_IGNORE = "Ignore"
_UNEVEN = 2
_NO_LABEL = 1
_IGNORED_NODE = -1

_REASON = "node(s) didn't match pod topology spread constraints"
_VERDICTS = {
    _NO_LABEL: Status(
        Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (f"{_REASON} (missing required label)",)
    ),
    _UNEVEN: Status(Code.UNSCHEDULABLE, (_REASON,)),
}
_NO_ROWS: IntArray = np.zeros(0, np.int64)


class Constraint(NamedTuple):
    """One constraint with its defaults filled in.

    Attributes:
        topology_key: The Node label whose values are the domains.
        max_skew: How uneven it may get.
        selector: Which Pods count.
        min_domains: With fewer domains the smallest count is taken as 0.
        honors_affinity: Whether only Nodes that the Pod's node affinity admits count.
        honors_taints: Whether only Nodes whose taints it tolerates count.
    """

    topology_key: str
    max_skew: int
    selector: Selector
    min_domains: int = 1
    honors_affinity: bool = True
    honors_taints: bool = False


class DefaultConstraint(NamedTuple):
    """A constraint for Pods that have none of their own."""

    topology_key: str
    max_skew: int
    when_unsatisfiable: str = _SOFT


SYSTEM_DEFAULTS = (DefaultConstraint(HOSTNAME_LABEL, 3), DefaultConstraint(ZONE_LABEL, 5))


class _Kept:
    """What is kept for one constraint of a class of Pods."""

    __slots__ = (
        "codes",
        "constraint",
        "counts",
        "eligible_key",
        "pods",
        "self_match",
        "topology",
        "version",
    )

    def __init__(
        self, constraint: Constraint, pods: PodCounts, eligible_key: Hashable, *, self_match: bool
    ) -> None:
        self.constraint = constraint
        self.pods = pods
        self.eligible_key = eligible_key
        self.self_match = int(self_match)
        self.counts: DomainCounts | None = None
        self.codes: IntArray | None = None
        self.version = -1
        self.topology = -1


class _Soft(NamedTuple):
    kept: list[_Kept]
    needs_all_labels: bool


class PodTopologySpread(PreFilterPlugin, ClusterFilterPlugin, PreScorePlugin, ClusterScorePlugin):
    """Filters by hard constraints, scores by soft ones."""

    name = "PodTopologySpread"

    def __init__(
        self,
        listers: Listers,
        defaults: Sequence[DefaultConstraint] = SYSTEM_DEFAULTS,
        *,
        system_defaulted: bool = True,
    ) -> None:
        self._listers = listers
        self._defaults = defaults
        self._system_defaulted = system_defaulted

    def sign(self, pod: PodInfo) -> Hashable:
        """The constraints with all they compare, or the default selector."""
        own = _own_constraints(pod)
        if own:
            return pod.match_key, orjson.dumps(own)
        selector = self._listers.default_selector(pod) if self._defaults else None
        if selector is None:
            return None
        return pod.match_key, str(selector)

    # --- filter -----------------------------------------------------------------------------

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> PreFilterResult:
        """SKIP without hard constraints."""
        constraints = self._constraints(pod, _HARD)
        if not constraints:
            return PreFilterResult(SKIP)
        state.write(f"hard {self.name}", _kept(constraints, pod, nodes, needs_all_labels=True))
        return PreFilterResult()

    def refilter(
        self, state: CycleState, pod: PodInfo, nodes: NodeTable, codes: IntArray | None
    ) -> tuple[IntArray | None, IntArray]:
        """1 where a label is missing, 2 where the domain has too many Pods already."""
        hard: list[_Kept] = state.read(f"hard {self.name}")
        changed = False
        for kept in hard:
            counts = _counts_of(kept, hard, pod, nodes, needs_all_labels=True)
            if counts.version != kept.version:
                kept.version = counts.version
                by_domain = _codes_by_domain(kept, counts)
                if kept.topology != counts.topology or not _equal(kept.codes, by_domain):
                    kept.codes = by_domain
                    kept.topology = counts.topology
                    changed = True
        if not changed:
            return codes, _NO_ROWS
        found: IntArray | None = None
        for kept in hard:
            if kept.codes is None or kept.counts is None:
                continue
            own = kept.codes[kept.counts.domain]
            found = own if found is None else np.where(found, found, own)
        if found is None or not found.any():
            found = None
        if codes is None or found is None:
            both = found if codes is None else codes
            return found, _NO_ROWS if both is None else np.flatnonzero(both)
        return found, np.flatnonzero(found != codes)

    def filter_row(self, state: CycleState, pod: PodInfo, nodes: NodeTable, row: int) -> int:
        """The code of one row, of the counts as they are."""
        hard: list[_Kept] = state.read(f"hard {self.name}")
        for kept in hard:
            counts = _counts_of(kept, hard, pod, nodes, needs_all_labels=True)
            if counts.domain.item(row) < 0:
                return _NO_LABEL
            if counts.of_row(row) + kept.self_match - _least(kept, counts) > (
                kept.constraint.max_skew
            ):
                return _UNEVEN
        return 0

    def domains(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> list[Domains]:
        """The counts of the hard constraints."""
        hard: list[_Kept] = state.read(f"hard {self.name}")
        found = []
        for kept in hard:
            counts = _counts_of(kept, hard, pod, nodes, needs_all_labels=True)
            most = kept.constraint.max_skew - kept.self_match + _least(kept, counts)
            named = tuple((value, own, own <= most) for value, _, own in counts.named())
            found.append(Domains(kept.constraint.topology_key, named))
        return found

    def verdict(self, state: CycleState, code: int) -> Status:  # noqa: ARG002
        """Missing label, or uneven."""
        return _VERDICTS[code]

    # --- score ------------------------------------------------------------------------------

    def pre_score(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> Status:
        """SKIP without soft constraints."""
        constraints = self._constraints(pod, _SOFT)
        if not constraints:
            return SKIP
        needs_all = bool(_own_constraints(pod)) or not self._system_defaulted
        kept = _kept(constraints, pod, nodes, needs_all_labels=needs_all)
        state.write(f"soft {self.name}", _Soft(kept, needs_all))
        return SUCCESS

    def score_fitting(
        self, state: CycleState, pod: PodInfo, nodes: NodeTable, rows: Rows, count: int
    ) -> IntArray | int:
        """Pods in the Node's domains, those of few domains weighing less; -1 for Nodes left out."""
        soft: _Soft = state.read(f"soft {self.name}")
        lacking: BoolArray | None = None
        for kept in soft.kept:
            counts = _counts_of(kept, soft.kept, pod, nodes, soft.needs_all_labels)
            if soft.needs_all_labels and not counts.has_all:
                lacks = counts.domain[rows] < 0
                lacking = lacks if lacking is None else lacking | lacks
        ignored = lacking if lacking is not None and lacking.any() else None
        scored = count - (int(np.count_nonzero(ignored)) if ignored is not None else 0)
        total: FloatArray = np.zeros(0)
        for kept in soft.kept:
            score = _parts(kept, rows, count, scored, ignored)
            if len(total):
                total += score
            else:
                total = score
        total += 0.5
        rounded: IntArray = total.astype(np.int64)
        if ignored is not None:
            rounded[ignored] = _IGNORED_NODE
        return rounded

    def normalize(self, state: CycleState, scores: IntArray) -> IntArray:  # noqa: ARG002
        """The fewest Pods become 100; Nodes left out 0."""
        left_out = None
        least = int(scores.min())
        if least < 0:
            left_out = scores == _IGNORED_NODE
            seen = scores[~left_out]
            least = int(seen.min()) if len(seen) else 0
            largest = int(seen.max(initial=0))
        else:
            largest = int(scores.max())
        if largest == 0:
            normalized = np.full_like(scores, MAX_NODE_SCORE)
        else:
            normalized = (largest + least) - scores
            normalized *= MAX_NODE_SCORE
            normalized //= largest
        if left_out is not None:
            normalized[left_out] = 0
        return normalized

    # --- constraints and events -------------------------------------------------------------

    def _constraints(self, pod: PodInfo, action: str) -> list[Constraint]:
        own = _own_constraints(pod)
        if own:
            return [
                _constraint(one, pod.labels) for one in own if one["whenUnsatisfiable"] == action
            ]
        defaults = [one for one in self._defaults if one.when_unsatisfiable == action]
        selector = self._listers.default_selector(pod) if defaults else None
        if selector is None:
            return []
        return [Constraint(one.topology_key, one.max_skew, selector) for one in defaults]

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """Pods that match come, go or change labels; Nodes come, go, or change labels or taints."""
        pods = ClusterEvent(
            EventResource.ASSIGNED_POD,
            ActionType.ADD | ActionType.DELETE | ActionType.UPDATE_POD_LABEL,
        )
        itself = ClusterEvent(EventResource.TARGET_POD, ActionType.UPDATE_POD_LABEL)
        node = ClusterEvent(
            EventResource.NODE,
            ActionType.ADD
            | ActionType.DELETE
            | ActionType.UPDATE_NODE_LABEL
            | ActionType.UPDATE_NODE_TAINT,
        )
        return (
            ClusterEventWithHint(pods, self._after_pod_changed),
            ClusterEventWithHint(itself),
            ClusterEventWithHint(node, self._after_node_changed),
        )

    def _after_pod_changed(
        self, pod: PodInfo, old: JSONObject | None, new: JSONObject | None
    ) -> QueueingHint:
        """Worth it when it is counted now and was not before, or the other way round."""
        selectors = [constraint.selector for constraint in self._constraints(pod, _HARD)]

        def is_counted(other: JSONObject | None) -> bool:
            if other is None or other["metadata"].get("namespace", "") != pod.namespace:
                return False
            labels = other["metadata"].get("labels")
            return any(selector.matches(labels) for selector in selectors)

        return QueueingHint.QUEUE if is_counted(old) != is_counted(new) else QueueingHint.SKIP

    def _after_node_changed(
        self, pod: PodInfo, old: JSONObject | None, new: JSONObject | None
    ) -> QueueingHint:
        """Worth it when the Node's domains change, or it has them all and its taints changed."""
        keys = [constraint.topology_key for constraint in self._constraints(pod, _HARD)]

        def domains(node: JSONObject | None) -> list[str] | None:
            labels = (node["metadata"].get("labels") or {}) if node else {}
            return [labels[key] for key in keys] if all(key in labels for key in keys) else None

        before, after = domains(old), domains(new)
        if before != after:
            return QueueingHint.QUEUE
        if after is None or old is None or new is None:
            return QueueingHint.SKIP
        is_same = old.get("spec", {}).get("taints") == new.get("spec", {}).get("taints")
        return QueueingHint.SKIP if is_same else QueueingHint.QUEUE


def _own_constraints(pod: PodInfo) -> Sequence[JSONObject]:
    return pod.pod["spec"].get("topologySpreadConstraints") or ()


def _constraint(given: JSONObject, labels: Mapping[str, str]) -> Constraint:
    selector = selector_from_label_selector(given.get("labelSelector"))
    return Constraint(
        given["topologyKey"],
        given["maxSkew"],
        with_label_keys(selector, labels, given.get("matchLabelKeys") or ()),
        given.get("minDomains") or 1,
        (given.get("nodeAffinityPolicy") or _HONOR) == _HONOR,
        (given.get("nodeTaintsPolicy") or _IGNORE) == _HONOR,
    )


def _kept(
    constraints: Sequence[Constraint], pod: PodInfo, nodes: NodeTable, *, needs_all_labels: bool
) -> list[_Kept]:
    keys = tuple(constraint.topology_key for constraint in constraints)
    narrows = requires_nodes(pod)
    found = []
    for constraint in constraints:
        selector, namespace = constraint.selector, pod.namespace

        def is_counted(
            other: PodInfo, selector: Selector = selector, namespace: str = namespace
        ) -> bool:
            return (
                other.namespace == namespace
                and not other.is_terminating
                and selector.matches(other.labels)
            )

        others = tuple(key for key in keys if key != constraint.topology_key)
        eligible_key = (
            others if needs_all_labels else (),
            orjson.dumps((node_selector(pod), node_affinity(pod)))
            if constraint.honors_affinity and narrows
            else b"",
            (tolerations_signature(pod),) if constraint.honors_taints else (),
        )
        hint = _required_label(selector)
        pods = nodes.pod_counts(
            ("spread", namespace, selector),
            is_counted,
            None if hint is None else (namespace, *hint),
        )
        self_match = selector.matches(pod.labels)
        found.append(_Kept(constraint, pods, eligible_key, self_match=self_match))
    return found


def _required_label(selector: Selector) -> tuple[str, str] | None:
    """A label with the one value that all Pods of the selector have, if there is such a one."""
    labels = selector.equalities
    # Of several the hash of a template is the one that tells most Pods apart.
    return next(
        (label for label in labels if label[0] == HASH_LABEL), labels[0] if labels else None
    )


def _counts_of(
    kept: _Kept, all_kept: list[_Kept], pod: PodInfo, nodes: NodeTable, needs_all_labels: bool
) -> DomainCounts:
    counts = kept.counts
    if counts is not None:
        counts.refresh()
        return counts
    keys = [one.constraint.topology_key for one in all_kept] if needs_all_labels else []
    constraint = kept.constraint

    def eligible() -> BoolArray:
        """Nodes that count: with all labels, and as the constraint's policies say."""
        found = np.ones(nodes.size, np.bool_)
        for key in keys:
            found &= nodes.label_column(key)[0] >= 0
        if constraint.honors_affinity and requires_nodes(pod):
            found &= required_matches(pod, nodes, slice(None))
        if constraint.honors_taints:
            found &= ~forbidden_rows(pod, nodes)
        return found

    is_plain = kept.eligible_key == ((), b"", ())
    kept.counts = kept.pods.by_domain(
        constraint.topology_key, kept.eligible_key, None if is_plain else eligible
    )
    return kept.counts


def _parts(
    kept: _Kept, rows: Rows, count: int, scored: int, ignored: BoolArray | None
) -> FloatArray:
    """One constraint's part of the raw scores."""
    counts = kept.counts
    shift = kept.constraint.max_skew - 1
    if counts is None or not counts.domain_count:
        return np.zeros(count)
    score: FloatArray
    if kept.constraint.topology_key == HOSTNAME_LABEL:
        score = kept.pods.rows[rows].astype(np.float64)
        score *= log(scored + 2)
        score += shift
        if not counts.has_all:
            score[counts.domain[rows] < 0] = 0
        return score
    own = counts.domain[rows]
    seen = own if ignored is None else own[~ignored]
    size = int(np.count_nonzero(np.bincount(seen if counts.has_all else seen + 1)))
    by_domain = np.zeros(len(counts.counts) + 1)  # the last one is for Nodes without the label
    by_domain[:-1] = counts.counts * log(size + 2)
    by_domain[:-1] += shift
    score = by_domain[own]
    return score


def _least(kept: _Kept, counts: DomainCounts) -> int:
    if counts.domain_count < kept.constraint.min_domains:
        return 0
    return counts.least() or 0


def _equal(old: IntArray | None, new: IntArray) -> bool:
    return old is not None and np.array_equal(old, new)


def _codes_by_domain(kept: _Kept, counts: DomainCounts) -> IntArray:
    """Domain → code; the last entry is for Nodes without the label, whose domain is -1."""
    most = kept.constraint.max_skew - kept.self_match + _least(kept, counts)
    codes = np.full(len(counts.counts) + 1, _NO_LABEL, np.int64)
    codes[:-1] = (counts.counts > most) * _UNEVEN
    return codes
