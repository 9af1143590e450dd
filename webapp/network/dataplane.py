"""Where a connection goes: Pod address, ClusterIP, NodePort, load balancer, or outside.

kube-proxy writes tables of rules, each Node follows one of them, and :meth:`DataPlane.route` looks up a
destination as the kernel of a Node would. In ``iptables`` mode backends are drawn by chance, in ``ipvs``
mode they take turns.

Models:
    pkg/proxy/iptables/proxier.go syncProxyRules
    pkg/proxy/ipvs/proxier.go syncProxyRules
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.network.flows import FlowLog
from webapp.network.links import LinkState
from webapp.network.rules import EMPTY_TABLE, Endpoint, PortKey, RuleTable, ServiceRule

if TYPE_CHECKING:
    from webapp.sim.rng import RandomStream

REJECTED = "rejected"
"""The Service has no usable backend: connection refused."""
DROPPED = "dropped"
"""Only backends on this Node may be used, and there are none: no answer at all."""
DIRECT = "direct"
SERVICE = "service"
IPTABLES = "iptables"
IPVS = "ipvs"
REMEMBERED_CLIENTS = 20_000


@dataclass(frozen=True, slots=True)
class Route:
    """Where a connection goes.

    Attributes:
        kind: ``direct`` (the address itself), ``service`` (a backend was chosen), ``rejected`` or ``dropped``.
        ip: Destination after the rules; "" when there is none.
        port: Destination port after the rules.
        service: The Service whose rule matched, or "".
        via: What was dialled, as in :class:`~webapp.network.rules.ServiceRule`; "" when direct.
        node: The Node whose rules decided.
        masqueraded: Whether the backend sees that Node's address instead of the client's.
    """

    kind: str
    ip: str = ""
    port: int = 0
    service: str = ""
    via: str = ""
    node: str = ""
    masqueraded: bool = False


class DataPlane:
    """The rules that each Node follows at present.

    Attributes:
        mode: ``iptables`` or ``ipvs``.
        flows: Every request, counted.
        links: What is wrong with wires between Nodes; Faults write it.
    """

    def __init__(self, stream: RandomStream, mode: str = IPTABLES) -> None:
        self.flows = FlowLog()
        self.links = LinkState()
        self.mode = mode
        self._stream = stream
        self._tables: dict[str, RuleTable] = {}
        self._addresses: dict[str, str] = {}
        self._zones: dict[str, str] = {}
        self._affinity: dict[tuple[str, str, str], tuple[Endpoint, int]] = {}
        self._turns: dict[tuple[str, str, str], int] = {}

    def join(self, node: str, address: str) -> None:
        """A machine joins, without rules yet."""
        self._tables.setdefault(node, EMPTY_TABLE)
        self._addresses[address] = node

    def leave(self, node: str, address: str) -> None:
        """A machine is gone."""
        self._tables.pop(node, None)
        self._addresses.pop(address, None)

    def set_zone(self, node: str, zone: str) -> None:
        """Which zone a Node is in, "" for none."""
        self._zones[node] = zone

    def install(self, node: str, table: RuleTable) -> None:
        """A Node follows ``table`` from now on."""
        if node in self._tables:
            self._tables[node] = table

    def table(self, node: str) -> RuleTable:
        """What a Node follows."""
        return self._tables.get(node, EMPTY_TABLE)

    def node_at(self, address: str) -> str:
        """The machine with an address of its own, or ""."""
        return self._addresses.get(address, "")

    def nodes(self) -> list[str]:
        """Machines that have joined, sorted."""
        return sorted(self._tables)

    def entrance(self, ip: str, port: int, protocol: str) -> str:
        """The Node that traffic from outside to an address enters by; "" when there is none.

        A machine's own address leads to it. A load balancer spreads over the Nodes that may take the
        traffic: with externalTrafficPolicy Local, those that have a backend.
        """
        if ip in self._addresses:
            return self._addresses[ip]
        key = PortKey(ip, port, protocol)
        candidates = [
            node
            for node in self.nodes()
            if (rule := self._tables[node].rules.get(key)) is not None
            and rule.is_external
            and (not rule.local_only or rule.local_endpoints(node))
        ]
        return self._stream.choice(candidates) if candidates else ""

    def route(
        self,
        node: str,
        ip: str,
        port: int,
        protocol: str = "TCP",
        *,
        client: str = "",
        now_ms: int = 0,
        outside: bool = False,
    ) -> Route:
        """Decide where a connection that begins on, or enters by, ``node`` goes.

        Args:
            node: Whose rules apply.
            ip: Destination address.
            port: Destination port.
            protocol: TCP, UDP or SCTP.
            client: Who connects, for session affinity.
            now_ms: Virtual time, for session affinity.
            outside: Whether it comes from outside; Pods reach a Service's external addresses as if its
                externalTrafficPolicy were Cluster.
        """
        rule = self.table(node).rules.get(PortKey(ip, port, protocol))
        receiving = node
        if rule is None and ip in self._addresses:
            receiving = self._addresses[ip]
            rule = self.table(receiving).rules.get(PortKey("", port, protocol))
        if rule is None:
            return Route(DIRECT, ip, port, node=receiving)
        local = rule.local_only and (outside or not rule.is_external)
        if local:
            usable = rule.local_endpoints(receiving)
        else:
            usable = rule.endpoints
            if rule.has_hints:
                usable = rule.near_endpoints(receiving, self._zones.get(receiving, ""))
        if not usable:
            kind = DROPPED if local and (rule.endpoints or rule.ending) else REJECTED
            return Route(kind, service=rule.service, via=rule.via, node=receiving)
        chosen = self._choose(rule, usable, receiving, client, now_ms)
        masqueraded = rule.is_external and not local
        return Route(
            SERVICE, chosen.ip, chosen.port, rule.service, rule.via, receiving, masqueraded
        )

    def _choose(
        self,
        rule: ServiceRule,
        usable: tuple[Endpoint, ...],
        node: str,
        client: str,
        now_ms: int,
    ) -> Endpoint:
        if not rule.affinity_seconds:
            return self._next(rule, usable, node)
        key = (node, rule.service, client)
        held, until_ms = self._affinity.pop(key, (None, 0))
        chosen = held if held in usable and until_ms > now_ms else None
        if chosen is None:
            chosen = self._next(rule, usable, node)
        if len(self._affinity) >= REMEMBERED_CLIENTS:
            del self._affinity[next(iter(self._affinity))]
        self._affinity[key] = (chosen, now_ms + rule.affinity_seconds * 1000)
        return chosen

    def _next(self, rule: ServiceRule, usable: tuple[Endpoint, ...], node: str) -> Endpoint:
        if len(usable) == 1:
            return usable[0]
        if self.mode != IPVS:
            return self._stream.choice(usable)
        key = (node, rule.service, rule.via)
        turn = self._turns.get(key, 0)
        self._turns[key] = turn + 1
        return usable[turn % len(usable)]
