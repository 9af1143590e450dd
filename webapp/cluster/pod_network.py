"""What a program in a container reaches: cluster DNS, Services, other Pods.

Connections go where kube-proxy's rules on the container's Node say; who listens there answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webapp.cri.programs.network import (
    REFUSED,
    UNREACHABLE,
    Connection,
    HTTPAnswer,
    HTTPRequest,
)
from webapp.network.dataplane import REJECTED
from webapp.network.resolver import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.cri.api import Sandbox
    from webapp.cri.runtime import ContainerRuntime
    from webapp.network.dataplane import DataPlane
    from webapp.network.dns import ClusterDNS
    from webapp.sim.loop import Simulation

NAMESERVER = "10.96.0.10"
LATENCY_MS = 1


class Runtimes(Protocol):
    """Where sandboxes are."""

    @property
    def plane(self) -> DataPlane:
        """The data plane."""

    @property
    def dns(self) -> ClusterDNS:
        """The name server."""

    def runtimes(self) -> Iterator[ContainerRuntime]:
        """The runtimes of all machines, in order of the machines' names."""


class PodNetwork:
    """The network as one sandbox sees it."""

    __slots__ = ("_node", "_runtimes", "_sandbox", "_sim")

    def __init__(self, sim: Simulation, runtimes: Runtimes, node: str, sandbox: Sandbox) -> None:
        self._sim = sim
        self._runtimes = runtimes
        self._node = node
        self._sandbox = sandbox

    @property
    def nameserver(self) -> str:
        """The cluster's name server."""
        return NAMESERVER

    def lookup(self, name: str) -> list[tuple[str, str]]:
        """Full name and addresses, along the Pod's search path."""
        dns = self._runtimes.dns
        namespace = self._sandbox.config.pod.namespace
        bare = name.rstrip(".")
        suffixes = ["", f"{namespace}.svc.{DOMAIN}", f"svc.{DOMAIN}", DOMAIN]
        for suffix in suffixes[:1] if name.endswith(".") else suffixes:
            full = f"{bare}.{suffix}" if suffix else bare
            found = dns.query(full).data("A")
            if found:
                return [(full, address) for address in found]
        return []

    def connect(self, ip: str, port: int, protocol: str = "TCP") -> Connection | str:
        """Follow this Node's rules to whoever listens."""
        if ip.startswith("127."):
            return self._connect_to((self._sandbox,), ip, port)
        route = self._runtimes.plane.route(
            self._node, ip, port, protocol, client=self._sandbox.ip, now_ms=self._sim.now_ms
        )
        if route.kind == REJECTED:
            return REFUSED
        return self._connect_to(self._sandboxes_at(route.ip), route.ip, route.port)

    def ping(self, ip: str) -> bool:
        """Whether a Pod has the address."""
        return ip.startswith("127.") or bool(self._sandboxes_at(ip))

    def _sandboxes_at(self, ip: str) -> tuple[Sandbox, ...]:
        return tuple(
            sandbox for runtime in self._runtimes.runtimes() for sandbox in runtime.sandboxes_at(ip)
        )

    def _connect_to(self, sandboxes: tuple[Sandbox, ...], ip: str, port: int) -> Connection | str:
        for runtime in self._runtimes.runtimes():
            for sandbox in sandboxes:
                if runtime.holds(sandbox) and runtime.listener_on(sandbox, port) is not None:
                    return Connection(ip, port, _Listener(runtime, sandbox, port), LATENCY_MS)
        return REFUSED if sandboxes else UNREACHABLE


class _Listener:
    """Whoever listens on a port of a sandbox."""

    __slots__ = ("_port", "_runtime", "_sandbox")

    def __init__(self, runtime: ContainerRuntime, sandbox: Sandbox, port: int) -> None:
        self._runtime = runtime
        self._sandbox = sandbox
        self._port = port

    def answer(self, request: HTTPRequest) -> HTTPAnswer | None:
        """What the server there answers."""
        page = self._runtime.page(self._sandbox, self._port, request.method, request.path)
        if page is None:
            return None
        return HTTPAnswer(page.status, page.body, page.content_type, {"Server": page.server})
