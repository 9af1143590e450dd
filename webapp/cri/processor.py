"""The processor time of a container's commands, counted where its control group counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cri.programs.userland import CPU

if TYPE_CHECKING:
    from webapp.cri.meter import Meter
    from webapp.sim.loop import Simulation


class MeteredCPU(CPU):
    """Whatever commands use also goes into the container's meter.

    Args:
        meter: The container's.
    """

    __slots__ = ("_meter", "_used_us")

    def __init__(self, sim: Simulation, meter: Meter) -> None:
        self._meter = meter
        self._used_us = 0
        super().__init__(sim, meter.limit_millis)

    @property
    def used_us(self) -> int:
        """Microseconds used so far."""
        return self._used_us

    @used_us.setter
    def used_us(self, value: int) -> None:
        more, self._used_us = value - self._used_us, value
        if more > 0:
            self._meter.compute(self._sim.now_ms, more)

    def set_limit(self, limit_millis: int) -> None:
        """Another limit holds from now on."""
        self._limit_millis = limit_millis
        self._meter.set_limit(self._sim.now_ms, limit_millis)
