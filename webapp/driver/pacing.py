"""Virtual against wall time: how far the world may run now.

The only reader of the wall clock in the whole program. The pump asks for the horizon before each
slice; a change of speed or a pause moves the anchor, so that time never jumps.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

MAX_CATCH_UP_SECONDS = 1.0
"""Wall seconds that a run may trail behind and still catch up; a machine that slept longer simply goes on."""


def wall_ms() -> int:
    """The wall clock in milliseconds since the Unix epoch: where a new run's virtual time begins."""
    return int(time.time() * 1000)


def monotonic() -> float:
    """Seconds of a clock that never goes back."""
    return time.monotonic()


class SliceBudget:
    """Wall time that one slice may take; called by the loop between handlers."""

    __slots__ = ("_end", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = 0.0

    def restart(self) -> None:
        """Begin a slice."""
        self._end = time.monotonic() + self.seconds

    def __call__(self) -> bool:
        """Whether there is budget left."""
        return time.monotonic() < self._end


@dataclass(slots=True)
class Pace:
    """How virtual time runs: ``speed`` virtual seconds a wall second, ``None`` as fast as possible."""

    speed: float | None
    paused: bool


class Pacing:
    """Target virtual time = anchor + elapsed wall time times speed.

    At speed ``None`` (max) the world runs unpaced while work is pending; once idle, its time flows
    as the wall clock's, so that a container's own sleep still ends.

    Attributes:
        lag_ms: How far virtual now trailed the target after the last slice, in virtual milliseconds.
    """

    def __init__(self, now_ms: int) -> None:
        self._pace = Pace(1.0, paused=False)
        self._anchor_virtual_ms: float = now_ms
        self._anchor_wall = time.monotonic()
        self.lag_ms = 0

    @property
    def flow(self) -> float:
        """Virtual seconds a wall second while the world is idle; 0 when paused."""
        if self._pace.paused:
            return 0.0
        return 1.0 if self._pace.speed is None else self._pace.speed

    @property
    def is_unpaced(self) -> bool:
        """Whether pending work may run without regard to the wall clock."""
        return self._pace.speed is None and not self._pace.paused

    def follow(self, speed: float | None, *, paused: bool, now_ms: int) -> None:
        """Take over a changed speed or pause."""
        if speed != self._pace.speed or paused != self._pace.paused:
            self._pace = Pace(speed, paused)
            self.anchor(now_ms)

    def anchor(self, now_ms: int) -> None:
        """Let time flow from ``now_ms`` at this moment."""
        self._anchor_virtual_ms = now_ms
        self._anchor_wall = time.monotonic()
        self.lag_ms = 0

    def target_ms(self, now_ms: int) -> int:
        """Virtual time that should be reached by now, never before ``now_ms``."""
        flow = self.flow
        if not flow:
            return now_ms
        wall = time.monotonic()
        target = self._anchor_virtual_ms + (wall - self._anchor_wall) * flow * 1000
        furthest = now_ms + MAX_CATCH_UP_SECONDS * flow * 1000
        if target > furthest:
            self._anchor_virtual_ms, self._anchor_wall = furthest, wall
            target = furthest
        return max(now_ms, int(target))

    def seconds_until(self, at_ms: int) -> float | None:
        """Wall seconds until virtual time reaches ``at_ms``; ``None`` when paused."""
        flow = self.flow
        if not flow:
            return None
        due_wall = self._anchor_wall + (at_ms - self._anchor_virtual_ms) / 1000 / flow
        return max(0.0, due_wall - time.monotonic())
