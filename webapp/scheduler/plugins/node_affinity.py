"""NodeAffinity: nodeSelector and nodeAffinity, required and preferred.

Each condition is judged on a column of label numbers, so that no Node's labels are looked at twice.

Models:
    pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go NodeAffinity
    staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go RequiredNodeAffinity
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import orjson

from webapp.scheduler.framework.interface import (
    SKIP,
    SUCCESS,
    Code,
    FilterPlugin,
    PreFilterPlugin,
    PreFilterResult,
    PreScorePlugin,
    Scope,
    ScorePlugin,
    Status,
    normalize_by_maximum,
)
from webapp.scheduler.framework.types import (
    ActionType,
    ClusterEvent,
    ClusterEventWithHint,
    EventResource,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.arrays import BoolArray, IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

_REFUSED = Status(
    Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) didn't match Pod's node affinity/selector",)
)
_CONFLICT = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("pod affinity terms conflict",))
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_NAME_FIELD = "metadata.name"


class NodeAffinity(PreFilterPlugin, FilterPlugin, PreScorePlugin, ScorePlugin):
    """Filters by what the Pod requires, scores by what it prefers."""

    name = "NodeAffinity"
    scope = Scope.NODE
    normalizes = True

    def sign(self, pod: PodInfo) -> Hashable:
        """The selector and the affinity."""
        selector, affinity = _selector(pod), _affinity(pod)
        return orjson.dumps((selector, affinity)) if selector or affinity else b""

    def pre_filter(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,  # noqa: ARG002
    ) -> PreFilterResult:
        """SKIP without conditions; only the named Nodes when every term names some."""
        terms = _required_terms(pod)
        if terms is None and not _selector(pod):
            return PreFilterResult(SKIP)
        if not terms:
            return PreFilterResult()
        named: set[str] = set()
        for term in terms:
            names = _names_of(term)
            if names is None:
                return PreFilterResult()
            named |= names
        return PreFilterResult(SUCCESS, frozenset(named)) if named else PreFilterResult(_CONFLICT)

    def filter(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,
        rows: Rows,
    ) -> IntArray | None:
        """1 where nodeSelector or every required term fails."""
        count = len(nodes.pod_count[rows])
        matched = np.ones(count, np.bool_)
        for key, value in (_selector(pod) or {}).items():
            column, values = nodes.label_column(key)
            matched &= column[rows] == values.get(value, -2)
        terms = _required_terms(pod)
        if terms is not None:
            of_any = np.zeros(count, np.bool_)
            for term in terms:
                of_any |= _term_matches(term, nodes, rows, count)
            matched &= of_any
        return None if matched.all() else (~matched).astype(np.int64)

    def verdict(self, state: CycleState, code: int) -> Status:  # noqa: ARG002
        """The only refusal there is."""
        return _REFUSED

    def pre_score(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,  # noqa: ARG002
    ) -> Status:
        """SKIP without preferences."""
        return SUCCESS if _preferred_terms(pod) else SKIP

    def score(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,
        rows: Rows,
    ) -> IntArray | int:
        """Sum of the weights of the preferences that the Node meets."""
        count = len(nodes.pod_count[rows])
        total = np.zeros(count, np.int64)
        for preferred in _preferred_terms(pod):
            matches = _term_matches(preferred["preference"], nodes, rows, count)
            total += preferred["weight"] * matches
        return total

    def normalize(self, state: CycleState, scores: IntArray) -> IntArray:  # noqa: ARG002
        """The best match becomes 100."""
        return normalize_by_maximum(scores, reverse=False)

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """A Node comes or changes its labels."""
        action = ActionType.ADD | ActionType.UPDATE_NODE_LABEL
        return (ClusterEventWithHint(ClusterEvent(EventResource.NODE, action)),)


def _selector(pod: PodInfo) -> JSONObject | None:
    selector: JSONObject | None = pod.pod["spec"].get("nodeSelector")
    return selector


def _affinity(pod: PodInfo) -> JSONObject | None:
    affinity: JSONObject = pod.pod["spec"].get("affinity") or {}
    return affinity.get("nodeAffinity")


def _required_terms(pod: PodInfo) -> Sequence[JSONObject] | None:
    required = (_affinity(pod) or {}).get("requiredDuringSchedulingIgnoredDuringExecution")
    return None if required is None else required.get("nodeSelectorTerms") or ()


def _preferred_terms(pod: PodInfo) -> Sequence[JSONObject]:
    preferred = (_affinity(pod) or {}).get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return [
        term for term in preferred if term.get("weight") and _is_not_empty(term.get("preference"))
    ]


def _is_not_empty(term: JSONObject | None) -> bool:
    return bool(term and (term.get("matchExpressions") or term.get("matchFields")))


def _names_of(term: JSONObject) -> set[str] | None:
    names: set[str] | None = None
    for field in term.get("matchFields") or ():
        if field["key"] == _NAME_FIELD and field["operator"] == "In":
            wanted = set(field.get("values") or ())
            names = wanted if names is None else names & wanted
    return names


def _term_matches(term: JSONObject, nodes: NodeTable, rows: Rows, count: int) -> BoolArray:
    if not _is_not_empty(term):  # a term without conditions matches no Node
        return np.zeros(count, np.bool_)
    matched = np.ones(count, np.bool_)
    for expression in term.get("matchExpressions") or ():
        matched &= _expression_matches(expression, nodes, rows)
    for field in term.get("matchFields") or ():
        matched &= _field_matches(field, nodes, rows)
    return matched


def _expression_matches(expression: JSONObject, nodes: NodeTable, rows: Rows) -> BoolArray:
    column, values = nodes.label_column(expression["key"])
    numbers = column[rows]
    operator = expression["operator"]
    wanted: Sequence[str] = expression.get("values") or ()
    if operator == "Exists":
        return numbers >= 0
    if operator == "DoesNotExist":
        return numbers < 0
    if operator in ("In", "NotIn"):
        found = np.isin(numbers, [values[value] for value in wanted if value in values])
        return found if operator == "In" else ~found
    # One entry more than there are values: a missing label (-1) looks up the last one.
    compared = np.zeros(len(values) + 1, np.bool_)
    if len(wanted) == 1 and _INTEGER.match(wanted[0]):
        bound = int(wanted[0])
        for value, number in values.items():
            if _INTEGER.match(value):
                compared[number] = int(value) > bound if operator == "Gt" else int(value) < bound
    return compared[numbers]


def _field_matches(field: JSONObject, nodes: NodeTable, rows: Rows) -> BoolArray:
    named = np.zeros(nodes.size, np.bool_)
    if field["key"] == _NAME_FIELD:
        for name in field.get("values") or ():
            row = nodes.rows.get(name)
            if row is not None:
                named[row] = True
    if field["operator"] == "NotIn":
        named = ~named
    return named[rows]
