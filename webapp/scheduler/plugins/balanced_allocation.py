"""NodeResourcesBalancedAllocation: prefers Nodes whose CPU and memory use the Pod evens out.

Models:
    pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go BalancedAllocation
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from webapp.scheduler.framework.interface import (
    MAX_NODE_SCORE,
    SKIP,
    SUCCESS,
    PreScorePlugin,
    Scope,
    ScorePlugin,
    Status,
)

if TYPE_CHECKING:
    from collections.abc import Hashable

    from webapp.scheduler.framework.arrays import IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

_HALF = MAX_NODE_SCORE // 2


class NodeResourcesBalancedAllocation(PreScorePlugin, ScorePlugin):
    """Compares how even the use is with the Pod and without it."""

    name = "NodeResourcesBalancedAllocation"
    scope = Scope.USAGE

    def sign(self, pod: PodInfo) -> Hashable:
        """The requests."""
        return pod.requests

    def pre_score(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,  # noqa: ARG002
    ) -> Status:
        """SKIP for a Pod that asks for neither: it changes no balance."""
        return SUCCESS if pod.requests.cpu_millis or pod.requests.memory_bytes else SKIP

    def score(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,
        rows: Rows,
    ) -> IntArray | int:
        """75 when the balance stays, up to 100 when it improves, down to 50 when it suffers."""
        asked = pod.requests
        cpu, memory = nodes.requested_cpu[rows], nodes.requested_memory[rows]
        cpu_capacity, memory_capacity = nodes.allocatable_cpu[rows], nodes.allocatable_memory[rows]
        without = _balances(cpu, memory, cpu_capacity, memory_capacity)
        with_pod = _balances(
            cpu + asked.cpu_millis, memory + asked.memory_bytes, cpu_capacity, memory_capacity
        )
        return _HALF + (_HALF + with_pod - without) // 2

    def score_row(self, state: CycleState, pod: PodInfo, nodes: NodeTable, row: int) -> int:  # noqa: ARG002
        """The score of one Node."""
        asked = pod.requests
        cpu, memory = nodes.requested_cpu.item(row), nodes.requested_memory.item(row)
        cpu_capacity = nodes.allocatable_cpu.item(row)
        memory_capacity = nodes.allocatable_memory.item(row)
        without = balance(cpu, memory, cpu_capacity, memory_capacity)
        with_pod = balance(
            cpu + asked.cpu_millis, memory + asked.memory_bytes, cpu_capacity, memory_capacity
        )
        return _HALF + (_HALF + with_pod - without) // 2


def balance(cpu: int, memory: int, cpu_capacity: int, memory_capacity: int) -> int:
    """How even the use of a Node is: 100 when both shares are equal, 50 when they are far apart."""
    if not cpu_capacity or not memory_capacity:
        return MAX_NODE_SCORE
    cpu_share = min(cpu / cpu_capacity, 1.0)
    memory_share = min(memory / memory_capacity, 1.0)
    return int((1 - abs((cpu_share - memory_share) / 2)) * MAX_NODE_SCORE)


def _balances(
    cpu: IntArray, memory: IntArray, cpu_capacity: IntArray, memory_capacity: IntArray
) -> IntArray:
    cpu_share = np.minimum(cpu / np.maximum(cpu_capacity, 1), 1.0)
    memory_share = np.minimum(memory / np.maximum(memory_capacity, 1), 1.0)
    even = (1 - np.abs((cpu_share - memory_share) / 2)) * MAX_NODE_SCORE
    even[(cpu_capacity == 0) | (memory_capacity == 0)] = MAX_NODE_SCORE
    return even.astype(np.int64)
