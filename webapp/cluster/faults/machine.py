"""Faults of whole machines: power, kubelet, container runtime, and the way to all others.

What holds for a machine follows from all Faults on it together, so that Faults may overlap and end in
any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.sim.fault import (
    KUBELET_DOWN,
    NODE_DOWN,
    NODE_PARTITION,
    NODE_SHUTDOWN,
    RUNTIME_DOWN,
)
from webapp.network.links import Condition

if TYPE_CHECKING:
    from webapp.cluster.faults.active import ActiveFault
    from webapp.cluster.node import Machines

TYPES = (KUBELET_DOWN, NODE_DOWN, NODE_PARTITION, NODE_SHUTDOWN, RUNTIME_DOWN)


class MachineFaults:
    """NodeDown, NodeShutdown, KubeletDown, NodePartition and RuntimeDown."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines
        self._active: dict[str, ActiveFault] = {}

    def strike(self, fault: ActiveFault) -> bool:
        """Break the machines."""
        self._active[fault.name] = fault
        if fault.type == NODE_PARTITION:
            condition = Condition(frozenset(fault.nodes), blocked=True)
            self._machines.plane.links.set(fault.name, condition)
        for node in fault.nodes:
            self._sync(node)
        return False

    def heal(self, fault: ActiveFault) -> None:
        """Let the machines work again."""
        self._active.pop(fault.name, None)
        if fault.type == NODE_PARTITION:
            self._machines.plane.links.clear(fault.name)
        for node in fault.nodes:
            self._sync(node)

    def _sync(self, node: str) -> None:
        held = {fault.type for fault in self._active.values() if node in fault.nodes}
        machines = self._machines
        if NODE_DOWN in held:
            machines.power_off(node)
        elif NODE_SHUTDOWN in held:
            machines.shut_down(node)
        else:
            machines.power_on(node)
        if KUBELET_DOWN in held:
            machines.stop_kubelet(node)
        else:
            machines.start_kubelet(node)
        if NODE_PARTITION in held:
            machines.disconnect(node)
        else:
            machines.connect(node)
        if RUNTIME_DOWN in held:
            machines.stop_runtime(node)
        else:
            machines.start_runtime(node)
