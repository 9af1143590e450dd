"""The event queue: one bucket a millisecond, first in first out within it.

A timer is plain data, a handler and a key, so that a pending world can be listed and checked. One
heap entry serves all timers of the same millisecond, which is what makes 150,000 waiting Pods cheap.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Timer:
    """One pending call, ``handler(key)`` at ``at_ms``.

    Attributes:
        at_ms: Virtual time at which it is due.
        handler: Called with ``key``; ``None`` once cancelled or run.
        key: What the call is about.
        background: Whether an otherwise idle world may be called idle while this is pending.
    """

    __slots__ = ("at_ms", "background", "handler", "key")

    def __init__(
        self,
        at_ms: int,
        handler: Callable[[Any], None],
        key: Any,
        background: bool,  # by position: made for every event
    ) -> None:
        self.at_ms = at_ms
        self.handler: Callable[[Any], None] | None = handler
        self.key = key
        self.background = background

    @property
    def pending(self) -> bool:
        """Whether it is still to run."""
        return self.handler is not None


class EventQueue:
    """Pending timers in order of due time, then of insertion.

    Attributes:
        foreground: Number of pending timers that keep the world from being idle.
        background: Number of pending timers that do not.
    """

    __slots__ = ("_buckets", "_times", "background", "foreground")

    def __init__(self) -> None:
        self._times: list[int] = []
        self._buckets: dict[int, deque[Timer]] = {}
        self.foreground = 0
        self.background = 0

    def push(
        self, at_ms: int, handler: Callable[[Any], None], key: Any, *, background: bool = False
    ) -> Timer:
        """Add a timer behind all others of its millisecond."""
        timer = Timer(at_ms, handler, key, background)
        bucket = self._buckets.get(at_ms)
        if bucket is None:
            self._buckets[at_ms] = deque((timer,))
            heappush(self._times, at_ms)
        else:
            bucket.append(timer)
        if background:
            self.background += 1
        else:
            self.foreground += 1
        return timer

    def cancel(self, timer: Timer) -> None:
        """Forget a timer; one that has run or was cancelled before is left as it is."""
        if timer.handler is None:
            return
        timer.handler = None
        timer.key = None
        self._forget(timer)

    def next_time(self) -> int | None:
        """Due time of the first pending timer, or ``None`` when there is none."""
        while self._times:
            at_ms = self._times[0]
            bucket = self._buckets[at_ms]
            while bucket and bucket[0].handler is None:
                bucket.popleft()
            if bucket:
                return at_ms
            heappop(self._times)
            del self._buckets[at_ms]
        return None

    def take(self, until_ms: int | None = None) -> Timer | None:
        """Take the first pending timer if it is due by ``until_ms`` (``None``: whenever it is due)."""
        times, buckets = self._times, self._buckets
        while times:
            at_ms = times[0]
            if until_ms is not None and at_ms > until_ms:
                return None
            bucket = buckets[at_ms]
            while bucket:
                timer = bucket.popleft()
                if timer.handler is not None:
                    if timer.background:
                        self.background -= 1
                    else:
                        self.foreground -= 1
                    return timer
            heappop(times)
            del buckets[at_ms]
        return None

    def _forget(self, timer: Timer) -> None:
        if timer.background:
            self.background -= 1
        else:
            self.foreground -= 1
