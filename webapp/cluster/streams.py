"""The open streams of a world: who they are, and the commands by which input reaches them.

A stream is opened by an API request, which the driver journals. What the client sends afterwards
comes as further requests to paths that no client can name, made by :func:`stream_request` and
journalled in the same way; so a replay types the same words at the same virtual instants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.status import NotFound
from webapp.apimachinery.streams import CLOSE, StreamInput
from webapp.apimachinery.wire import Request, Response, UserInfo

if TYPE_CHECKING:
    from webapp.apimachinery.streams import Stream

PREFIX = "/podarium-streams/"
"""Not among the paths that the HTTP layer hands to the API."""
_USER = UserInfo("system:podarium-streams")
_DONE = Response(200)


class StreamHub:
    """Numbers streams as they open, and forgets them as they are closed."""

    def __init__(self) -> None:
        self._streams: dict[int, Stream] = {}
        self._last = 0

    def admit(self, stream: Stream) -> None:
        """Give a new stream its number."""
        self._last += 1
        stream.id = self._last
        self._streams[stream.id] = stream

    def open_ids(self) -> list[int]:
        """Streams that nobody has closed."""
        return list(self._streams)

    def handle(self, request: Request) -> Response:
        """Pass a client's input on; what comes after the close is for nobody."""
        number, message = _parse(request)
        stream = self._streams.get(number)
        if stream is None:
            return _DONE
        if message.kind == CLOSE:
            del self._streams[number]
        stream.receive(message)
        return _DONE


def stream_request(number: int, message: StreamInput) -> Request:
    """The command that passes input to stream ``number``."""
    query = {
        name: [str(value)]
        for name, value in (
            ("connection", message.connection),
            ("first", message.first),
            ("second", message.second),
        )
        if value
    }
    path = f"{PREFIX}{number}/{message.kind}"
    return Request("POST", path, query, {}, message.data or None, _USER, "stream")


def _parse(request: Request) -> tuple[int, StreamInput]:
    number, _, kind = request.path.removeprefix(PREFIX).partition("/")
    if not number.isdecimal():
        raise NotFound.of_path()
    body = request.body if isinstance(request.body, bytes) else b""
    connection, first, second = (
        int(request.parameter(name, "0")) for name in ("connection", "first", "second")
    )
    return int(number), StreamInput(kind, body, connection, first, second)
