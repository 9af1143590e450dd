"""Taking a connection over: from an HTTP request to a WebSocket or SPDY, for streams into Pods.

What the client offers is judged before the world hears of the request, so that a refusal is an
ordinary ``Status``; the ``101`` is written after the world has agreed.
"""

from __future__ import annotations

import socket as sockets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from webapp.apimachinery.status import BadRequest
from webapp.http import exec_stream, port_forward
from webapp.http.exec_stream import SPDYExec, WebSocketExec, expected_streams
from webapp.http.port_forward import SPDYPortForward, WebSocketPortForward, wanted_ports
from webapp.http.spdy_session import SocketTransport, SPDYSession
from webapp.http.stream_bridge import StreamBridge
from webapp.http.watch_stream import SOCKET_KEY
from webapp.http.websocket import WebSocket, accept_key, is_websocket, offered_protocols

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.apimachinery.streams import Stream
    from webapp.apimachinery.wire import Request
    from webapp.driver.driver import SimulationDriver
    from webapp.http.stream_bridge import Channels

SPDY = "spdy/3.1"
STREAMING = frozenset({"attach", "exec", "portforward"})


class Upgrade:
    """An upgrade that the client asks for and the server can give."""

    def __init__(self, environ: dict[str, Any], request: Request, subresource: str) -> None:
        """Judge the request.

        Raises:
            BadRequest: No upgrade is asked for, or only ones that nobody here speaks.
        """
        self._socket: sockets.socket = environ[SOCKET_KEY]
        self._query = request.query
        self._forwards = subresource == "portforward"
        self._is_websocket = is_websocket(environ)
        protocols = port_forward if self._forwards else exec_stream
        if self._is_websocket:
            self._protocol = _agree(offered_protocols(environ), protocols.WEBSOCKET_PROTOCOLS)
            self._headers = [
                ("Upgrade", "websocket"),
                ("Sec-WebSocket-Accept", accept_key(environ)),
                ("Sec-WebSocket-Protocol", self._protocol),
            ]
            self._ports = (
                wanted_ports(request.query)
                if self._protocol == port_forward.CHANNELS and self._forwards
                else []
            )
        elif environ.get("HTTP_UPGRADE", "").lower() == SPDY:
            offered = environ.get("HTTP_X_STREAM_PROTOCOL_VERSION", "").split(",")
            offered = [name.strip() for name in offered]
            self._protocol = _agree(offered, protocols.SPDY_PROTOCOLS)
            self._headers = [
                ("Upgrade", "SPDY/3.1"),
                ("X-Stream-Protocol-Version", self._protocol),
            ]
        else:
            raise BadRequest("Upgrade request required")

    def carry(self, driver: SimulationDriver, stream: Stream) -> None:
        """Switch protocols, and carry ``stream`` until it ends; the connection is finished then."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self._headers)
        # A client that is gone already is found out by the bridge, which closes the stream.
        with suppress(OSError):
            self._socket.sendall(
                f"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n{head}\r\n".encode()
            )
        StreamBridge(driver, stream, self._channels()).run()
        with suppress(OSError):
            self._socket.shutdown(sockets.SHUT_RDWR)

    def _channels(self) -> Channels:
        if not self._is_websocket:
            session = SPDYSession(SocketTransport(self._socket))
            if self._forwards:
                return SPDYPortForward(session)
            return SPDYExec(session, expected_streams(self._query))
        websocket = WebSocket(self._socket)
        if not self._forwards:
            return WebSocketExec(websocket, self._protocol)
        if self._protocol == port_forward.TUNNEL:
            return SPDYPortForward(SPDYSession(websocket))
        return WebSocketPortForward(websocket, self._ports)


def _agree(offered: Sequence[str], spoken: Sequence[str]) -> str:
    for protocol in spoken:
        if protocol in offered:
            return protocol
    raise BadRequest(
        f"unable to negotiate protocol: client supports [{' '.join(offered)}], "
        f"server accepts [{' '.join(spoken)}]"
    )
