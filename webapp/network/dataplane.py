"""Where a packet goes: Pod address, ClusterIP, NodePort, or outside.

kube-proxy writes tables of rules (:class:`RuleTable`), each Node follows one of them, and
:meth:`DataPlane.route` looks up a destination as the kernel of a Node would. Tables are immutable
and shared by all Nodes that have synced them.

Models:
    pkg/proxy/iptables/proxier.go syncProxyRules
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from webapp.network.flows import FlowLog
from webapp.network.links import LinkState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.sim.rng import RandomStream


class Endpoint(NamedTuple):
    """A backend of a Service port.

    Attributes:
        ip: The Pod's address.
        port: Target port.
        node: The Node it runs on, "" when unknown.
    """

    ip: str
    port: int
    node: str = ""


class PortKey(NamedTuple):
    """What a rule matches: address ("" for a NodePort on any machine), port, protocol."""

    ip: str
    port: int
    protocol: str


@dataclass(frozen=True, slots=True)
class ServiceRule:
    """Traffic to one port of a Service.

    Attributes:
        service: ``namespace/name:port``.
        endpoints: Backends in order of address.
        local_only: Only backends on the receiving Node may be used.
        affinity_seconds: How long a client stays with its backend; 0 for no affinity.
    """

    service: str
    endpoints: tuple[Endpoint, ...]
    local_only: bool = False
    affinity_seconds: int = 0


@dataclass(frozen=True, slots=True)
class RuleTable:
    """All rules as of one sync.

    Attributes:
        rules: What is matched → where it goes.
        version: Rises with every change.
        services: Number of Services.
        endpoints: Number of backends, each once a Service port.
    """

    rules: Mapping[PortKey, ServiceRule] = field(default_factory=dict)
    version: int = 0
    services: int = 0
    endpoints: int = 0


EMPTY_TABLE = RuleTable()

REJECTED = "rejected"
"""The Service has no usable backend: connection refused."""
DIRECT = "direct"
SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a connection goes.

    Attributes:
        kind: ``direct`` (the address itself), ``service`` (a backend was chosen) or ``rejected``.
        ip: Destination after the rules; "" when rejected.
        port: Destination port after the rules.
        service: The Service whose rule matched, or "".
    """

    kind: str
    ip: str = ""
    port: int = 0
    service: str = ""


class DataPlane:
    """The rules that each Node follows at present.

    Attributes:
        flows: Every request, counted.
        links: What is wrong with wires between Nodes; Faults write it.
    """

    def __init__(self, stream: RandomStream) -> None:
        self.flows = FlowLog()
        self.links = LinkState()
        self._stream = stream
        self._tables: dict[str, RuleTable] = {}
        self._addresses: dict[str, str] = {}
        self._affinity: dict[tuple[str, str], tuple[Endpoint, int]] = {}

    def join(self, node: str, address: str) -> None:
        """A machine joins, without rules yet."""
        self._tables.setdefault(node, EMPTY_TABLE)
        self._addresses[address] = node

    def leave(self, node: str, address: str) -> None:
        """A machine is gone."""
        self._tables.pop(node, None)
        self._addresses.pop(address, None)

    def install(self, node: str, table: RuleTable) -> None:
        """A Node follows ``table`` from now on."""
        if node in self._tables:
            self._tables[node] = table

    def table(self, node: str) -> RuleTable:
        """What a Node follows."""
        return self._tables.get(node, EMPTY_TABLE)

    def route(
        self,
        node: str,
        ip: str,
        port: int,
        protocol: str = "TCP",
        *,
        client: str = "",
        now_ms: int = 0,
    ) -> Route:
        """Decide where a connection that begins on ``node`` goes.

        Args:
            node: Whose rules apply.
            ip: Destination address.
            port: Destination port.
            protocol: TCP, UDP or SCTP.
            client: Who connects, for session affinity.
            now_ms: Virtual time, for session affinity.
        """
        table = self.table(node)
        rule = table.rules.get(PortKey(ip, port, protocol))
        receiving = node
        if rule is None and ip in self._addresses:
            receiving = self._addresses[ip]
            rule = self.table(receiving).rules.get(PortKey("", port, protocol))
        if rule is None:
            return Route(DIRECT, ip, port)
        usable = rule.endpoints
        if rule.local_only:
            usable = tuple(item for item in usable if item.node == receiving)
        if not usable:
            return Route(REJECTED, service=rule.service)
        chosen = self._choose(rule, usable, client, now_ms)
        return Route(SERVICE, chosen.ip, chosen.port, rule.service)

    def _choose(
        self, rule: ServiceRule, usable: tuple[Endpoint, ...], client: str, now_ms: int
    ) -> Endpoint:
        if not rule.affinity_seconds:
            return self._stream.choice(usable)
        key = (rule.service, client)
        held, until_ms = self._affinity.get(key, (None, 0))
        chosen = held if held in usable and until_ms > now_ms else None
        if chosen is None:
            chosen = self._stream.choice(usable)
        self._affinity[key] = (chosen, now_ms + rule.affinity_seconds * 1000)
        return chosen
