"""The processor time of a container's commands, counted where its control group counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cri.programs.cpu import CPU, SLOW_US

if TYPE_CHECKING:
    from webapp.cri.meter import Meter
    from webapp.sim.loop import Simulation


REST_MS = 5_000
"""A program that pauses for so long may run at full speed again."""
STATEMENTS_A_STEP = 200
TOKEN_US = 100
"""Whole commands take more of the burst than the shell's own statements do."""
MOST_SLOWED = 50


class MeteredCPU(CPU):
    """Whatever commands use also goes into the container's meter.

    Args:
        meter: The container's.
    """

    __slots__ = ("_meter", "_slowed", "_used_us")

    def __init__(self, sim: Simulation, meter: Meter) -> None:
        self._meter = meter
        self._used_us = 0
        self._slowed = 0
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

    def charge(self, cost_us: int) -> int:
        """Pay for a statement or a command; the milliseconds to wait now, often 0.

        Who goes on computing after the burst gets slower and slower: each statement stands for more of the
        processor time that a real loop would burn, so that the host has less and less to do.
        """
        self._tokens -= cost_us // TOKEN_US
        if self._tokens > 0:
            return super().charge(cost_us)
        now_ms = self._sim.now_ms
        rested_ms = now_ms - self._filled_ms
        if rested_ms > REST_MS:
            self._slowed = 0
        self._slowed += 1
        factor = min(MOST_SLOWED, 1 + self._slowed // STATEMENTS_A_STEP)
        wait_ms = super().charge(max(cost_us, SLOW_US * factor))
        self._tokens = min(self._tokens, rested_ms // (factor * factor))
        return wait_ms

    def set_limit(self, limit_millis: int) -> None:
        """Another limit holds from now on."""
        self._limit_millis = limit_millis
        self._meter.set_limit(self._sim.now_ms, limit_millis)
