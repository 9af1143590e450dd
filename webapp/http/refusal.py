"""A connection that looks refused, on a port where somebody listens: the page is served there, too.

A Fault has stopped the API server, so its clients must see what they would see: no answer at all. They
get a status line, a header that is none, and the end of the connection. Go's client reports that line as
the error, and kubectl knows its words: "The connection to the server … was refused". A connection that
was just closed would be tried again by kubectl for ten seconds.
"""

from __future__ import annotations

import socket as sockets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from webapp.http.watch_stream import SOCKET_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nconnection refused\r\n\r\n"


def refuse_connection(environ: Mapping[str, Any]) -> None:
    """End a request's connection without an answer; nothing else may be written to it."""
    connection: sockets.socket = environ[SOCKET_KEY]
    with suppress(OSError):  # a client that is gone needs no refusal
        connection.sendall(REFUSAL)
        connection.shutdown(sockets.SHUT_RDWR)
