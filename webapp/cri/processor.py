"""The processor time of containers' commands: counted where a control group counts, shared on a machine.

A container may run a burst of statements at full speed, and so may all containers of a machine together;
who goes on computing without a pause then queues for the machine's cores, and each statement stands for
more and more of the time that a real loop would burn. So the statements of a virtual second that the host
has to run are bounded by machine, however many programs misbehave there.
"""

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
MACHINE_BURST = 50_000
"""Statements that all containers of a machine together run at full speed."""
MACHINE_RATE = 1
"""Statements a millisecond by which that is filled up again."""


class Processor:
    """The processor of one machine, shared by all containers there.

    Attributes:
        cores_millis: Its size, in millicores.
    """

    __slots__ = ("_filled_ms", "_free_ms", "_tokens", "cores_millis")

    def __init__(self, cores_millis: int) -> None:
        self.cores_millis = cores_millis
        self._tokens = MACHINE_BURST
        self._filled_ms = 0
        self._free_ms = 0.0

    def take(self, now_ms: int, tokens: int) -> bool:
        """Whether so much can be run at full speed now."""
        if self._tokens < tokens:
            filled = self._tokens + (now_ms - self._filled_ms) * MACHINE_RATE
            self._tokens = min(MACHINE_BURST, filled)
            self._filled_ms = now_ms
        if self._tokens < tokens:
            return False
        self._tokens -= tokens
        return True

    def queue(self, now_ms: int, cost_ms: int) -> int:
        """Milliseconds until the cores have done this too, after what others asked for."""
        self._free_ms = max(self._free_ms, now_ms) + cost_ms * 1000 / self.cores_millis
        return round(self._free_ms - now_ms)


class MeteredCPU(CPU):
    """Whatever commands use also goes into the container's meter.

    Args:
        meter: The container's.
        processor: The machine's.
    """

    __slots__ = ("_meter", "_processor", "_slowed", "_slowed_ms", "_used_us")

    def __init__(self, sim: Simulation, meter: Meter, processor: Processor) -> None:
        self._meter = meter
        self._processor = processor
        self._used_us = 0
        self._slowed = 0
        self._slowed_ms = sim.now_ms
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
        """Pay for a statement or a command; the milliseconds to wait now, often 0."""
        tokens = cost_us // TOKEN_US
        self._tokens -= tokens
        in_burst = self._tokens > 0
        if in_burst and self._processor.take(self._sim.now_ms, tokens + 1):
            return super().charge(cost_us)
        now_ms = self._sim.now_ms
        rested_ms = now_ms - self._slowed_ms
        self._slowed_ms = now_ms
        if rested_ms > REST_MS:
            self._slowed = 0
        self._slowed += 1
        factor = min(MOST_SLOWED, 1 + self._slowed // STATEMENTS_A_STEP)
        cost_us = max(cost_us, SLOW_US * factor)
        wait_ms = super().charge(cost_us)
        if not in_burst:
            self._tokens = min(self._tokens, rested_ms // (factor * factor))
        return max(wait_ms, self._processor.queue(now_ms, cost_us // 1000))

    def set_limit(self, limit_millis: int) -> None:
        """Another limit holds from now on."""
        self._limit_millis = limit_millis
        self._meter.set_limit(self._sim.now_ms, limit_millis)
