"""NodeAffinity: nodeSelector and nodeAffinity, required and preferred.

Models:
    pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go NodeAffinity
"""

from __future__ import annotations

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
from webapp.scheduler.framework.node_selection import (
    NAME_FIELD,
    is_not_empty,
    node_affinity,
    node_selector,
    required_matches,
    required_terms,
    term_matches,
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
    from webapp.scheduler.framework.arrays import IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

_REFUSED = Status(
    Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) didn't match Pod's node affinity/selector",)
)
_CONFLICT = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("pod affinity terms conflict",))


class NodeAffinity(PreFilterPlugin, FilterPlugin, PreScorePlugin, ScorePlugin):
    """Filters by what the Pod requires, scores by what it prefers."""

    name = "NodeAffinity"
    scope = Scope.NODE
    normalizes = True

    def sign(self, pod: PodInfo) -> Hashable:
        """The selector and the affinity."""
        selector, affinity = node_selector(pod), node_affinity(pod)
        return orjson.dumps((selector, affinity)) if selector or affinity else b""

    def pre_filter(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,  # noqa: ARG002
    ) -> PreFilterResult:
        """SKIP without conditions; only the named Nodes when every term names some."""
        terms = required_terms(pod)
        if terms is None and not node_selector(pod):
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
        matched = required_matches(pod, nodes, rows)
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
            matches = term_matches(preferred["preference"], nodes, rows, count)
            total += preferred["weight"] * matches
        return total

    def normalize(self, state: CycleState, scores: IntArray) -> IntArray:  # noqa: ARG002
        """The best match becomes 100."""
        return normalize_by_maximum(scores, reverse=False)

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """A Node comes or changes its labels."""
        action = ActionType.ADD | ActionType.UPDATE_NODE_LABEL
        return (ClusterEventWithHint(ClusterEvent(EventResource.NODE, action)),)


def _preferred_terms(pod: PodInfo) -> Sequence[JSONObject]:
    preferred = (node_affinity(pod) or {}).get(
        "preferredDuringSchedulingIgnoredDuringExecution"
    ) or ()
    return [
        term for term in preferred if term.get("weight") and is_not_empty(term.get("preference"))
    ]


def _names_of(term: JSONObject) -> set[str] | None:
    names: set[str] | None = None
    for field in term.get("matchFields") or ():
        if field["key"] == NAME_FIELD and field["operator"] == "In":
            wanted = set(field.get("values") or ())
            names = wanted if names is None else names & wanted
    return names
