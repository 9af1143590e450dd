"""THE SEAM for faults between machines: what the wire between two Nodes does to packets.

Faults (``NodePartition``, ``PacketLoss``, ``Latency``) write here, the data plane asks. Each condition is
held under the name of who made it, so that it ends with its maker and overlapping ones add up: any
partition blocks, losses combine as independent chances, latencies add.

A selector of Nodes is a set of names; traffic from a Node to itself never uses a wire.
"""

from __future__ import annotations

from typing import NamedTuple


class Condition(NamedTuple):
    """Something wrong with the wires of some Nodes.

    Attributes:
        nodes: Whose wires.
        peers: Only those to these Nodes; empty for all wires of ``nodes``, the outside included.
        blocked: Nothing gets through.
        loss: Chance that a packet is lost, 0 to 1.
        latency_ms: Added to each way.
    """

    nodes: frozenset[str]
    peers: frozenset[str] = frozenset()
    blocked: bool = False
    loss: float = 0.0
    latency_ms: int = 0

    def concerns(self, a: str, b: str) -> bool:
        """Whether it is about the wire between two Nodes; "" is the outside."""
        if self.peers:
            return (a in self.nodes and b in self.peers) or (b in self.nodes and a in self.peers)
        return a in self.nodes or b in self.nodes


class LinkState:
    """What is wrong with wires at present; without conditions every question costs next to nothing."""

    def __init__(self) -> None:
        self._conditions: dict[str, Condition] = {}

    def set(self, owner: str, condition: Condition) -> None:
        """A Fault begins, or changes; ``owner`` is its name."""
        self._conditions[owner] = condition

    def clear(self, owner: str) -> None:
        """A Fault is over."""
        self._conditions.pop(owner, None)

    def blocked(self, a: str, b: str) -> bool:
        """Whether nothing gets from one Node to another."""
        return a != b and any(
            item.blocked and item.concerns(a, b) for item in self._conditions.values()
        )

    def loss(self, a: str, b: str) -> float:
        """The chance that a packet between two Nodes is lost."""
        if a == b or not self._conditions:
            return 0.0
        kept = 1.0
        for item in self._conditions.values():
            if item.loss and item.concerns(a, b):
                kept *= 1.0 - item.loss
        return 1.0 - kept

    def latency_ms(self, a: str, b: str) -> int:
        """Milliseconds added to each way between two Nodes."""
        if a == b:
            return 0
        return sum(item.latency_ms for item in self._conditions.values() if item.concerns(a, b))
