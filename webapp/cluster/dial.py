"""The command that opens a connection from outside to an address of the cluster.

For published ports: the HTTP layer makes it with :func:`dial_request`, the driver journals it, and its
answer is a stream, as that of a port-forward is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.streams import PortForwardStream
from webapp.apimachinery.wire import Request, StreamResponse, UserInfo
from webapp.cri.programs.network import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.streams import PodConnection
    from webapp.cluster.fabric import Fabric

PREFIX = "/podarium-dial/"
"""Not among the paths that the HTTP layer hands to the API."""
ANY_MACHINE = "nodes"
"""Instead of an address: any machine that runs."""
_USER = UserInfo("system:podarium-publish")


def dial_request(ip: str) -> Request:
    """The command that opens a stream to an address."""
    return Request("POST", f"{PREFIX}{ip}", user=_USER, client="publish")


def open_dial(fabric: Fabric, request: Request) -> StreamResponse:
    """Its answer."""
    return StreamResponse(PortForwardStream(_Dialler(fabric, request.path.removeprefix(PREFIX))))


class _Dialler:
    """Connections to the ports of one address."""

    def __init__(self, fabric: Fabric, ip: str) -> None:
        self._fabric = fabric
        self._ip = ip

    def connect(self, port: int, on_data: Callable[[bytes | None], None]) -> PodConnection | str:
        """A connection, or why there is none."""
        summary = f"tcp {self._ip}:{port} (published)"
        ip = self._fabric.any_machine() if self._ip == ANY_MACHINE else self._ip
        found = self._fabric.dial(ip, port, on_data, summary)
        return found.kind if isinstance(found, Stopped) else found
