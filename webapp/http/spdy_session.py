"""A SPDY connection over a socket, or over a WebSocket that tunnels it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

import gevent
from gevent.lock import RLock

from webapp.http.spdy import (
    DataReceived,
    GoAway,
    PingReceived,
    SPDYConnection,
    SPDYError,
    StreamOpened,
    StreamReset,
)
from webapp.http.stream_bridge import ProtocolError

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from webapp.http.spdy import Event
    from webapp.http.websocket import WebSocket

RECEIVE_BYTES = 64 * 1024
OPEN_SECONDS = 30.0


class Transport(Protocol):
    """Carries bytes both ways."""

    def receive(self) -> bytes:
        """What comes next; ``b""`` at the end."""

    def send(self, data: bytes) -> None:
        """Send all of it."""


class SocketTransport:
    """The connection itself."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def receive(self) -> bytes:
        """What comes next; ``b""`` at the end."""
        return self._socket.recv(RECEIVE_BYTES)

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)


class Received(NamedTuple):
    """Bytes on a stream, or its end."""

    stream: int
    data: bytes
    is_last: bool


class SPDYSession:
    """An open SPDY connection; one greenlet receives, any may send."""

    def __init__(self, transport: Transport | WebSocket) -> None:
        self._transport = transport
        self._spdy = SPDYConnection()
        self._early: deque[Received] = deque()
        self._events: deque[Event] = deque()
        self._sending = RLock()

    def wait_for_stream(self) -> StreamOpened:
        """The next stream that the client opens; data that comes meanwhile is kept.

        Raises:
            ProtocolError: It opens none.
        """
        with gevent.Timeout(OPEN_SECONDS, ProtocolError("the client opens no stream")):
            for event in self.events():
                if isinstance(event, StreamOpened):
                    return event
                if isinstance(event, DataReceived):
                    self._early.append(Received(*event))
        raise ProtocolError("the client is gone")

    def receive(self) -> Iterator[Received]:
        """Data as it comes, until the client is gone."""
        while self._early:
            yield self._early.popleft()
        for event in self.events():
            if isinstance(event, DataReceived):
                yield Received(*event)
            elif isinstance(event, StreamReset):
                yield Received(event.stream, b"", is_last=True)

    def events(self) -> Iterator[Event]:
        """Everything that happens, streams accepted and pings sent back already.

        Raises:
            ProtocolError: The client does not speak SPDY.
        """
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, StreamOpened):
                    with self._sending:
                        self._transport.send(self._spdy.reply(event.stream))
                elif isinstance(event, PingReceived):
                    with self._sending:
                        self._transport.send(self._spdy.ping(event.number))
                elif isinstance(event, GoAway):
                    continue
                yield event
            data = self._transport.receive()
            if not data:
                return
            try:
                self._events.extend(self._spdy.receive(data))
            except SPDYError as error:
                raise ProtocolError(str(error)) from error

    def send(self, stream: int, data: bytes, *, is_last: bool = False) -> None:
        """Send bytes on a stream."""
        with self._sending:
            self._transport.send(self._spdy.data(stream, data, is_last=is_last))

    def reset(self, stream: int) -> None:
        """Give a stream up."""
        with self._sending:
            self._transport.send(self._spdy.reset(stream))

    def go_away(self) -> None:
        """Say that this is the end."""
        with self._sending:
            self._transport.send(self._spdy.go_away())
