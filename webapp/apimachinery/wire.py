"""What passes between a client and the API server: plain data, over HTTP or inside the process.

``Request`` enters ``APIServer.handle``; a ``Response`` or something that goes on leaves. The HTTP layer
and the in-process transport are the only makers of requests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.streams import Stream
    from webapp.apimachinery.watch import WatchEvent


class UserInfo(NamedTuple):
    """Who asks, once known."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""


class Location(NamedTuple):
    """Which resource, object or subresource a path names; "" where it names none."""

    group: str
    version: str
    resource: str
    namespace: str
    name: str
    subresource: str


class ReadAt(NamedTuple):
    """An earlier moment that a request reads: its revision, and its virtual time in milliseconds."""

    revision: int
    at_ms: int


@dataclass(slots=True)
class Request:
    """One API request.

    Attributes:
        method: GET, POST, PUT, PATCH or DELETE.
        path: URL path without query, already decoded, beginning with ``/``.
        query: Query parameters; repeated ones keep their order.
        headers: Header name in lower case → value.
        body: Raw bytes as received, or an object that neither side changes any more (in-process).
        user: Who asks, when a trusted transport already knows; ``None`` lets the API server
            authenticate by headers.
        client: Name of the asking component or program: the actor of the facts.
        location: What ``path`` names, when an in-process client already knows; ``None`` lets the API
            server parse it.
        past: The moment that a get or list is about; ``None`` for now.
    """

    method: str
    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | JSONObject | None = None
    user: UserInfo | None = None
    client: str = ""
    location: Location | None = None
    past: ReadAt | None = None

    def parameter(self, name: str, default: str = "") -> str:
        """First value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default


@dataclass(slots=True)
class Response:
    """An answer with a whole body.

    Attributes:
        status_code: HTTP status.
        body: A JSON tree to be encoded, or bytes to be sent as they are.
        content_type: Media type of the body.
        headers: Further headers, name and value.
        warnings: Texts for ``Warning`` headers.
    """

    status_code: int
    body: JSONObject | bytes | None = None
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


class Watcher(Protocol):
    """A running watch. ``deliver`` gets batches of events in revision order, first the initial ones."""

    def start(self, deliver: Callable[[Sequence[WatchEvent]], None]) -> None:
        """Begin delivery; events that came meanwhile are delivered at once."""

    def stop(self) -> None:
        """End the watch; nothing is delivered afterwards."""


@dataclass(slots=True)
class WatchResponse:
    """An answer that goes on.

    Attributes:
        watcher: The running watch.
        encode: Turns an event into its JSON line, newline included (full object, Table or
            PartialObjectMetadata, as the request asked).
        timeout_seconds: When the server should end the stream, or ``None``.
    """

    watcher: Watcher
    encode: Callable[[WatchEvent], bytes]
    timeout_seconds: int | None = None
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class LogResponse:
    """A container's log as text, which may go on.

    Attributes:
        subscribe: Called with a sink for chunks of bytes; the sink gets what is there at once, and
            ``None`` at the end. Returns what ends the subscription.
    """

    subscribe: Callable[[Callable[[bytes | None], None]], Callable[[], None]]


@dataclass(slots=True)
class StreamResponse:
    """A two-way stream into a Pod, to be carried over a WebSocket or SPDY.

    Attributes:
        stream: What passes.
    """

    stream: Stream


Answer = Response | WatchResponse | LogResponse | StreamResponse
