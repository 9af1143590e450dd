"""Exponential back-off by key.

Models:
    staging/src/k8s.io/client-go/util/flowcontrol/backoff.go Backoff
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.sim.loop import Simulation


class Backoff:
    """Delays that double from a first one to a longest, and are forgotten after twice the longest.

    Args:
        sim: Virtual time.
        first_ms: First delay.
        longest_ms: Longest delay.
    """

    def __init__(self, sim: Simulation, first_ms: int, longest_ms: int) -> None:
        self._sim = sim
        self._first_ms = first_ms
        self._longest_ms = longest_ms
        self._entries: dict[str, tuple[int, int]] = {}

    def wait_ms(self, key: str) -> int:
        """Milliseconds still to wait since the delay was last lengthened; 0 when none."""
        entry = self._entries.get(key)
        return max(0, entry[1] + entry[0] - self._sim.now_ms) if entry else 0

    def next(self, key: str) -> None:
        """Lengthen the delay."""
        entry = self._entries.get(key)
        delay_ms = self._first_ms
        if entry is not None and self._sim.now_ms - entry[1] <= 2 * self._longest_ms:
            delay_ms = min(entry[0] * 2, self._longest_ms)
        self._entries[key] = (delay_ms, self._sim.now_ms)
