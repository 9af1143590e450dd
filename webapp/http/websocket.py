"""A WebSocket on a connection taken over from the server: whole messages in and out.

wsproto does the framing; every send is a ``sendall``, for large messages leave in parts otherwise.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import deque
from typing import TYPE_CHECKING, Any

from gevent.lock import RLock
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from webapp.apimachinery.status import BadRequest

if TYPE_CHECKING:
    import socket

    from wsproto.events import Event

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
RECEIVE_BYTES = 64 * 1024
NORMAL = 1000
TOO_LARGE = 1009
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def is_websocket(environ: dict[str, Any]) -> bool:
    """Whether a request asks for a WebSocket."""
    return bool(environ.get("HTTP_UPGRADE", "").lower() == "websocket")


def accept_key(environ: dict[str, Any]) -> str:
    """The value of ``Sec-WebSocket-Accept``.

    Raises:
        BadRequest: The handshake is none.
    """
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
    try:
        is_valid = len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        is_valid = False
    if not is_valid or environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        raise BadRequest("the WebSocket handshake is not valid")
    digest = hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def offered_protocols(environ: dict[str, Any]) -> list[str]:
    """The subprotocols that a client offers, in its order."""
    offered = environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "")
    return [name.strip() for name in offered.split(",") if name.strip()]


class WebSocket:
    """An open WebSocket; one greenlet receives, any may send."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._protocol = Connection(ConnectionType.SERVER)
        self._messages: deque[bytes] = deque()
        self._parts: list[bytes] = []
        self._part_bytes = 0
        self._over = False
        self._sending = RLock()

    def receive(self) -> bytes:
        """The next message; ``b""`` when there will be none any more."""
        while not self._messages:
            if self._over:
                return b""
            data = self._socket.recv(RECEIVE_BYTES)
            try:
                self._protocol.receive_data(data or None)
                for event in self._protocol.events():
                    self._take(event)
            except RemoteProtocolError as error:
                self._over = True
                if error.event_hint is not None:
                    self._send(error.event_hint)
            if not data:
                self._over = True
        return self._messages.popleft()

    def send(self, data: bytes) -> None:
        """Send a binary message."""
        self._send(BytesMessage(data=data))

    def close(self) -> None:
        """Say goodbye; the peer's own goodbye is for the receiving greenlet."""
        self._send(CloseConnection(code=NORMAL))

    def _take(self, event: Event) -> None:
        if isinstance(event, BytesMessage | TextMessage):
            part = event.data.encode() if isinstance(event.data, str) else bytes(event.data)
            self._part_bytes += len(part)
            if self._part_bytes > MAX_MESSAGE_BYTES:
                self._over = True
                self._send(CloseConnection(code=TOO_LARGE))
                return
            self._parts.append(part)
            if event.message_finished:
                message = b"".join(self._parts)
                self._parts.clear()
                self._part_bytes = 0
                if message:
                    self._messages.append(message)
        elif isinstance(event, Ping):
            self._send(event.response())
        elif isinstance(event, CloseConnection):
            self._over = True
            self._send(event.response())

    def _send(self, event: Event) -> None:
        with self._sending:
            try:
                data = self._protocol.send(event)
            except LocalProtocolError:
                # Goodbye was said already, by either side; there is nothing left to add.
                return
            self._socket.sendall(data)
