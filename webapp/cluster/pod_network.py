"""What a program in a container reaches: cluster DNS, Services, other Pods, the outside.

Connections go where kube-proxy's rules on the container's Node say, as far as policies and wires let
them; who listens there answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cluster.paths import Client
from webapp.network.resolver import pod_resolver

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.cluster.ends import Ends
    from webapp.cluster.requests import PodRequest, Requests
    from webapp.cri.api import Sandbox
    from webapp.cri.programs.network import Server
    from webapp.network.dns import Answer
    from webapp.network.resolver import ResolverConfig


class PodNetwork:
    """The network as one container sees it."""

    __slots__ = ("_container", "_ends", "_node", "_requests", "_resolver", "_sandbox")

    def __init__(
        self, requests: Requests, ends: Ends, node: str, sandbox: Sandbox, container: str = ""
    ) -> None:
        self._requests = requests
        self._ends = ends
        self._node = node
        self._sandbox = sandbox
        self._container = container
        self._resolver: ResolverConfig | None = None

    @property
    def resolver(self) -> ResolverConfig:
        """By the Pod's dnsPolicy and dnsConfig."""
        if self._resolver is None:
            ref = self._sandbox.config.pod
            pod = self._ends.pod(ref.namespace, ref.name) or {}
            self._resolver = pod_resolver(ref.namespace, pod.get("spec") or {})
        return self._resolver

    def begin(self, summary: str) -> PodRequest:
        """A client in the container begins a request."""
        return self._requests.begin(self._client(), self.resolver, summary)

    def query(self, server: str, names: list[tuple[str, str]]) -> tuple[list[Answer], int] | int:
        """Ask a name server; its answers and how long they took, or how long nobody answered."""
        asked = self._requests.ask(self._client(), server, names)
        if asked.answers is None:
            return self.resolver.patience_ms
        return asked.answers, asked.took_ms

    def listen(self, port: int, server: Server, protocol: str = "TCP") -> Callable[[], None] | None:
        """Answer on a port of the Pod; ``None`` when it is in use."""
        servers = self._sandbox.servers
        assert servers is not None  # noqa: S101  # made with the container's programs
        return servers.listen(protocol, port, server)

    def ping(self, ip: str) -> int | None:
        """Microseconds until an echo comes back; ``None`` when none does."""
        way = self._requests.paths.travel(self._client(), ip, 0, "ICMP", self._requests.sim.now_ms)
        return None if way.kind else 2 * way.travel_us + 1000 * way.extra_ms

    def _client(self) -> Client:
        end = self._ends.of_sandbox(self._sandbox, self._node)
        return Client(end, self._node, self._sandbox, self._container)
