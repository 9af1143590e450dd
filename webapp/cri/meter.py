"""What a container's control group counts: processor time and memory, without ticking.

Work is put in when it arises (:meth:`Meter.work`, :meth:`Meter.compute`); it is done at the rate that the
limit and the machine allow, and how much of it fell into which window of :data:`WINDOW_MS` is computed when
somebody asks. An idle container has no meter at all.

Units: processor time in microseconds, rates in millicores, which are microseconds a millisecond.

Models:
    Documentation/admin-guide/cgroup-v2.rst cpu.stat, cpu.max, memory.current
"""

from __future__ import annotations

WINDOW_MS = 15_000
"""Windows begin at multiples of this; what scrapes usage looks at the last whole one."""
TURN_MS = 1_000
"""A program that computes more than it can get loses the rest instead of doing it later."""
PATIENCE_MS = 60_000
"""Requests that would wait longer than this are given up by their clients."""
PERIOD_US = 100_000


class Meter:
    """Processor time and memory of one container.

    Attributes:
        limit_millis: Millicores that it may use; 0 for no limit.
        cores_millis: What the machine has.
        total_us: Processor time since its start.
        throttled_us: Time during which it wanted to run and was not allowed to.
        held_bytes: Memory that its program holds besides the image's usual need.
        steady_millis: Millicores that its program wants all the time.
    """

    __slots__ = (
        "_at_ms",
        "_backlog_us",
        "_before_us",
        "_window",
        "_window_us",
        "cores_millis",
        "held_bytes",
        "limit_millis",
        "steady_millis",
        "threads",
        "throttled_us",
        "total_us",
    )

    def __init__(self, now_ms: int, limit_millis: int, cores_millis: int) -> None:
        self.limit_millis = limit_millis
        self.cores_millis = cores_millis
        self.total_us = 0
        self.throttled_us = 0
        self.held_bytes = 0
        self.steady_millis = 0
        self.threads = 1
        self._backlog_us = 0
        self._at_ms = now_ms
        self._window = now_ms // WINDOW_MS
        self._window_us = 0
        self._before_us = 0

    @property
    def rate_millis(self) -> int:
        """How much it can get at most."""
        return min(self.limit_millis or self.cores_millis, self.cores_millis)

    @property
    def backlog_us(self) -> int:
        """Work that is not done yet, as of the last look."""
        return self._backlog_us

    @property
    def periods(self) -> int:
        """Periods of 100 ms during which it was throttled."""
        return -(-self.throttled_us // PERIOD_US)

    def compute(self, now_ms: int, cost_us: int) -> None:
        """A program has used the processor; it goes on at once, so nothing is left for later."""
        if now_ms != self._at_ms:
            self._advance(now_ms)
        self.threads = max(1, cost_us // (TURN_MS * 1000))
        self._backlog_us = min(self._backlog_us + cost_us, self.rate_millis * TURN_MS)

    def work(self, now_ms: int, cost_us: int) -> int:
        """Requests arrive that cost this much; the milliseconds until they are answered."""
        self._advance(now_ms)
        rate = self.rate_millis
        self.threads = max(1, self.cores_millis // 1000)
        self._backlog_us = min(self._backlog_us + cost_us, rate * PATIENCE_MS)
        return self._backlog_us // rate

    def set_limit(self, now_ms: int, limit_millis: int) -> None:
        """Another limit holds from now on."""
        self._advance(now_ms)
        self.limit_millis = limit_millis

    def set_steady(self, now_ms: int, steady_millis: int) -> None:
        """From now on the program wants this much all the time."""
        self._advance(now_ms)
        self.steady_millis = steady_millis

    def used_us(self, now_ms: int) -> int:
        """Processor time in the last whole window."""
        self._advance(now_ms)
        return self._before_us

    def _advance(self, now_ms: int) -> None:
        """Do what could be done since the last look, and count it in its windows."""
        begun_ms, self._at_ms = self._at_ms, now_ms
        steady = min(self.steady_millis, self.rate_millis)
        # Who computes all the time and who answers share; requests always get something.
        rate = max(self.rate_millis - steady, self.rate_millis // 2)
        done_us = min(self._backlog_us, (now_ms - begun_ms) * rate)
        ended_ms = begun_ms + done_us / rate

        def used(first_ms: float, last_ms: float) -> float:
            busy_ms = _overlap(begun_ms, ended_ms, first_ms, last_ms)
            most = self.rate_millis * _overlap(begun_ms, now_ms, first_ms, last_ms)
            wanted = busy_ms * rate + steady * _overlap(begun_ms, now_ms, first_ms, last_ms)
            return min(wanted, most)

        window = now_ms // WINDOW_MS
        if window != self._window:
            start_ms = window * WINDOW_MS
            before = used(start_ms - WINDOW_MS, start_ms)
            if window == self._window + 1:
                before += self._window_us
            self._before_us = round(before)
            self._window_us = round(used(start_ms, now_ms))
            self._window = window
        else:
            self._window_us += round(used(begun_ms, now_ms))
        if done_us or steady:
            self._backlog_us -= done_us
            self.total_us += round(used(begun_ms, now_ms))
            self._count_throttling(now_ms - begun_ms, ended_ms - begun_ms)

    def _count_throttling(self, passed_ms: int, busy_ms: float) -> None:
        rate = self.rate_millis
        for wanted, for_ms in (
            (self.steady_millis, float(passed_ms)),
            (self.threads * 1000, busy_ms if not self.steady_millis else 0.0),
        ):
            if rate < wanted:
                self.throttled_us += round(1000 * for_ms * (1 - rate / wanted))


def _overlap(start: float, end: float, first: float, last: float) -> float:
    return max(0.0, min(end, last) - max(start, first))
