"""Who answers on a port: the image's program, a program that listens by itself, or somebody built in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webapp.cluster.ends import BUILT_IN_DNS
from webapp.cluster.paths import Client
from webapp.cri.http_conversation import HTTPConversation
from webapp.cri.pages import Page
from webapp.cri.programs.network import HTTPAnswer
from webapp.cri.references import parse_reference
from webapp.network.outside import HOSTS, LATENCY_MS, page

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.cluster.paths import Way
    from webapp.cri.api import Container, Sandbox
    from webapp.cri.programs.network import Conversation, HTTPRequest, Server
    from webapp.cri.runtime import ContainerRuntime
    from webapp.sim.loop import Simulation

COREDNS = "registry.k8s.io/coredns/coredns"


class Proxies(Protocol):
    """Who pass HTTP requests on, in Pods."""

    def is_proxy(self, image: str) -> bool:
        """Whether an image is such a proxy."""

    def server(self, image: str, client: Client, port: int) -> Server | None:
        """The proxy that an image is; ``None`` for ports that it is not asked by."""


class Listeners:
    """Everybody who listens, in sandboxes and outside.

    Attributes:
        proxies: Those who pass HTTP requests on; ``None`` until they are known.
    """

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self.proxies: Proxies | None = None

    def at(self, way: Way, protocol: str) -> Server | None:
        """Who answers where a connection arrives; ``None`` when nobody listens there."""
        target = way.target
        if target is None:
            return None
        if target.runtime is None:
            return self._outside(way)
        if target.sandbox is None:
            return None
        own = target.runtime.program_at(target.sandbox, way.port, protocol)
        if own is not None:
            return own
        container = target.runtime.listener_on(target.sandbox, way.port)
        if container is None:
            return None
        if self.proxies is not None and way.end is not None:
            image = parse_reference(container.config.image).short_name
            if self.proxies.is_proxy(image):
                client = Client(way.end, way.end.node, target.sandbox, container.config.name)
                proxy = self.proxies.server(image, client, way.port)
                if proxy is not None:
                    return proxy
        return _ContainerServer(target.runtime, target.sandbox, container, way.port)

    def is_name_server(self, way: Way) -> bool:
        """Whether a connection arrives at a name server that knows the cluster."""
        target = way.target
        if target is None or way.port == 0:
            return False
        if target.runtime is None or target.sandbox is None:
            return way.end is BUILT_IN_DNS
        container = target.runtime.listener_on(target.sandbox, way.port)
        return (
            container is not None and parse_reference(container.config.image).short_name == COREDNS
        )

    def _outside(self, way: Way) -> Server | None:
        return _OutsideServer(self._sim, way.ip) if way.ip in HOSTS else None


class _ContainerServer:
    """The program of a container."""

    __slots__ = ("_container", "_port", "_runtime", "_sandbox")

    def __init__(
        self,
        runtime: ContainerRuntime,
        sandbox: Sandbox,
        container: Container,
        port: int,
    ) -> None:
        self._runtime = runtime
        self._sandbox = sandbox
        self._container = container
        self._port = port

    def answer(self, request: HTTPRequest) -> HTTPAnswer | None:
        """What the server there answers, after what the processor allows."""
        waited_ms = self._runtime.take_requests(self._container, 1)
        page = self._runtime.page(self._sandbox, self._port, request.method, request.path)
        if page is None:
            return None
        headers = {"Server": page.server}
        return HTTPAnswer(page.status, page.body, page.content_type, headers, 1 + waited_ms)

    def converse(self, on_data: Callable[[bytes | None], None]) -> Conversation | None:
        """Byte by byte."""

        def answer(method: str, path: str) -> Page | None:
            self._runtime.take_requests(self._container, 1)
            return self._runtime.page(self._sandbox, self._port, method, path)

        return self._runtime.converse(self._container, answer, on_data)


class _OutsideServer:
    """A host outside the cluster."""

    __slots__ = ("_ip", "_sim")

    def __init__(self, sim: Simulation, ip: str) -> None:
        self._sim = sim
        self._ip = ip

    def answer(self, request: HTTPRequest) -> HTTPAnswer | None:
        """A page for ``/``, and nothing else."""
        found = self._page(request.method, request.path)
        headers = {"Server": found.server}
        return HTTPAnswer(found.status, found.body, found.content_type, headers, LATENCY_MS)

    def converse(self, on_data: Callable[[bytes | None], None]) -> Conversation | None:
        """HTTP, byte by byte."""
        return HTTPConversation(self._sim, self._page, on_data)

    def _page(self, _method: str, path: str) -> Page:
        status = 200 if path.partition("?")[0] == "/" else 404
        return Page(status, page(self._ip) if status == 200 else b"Not Found\n")
