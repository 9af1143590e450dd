"""The live stream over Socket.IO: hello and snapshot on connect, then deltas, facts, requests and the clock.

Read-only: the only thing a viewer can say is ``resync``. One greenlet takes frames from the projector
at most ten times a second, encodes each once and hands it to every viewer that keeps up; ``stopped``
tells them that the simulation itself failed. Changes to the cluster go through the Kubernetes API,
never through here.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

import gevent
import msgspec
import orjson
import simple_websocket
from engineio.async_drivers.gevent import WebSocketWSGI  # type: ignore[import-untyped]
from flask import request
from flask_socketio import SocketIO

from webapp.driver.pacing import monotonic
from webapp.live.frames import Stopped
from webapp.live.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from webapp.driver.driver import SimulationDriver
    from webapp.live.frames import ClockView, Hello
    from webapp.live.projector import Projector

FRAME_SECONDS = 0.1
CLOCK_SECONDS = 1.0
MAX_MESSAGE_BYTES = 16 * 1024
"""Viewers have nothing long to say."""


class LiveStream:
    """The stream of one cluster to all its viewers."""

    def __init__(
        self,
        app: Flask,
        driver: SimulationDriver,
        projector: Projector,
        make_hello: Callable[[ClockView], Hello],
        journal_path: str = "/journal",
    ) -> None:
        """Register the Socket.IO endpoint on ``app``.

        Args:
            app: Its ``wsgi_app`` is wrapped.
            driver: For the lag, and for the news that the run stopped.
            projector: Where frames come from.
            make_hello: Completes the first frame with what the server knows.
            journal_path: Where the run can be downloaded.
        """
        self._driver = driver
        self._projector = projector
        self._make_hello = make_hello
        self._journal_path = journal_path
        self._outboxes: dict[str, Outbox] = {}
        self._sent_clock: ClockView | None = None
        self._clock_at = 0.0
        self._told_failure = False
        self._greenlet: gevent.Greenlet | None = None
        self._socketio = SocketIO(app, async_mode="gevent", max_http_buffer_size=MAX_MESSAGE_BYTES)
        _send_whole_frames(self._socketio)
        self._socketio.on("connect")(self._on_connect)
        self._socketio.on("disconnect")(self._on_disconnect)
        self._socketio.on("resync")(self._on_resync)

    def start(self) -> None:
        """Begin sending."""
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Send no more."""
        if self._greenlet is not None:
            self._greenlet.kill()

    def end(self, message: str) -> None:
        """Send no more, for good: tell all viewers why, and close their connections."""
        self.stop()
        self._socketio.emit("stopped", self._stopped(message, ""))
        for viewer in list(self._outboxes):
            _server(self._socketio).disconnect(viewer)
        self._outboxes.clear()

    def _on_connect(self, _auth: object = None) -> None:
        viewer = _viewer()
        self._emit("hello", self._make_hello(self._clock()), to=viewer)
        outbox = Outbox(lambda: self._waiting_frames(viewer))
        self._outboxes[viewer] = outbox
        # The connection is confirmed when this handler returns; a large snapshot must not delay that.
        gevent.spawn(self._send_snapshot, viewer, outbox)
        if self._driver.failure:
            self._socketio.emit("stopped", self._failure(), to=viewer)

    def _on_disconnect(self, _reason: object = None) -> None:
        self._outboxes.pop(_viewer(), None)

    def _on_resync(self, *_: object) -> None:
        outbox = self._outboxes.get(_viewer())
        if outbox is not None:
            outbox.ask_snapshot()

    def _run(self) -> None:
        while True:
            gevent.sleep(FRAME_SECONDS)
            self._send_frames()

    def _send_frames(self) -> None:
        """One beat: what changed since the last one, to everybody in step."""
        if self._driver.failure and not self._told_failure:
            self._told_failure = True
            self._socketio.emit("stopped", self._failure())
        delta = self._projector.take_delta()
        facts = self._projector.take_facts()
        clock = self._changed_clock()
        requests = self._projector.take_requests()
        frames = (("delta", delta), ("facts", facts), ("requests", requests), ("clock", clock))
        encoded = [
            (name, msgspec.to_builtins(frame)) for name, frame in frames if frame is not None
        ]
        for viewer, outbox in list(self._outboxes.items()):
            if outbox.takes_frame():
                for name, frame in encoded:
                    self._socketio.emit(name, frame, to=viewer)
            else:
                self._send_snapshot(viewer, outbox)

    def _send_snapshot(self, viewer: str, outbox: Outbox) -> None:
        if outbox.takes_snapshot():
            self._emit("snapshot", self._projector.snapshot(), to=viewer)
            self._emit("requests", self._projector.whole_requests(), to=viewer)

    def _changed_clock(self) -> ClockView | None:
        """The clock, when it was changed, and once a second while it runs."""
        clock, before = self._clock(), self._sent_clock
        now = monotonic()
        is_new = before is None or (clock.speed, clock.paused, clock.idle) != (
            before.speed,
            before.paused,
            before.idle,
        )
        moved = before is not None and clock.now != before.now
        if not is_new and not (moved and now - self._clock_at >= CLOCK_SECONDS):
            return None
        self._sent_clock, self._clock_at = clock, now
        return clock

    def _failure(self) -> dict[str, str]:
        """What a viewer is told when the run has stopped by a fault of its own."""
        return self._stopped(self._driver.failure, self._journal_path)

    @staticmethod
    def _stopped(message: str, journal: str) -> dict[str, str]:
        frame = Stopped(message=message, journal=journal)
        told: dict[str, str] = msgspec.to_builtins(frame)
        return told

    def _clock(self) -> ClockView:
        return self._projector.clock_view(self._driver.lag_ms)

    def _emit(self, name: str, frame: msgspec.Struct, to: str) -> None:
        self._socketio.emit(name, msgspec.to_builtins(frame), to=to)

    def _waiting_frames(self, viewer: str) -> int:
        server = _server(self._socketio)
        transport = server.eio.sockets.get(server.manager.eio_sid_from_sid(viewer, "/"))
        return 0 if transport is None else transport.queue.qsize()


def _viewer() -> str:
    """Flask-SocketIO's id of the connection that an event came from."""
    viewer: str = request.sid  # type: ignore[attr-defined]  # added by Flask-SocketIO
    return viewer


class _FastJSON:
    """The encoder for Socket.IO: snapshots are large, and nothing else runs while one is encoded."""

    @staticmethod
    def dumps(obj: object, **_: object) -> str:
        """``obj`` as JSON text."""
        return orjson.dumps(obj).decode()

    @staticmethod
    def loads(text: str | bytes, **_: object) -> Any:
        """The tree in a JSON text."""
        return orjson.loads(text)


class _WholeSocket:
    """A socket whose ``send`` sends everything.

    simple-websocket calls ``send`` once a frame; on gevent's sockets that may send a part only, which
    corrupts the stream from some megabytes on.
    """

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def send(self, data: bytes) -> int:
        """Send all of ``data``."""
        self._sock.sendall(data)
        return len(data)

    def close(self) -> None:
        """End the connection at once, the HTTP server's own end of it included."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class _WholeFrameServer(simple_websocket.Server):  # type: ignore[misc]  # carries no types
    """simple-websocket's server end over a socket that sends whole frames."""

    @property
    def sock(self) -> Any:
        """The connection."""
        return self._whole_socket

    @sock.setter
    def sock(self, sock: Any) -> None:
        self._whole_socket = _WholeSocket(sock)


class _WholeFrameWSGI(WebSocketWSGI):  # type: ignore[misc]  # carries no types
    """Engine.IO's adapter, with the server above."""

    def __call__(self, environ: dict[str, Any], _start_response: object) -> Any:
        self.ws = _WholeFrameServer(environ, **self.server_args)
        return self.app(self)


def _server(socketio: SocketIO) -> Any:
    """The python-socketio server inside, which the stubs leave out."""
    return socketio.server  # type: ignore[attr-defined]


def _send_whole_frames(socketio: SocketIO) -> None:
    engine = _server(socketio).eio
    engine._async = {**engine._async, "websocket": _WholeFrameWSGI}  # noqa: SLF001 - no other way in
