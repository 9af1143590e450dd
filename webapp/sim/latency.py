"""How long things take: delays drawn from a named stream, in whole virtual milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, log, pi, sqrt
from typing import TYPE_CHECKING

from webapp.sim.rng import SCALE

if TYPE_CHECKING:
    from webapp.sim.rng import RandomStream


@dataclass(frozen=True, slots=True)
class Latency:
    """A lognormal delay, which is how waiting times in networks and disks are shaped.

    Attributes:
        median_ms: Half of the draws are shorter.
        spread: Standard deviation of the logarithm; 0 makes the delay constant.
        floor_ms: No draw is shorter.
    """

    median_ms: float
    spread: float = 0.0
    floor_ms: int = 1

    def draw(self, stream: RandomStream) -> int:
        """The next delay from ``stream``, in milliseconds."""
        if not self.spread:
            return max(self.floor_ms, round(self.median_ms))
        bits64 = stream.bits64
        radius = sqrt(-2.0 * log(1.0 - bits64() * SCALE))
        normal = radius * cos(2.0 * pi * (bits64() * SCALE))
        return max(self.floor_ms, round(self.median_ms * exp(self.spread * normal)))
