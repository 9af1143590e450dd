"""gevent's WSGI server, set up for many small answers and long streams."""

from __future__ import annotations

import errno
import logging
import socket
from typing import TYPE_CHECKING, Any

import gevent.pywsgi
import orjson

from webapp.apimachinery.status import BadRequest, StatusError
from webapp.http.codec import status_line
from webapp.http.watch_stream import SOCKET_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_REQUEST_LINE_BYTES = 1024 * 1024
BACKLOG = 512


class PortBusyError(Exception):
    """Another program listens there; the message is one line for the person at the terminal."""


class Handler(gevent.pywsgi.WSGIHandler):  # type: ignore[misc]  # gevent carries no types
    """One connection."""

    def __init__(self, sock: socket.socket, address: object, server: object) -> None:
        # Headers and body leave in two writes; without this each answer waits 40 ms for an ACK.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock, address, server)

    def get_environ(self) -> dict[str, Any]:
        """The WSGI environ, with the connection's socket."""
        environ: dict[str, Any] = super().get_environ()
        environ[SOCKET_KEY] = self.socket
        return environ

    def handle_one_request(self) -> Any:
        """Answer the next request; malformed HTTP, too, is answered with a ``Status``."""
        result = super().handle_one_request()
        if not isinstance(result, tuple):
            return result
        code = result[0]
        error: StatusError = BadRequest("the request is not valid HTTP")
        if code == "414":
            error = RequestURITooLong(f"the request line exceeds {MAX_REQUEST_LINE_BYTES} bytes")
        body = orjson.dumps(error.status())
        head = (
            f"HTTP/1.1 {status_line(error.code)}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return code, head.encode() + body


class RequestURITooLong(StatusError):
    """The request line is longer than the server takes."""

    code = 414
    reason = "RequestURITooLong"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        PortBusyError: The address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortBusyError(
                f"port {port} on {host} is in use; choose another with --port"
            ) from error
        raise PortBusyError(f"cannot listen on {host} port {port}: {error.strerror}") from error
    listener.setblocking(False)
    return listener


def make_server(
    listener: socket.socket, application: Callable[..., Iterable[bytes]]
) -> gevent.pywsgi.WSGIServer:
    """A server on ``listener``, not yet started."""
    gevent.pywsgi.MAX_REQUEST_LINE = MAX_REQUEST_LINE_BYTES
    return gevent.pywsgi.WSGIServer(
        listener,
        application,
        handler_class=Handler,
        log=None,
        # Malformed requests are their sender's affair; faults of handlers are logged elsewhere.
        error_log=gevent.pywsgi.LoggingLogAdapter(logging.getLogger(__name__), logging.DEBUG),
    )
