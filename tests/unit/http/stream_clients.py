"""Small clients of the two streaming protocols, over a gevent socket."""

from __future__ import annotations

import struct
import zlib
from collections import deque

import gevent.socket
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong

from webapp.http.spdy import DICTIONARY, DataReceived, SPDYConnection

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The example of RFC 6455."""


OPEN = []
"""Connections to be closed at the end of a test."""


def handshake(address, method, path, **headers):
    """Ask for an upgrade; returns the connection and the answer's head."""
    connection = gevent.socket.create_connection(address)
    OPEN.append(connection)
    head = {"Host": "127.0.0.1", "Connection": "Upgrade", **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in head.items())
    connection.sendall(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode())
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(1)
    return connection, received.decode()


class WebSocketClient:
    """A WebSocket with binary messages."""

    def __init__(self, address, path, protocol):
        self.connection, self.head = handshake(
            address,
            "GET",
            path,
            Upgrade="websocket",
            Sec_WebSocket_Key=KEY,
            Sec_WebSocket_Version="13",
            Sec_WebSocket_Protocol=protocol,
        )
        self._protocol = Connection(ConnectionType.CLIENT)
        self._events = deque()

    def send(self, data):
        self.connection.sendall(self._protocol.send(BytesMessage(data=data)))

    def ping(self):
        self.connection.sendall(self._protocol.send(Ping(payload=b"still there?")))

    def receive(self):
        """The next message; the close code at the end; ``None`` when cut off."""
        message = b""
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, CloseConnection):
                    self.connection.sendall(self._protocol.send(event.response()))
                    return event.code
                if isinstance(event, Pong):
                    return bytes(event.payload)
                message += event.data
                if event.message_finished:
                    return message
            data = self.connection.recv(65536)
            if not data:
                return None
            self._protocol.receive_data(data)
            self._events.extend(self._protocol.events())


class SPDYFrames:
    """The client's side of SPDY: frames out."""

    def __init__(self):
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def syn_stream(self, stream, headers):
        plain = struct.pack("!I", len(headers))
        for name, value in headers.items():
            plain += struct.pack("!I", len(name)) + name.encode()
            plain += struct.pack("!I", len(value)) + value.encode()
        block = self._deflate.compress(plain) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return control(1, struct.pack("!IIH", stream, 0, 0) + block)

    @staticmethod
    def data(stream, data, *, is_last=False):
        return struct.pack("!II", stream, (1 << 24 if is_last else 0) | len(data)) + data


def control(kind, payload, flags=0):
    """A control frame."""
    return struct.pack("!HHI", 0x8003, kind, flags << 24 | len(payload)) + payload


class SPDYReader:
    """Reads data frames, and forgets about replies."""

    def __init__(self, receive):
        self._receive = receive
        self._spdy = SPDYConnection()
        self._events = deque()

    def data(self):
        """The next data frame; ``None`` at the end."""
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, DataReceived):
                    return event
            received = self._receive()
            if not isinstance(received, bytes) or not received:
                return None
            self._events.extend(self._spdy.receive(received))
