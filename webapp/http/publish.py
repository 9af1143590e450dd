"""Published ports: NodePort and LoadBalancer Services on real ports of this machine.

A greenlet looks at the Services a few times a second and listens for each of their NodePorts, on the port
of the same number if it is free; each connection becomes a journalled stream into the cluster, from
outside, so that a browser or curl gets its answer from a simulated Pod.
"""

from __future__ import annotations

import errno
import logging
import socket as sockets
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import gevent
from flask import Blueprint
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer

from webapp.api.resources import SERVICES
from webapp.apimachinery.streams import CONNECT, DATA, DATA_END, FAILED, StreamInput
from webapp.apimachinery.wire import Request, Response, StreamResponse, UserInfo
from webapp.cluster.dial import ANY_MACHINE, dial_request
from webapp.http.stream_bridge import StreamBridge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.streams import StreamOutput
    from webapp.driver.driver import SimulationDriver

LOOK_SECONDS = 0.25
MOST_PORTS = 100
MOST_CONNECTIONS = 64
"""At once, over all ports; further ones are closed."""
MOST_BYTES = 64 * 1024 * 1024
"""That a client may send on one connection."""
IDLE_SECONDS = 120
CHUNK_BYTES = 16 * 1024
_USER = UserInfo("system:podarium-publish", ("system:masters",))

logger = logging.getLogger(__name__)


Key: TypeAlias = "tuple[str, int, int]"


class Published(NamedTuple):
    """A Service's port that is to be reached from this machine.

    Attributes:
        service: ``namespace/name``.
        port: The Service's port.
        node_port: Its NodePort, which is wanted here, too; 0 for none.
        ip, target: What is dialled in the cluster.
    """

    service: str
    port: int
    node_port: int
    ip: str
    target: int

    @property
    def key(self) -> Key:
        """What does not change while the port is open."""
        return self.service, self.port, self.node_port


class Publisher:
    """Listens for a world's Services.

    Attributes:
        host: Address to listen on.
    """

    def __init__(
        self, driver: SimulationDriver, host: str, announce: Callable[[str], None]
    ) -> None:
        """Prepare.

        Args:
            driver: Owns the world.
            host: Address to listen on; loopback unless somebody wants otherwise.
            announce: Gets a line for each port that opens or closes.
        """
        self.host = host
        self._driver = driver
        self._announce = announce
        self._servers: dict[Key, StreamServer] = {}
        self._wanted: dict[Key, Published] = {}
        self._connections = Pool(MOST_CONNECTIONS)
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Look at the Services from now on."""
        self._greenlet = gevent.spawn(self._look)

    def stop(self) -> None:
        """Close all ports and connections."""
        if self._greenlet is not None:
            self._greenlet.kill()
        for server in self._servers.values():
            server.stop(timeout=0)
        self._connections.kill(timeout=1)

    def listed(self) -> list[JSONObject]:
        """The ports that are open, by Service."""
        return [
            {
                "service": service,
                "port": port,
                "nodePort": node_port,
                "address": f"{self.host}:{self._servers[service, port, node_port].server_port}",
            }
            for service, port, node_port in sorted(self._servers)
        ]

    def _look(self) -> None:
        while True:
            answer = self._driver.read(Request("GET", f"{SERVICES.path}/services", user=_USER))
            if isinstance(answer, Response) and isinstance(answer.body, dict):
                self._open_and_close(wanted_ports(answer.body.get("items") or []))
            gevent.sleep(LOOK_SECONDS)

    def _open_and_close(self, wanted: list[Published]) -> None:
        self._wanted = {published.key: published for published in wanted[:MOST_PORTS]}
        for key in [held for held in self._servers if held not in self._wanted]:
            self._servers.pop(key).stop(timeout=0)
            self._announce(f"closed {key[0]}:{key[1]}")
        for key in self._wanted:
            if key not in self._servers:
                server = self._servers[key] = self._listen(key)
                url = f"http://{self.host}:{server.server_port}"
                self._announce(f"{key[0]}:{key[1]} is published at {url}")

    def _listen(self, key: Key) -> StreamServer:
        """Listen on the NodePort's number, or on any port when that is taken."""

        def handle(socket: sockets.socket, _address: object) -> None:
            # A load balancer's address comes later than its port.
            published = self._wanted.get(key)
            if published is not None:
                self._serve(socket, published)

        for number in (key[2], 0):
            server = StreamServer((self.host, number), handle, spawn=self._connections)
            try:
                server.start()
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES) or not number:
                    raise
                continue
            return server
        raise AssertionError  # port 0 is always free

    def _serve(self, socket: sockets.socket, published: Published) -> None:
        socket.settimeout(IDLE_SECONDS)
        answer = self._driver.submit(dial_request(published.ip), durable=True)
        if isinstance(answer, StreamResponse):
            channel = _Raw(socket, published.target)
            StreamBridge(self._driver, answer.stream, channel).run()


def make_published(publisher: Publisher) -> Blueprint:
    """``GET /published``: the ports that are open."""
    pages = Blueprint("published", __name__)

    @pages.get("/published")
    def published() -> JSONObject:
        return {"ports": publisher.listed()}

    return pages


class _Raw:
    """A TCP connection as it is."""

    def __init__(self, socket: sockets.socket, port: int) -> None:
        self._socket = socket
        self._port = port
        self._over = Event()

    def open(self) -> None:
        """Nothing comes first."""

    def receive(self) -> Iterator[StreamInput]:
        """The connection, then bytes until the client has no more, or sends too many."""
        yield StreamInput(CONNECT, first=self._port)
        sent = 0
        while sent < MOST_BYTES and (data := self._socket.recv(CHUNK_BYTES)):
            sent += len(data)
            yield StreamInput(DATA, data)
        yield StreamInput(DATA_END)
        # A client that has said all may still listen.
        self._over.wait(IDLE_SECONDS)

    def send(self, output: StreamOutput) -> bool:
        """Write what the server sends; the connection is over when it has no more."""
        if output.kind == DATA:
            self._socket.sendall(output.data)
            return False
        is_last = output.kind in (DATA_END, FAILED)
        if is_last:
            self._over.set()
            self._socket.shutdown(sockets.SHUT_RDWR)
        return is_last


def wanted_ports(services: list[JSONObject]) -> list[Published]:
    """What Services want to be published: TCP ports of load balancers and NodePorts."""
    found = []
    for service in services:
        metadata, spec = service["metadata"], service["spec"]
        if spec.get("type") not in ("LoadBalancer", "NodePort"):
            continue
        balancer = (service.get("status") or {}).get("loadBalancer") or {}
        points = [entry["ip"] for entry in balancer.get("ingress") or () if entry.get("ip")]
        for port in spec.get("ports") or ():
            node_port = port.get("nodePort") or 0
            if port.get("protocol", "TCP") != "TCP" or not (points or node_port):
                continue
            ip, target = (points[0], port["port"]) if points else (ANY_MACHINE, node_port)
            name = f"{metadata['namespace']}/{metadata['name']}"
            found.append(Published(name, port["port"], node_port, ip, target))
    return sorted(found)
