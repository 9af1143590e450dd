"""Faults of the network between machines: packets get lost, or take long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.sim.durations import parse_duration_ms
from webapp.api.sim.fault import LATENCY, PACKET_LOSS
from webapp.network.links import Condition

if TYPE_CHECKING:
    from webapp.cluster.faults.active import ActiveFault
    from webapp.cluster.node import Machines

TYPES = (LATENCY, PACKET_LOSS)


class LinkFaults:
    """PacketLoss and Latency."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines

    def strike(self, fault: ActiveFault) -> bool:
        """Make the wires of the machines worse."""
        nodes, spec = frozenset(fault.nodes), fault.spec
        if fault.type == PACKET_LOSS:
            condition = Condition(nodes, loss=spec["percent"] / 100)
        else:
            condition = Condition(nodes, latency_ms=parse_duration_ms(spec["delay"]))
        self._machines.plane.links.set(fault.name, condition)
        return False

    def heal(self, fault: ActiveFault) -> None:
        """Make them good again."""
        self._machines.plane.links.clear(fault.name)
