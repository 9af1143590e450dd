"""A container's share of the processor, in virtual time: what commands pay, and how long they wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.sim.loop import Simulation

BURST = 50_000
"""Statements that run at full speed before a loop that never waits is slowed down."""
SLOW_US = 1_000
COMMAND_US = 1_000
BUILTIN_US = 10
CORES = 2


class CPU:
    """A container's share of the processor, in virtual time.

    Attributes:
        used_us: Microseconds used so far.
    """

    __slots__ = (
        "_debt_us",
        "_filled_ms",
        "_free_ms",
        "_limit_millis",
        "_sim",
        "_tokens",
        "used_us",
    )

    def __init__(self, sim: Simulation, limit_millis: int) -> None:
        self._sim = sim
        self._limit_millis = limit_millis
        self._tokens = BURST
        self._filled_ms = sim.now_ms
        self._free_ms = float(sim.now_ms)
        self._debt_us = 0
        self.used_us = 0

    def charge(self, cost_us: int) -> int:
        """Pay for a statement or a command; the milliseconds to wait now, often 0."""
        self._tokens -= 1
        if self._tokens < 0:
            now_ms = self._sim.now_ms
            self._tokens = min(BURST, now_ms - self._filled_ms)
            self._filled_ms = now_ms
            cost_us = max(cost_us, SLOW_US)
        self.used_us += cost_us
        if 0 < self._limit_millis < 1000:
            cost_us = cost_us * 1000 // self._limit_millis
        self._debt_us += cost_us
        if self._debt_us < 1000:
            return 0
        wait_ms, self._debt_us = divmod(self._debt_us, 1000)
        # Whoever computes at the same time queues for the cores.
        now_ms = self._sim.now_ms
        self._free_ms = max(self._free_ms, now_ms) + wait_ms / CORES
        return max(wait_ms, round(self._free_ms - now_ms))
