"""Port forwarding on the wire: pairs of SPDY streams, or pairs of WebSocket channels.

Models:
    staging/src/k8s.io/kubelet/pkg/cri/streaming/portforward/httpstream.go
    staging/src/k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from webapp.apimachinery.status import BadRequest
from webapp.apimachinery.streams import (
    CONNECT,
    DATA,
    DATA_END,
    FAILED,
    RESET,
    StreamInput,
)
from webapp.http.exec_stream import MESSAGE_BYTES
from webapp.http.spdy import DataReceived, StreamOpened, StreamReset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from webapp.apimachinery.streams import StreamOutput
    from webapp.http.spdy_session import SPDYSession
    from webapp.http.websocket import WebSocket

TUNNEL = "SPDY/3.1+portforward.k8s.io"
CHANNELS = "v4.channel.k8s.io"
WEBSOCKET_PROTOCOLS = (TUNNEL, CHANNELS)
SPDY_PROTOCOLS = ("portforward.k8s.io",)
MAX_PORTS = 100


class SPDYPortForward:
    """A connection is a pair of streams, ``error`` and ``data``, with the same request id."""

    def __init__(self, session: SPDYSession) -> None:
        self._session = session
        self._waiting: dict[str, dict[str, StreamOpened]] = {}
        self._error_streams: dict[int, int] = {}

    def open(self) -> None:
        """Nothing precedes the first stream."""

    def receive(self) -> Iterator[StreamInput]:
        """Input as it comes; a connection has its data stream's number."""
        for event in self._session.events():
            if isinstance(event, StreamOpened):
                yield from self._pair(event)
            elif isinstance(event, DataReceived) and event.stream in self._error_streams:
                if event.data:
                    yield StreamInput(DATA, event.data, event.stream)
                if event.is_last:
                    yield StreamInput(DATA_END, connection=event.stream)
            elif isinstance(event, StreamReset) and event.stream in self._error_streams:
                yield StreamInput(RESET, connection=event.stream)

    def _pair(self, opened: StreamOpened) -> Iterator[StreamInput]:
        kind = opened.headers.get("streamtype", "")
        port = opened.headers.get("port", "")
        if kind not in {"data", "error"} or not _is_port(port):
            self._session.reset(opened.stream)
            return
        request = opened.headers.get("requestid", "")
        pair = self._waiting.setdefault(request, {})
        pair[kind] = opened
        if len(pair) == 2:
            del self._waiting[request]
            self._error_streams[pair["data"].stream] = pair["error"].stream
            yield StreamInput(CONNECT, connection=pair["data"].stream, first=int(port))

    def send(self, output: StreamOutput) -> bool:
        """Write output; the client ends the conversation."""
        number = output.connection
        if output.kind == DATA:
            self._session.send(number, output.data)
            return False
        error_stream = self._error_streams[number]
        text = output.data if output.kind == FAILED else b""
        self._session.send(error_stream, text, is_last=True)
        self._session.send(number, b"", is_last=True)
        return False


class WebSocketPortForward:
    """Port number i of the query has channel 2i for data and 2i + 1 for what went wrong."""

    def __init__(self, socket: WebSocket, ports: Sequence[int]) -> None:
        self._socket = socket
        self._ports = ports
        self._open = dict.fromkeys(range(len(ports)))

    def open(self) -> None:
        """Tell the port on each channel."""
        for number, port in enumerate(self._ports):
            text = struct.pack("<H", port)
            self._socket.send(bytes([2 * number]) + text)
            self._socket.send(bytes([2 * number + 1]) + text)

    def receive(self) -> Iterator[StreamInput]:
        """A connection for each port, then input as it comes."""
        for number, port in enumerate(self._ports):
            yield StreamInput(CONNECT, connection=number, first=port)
        while message := self._socket.receive():
            number, is_error = divmod(message[0], 2)
            if len(message) > 1 and not is_error and number < len(self._ports):
                yield StreamInput(DATA, message[1:], number)

    def send(self, output: StreamOutput) -> bool:
        """Write output; after the last connection's end the conversation is over."""
        number = output.connection
        channel = bytes([2 * number + (output.kind == FAILED)])
        for at in range(0, len(output.data), MESSAGE_BYTES):
            self._socket.send(channel + output.data[at : at + MESSAGE_BYTES])
        if output.kind == DATA:
            return False
        self._open.pop(number, None)
        if self._open:
            return False
        self._socket.close()
        return True


def wanted_ports(query: Mapping[str, Sequence[str]]) -> list[int]:
    """The ports of the query, in order.

    Raises:
        BadRequest: There are none, or one is no port.
    """
    texts = [text for value in query.get("ports", ()) for text in value.split(",")]
    if not texts:
        raise BadRequest('query parameter "ports" is required')
    for text in texts:
        if not _is_port(text):
            raise BadRequest(f'unable to parse "{text}" as a port')
    if len(texts) > MAX_PORTS:
        raise BadRequest(f"at most {MAX_PORTS} ports can be forwarded at once")
    return [int(text) for text in texts]


def _is_port(text: str) -> bool:
    return text.isdecimal() and len(text) <= 5 and 0 < int(text) < 65536
