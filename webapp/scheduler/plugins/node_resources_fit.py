"""NodeResourcesFit: requests must fit into what is left; the emptier Node scores higher.

A verdict is a set of bits, one for each resource that is short, so that one number carries all the
reasons of a Node.

Models:
    pkg/scheduler/framework/plugins/noderesources/fit.go Fit
    pkg/scheduler/framework/plugins/noderesources/least_allocated.go leastResourceScorer
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from webapp.scheduler.framework.allocation import (
    DEFAULT_STRATEGY,
    ScoringStrategy,
    allocation_scores,
)
from webapp.scheduler.framework.interface import (
    MAX_NODE_SCORE,
    Code,
    FilterPlugin,
    PreFilterPlugin,
    PreFilterResult,
    Scope,
    ScorePlugin,
    Status,
)
from webapp.scheduler.framework.resources import CPU, MEMORY, amounts
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
    from webapp.scheduler.framework.arrays import IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.node_table import NodeTable

_TOO_MANY_PODS = 1 << 0
_CPU_SHORT = 1 << 1
_MEMORY_SHORT = 1 << 2
_EPHEMERAL_SHORT = 1 << 3
_FIRST_SCALAR = 4
_NEVER_FITS = 1 << 62
"""Set when the Pod asks for more than the empty Node has: evicting others would not help."""

_FIXED_REASONS = (
    (_TOO_MANY_PODS, "Too many pods"),
    (_CPU_SHORT, "Insufficient cpu"),
    (_MEMORY_SHORT, "Insufficient memory"),
    (_EPHEMERAL_SHORT, "Insufficient ephemeral-storage"),
)


class NodeResourcesFit(PreFilterPlugin, FilterPlugin, ScorePlugin):
    """Filters by all resources, scores by CPU and memory (LeastAllocated) or as configured."""

    name = "NodeResourcesFit"
    scope = Scope.USAGE

    def __init__(
        self,
        strategy: ScoringStrategy = DEFAULT_STRATEGY,
        ignored: frozenset[str] = frozenset(),
        ignored_groups: frozenset[str] = frozenset(),
    ) -> None:
        self._strategy = strategy
        self._ignored = ignored
        self._ignored_groups = ignored_groups

    def sign(self, pod: PodInfo) -> Hashable:
        """The requests."""
        return pod.requests

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> PreFilterResult:  # noqa: ARG002
        """Note the names of extended resources, which the verdicts' bits stand for."""
        state.write(self.name, tuple(name for name, _ in self._scalars(pod)))
        return PreFilterResult()

    def _scalars(self, pod: PodInfo) -> tuple[tuple[str, int], ...]:
        """Extended resources asked for that are not to be ignored."""
        scalars = pod.requests.scalars
        if not scalars or not (self._ignored or self._ignored_groups):
            return scalars
        return tuple(
            (name, amount)
            for name, amount in scalars
            if name not in self._ignored and name.partition("/")[0] not in self._ignored_groups
        )

    def filter(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,
        rows: Rows,
    ) -> IntArray | None:
        """The set of resources that are short."""
        asked = pod.requests
        full = nodes.pod_count[rows] >= nodes.allocatable_pods[rows]
        codes = full.astype(np.int64) if full.any() else None
        columns = [
            (asked.cpu_millis, nodes.allocatable_cpu, nodes.requested_cpu, _CPU_SHORT),
            (asked.memory_bytes, nodes.allocatable_memory, nodes.requested_memory, _MEMORY_SHORT),
            (
                asked.ephemeral_bytes,
                nodes.allocatable_ephemeral,
                nodes.requested_ephemeral,
                _EPHEMERAL_SHORT,
            ),
        ]
        for place, (name, amount) in enumerate(self._scalars(pod), _FIRST_SCALAR):
            columns.append((amount, *nodes.scalar(name), 1 << place))
        for amount, allocatable, requested, bit in columns:
            if not amount:
                continue
            capacity = allocatable[rows]
            short = capacity - requested[rows] < amount
            if short.any():
                if codes is None:
                    codes = np.zeros(len(full), np.int64)
                codes[short] |= bit
                codes[capacity < amount] |= _NEVER_FITS
        return codes

    def filter_row(self, state: CycleState, pod: PodInfo, nodes: NodeTable, row: int) -> int:  # noqa: ARG002
        """The set of resources that are short on one Node."""
        asked = pod.requests
        code = 0
        if nodes.pod_count[row] >= nodes.allocatable_pods[row]:
            code = _TOO_MANY_PODS
        if asked.cpu_millis:
            capacity = nodes.allocatable_cpu[row]
            if capacity - nodes.requested_cpu[row] < asked.cpu_millis:
                code |= _CPU_SHORT
                if capacity < asked.cpu_millis:
                    code |= _NEVER_FITS
        if asked.memory_bytes:
            capacity = nodes.allocatable_memory[row]
            if capacity - nodes.requested_memory[row] < asked.memory_bytes:
                code |= _MEMORY_SHORT
                if capacity < asked.memory_bytes:
                    code |= _NEVER_FITS
        if asked.ephemeral_bytes:
            capacity = nodes.allocatable_ephemeral[row]
            if capacity - nodes.requested_ephemeral[row] < asked.ephemeral_bytes:
                code |= _EPHEMERAL_SHORT
                if capacity < asked.ephemeral_bytes:
                    code |= _NEVER_FITS
        for place, (name, amount) in enumerate(self._scalars(pod), _FIRST_SCALAR):
            allocatable, requested = nodes.scalar(name)
            if allocatable[row] - requested[row] < amount:
                code |= 1 << place
                if allocatable[row] < amount:
                    code |= _NEVER_FITS
        return code

    def verdict(self, state: CycleState, code: int) -> Status:
        """All resources that are short."""
        reasons = [text for bit, text in _FIXED_REASONS if code & bit]
        for place, name in enumerate(state.read(self.name), _FIRST_SCALAR):
            if code & 1 << place:
                reasons.append(f"Insufficient {name}")
        never = code & _NEVER_FITS
        return Status(
            Code.UNSCHEDULABLE_AND_UNRESOLVABLE if never else Code.UNSCHEDULABLE, tuple(reasons)
        )

    def score(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,
        rows: Rows,
    ) -> IntArray | int:
        """Mean over CPU and memory of the share that stays free, 0 to 100, or as configured."""
        if self._strategy is not DEFAULT_STRATEGY:
            return allocation_scores(self._strategy, pod, nodes, rows)
        asked = pod.requests
        shares: IntArray = nodes.allocatable_cpu[rows] - nodes.scored_cpu[rows]
        _to_free_shares(shares, asked.scored_cpu_millis, nodes.capacity(CPU)[rows])
        memory: IntArray = nodes.allocatable_memory[rows] - nodes.scored_memory[rows]
        _to_free_shares(memory, asked.scored_memory_bytes, nodes.capacity(MEMORY)[rows])
        shares += memory
        shares //= nodes.counted_resources()[rows]
        return shares

    def score_row(self, state: CycleState, pod: PodInfo, nodes: NodeTable, row: int) -> int:  # noqa: ARG002
        """The score of one Node."""
        if self._strategy is not DEFAULT_STRATEGY:
            one = np.array((row,), np.int64)
            return int(allocation_scores(self._strategy, pod, nodes, one)[0])
        asked = pod.requests
        cpu_capacity = nodes.allocatable_cpu.item(row)
        memory_capacity = nodes.allocatable_memory.item(row)
        cpu = least_requested_score(
            nodes.scored_cpu.item(row) + asked.scored_cpu_millis, cpu_capacity
        )
        memory = least_requested_score(
            nodes.scored_memory.item(row) + asked.scored_memory_bytes, memory_capacity
        )
        counted = (cpu_capacity != 0) + (memory_capacity != 0)
        return (cpu + memory) // counted if counted else 0

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """A Pod leaves, or a Node comes or changes its allocatable resources."""
        left = ClusterEvent(EventResource.ASSIGNED_POD, ActionType.DELETE)
        node = ClusterEvent(EventResource.NODE, ActionType.ADD | ActionType.UPDATE_NODE_ALLOCATABLE)
        return (
            ClusterEventWithHint(left, _after_pod_left),
            ClusterEventWithHint(node, _after_node_changed),
        )


def least_requested_score(requested: int, capacity: int) -> int:
    """Score one resource of a Node by the share that would stay free.

    Args:
        requested: Sum of requests on the Node with the Pod added; millicores or bytes.
        capacity: The Node's allocatable amount in the same unit.

    Returns:
        0 (full, overcommitted or no capacity) to 100 (empty), rounded down.

    Models:
        pkg/scheduler/framework/plugins/noderesources/least_allocated.go leastRequestedScore
    """
    if capacity == 0 or requested > capacity:
        return 0
    return (capacity - requested) * MAX_NODE_SCORE // capacity


def _to_free_shares(free: IntArray, asked: int, capacity: IntArray) -> None:
    """Turn free amounts into the shares that stay free, 0 to 100, in place."""
    free -= asked
    np.maximum(free, 0, out=free)
    free *= MAX_NODE_SCORE
    free //= capacity


def _after_pod_left(pod: PodInfo, old: JSONObject, new: JSONObject | None) -> QueueingHint:
    """A Pod slot alone may have been missing, so any Pod that leaves its Node helps."""
    del pod, new
    return QueueingHint.QUEUE if old["spec"].get("nodeName") else QueueingHint.SKIP


def _after_node_changed(pod: PodInfo, old: JSONObject | None, new: JSONObject) -> QueueingHint:
    """Worth it when the Node, empty, has room for the Pod."""
    del old
    has = amounts(new.get("status", {}).get("allocatable"))
    asked = pod.requests
    wanted = (
        ("cpu", asked.cpu_millis),
        ("memory", asked.memory_bytes),
        ("ephemeral-storage", asked.ephemeral_bytes),
        *asked.scalars,
    )
    fits = all(has.get(name, 0) >= amount for name, amount in wanted if amount)
    return QueueingHint.QUEUE if fits else QueueingHint.SKIP
