"""The way a packet takes: out of its Pod, through the rules, over the wire, into a Pod, to whoever listens.

:meth:`Paths.travel` follows a connection's first packet from a client to where it ends, through
kube-proxy's rules on its Node, the policies at both ends, and the wires between machines, as they are
at this instant. Nothing is remembered or recorded here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from webapp.cluster.ends import BUILT_IN_DNS, OUTSIDE
from webapp.cri.programs.network import LONGEST_WAIT_MS, REFUSED, TIMEOUT, UNREACHABLE
from webapp.network.dataplane import DIRECT, DROPPED, REJECTED
from webapp.network.outside import HOSTS, LATENCY_MS, PORTS, RESOLVER_ADDRESS
from webapp.network.plugins import AT_ONCE, SILENT
from webapp.network.policy.ends import ALLOWED, EGRESS
from webapp.trace.facts import Hop

if TYPE_CHECKING:
    from webapp.cluster.ends import Ends
    from webapp.cri.api import Sandbox
    from webapp.cri.runtime import ContainerRuntime
    from webapp.network.cni import NetworkPlugin
    from webapp.network.dataplane import DataPlane, Route
    from webapp.network.policy.ends import End, Verdict
    from webapp.network.policy.evaluator import PolicyEvaluator
    from webapp.sim.rng import RandomStream

VETH_US = 20
RULES_US = 15
LOOPBACK_US = 10
OUTSIDE_US = LATENCY_MS * 500
ARP_MS = 3_060
"""How long a machine looks for an address in its own range before it says that nobody has it."""
SYN_RETRIES = 6
LOCALHOST = "localhost"


class Machinery(Protocol):
    """The machines that packets travel between."""

    @property
    def plane(self) -> DataPlane:
        """kube-proxy's rules, and wires."""

    @property
    def network(self) -> NetworkPlugin:
        """The network plugin."""

    def runtime_of(self, node: str) -> ContainerRuntime | None:
        """A machine's runtime; ``None`` when the machine has no power or does not exist."""

    def address_of(self, node: str) -> str:
        """A machine's own address, "" for one that does not exist."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who opens a connection.

    Attributes:
        end: As policies see it.
        node: Whose rules apply; "" outside.
        sandbox: Whose loopback is meant by 127.0.0.1; ``None`` for none.
        container: Which container asks, for facts.
    """

    end: End
    node: str = ""
    sandbox: Sandbox | None = None
    container: str = ""


FROM_OUTSIDE = Client(OUTSIDE)


class Target:
    """Where a connection arrives: a sandbox on a machine, or the built-in name server, or outside."""

    __slots__ = ("runtime", "sandbox")

    def __init__(self, runtime: ContainerRuntime | None, sandbox: Sandbox | None) -> None:
        self.runtime = runtime
        self.sandbox = sandbox


class Way:
    """How far a connection comes.

    Attributes:
        route: What the rules made of the address.
        via: As in :class:`~webapp.trace.facts.NetworkRequestRouted`.
        source: The client as the other end sees it.
        end: Whose address it arrives at; ``None`` when there is nobody.
        ip, port: The address after the rules; "" and 0 when they refuse.
        hops: Stretches passed, in order.
        kind: REFUSED, TIMEOUT or UNREACHABLE when it is stopped, "" when it arrives.
        reason: Why, as in NetworkRequestRouted.
        verdict: What the policies say.
        wait_ms: How long until the client knows that it is stopped.
        extra_ms: Added to the time there and back by faults.
        target: Where it arrives.
        travel_us: Microseconds one way.
    """

    __slots__ = (
        "end",
        "extra_ms",
        "hops",
        "ip",
        "kind",
        "port",
        "reason",
        "route",
        "source",
        "target",
        "travel_us",
        "verdict",
        "via",
        "wait_ms",
    )

    def __init__(self, source: End) -> None:
        self.route: Route | None = None
        self.via = ""
        self.source = source
        self.end: End | None = None
        self.ip = ""
        self.port = 0
        self.hops: list[Hop] = []
        self.kind = ""
        self.reason = ""
        self.verdict: Verdict = ALLOWED
        self.wait_ms = 0
        self.extra_ms = 0
        self.target: Target | None = None
        self.travel_us = 0

    @property
    def service(self) -> str:
        """The Service whose rules matched, or ""."""
        return self.route.service if self.route is not None else ""

    @property
    def round_trip_ms(self) -> int:
        """Milliseconds there and back, at least 1."""
        return max(1, round(2 * self.travel_us / 1000)) + self.extra_ms

    def hop(self, kind: str, name: str, node: str, micros: int) -> None:
        """Pass a stretch."""
        self.hops.append(Hop(kind, name, node, micros / 1000))
        self.travel_us += micros

    def stop(self, kind: str, reason: str, wait_ms: int) -> Way:
        """It ends here."""
        self.kind = kind
        self.reason = reason
        self.wait_ms = wait_ms
        return self


class Paths:
    """Ways between clients and whoever they dial.

    Attributes:
        has_own_dns: Whether a name server answers at the cluster DNS' address though no Service has it.
    """

    def __init__(
        self,
        machines: Machinery,
        ends: Ends,
        policies: PolicyEvaluator,
        stream: RandomStream,
    ) -> None:
        self._machines = machines
        self._ends = ends
        self._policies = policies
        self._stream = stream
        self.has_own_dns = True

    def travel(self, client: Client, ip: str, port: int, protocol: str, now_ms: int) -> Way:
        """Follow a connection to an address.

        Args:
            client: Who opens it.
            ip: Address dialled.
            port: Port dialled; 0 for an echo request.
            protocol: TCP, UDP or ICMP.
            now_ms: Virtual time, for session affinity.
        """
        way = Way(client.end)
        if client.sandbox is not None and (is_loopback(ip) or ip == client.sandbox.ip):
            return self._stay_inside(way, client, ip, port)
        node = client.node or self._enter(way, ip, port, protocol)
        if not node:
            return way.stop(TIMEOUT, "noRoute", LONGEST_WAIT_MS)
        if client.node and not client.end.host:
            way.hop("egress", client.end.name, node, VETH_US)
        plane = self._machines.plane
        route = way.route = plane.route(
            node, ip, port, protocol, client=client.end.ip, now_ms=now_ms, outside=not client.node
        )
        way.via = route.via or "pod"
        if route.node != node and not self._cross(way, node, route.node):
            return way
        if route.kind == DIRECT:
            way.ip, way.port = ip, port
        else:
            way.hop("rules", route.service, route.node, RULES_US)
            if route.kind == REJECTED:
                return way.stop(REFUSED, "noEndpoints", 1)
            if route.kind == DROPPED:
                return way.stop(TIMEOUT, "noLocalEndpoints", LONGEST_WAIT_MS)
            way.ip, way.port = route.ip, route.port
            if route.masqueraded:
                way.source = self._ends.of_machine(
                    route.node, self._machines.address_of(route.node)
                )
        return self._deliver(way, route.node, protocol)

    def _stay_inside(self, way: Way, client: Client, ip: str, port: int) -> Way:
        way.via = LOCALHOST
        way.ip, way.port, way.end = ip, port, client.end
        way.hop("loopback", client.end.name, client.node, LOOPBACK_US)
        way.target = Target(self._machines.runtime_of(client.node), client.sandbox)
        return way

    def _enter(self, way: Way, ip: str, port: int, protocol: str) -> str:
        """The Node by which traffic from outside comes in."""
        node = self._machines.plane.entrance(ip, port, protocol)
        if node:
            way.hop("wire", "outside", node, 500)
            if self._machines.runtime_of(node) is None:
                return ""
        return node

    def _deliver(self, way: Way, node: str, protocol: str) -> Way:
        """From the Node that has decided to whoever has the address."""
        machines = self._machines
        host = machines.plane.node_at(way.ip)
        home = host or machines.network.home_of(way.ip)
        if not home:
            return self._leave(way, node, protocol)
        runtime = machines.runtime_of(home)
        sandboxes = runtime.sandboxes_at(way.ip) if runtime is not None else ()
        if host:
            way.end = self._ends.of_machine(host, way.ip)
        elif sandboxes:
            way.end = self._ends.of_sandbox(sandboxes[0], home)
        if not self._passes(way, protocol, EGRESS):
            return way
        if home != node and not self._cross(way, node, home):
            return way
        if runtime is None:
            return way.stop(TIMEOUT, "nodeDown", LONGEST_WAIT_MS)
        if way.end is None:
            return self._nobody(way)
        if not host:
            way.hop("ingress", way.end.name, home, VETH_US)
        if not self._passes(way, protocol, ""):
            return way
        way.target = Target(runtime, self._listening(runtime, sandboxes, way.port))
        return way

    def _listening(
        self, runtime: ContainerRuntime, sandboxes: tuple[Sandbox, ...], port: int
    ) -> Sandbox | None:
        """Of several sandboxes that share a machine's address, the one that listens."""
        if len(sandboxes) < 2:
            return sandboxes[0] if sandboxes else None
        for sandbox in sandboxes:
            if runtime.listener_on(sandbox, port) or runtime.program_at(sandbox, port):
                return sandbox
        return sandboxes[0]

    def _leave(self, way: Way, node: str, protocol: str) -> Way:
        """To an address that no Node has: the built-in name server, or outside."""
        if self.has_own_dns and way.ip == BUILT_IN_DNS.ip and way.port == 53:
            way.end = BUILT_IN_DNS
            way.via = "clusterIP"
            if self._passes(way, protocol, ""):
                way.hop("rules", "kube-system/kube-dns:dns", node, RULES_US)
                way.hop("ingress", "coredns", "", VETH_US + self._machines.network.profile.wire_us)
                way.target = Target(None, None)
            return way
        way.end = self._ends.of_outside(way.ip)
        way.via = "outside"
        if not self._passes(way, protocol, ""):
            return way
        if self._machines.plane.links.blocked(node, ""):
            return way.stop(TIMEOUT, "partition", LONGEST_WAIT_MS)
        known = way.ip in HOSTS and (way.port in PORTS or not way.port)
        if not known and way.ip != RESOLVER_ADDRESS:
            return way.stop(TIMEOUT, "noRoute", LONGEST_WAIT_MS)
        way.hop("wire", "outside", "", OUTSIDE_US)
        way.target = Target(None, None)
        return way

    def _nobody(self, way: Way) -> Way:
        """An address in a Node's range that no Pod has: a stale endpoint."""
        stale = self._machines.network.profile.stale
        if stale == SILENT:
            return way.stop(TIMEOUT, "noRoute", LONGEST_WAIT_MS)
        return way.stop(UNREACHABLE, "noRoute", 1 if stale == AT_ONCE else ARP_MS)

    def _passes(self, way: Way, protocol: str, only: str) -> bool:
        """Ask the policies at both ends; with ``only``, stop at that end alone."""
        if not self._machines.network.profile.enforces_policies or way.end is None:
            return True
        # An echo request has no port; only rules without ports let it pass.
        verdict = way.verdict = self._policies.verdict(way.source, way.end, way.port, protocol)
        if verdict.allowed or (only and verdict.stopped != only):
            return True
        way.stop(TIMEOUT, "policy", LONGEST_WAIT_MS)
        return False

    def _cross(self, way: Way, node: str, other: str) -> bool:
        """Over the wire between two machines; whether it gets there."""
        links = self._machines.plane.links
        profile = self._machines.network.profile
        delay_ms = links.latency_ms(node, other)
        way.hop("wire", profile.encapsulation, other, profile.wire_us + delay_ms * 1000)
        if links.blocked(node, other):
            way.stop(TIMEOUT, "partition", LONGEST_WAIT_MS)
            return False
        loss = links.loss(node, other)
        if loss:
            return self._survives(way, 1 - (1 - loss) ** 2)
        return True

    def _survives(self, way: Way, loss: float) -> bool:
        """Packets that are lost are sent again after 1 s, 2 s, 4 s and so on."""
        for attempt in range(SYN_RETRIES + 1):
            if self._stream.uniform() >= loss:
                return True
            way.extra_ms += 1000 << attempt
        way.stop(TIMEOUT, "packetLoss", LONGEST_WAIT_MS)
        return False


def is_loopback(ip: str) -> bool:
    """Whether an address means oneself."""
    return ip.startswith("127.") or ip == "::1"
