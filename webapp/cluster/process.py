"""A component's process: what can be killed as a whole, and begun again with nothing remembered.

:class:`ProcessTimeline` is the Simulation as the component sees it and knows the timers it has set;
:class:`ProcessTransport` knows its watches. :meth:`Process.kill` takes both away, so that nothing of the
old process acts any more; whoever owns the component then builds a new one on a new Process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.sim.loop import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webapp.apimachinery.watch import WatchEvent
    from webapp.apimachinery.wire import Request, Response, Watcher
    from webapp.client.transport import Transport
    from webapp.sim.events import Timer

FIRST_LIMIT = 1_024


class ProcessTimeline(Simulation):
    """Virtual time for one process: the world's own, with the process's timers remembered."""

    __slots__ = ("_limit", "_timers", "_world")

    def __init__(self, world: Simulation) -> None:
        self._world = world
        self._timers: list[Timer] = []
        self._limit = FIRST_LIMIT
        self.start_ms = world.start_ms

    @property
    def now_ms(self) -> int:  # type: ignore[override]  # read from the world, moved by it alone
        """Virtual now."""
        return self._world.now_ms

    def schedule(
        self,
        delay_ms: int,
        handler: Callable[[Any], None],
        key: Any = None,
        *,
        background: bool = False,
    ) -> Timer:
        """As the world's; the timer dies with the process."""
        timer = self._world.schedule(delay_ms, handler, key, background=background)
        self._remember(timer)
        return timer

    def schedule_at(
        self,
        at_ms: int,
        handler: Callable[[Any], None],
        key: Any = None,
        *,
        background: bool = False,
    ) -> Timer:
        """As the world's; the timer dies with the process."""
        timer = self._world.schedule_at(at_ms, handler, key, background=background)
        self._remember(timer)
        return timer

    def cancel(self, timer: Timer | None) -> None:
        """Forget a pending timer."""
        self._world.cancel(timer)

    def cancel_all(self) -> None:
        """Forget all of them."""
        for timer in self._timers:
            self._world.cancel(timer)
        self._timers.clear()

    def _remember(self, timer: Timer) -> None:
        timers = self._timers
        timers.append(timer)
        if len(timers) > self._limit:
            self._timers = [item for item in timers if item.handler is not None]
            self._limit = max(FIRST_LIMIT, 2 * len(self._timers))


class ProcessTransport:
    """Carries a process's requests, and remembers its watches."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._watchers: list[Watcher] = []

    def send(self, request: Request) -> Response:
        """Send a request."""
        return self._transport.send(request)

    def watch(self, request: Request, deliver: Callable[[Sequence[WatchEvent]], None]) -> Watcher:
        """Open a watch that ends with the process."""
        watcher = self._transport.watch(request, deliver)
        self._watchers.append(watcher)
        return watcher

    def stop_all(self) -> None:
        """End the watches."""
        for watcher in self._watchers:
            watcher.stop()
        self._watchers.clear()


class Process:
    """One life of a component.

    Attributes:
        sim: Virtual time for it.
        transport: Its way to the API server.
    """

    def __init__(self, world: Simulation, transport: Transport) -> None:
        self.sim = ProcessTimeline(world)
        self.transport = ProcessTransport(transport)

    def kill(self) -> None:
        """Nothing of it acts any more."""
        self.sim.cancel_all()
        self.transport.stop_all()
