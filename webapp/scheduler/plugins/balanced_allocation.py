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
from webapp.scheduler.framework.resources import CPU, MEMORY

if TYPE_CHECKING:
    from collections.abc import Hashable

    from webapp.scheduler.framework.arrays import IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

_HALF = MAX_NODE_SCORE // 2
_BOTH = 2
_FEW = 16


class NodeResourcesBalancedAllocation(PreScorePlugin, ScorePlugin):
    """Compares how even the use is with the Pod and without it."""

    name = "NodeResourcesBalancedAllocation"
    scope = Scope.USAGE

    def __init__(self) -> None:
        self._balances: IntArray = np.zeros(0, np.int64)
        self._read = (-1, 0, 0)

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
        without = self._balances_now(nodes)
        scores = _balances(nodes, rows, asked.cpu_millis, asked.memory_bytes)
        scores -= without[rows]
        scores += _HALF
        scores >>= 1
        scores += _HALF
        return scores

    def _balances_now(self, nodes: NodeTable) -> IntArray:
        """Row → how even the use is; shared by all Pods."""
        node_log, usage_log = nodes.node_log, nodes.usage_log
        layout, node_position, usage_position = self._read
        self._read = nodes.layout, node_log.end, usage_log.end
        if (
            layout != nodes.layout
            or node_position != node_log.end
            or usage_log.end - usage_position > _FEW
            or usage_position < usage_log.start
        ):
            self._balances = _balances(nodes, slice(0, nodes.size), 0, 0)
        else:
            for row in usage_log.each_since(usage_position):
                self._balances[row] = balance(
                    nodes.requested_cpu.item(row),
                    nodes.requested_memory.item(row),
                    nodes.allocatable_cpu.item(row),
                    nodes.allocatable_memory.item(row),
                )
        return self._balances

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


def _balances(nodes: NodeTable, rows: Rows, cpu: int, memory: int) -> IntArray:
    """As :func:`balance`, of some rows with so much more CPU and memory asked for."""
    even = (nodes.requested_cpu[rows] + cpu) / nodes.capacity(CPU)[rows]
    np.minimum(even, 1.0, out=even)
    other = (nodes.requested_memory[rows] + memory) / nodes.capacity(MEMORY)[rows]
    np.minimum(other, 1.0, out=other)
    even -= other
    even /= 2
    np.abs(even, out=even)
    np.subtract(1, even, out=even)
    even *= MAX_NODE_SCORE
    one_only = nodes.counted_resources()[rows] < _BOTH
    if one_only.any():
        even[one_only] = MAX_NODE_SCORE
    balances: IntArray = even.astype(np.int64)
    return balances
