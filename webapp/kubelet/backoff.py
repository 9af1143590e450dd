"""Exponential back-off by key, and Go's way of writing durations.

Models:
    staging/src/k8s.io/client-go/util/flowcontrol/backoff.go Backoff
"""

from __future__ import annotations

INITIAL_MS = 10_000
MAX_MS = 300_000


class Backoff:
    """Delays that double from 10 s to 300 s and are forgotten after ten quiet minutes."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[tuple[str, ...], tuple[int, int]] = {}

    def get(self, key: tuple[str, ...]) -> int:
        """The present delay in milliseconds, 0 when there is none."""
        entry = self._entries.get(key)
        return entry[0] if entry else 0

    def next(self, key: tuple[str, ...], event_ms: int, now_ms: int) -> None:
        """Lengthen the delay because of what happened at ``event_ms``."""
        entry = self._entries.get(key)
        delay_ms = INITIAL_MS
        if entry is not None and event_ms - entry[1] <= 2 * MAX_MS:
            delay_ms = min(entry[0] * 2, MAX_MS)
        self._entries[key] = (delay_ms, now_ms)

    def remaining(self, key: tuple[str, ...], event_ms: int, now_ms: int) -> int:
        """Milliseconds still to wait after what happened at ``event_ms``; 0 when none."""
        entry = self._entries.get(key)
        if entry is None or event_ms - entry[1] > 2 * MAX_MS:
            return 0
        return max(0, event_ms + entry[0] - now_ms)

    def remaining_since_update(self, key: tuple[str, ...], now_ms: int) -> int:
        """Milliseconds still to wait after the delay was last lengthened; 0 when none."""
        entry = self._entries.get(key)
        return self.remaining(key, entry[1], now_ms) if entry else 0

    def forget(self, uid: str) -> None:
        """Drop all keys of a Pod."""
        for key in [key for key in self._entries if key[0] == uid]:
            del self._entries[key]


def go_duration(duration_ms: int) -> str:
    """A duration as Go prints it: 850ms, 1.204s, 10s, 1m20s, 5m0s."""
    if duration_ms < 1000:
        return f"{duration_ms}ms" if duration_ms else "0s"
    minutes, rest_ms = divmod(duration_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest_ms / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds
