"""exec and attach on the wire: channels in WebSocket messages, or streams of a SPDY connection.

Models:
    staging/src/k8s.io/apiserver/pkg/util/proxy/websocket.go
    staging/src/k8s.io/kubelet/pkg/cri/streaming/remotecommand/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from webapp.apimachinery.streams import RESIZE, STATUS, STDERR, STDIN, STDIN_END, StreamInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from webapp.apimachinery.streams import StreamOutput
    from webapp.http.spdy_session import SPDYSession
    from webapp.http.websocket import WebSocket

V5 = "v5.channel.k8s.io"
V4 = "v4.channel.k8s.io"
WEBSOCKET_PROTOCOLS = (V5, V4)
SPDY_PROTOCOLS = (V4,)

_STDIN, _STDOUT, _STDERR, _STATUS, _RESIZE, _HALF_CLOSE = 0, 1, 2, 3, 4, 255
MESSAGE_BYTES = 32 * 1024


class WebSocketExec:
    """The first byte of a message names its channel."""

    def __init__(self, socket: WebSocket, protocol: str) -> None:
        self._socket = socket
        self._has_half_close = protocol == V5

    def open(self) -> None:
        """Nothing precedes the first message."""

    def receive(self) -> Iterator[StreamInput]:
        """Input as it comes."""
        while message := self._socket.receive():
            channel, data = message[0], message[1:]
            if channel == _STDIN and data:
                yield StreamInput(STDIN, data)
            elif channel == _RESIZE:
                yield from resize(data)
            elif channel == _HALF_CLOSE and self._has_half_close and data == bytes([_STDIN]):
                yield StreamInput(STDIN_END)

    def send(self, output: StreamOutput) -> bool:
        """Write output; the status ends the conversation."""
        if output.kind == STATUS:
            self._socket.send(bytes([_STATUS]) + orjson.dumps(output.status))
            self._socket.close()
            return True
        channel = bytes([_STDERR if output.kind == STDERR else _STDOUT])
        for at in range(0, len(output.data), MESSAGE_BYTES):
            self._socket.send(channel + output.data[at : at + MESSAGE_BYTES])
        return False


class SPDYExec:
    """One SPDY stream a channel, all opened by the client."""

    def __init__(self, session: SPDYSession, expected: set[str]) -> None:
        self._session = session
        self._expected = expected
        self._by_name: dict[str, int] = {}

    def open(self) -> None:
        """Wait for the streams that the options announced."""
        while not self._expected <= self._by_name.keys():
            opened = self._session.wait_for_stream()
            self._by_name[opened.headers.get("streamtype", "")] = opened.stream

    def receive(self) -> Iterator[StreamInput]:
        """Input as it comes."""
        stdin, sizes = self._by_name.get("stdin"), self._by_name.get("resize")
        for stream, data, is_last in self._session.receive():
            if stream == stdin:
                if data:
                    yield StreamInput(STDIN, data)
                if is_last:
                    yield StreamInput(STDIN_END)
            elif stream == sizes:
                yield from resize(data)

    def send(self, output: StreamOutput) -> bool:
        """Write output; the status ends the conversation."""
        session, names = self._session, self._by_name
        if output.kind != STATUS:
            name = "stderr" if output.kind == STDERR else "stdout"
            session.send(names[name], output.data)
            return False
        session.send(names["error"], orjson.dumps(output.status), is_last=True)
        for name in ("stdout", "stderr"):
            if name in names:
                session.send(names[name], b"", is_last=True)
        session.go_away()
        return True


def expected_streams(query: Mapping[str, Sequence[str]]) -> set[str]:
    """The SPDY streams that a client with these options will open."""

    def wants(name: str) -> bool:
        return (query.get(name) or [""])[0] in {"1", "t", "T", "true", "True", "TRUE"}

    names = {name for name in ("stdin", "stdout", "stderr") if wants(name)}
    if wants("tty"):
        names = (names - {"stderr"}) | {"resize"}
    return names | {"error"}


def resize(data: bytes) -> Iterator[StreamInput]:
    """Terminal sizes, one JSON object a line; what is none is ignored, as nothing depends on it."""
    for line in data.splitlines():
        try:
            size = orjson.loads(line)
            width, height = int(size["Width"]), int(size["Height"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            continue
        yield StreamInput(RESIZE, first=width, second=height)
