"""Python's cyclic collector, run by hand.

The world's objects are trees, so reference counting frees nearly all of them; an automatic full
collection over 150,000 Pods would stop everything for seconds. What exists after boot is frozen, the
collector is off, and the pump collects the young in passing, few at a time, and the old only while
nothing moves.
"""

from __future__ import annotations

import gc

from webapp.driver.pacing import monotonic

YOUNG_EVERY_SECONDS = 1.0
YOUNG_OBJECTS = 20_000
"""So many new objects are collected at once at the latest; that takes some two milliseconds."""

OLD_EVERY_SECONDS = 60.0


def forget_worlds() -> None:
    """Let go of worlds that nobody holds any more, though they were frozen when they began."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class Collector:
    """Decides between two slices whether to collect."""

    def __init__(self) -> None:
        self._young_at = monotonic()
        self._old_at = self._young_at

    def take_over(self) -> None:
        """Freeze what boot made and switch the automatic collector off."""
        gc.collect()
        gc.freeze()
        gc.disable()

    def between_slices(self) -> None:
        """Collect the youngest generation once a second, and earlier when it has become large."""
        now = monotonic()
        if now - self._young_at >= YOUNG_EVERY_SECONDS or gc.get_count()[0] >= YOUNG_OBJECTS:
            self._young_at = now
            gc.collect(0)

    def while_quiet(self) -> None:
        """Collect everything once a minute, while the world has nothing to do."""
        now = monotonic()
        if now - self._old_at >= OLD_EVERY_SECONDS:
            self._old_at = self._young_at = now
            gc.collect()
