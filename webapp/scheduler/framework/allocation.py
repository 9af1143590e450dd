"""How resource use is turned into a score, in the ways that a configuration may choose from.

Models:
    pkg/scheduler/framework/plugins/noderesources/least_allocated.go leastResourceScorer
    pkg/scheduler/framework/plugins/noderesources/most_allocated.go mostResourceScorer
    pkg/scheduler/framework/plugins/noderesources/requested_to_capacity_ratio.go requestedToCapacityRatioScorer
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from webapp.scheduler.framework.interface import MAX_NODE_SCORE
from webapp.scheduler.framework.resources import CPU, EPHEMERAL_STORAGE, MEMORY

if TYPE_CHECKING:
    from webapp.scheduler.framework.arrays import IntArray, Rows
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

LEAST_ALLOCATED = "LeastAllocated"
MOST_ALLOCATED = "MostAllocated"
REQUESTED_TO_CAPACITY_RATIO = "RequestedToCapacityRatio"

MAX_SHAPE_SCORE = 10


class ScoringStrategy(NamedTuple):
    """What a profile says about resource scores.

    Attributes:
        type: One of this module's names.
        resources: Pairs of (resource, weight).
        shape: Pairs of (utilization in percent, score 0 to 10), rising by utilization.
    """

    type: str = LEAST_ALLOCATED
    resources: tuple[tuple[str, int], ...] = ((CPU, 1), (MEMORY, 1))
    shape: tuple[tuple[int, int], ...] = ()


DEFAULT_STRATEGY = ScoringStrategy()


def allocation_scores(
    strategy: ScoringStrategy, pod: PodInfo, nodes: NodeTable, rows: Rows
) -> IntArray:
    """Scores of Nodes with the Pod added, 0 to 100, in the order of ``rows``."""
    count = len(nodes.pod_count[rows])
    total = np.zeros(count, np.int64)
    weights = np.zeros(count, np.int64)
    is_ratio = strategy.type == REQUESTED_TO_CAPACITY_RATIO
    for name, weight in strategy.resources:
        columns = _amounts(name, pod, nodes, rows)
        if columns is None:
            continue
        requested, capacity = columns
        own = _score(strategy, requested, capacity)
        counted = capacity != 0
        if is_ratio:
            counted = counted & (own > 0)
        total += np.where(counted, own * weight, 0)
        weights += np.where(counted, weight, 0)
    if is_ratio:
        return (total / np.maximum(weights, 1) + 0.5).astype(np.int64)
    return total // np.maximum(weights, 1)


def _amounts(
    name: str, pod: PodInfo, nodes: NodeTable, rows: Rows
) -> tuple[IntArray, IntArray] | None:
    """(Requested with the Pod, allocatable); ``None`` for an extended resource it does not want."""
    asked = pod.requests
    if name == CPU:
        return nodes.scored_cpu[rows] + asked.scored_cpu_millis, nodes.allocatable_cpu[rows]
    if name == MEMORY:
        requested = nodes.scored_memory[rows] + asked.scored_memory_bytes
        return requested, nodes.allocatable_memory[rows]
    if name == EPHEMERAL_STORAGE:
        requested = nodes.requested_ephemeral[rows] + asked.ephemeral_bytes
        return requested, nodes.allocatable_ephemeral[rows]
    amount = dict(asked.scalars).get(name, 0)
    if not amount:
        return None
    allocatable, in_use = nodes.scalar(name)
    return in_use[rows] + amount, allocatable[rows]


def _score(strategy: ScoringStrategy, requested: IntArray, capacity: IntArray) -> IntArray:
    safe = np.maximum(capacity, 1)
    if strategy.type == LEAST_ALLOCATED:
        least: IntArray = np.maximum(capacity - requested, 0) * MAX_NODE_SCORE // safe
        return least
    used: IntArray = np.minimum(requested, capacity) * MAX_NODE_SCORE // safe
    if strategy.type == MOST_ALLOCATED:
        return used
    return _along(strategy.shape, used)


def _along(shape: tuple[tuple[int, int], ...], used: IntArray) -> IntArray:
    """Scores on the line through the points of a shape; flat before the first and after the last."""
    factor = MAX_NODE_SCORE // MAX_SHAPE_SCORE
    points = [(utilization, score * factor) for utilization, score in shape]
    scores = np.full(len(used), points[-1][1], np.int64)
    for (left, low), (right, high) in reversed(list(pairwise(points))):
        inside = used <= right
        # Go's division cuts towards zero, also on the way down.
        rise = (high - low) * (used[inside] - left)
        scores[inside] = low + np.trunc(rise / (right - left)).astype(np.int64)
    scores[used <= points[0][0]] = points[0][1]
    return scores
