"""The simulation's loop: timers in, handlers called in order, virtual time moved along.

The driver calls :meth:`Simulation.run_slice` with a budget and a horizon; tests call
:meth:`Simulation.run_until_idle` and :meth:`Simulation.run_for`. Handlers schedule further timers.
The loop never waits and never reads a wall clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.sim.clock import SimClock
from webapp.sim.errors import SimulationError
from webapp.sim.events import EventQueue, Timer

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE_LIMIT = 50_000_000
"""Timers after which :meth:`Simulation.run_until_idle` declares a livelock."""


class Simulation(SimClock):
    """One world's time line, and its clock.

    Attributes:
        events_processed: Handlers run so far; together with ``now_ms`` it names a point
            between two handlers exactly, which is how the journal stamps commands.
    """

    __slots__ = ("_queue", "events_processed")

    def __init__(self, start_ms: int = 0) -> None:
        super().__init__(start_ms)
        self._queue = EventQueue()
        self.events_processed = 0

    @property
    def clock(self) -> SimClock:
        """Virtual now, for those who only read it."""
        return self

    @property
    def is_idle(self) -> bool:
        """Whether nothing but background timers is pending."""
        return self._queue.foreground == 0

    @property
    def pending_count(self) -> int:
        """Timers waiting, background ones included."""
        return self._queue.foreground + self._queue.background

    def schedule(
        self,
        delay_ms: int,
        handler: Callable[[Any], None],
        key: Any = None,
        *,
        background: bool = False,
    ) -> Timer:
        """Call ``handler(key)`` after ``delay_ms`` of virtual time.

        Args:
            delay_ms: Milliseconds from now, at least 0; 0 runs after all handlers already due now.
            handler: What to call.
            key: Its only argument.
            background: Set for timers that do not count as work in progress (a container's own
                sleep, a periodic check), so that the world can be idle while they wait.

        Raises:
            SimulationError: ``delay_ms`` is negative.
        """
        if delay_ms < 0:
            raise SimulationError(f"cannot schedule {delay_ms} ms ahead")
        return self._queue.push(self.now_ms + delay_ms, handler, key, background=background)

    def schedule_at(
        self,
        at_ms: int,
        handler: Callable[[Any], None],
        key: Any = None,
        *,
        background: bool = False,
    ) -> Timer:
        """Call ``handler(key)`` at virtual time ``at_ms``; a time already past means now."""
        return self._queue.push(max(at_ms, self.now_ms), handler, key, background=background)

    def cancel(self, timer: Timer | None) -> None:
        """Forget a pending timer; ``None`` and timers that have run are ignored."""
        if timer is not None:
            self._queue.cancel(timer)

    def next_event_ms(self) -> int | None:
        """Due time of the first pending timer, or ``None``."""
        return self._queue.next_time()

    def step(self) -> bool:
        """Run the first pending timer; return whether there was one."""
        timer = self._queue.take()
        if timer is None:
            return False
        self._run(timer)
        return True

    def run_slice(
        self, until_ms: int, has_budget: Callable[[], bool], check_every: int = 16
    ) -> bool:
        """Run timers due up to and including ``until_ms`` while there is budget.

        The clock is moved to ``until_ms`` only when every timer due by then has run.

        Args:
            until_ms: Horizon, inclusive.
            has_budget: Asked after every ``check_every`` handlers; ``False`` ends the slice.
            check_every: Handlers between two questions.

        Returns:
            Whether the horizon was reached.
        """
        take, run = self._queue.take, self._run
        countdown = check_every
        while True:
            timer = take(until_ms)
            if timer is None:
                self.now_ms = max(self.now_ms, until_ms)
                return True
            run(timer)
            countdown -= 1
            if not countdown:
                if not has_budget():
                    return False
                countdown = check_every

    def run_for(self, delay_ms: int) -> None:
        """Run everything due within ``delay_ms`` from now and move the clock there."""
        self.run_until(self.now_ms + delay_ms)

    def run_until(self, at_ms: int) -> None:
        """Run everything due up to and including ``at_ms`` and move the clock there."""
        self.run_slice(at_ms, _always)

    def run_until_idle(self, limit: int = IDLE_LIMIT) -> None:
        """Run until only background timers are pending; those due on the way run as well.

        Raises:
            SimulationError: More than ``limit`` handlers ran, so the world does not settle.
        """
        last = self.events_processed + limit
        queue, run = self._queue, self._run
        while queue.foreground:
            timer = queue.take()
            if timer is not None:
                run(timer)
            if self.events_processed > last:
                raise SimulationError(f"the world did not settle within {limit} events")

    def _run(self, timer: Timer) -> None:
        if timer.at_ms > self.now_ms:
            self.now_ms = timer.at_ms
        handler, key = timer.handler, timer.key
        timer.handler = timer.key = None
        self.events_processed += 1
        if handler is not None:
            handler(key)


def _always() -> bool:
    return True
