"""Why a Pod is where it is, or nowhere: per attempt, Node and plugin.

Each attempt leaves compact arrays (one small number for each Node looked at, raw scores of those
that fitted); words, normalised and weighted scores are worked out when somebody asks. The newest
attempts are kept up to a number of bytes; older ones are dropped, whole, the oldest first, and their
number is kept so that nobody takes the rest for all.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from webapp.scheduler.schedule_pod import not_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.arrays import IntArray
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.interface import FilterPlugin, PostFilterResult, ScorePlugin
    from webapp.scheduler.schedule_pod import ScheduleResult
    from webapp.scheduler.what_if import Change

KEPT_BYTES = 64 * 1024 * 1024
KEPT_ATTEMPTS_A_POD = 16

KEPT_CANDIDATES = 20

_BASE_BYTES = 600
_CANDIDATE_BYTES = 300


@dataclass(frozen=True, slots=True)
class PluginScore:
    """One plugin's score of one Node: raw, brought to 0 to 100, and times its weight."""

    plugin: str
    raw: int
    normalized: int
    weight: int
    weighted: int


@dataclass(frozen=True, slots=True)
class NodeVerdict:
    """What one attempt found about one Node.

    Attributes:
        name: The Node.
        fits: Whether all filters let the Pod pass.
        plugin: The first one that did not, or "".
        reason: Its words, or "".
        scores: In the profile's order; empty when nothing was scored.
        total: Weighted sum.
    """

    name: str
    fits: bool
    plugin: str = ""
    reason: str = ""
    scores: tuple[PluginScore, ...] = ()
    total: int = 0


class _Scores(NamedTuple):
    plugin: ScorePlugin
    weight: int
    raw: IntArray | int


class _Candidate(NamedTuple):
    """A Node where room could have been made: pairs of (key, priority) of victims, violated budgets."""

    node: str
    victims: tuple[tuple[str, int], ...]
    violations: int

    def to_json(self) -> JSONObject:
        return {
            "node": self.node,
            "victims": [key for key, _ in self.victims],
            "priorities": [priority for _, priority in self.victims],
            "violations": self.violations,
        }


class _Preemption(NamedTuple):
    """Where room could have been made, and where it was; candidates beyond those kept are counted."""

    chosen: str
    decided_by: str
    candidates: tuple[_Candidate, ...]
    left_out: int

    @classmethod
    def of(cls, post: PostFilterResult) -> _Preemption | None:
        if not post.nominated_node:
            return None
        chosen = [one for one in post.candidates if one.node_name == post.nominated_node]
        others = post.candidates[:KEPT_CANDIDATES]
        kept = [*chosen, *(one for one in others if one.node_name != post.nominated_node)]
        candidates = [
            _Candidate(
                one.node_name,
                tuple((victim.key, victim.priority) for victim in one.victims),
                one.violations,
            )
            for one in kept[:KEPT_CANDIDATES]
        ]
        left_out = len(post.candidates) - len(candidates)
        return cls(post.nominated_node, post.decided_by, tuple(candidates), left_out)

    def to_json(self) -> JSONObject:
        return {
            "chosen": self.chosen,
            "decidedBy": self.decided_by,
            "candidates": [candidate.to_json() for candidate in self.candidates],
            "candidatesLeftOut": self.left_out,
        }


class Attempt:
    """One scheduling attempt in compact form.

    Attributes:
        number: 1 for the first attempt.
        at_ms: Virtual time.
        chosen: Name of the chosen Node, or "".
        message: Why no Node was chosen, or "".
        preemption: How room was made, or ``None``.
        bytes: Rough size in memory.
    """

    __slots__ = (
        "_codes",
        "_filters",
        "_left_out",
        "_names",
        "_narrowed_by",
        "_pre_filter",
        "_refused_by",
        "_scanned",
        "_scores",
        "_state",
        "at_ms",
        "bytes",
        "chosen",
        "message",
        "number",
        "preemption",
    )

    def __init__(
        self, number: int, at_ms: int, names: tuple[str, ...], result: ScheduleResult
    ) -> None:
        pod_class = result.pod_class
        self.number = number
        self.at_ms = at_ms
        self.chosen = result.node_name
        self.message = result.status.message
        self.preemption = _Preemption.of(result.post) if result.post is not None else None
        self._names = names
        self._state: CycleState = pod_class.state
        self._filters: list[FilterPlugin] = [column.plugin for column in pod_class.filters]
        self._scanned = result.scanned
        self._refused_by = pod_class.refused_by[result.scanned].copy()
        self._pre_filter = pod_class.status
        self._left_out = ""
        self._narrowed_by = " ".join(pod_class.narrowing_plugins)
        if pod_class.node_names is not None and not result.node_name:
            self._left_out = not_named(pod_class)
        self._codes: dict[int, IntArray] = {}
        self._scores: list[_Scores] = []
        self.bytes = _BASE_BYTES + self._refused_by.nbytes
        if self.preemption is not None:
            self.bytes += _CANDIDATE_BYTES * len(self.preemption.candidates)
        if result.fitting_count != len(self._refused_by):
            self._keep_codes(result)
        if result.totals is not None:
            self._keep_scores(result)

    def _keep_codes(self, result: ScheduleResult) -> None:
        for place, column in enumerate(result.pod_class.filters, 1):
            if column.codes is not None:
                own = column.codes[result.scanned][self._refused_by == place]
                self._codes[place] = own
                self.bytes += own.nbytes

    def _keep_scores(self, result: ScheduleResult) -> None:
        for column in result.pod_class.scores:
            raw = column.raw
            if isinstance(raw, int):
                if column.cluster_plugin is not None:
                    continue  # it had nothing to say this time
            else:
                own = raw[result.fitting] if column.cluster_plugin is None else raw
                raw = own.astype(np.int32)
                self.bytes += raw.nbytes
            self._scores.append(_Scores(column.plugin, column.weight, raw))

    def nodes(self) -> list[NodeVerdict]:
        """The Nodes looked at, in scan order, then those that plugins left out."""
        if not self._pre_filter.is_success:
            plugin_name, reason = self._pre_filter.plugin, self._pre_filter.message
            return [NodeVerdict(name, False, plugin_name, reason) for name in self._names]
        rows = np.arange(len(self._names))[self._scanned].tolist()
        refused_by = self._refused_by.tolist()
        codes = {place: iter(own.tolist()) for place, own in self._codes.items()}
        scores = self._scores_by_place(refused_by.count(0))
        verdicts = []
        fitting = 0
        for row, place in zip(rows, refused_by, strict=True):
            name = self._names[row]
            if place:
                plugin = self._filters[place - 1]
                status = plugin.verdict(self._state, next(codes[place]))
                verdicts.append(NodeVerdict(name, False, plugin.name, status.message))
                continue
            own = tuple(scores[fitting]) if scores else ()
            total = sum(score.weighted for score in own)
            verdicts.append(NodeVerdict(name, True, scores=own, total=total))
            fitting += 1
        if self._left_out:
            looked_at = set(rows)
            verdicts.extend(
                NodeVerdict(name, False, self._narrowed_by, self._left_out)
                for row, name in enumerate(self._names)
                if row not in looked_at
            )
        return verdicts

    def _scores_by_place(self, count: int) -> list[list[PluginScore]]:
        if not self._scores:
            return []
        found: list[list[PluginScore]] = [[] for _ in range(count)]
        for plugin, weight, raw in self._scores:
            raws = np.full(count, raw, np.int64) if isinstance(raw, int) else raw.astype(np.int64)
            normalized = plugin.normalize(self._state, raws) if plugin.normalizes else raws
            for own, one, scaled in zip(found, raws.tolist(), normalized.tolist(), strict=True):
                own.append(PluginScore(plugin.name, one, scaled, weight, scaled * weight))
        return found

    def to_json(self) -> JSONObject:
        """As a JSON tree with camelCase keys.

        ``filters`` are asked in this order, and the first refusal ends it for a Node; ``notLookedAt``
        counts Nodes that the scan did not need any more.
        """
        nodes = self.nodes()
        return {
            "attempt": self.number,
            "at": self.at_ms,
            "total": len(self._names),
            "notLookedAt": len(self._names) - len(nodes),
            "filters": [plugin.name for plugin in self._filters],
            "nodes": [_node_json(node) for node in nodes],
            "chosen": self.chosen,
            "tieBreak": self._tied(nodes),
            "message": self.message,
            "preemption": self.preemption.to_json() if self.preemption is not None else None,
        }

    def _tied(self, nodes: list[NodeVerdict]) -> list[str]:
        """Nodes with the best sum when there are several; a hash of seed and UID chose among them."""
        if not self._scores:
            return []
        best = max(node.total for node in nodes if node.fits)
        tied = [node.name for node in nodes if node.fits and node.total == best]
        return tied if len(tied) > 1 else []


def _node_json(node: NodeVerdict) -> JSONObject:
    scores: list[dict[str, Any]] = [
        {
            "plugin": score.plugin,
            "raw": score.raw,
            "normalized": score.normalized,
            "weight": score.weight,
            "weighted": score.weighted,
        }
        for score in node.scores
    ]
    return {
        "name": node.name,
        "fits": node.fits,
        "plugin": node.plugin,
        "reason": node.reason,
        "scores": scores,
        "total": node.total,
    }


class Waiting(NamedTuple):
    """Where a Pod waits in the queue.

    Attributes:
        lane: ``active``, ``backoff``, ``unschedulable``, ``gated`` or ``scheduling``.
        until_ms: When back-off ends, 0 elsewhere.
        plugins: Who refused it last, sorted; or who gates it.
    """

    lane: str
    until_ms: int = 0
    plugins: tuple[str, ...] = ()

    def to_json(self) -> JSONObject:
        """As a JSON tree."""
        return {"lane": self.lane, "until": self.until_ms, "plugins": list(self.plugins)}


@dataclass(frozen=True, slots=True)
class PodDiagnosis:
    """All that is kept about one Pod.

    Attributes:
        pod_uid: The Pod.
        attempts: Oldest first; the first ones may have been dropped.
        dropped: How many older ones are not kept any more.
        would_fit: Works out what would make a waiting Pod fit.
        waits: Where the Pod waits, ``None`` when it does not.
    """

    pod_uid: str
    attempts: tuple[Attempt, ...]
    dropped: int = 0
    would_fit: Callable[[], list[Change]] = list
    waits: Waiting | None = None

    def to_json(self) -> JSONObject:
        """As a JSON tree with camelCase keys."""
        return {
            "podUid": self.pod_uid,
            "dropped": self.dropped,
            "queue": self.waits.to_json() if self.waits is not None else None,
            "attempts": [attempt.to_json() for attempt in self.attempts],
            "wouldFit": [change.to_json() for change in self.would_fit()],
        }


class DiagnosisLog:
    """The newest attempts of all Pods, within a number of bytes.

    Attributes:
        bytes: Rough size of what is kept.
    """

    def __init__(self, keep_bytes: int = KEPT_BYTES) -> None:
        self._keep_bytes = keep_bytes
        self._by_pod: OrderedDict[str, deque[Attempt]] = OrderedDict()
        self._dropped: dict[str, int] = {}
        self.bytes = 0

    def add(self, pod_uid: str, attempt: Attempt) -> None:
        """Keep an attempt; its Pod becomes the one to be dropped last."""
        attempts = self._by_pod.get(pod_uid)
        if attempts is None:
            attempts = self._by_pod[pod_uid] = deque()
        else:
            self._by_pod.move_to_end(pod_uid)
        attempts.append(attempt)
        self.bytes += attempt.bytes
        if len(attempts) > KEPT_ATTEMPTS_A_POD:
            self.bytes -= attempts.popleft().bytes
            self._dropped[pod_uid] = self._dropped.get(pod_uid, 0) + 1
        while self.bytes > self._keep_bytes and len(self._by_pod) > 1:
            uid, dropped = self._by_pod.popitem(last=False)
            self._dropped[uid] = self._dropped.get(uid, 0) + len(dropped)
            self.bytes -= sum(old.bytes for old in dropped)

    def get(self, pod_uid: str) -> PodDiagnosis | None:
        """What is kept about a Pod; ``None`` when it never was tried."""
        attempts, dropped = self._by_pod.get(pod_uid, ()), self._dropped.get(pod_uid, 0)
        return PodDiagnosis(pod_uid, tuple(attempts), dropped) if attempts or dropped else None

    def forget(self, pod_uid: str) -> None:
        """The Pod is gone."""
        self._dropped.pop(pod_uid, None)
        for attempt in self._by_pod.pop(pod_uid, ()):
            self.bytes -= attempt.bytes
