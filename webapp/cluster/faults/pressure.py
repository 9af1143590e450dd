"""Faults of machines that run short of disk space, memory or process ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.sim.fault import DISK_PRESSURE, MEMORY_PRESSURE, PID_PRESSURE

if TYPE_CHECKING:
    from webapp.cluster.faults.active import ActiveFault
    from webapp.cluster.node import Machines

_SIGNALS = {DISK_PRESSURE: "disk", MEMORY_PRESSURE: "memory", PID_PRESSURE: "pid"}
TYPES = tuple(_SIGNALS)


class PressureFaults:
    """DiskPressure, MemoryPressure and PIDPressure."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines
        self._active: dict[str, ActiveFault] = {}

    def strike(self, fault: ActiveFault) -> bool:
        """Let the machines run short."""
        self._active[fault.name] = fault
        self._sync(fault)
        return False

    def heal(self, fault: ActiveFault) -> None:
        """Let them have enough again, unless another Fault takes as much."""
        self._active.pop(fault.name, None)
        self._sync(fault)

    def _sync(self, changed: ActiveFault) -> None:
        for node in changed.nodes:
            machine = self._machines.machine(node)
            if machine is not None:
                machine.kubelet.pressure(
                    _SIGNALS[changed.type],
                    on=any(
                        fault.type == changed.type and node in fault.nodes
                        for fault in self._active.values()
                    ),
                )
