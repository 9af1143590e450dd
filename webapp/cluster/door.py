"""What stands between clients and the API server: whether it answers, and how fast etcd writes.

Faults turn the knobs; transports and :meth:`webapp.cluster.cluster.Cluster.handle` ask. The simulation's
own group stays open when the API server is down, for whoever broke it must be able to heal it, and so
do Leases, whose renewals are computed and not sent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from webapp.api.resources import CLOCKS, LEASES
from webapp.apimachinery.status import ServiceUnavailable, StatusError
from webapp.apimachinery.wire import LogResponse, Response, WatchResponse
from webapp.cluster.dialing import PassedOnError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webapp.apimachinery.watch import WatchEvent
    from webapp.apimachinery.wire import Answer, Request, Watcher
    from webapp.client.transport import Transport
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStream

REQUEST_TIMEOUT_MS = 7_000
"""How long an API server waits for etcd: five seconds, and twice the time of an election."""
REFUSED = "dial tcp 10.0.0.2:6443: connect: connection refused"
UNREACHABLE = "dial tcp 10.0.0.2:6443: connect: no route to host"
TIMED_OUT = "etcdserver: request timed out"
_OWN_GROUP = f"{CLOCKS.path}/"
_NOT_SENT = (_OWN_GROUP, f"{LEASES.path}/")


class ConnectionRefused(Response):
    """Nobody listens; the HTTP layer lets it look like that, others read a Status."""


class Door:
    """Whether requests get through, and when what they write is seen.

    Attributes:
        is_open: Whether the API server runs.
        delay_ms, jitter_ms: How long a write takes at present, more or less; 0 when etcd is well.
    """

    def __init__(self, sim: Simulation, stream: RandomStream) -> None:
        self._sim = sim
        self._stream = stream
        self._lag_ms = 0
        self._drawn_ms = -1
        self._watches: dict[int, Callable[[], None]] = {}
        self._last = 0
        self.is_open = True
        self.delay_ms = 0
        self.jitter_ms = 0

    def lag_ms(self) -> int:
        """How long a write of this instant takes; the same for everybody who sees it."""
        if not self.delay_ms:
            return 0
        if self._drawn_ms != self._sim.now_ms:
            self._drawn_ms = self._sim.now_ms
            swing = round((2 * self._stream.uniform() - 1) * self.jitter_ms)
            self._lag_ms = max(0, self.delay_ms + swing)
        return self._lag_ms

    def answer(self, request: Request, handle: Callable[[Request], Answer]) -> Answer:
        """The answer to a request from outside."""
        if request.path.startswith(_OWN_GROUP):
            return handle(request)
        if not self.is_open:
            error: StatusError = ServiceUnavailable(REFUSED)
            return ConnectionRefused(error.code, error.status())
        if request.method != "GET" and self.lag_ms() > REQUEST_TIMEOUT_MS:
            error = PassedOnError(TIMED_OUT)
            return Response(error.code, error.status())
        answer = handle(request)
        if isinstance(answer, WatchResponse):
            return replace(answer, watcher=_OutsideWatcher(self, answer.watcher))
        if isinstance(answer, LogResponse):
            return LogResponse(_cut_with(self, answer.subscribe))
        return answer

    def cut(self) -> None:
        """End what clients outside are watching: their connections are gone."""
        for end in list(self._watches.values()):
            end()
        self._watches.clear()

    def admit(self, end: Callable[[], None]) -> int:
        """Remember how to end a stream that is open from now on."""
        self._last += 1
        self._watches[self._last] = end
        return self._last

    def forget(self, number: int) -> None:
        """A stream was ended by its client."""
        self._watches.pop(number, None)


class _OutsideWatcher:
    """A client's watch, which ends when the API server does; an empty batch says so."""

    def __init__(self, door: Door, watcher: Watcher) -> None:
        self._door = door
        self._watcher = watcher
        self._number = 0

    def start(self, deliver: Callable[[Sequence[WatchEvent]], None]) -> None:
        """Begin delivery."""

        def end() -> None:
            self._watcher.stop()
            deliver(())

        self._number = self._door.admit(end)
        self._watcher.start(deliver)

    def stop(self) -> None:
        """End the watch."""
        self._door.forget(self._number)
        self._watcher.stop()

    def bookmark(self, revision: int) -> WatchEvent:
        """An event that carries nothing but the revision."""
        event: WatchEvent = self._watcher.bookmark(revision)  # type: ignore[attr-defined]
        return event


def _cut_with(
    door: Door, subscribe: Callable[[Callable[[bytes | None], None]], Callable[[], None]]
) -> Callable[[Callable[[bytes | None], None]], Callable[[], None]]:
    """A followed log ends with the API server that passes it on."""

    def follow(sink: Callable[[bytes | None], None]) -> Callable[[], None]:
        unsubscribe = subscribe(sink)

        def end() -> None:
            unsubscribe()
            sink(None)

        number = door.admit(end)

        def stop() -> None:
            door.forget(number)
            unsubscribe()

        return stop

    return follow


class Line:
    """The way of one client to the API server.

    Attributes:
        is_up: Whether it gets there.
    """

    __slots__ = ("is_up",)

    def __init__(self) -> None:
        self.is_up = True


class LineTransport:
    """Carries the requests of a Node's components over their line.

    What they read while it is down is what they remember, for they watch what they need.
    """

    def __init__(self, transport: Transport, door: Door, line: Line) -> None:
        self._transport = transport
        self._door = door
        self._line = line

    def send(self, request: Request) -> Response:
        """Send a request; a write is refused while the line is down."""
        if self._line.is_up and self._door.is_open:
            return self._transport.send(request)
        if request.method == "GET" or request.path.startswith(_NOT_SENT):
            return self._transport.send(request)
        error = ServiceUnavailable(REFUSED if self._line.is_up else UNREACHABLE)
        return Response(error.code, error.status())

    def watch(self, request: Request, deliver: Callable[[Sequence[WatchEvent]], None]) -> Watcher:
        """Open a watch."""
        return self._transport.watch(request, deliver)


class DoorTransport:
    """Carries requests of people inside the process, as those from outside come."""

    def __init__(self, transport: Transport, door: Door) -> None:
        self._transport = transport
        self._door = door

    def send(self, request: Request) -> Response:
        """Send a request through the door."""
        answer = self._door.answer(request, self._transport.send)
        assert isinstance(answer, Response)  # noqa: S101  # a transport sends nothing else
        return answer

    def watch(self, request: Request, deliver: Callable[[Sequence[WatchEvent]], None]) -> Watcher:
        """Open a watch."""
        return self._transport.watch(request, deliver)
