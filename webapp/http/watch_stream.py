"""A watch, or a followed log, as a chunked HTTP answer.

The world delivers into a backlog inside the pump's slice; the stream's own greenlet encodes and
writes what has gathered, so a burst becomes one write. A client that is gone is noticed by its
socket becoming readable, one that is too slow by its backlog: its stream ends and it lists again.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from gevent import get_hub
from gevent.event import Event

from webapp.driver.pacing import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from webapp.apimachinery.watch import WatchEvent
    from webapp.apimachinery.wire import LogResponse, WatchResponse

MAX_BACKLOG_EVENTS = 20_000
MAX_BACKLOG_BYTES = 8 * 1024 * 1024
EVENTS_A_WRITE = 200
DEFAULT_TIMEOUT_SECONDS = 45 * 60
BOOKMARK_SECONDS = 60.0
SOCKET_KEY = "podarium.socket"
"""environ key: the connection's socket, put there by ``server.Handler``."""
_READ = 1


@runtime_checkable
class BookmarkingWatcher(Protocol):
    """A watcher that can say how far it has come."""

    def bookmark(self, revision: int) -> WatchEvent:
        """An event that carries nothing but the revision."""


class _Peer:
    """Watches the connection of a streaming answer for its end."""

    def __init__(self, environ: dict[str, Any], wake: Callable[[], None]) -> None:
        self.gone = False
        self._wake = wake
        self._watcher = None
        socket = environ.get(SOCKET_KEY)
        if socket is not None:
            self._watcher = get_hub().loop.io(socket.fileno(), _READ)
            self._watcher.start(self._on_readable)

    def close(self) -> None:
        """Look no longer."""
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher.close()
            self._watcher = None

    def _on_readable(self) -> None:
        # A client sends nothing while it is being answered, but for closing the connection. (One
        # that pipelines would lose the stream, and none is known to.)
        self.gone = True
        self.close()
        self._wake()


class WatchStream:
    """The body of a watch's answer: JSON lines, until someone ends it."""

    def __init__(
        self,
        response: WatchResponse,
        environ: dict[str, Any],
        bookmark_revision: Callable[[], int] | None = None,
    ) -> None:
        """Begin the watch.

        Args:
            response: The prepared watch.
            environ: The request's environ.
            bookmark_revision: Says the newest revision, when bookmarks are wanted. They are sent by
                the wall clock: a bookmark in virtual time would be part of the run, which no
                reader may change.
        """
        self._encode = response.encode
        self._watcher = response.watcher
        self._backlog: deque[WatchEvent] = deque()
        self._arrived = Event()
        self._overflown = False
        self._bookmark_revision = bookmark_revision
        self._peer = _Peer(environ, self._arrived.set)
        self._end = monotonic() + (response.timeout_seconds or DEFAULT_TIMEOUT_SECONDS)
        self._watcher.start(self._deliver)

    def _deliver(self, events: Sequence[WatchEvent]) -> None:
        if not events:  # the API server is gone, and its connections with it
            self.end()
            return
        if len(self._backlog) + len(events) > MAX_BACKLOG_EVENTS and self._backlog:
            self._overflown = True
        else:
            self._backlog.extend(events)
        self._arrived.set()

    def __iter__(self) -> Iterator[bytes]:
        """Lines as they come."""
        encode, backlog = self._encode, self._backlog
        while not self._peer.gone and not self._overflown:
            if backlog:
                count = min(len(backlog), EVENTS_A_WRITE)
                yield b"".join([encode(backlog.popleft()) for _ in range(count)])
                continue
            self._arrived.clear()
            seconds = self._end - monotonic()
            if seconds <= 0:
                return
            if not self._arrived.wait(min(seconds, BOOKMARK_SECONDS)):
                self._add_bookmark()

    def end(self) -> None:
        """Let the answer end where it is."""
        self._overflown = True
        self._arrived.set()

    def _add_bookmark(self) -> None:
        if self._bookmark_revision is not None and isinstance(self._watcher, BookmarkingWatcher):
            self._backlog.append(self._watcher.bookmark(self._bookmark_revision()))

    def close(self) -> None:
        """End the watch; called by the server when the answer is over, however it ended."""
        self._peer.close()
        self._watcher.stop()
        self._arrived.set()


class LogStream:
    """The body of a log's answer: text as the container writes it."""

    def __init__(self, response: LogResponse, environ: dict[str, Any]) -> None:
        self._chunks: deque[bytes] = deque()
        self._bytes = 0
        self._over = False
        self._arrived = Event()
        self._peer = _Peer(environ, self._arrived.set)
        self._unsubscribe = response.subscribe(self._take)

    def _take(self, chunk: bytes | None) -> None:
        if chunk is None or self._bytes > MAX_BACKLOG_BYTES:
            self._over = True
        else:
            self._chunks.append(chunk)
            self._bytes += len(chunk)
        self._arrived.set()

    def __iter__(self) -> Iterator[bytes]:
        """Text as it comes."""
        while not self._peer.gone:
            if self._chunks:
                gathered = b"".join(self._chunks)
                self._chunks.clear()
                self._bytes = 0
                if gathered:
                    yield gathered
            elif self._over:
                return
            else:
                self._arrived.clear()
                self._arrived.wait()

    def end(self) -> None:
        """Let the answer end with what is there."""
        self._over = True
        self._arrived.set()

    def close(self) -> None:
        """End the subscription."""
        self._peer.close()
        self._unsubscribe()
        self._arrived.set()
