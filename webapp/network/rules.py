"""What kube-proxy writes and Nodes follow: tables of rules, immutable and shared by all Nodes.

Models:
    pkg/proxy/iptables/proxier.go syncProxyRules
    pkg/proxy/topology.go CategorizeEndpoints
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

CLUSTER_IP = "clusterIP"
NODE_PORT = "nodePort"
LOAD_BALANCER = "loadBalancer"
EXTERNAL_IP = "externalIP"


class Endpoint(NamedTuple):
    """A backend of a Service port.

    Attributes:
        ip: The Pod's address.
        port: Target port.
        node: The Node it runs on, "" when unknown.
        zones: Zones whose clients should use it; empty without a hint.
        nodes: Nodes whose clients should use it; empty without a hint.
    """

    ip: str
    port: int
    node: str = ""
    zones: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()


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
        endpoints: Ready backends in order of address; when there are none, those that still serve while they end.
        local_only: Only backends on the receiving Node may be used.
        affinity_seconds: How long a client stays with its backend; 0 for no affinity.
        via: What was dialled: ``clusterIP``, ``nodePort``, ``loadBalancer`` or ``externalIP``.
        ending: Backends that still serve while they end, for a Node without ready ones of its own.
    """

    service: str
    endpoints: tuple[Endpoint, ...]
    local_only: bool = False
    affinity_seconds: int = 0
    via: str = CLUSTER_IP
    ending: tuple[Endpoint, ...] = ()

    @property
    def is_external(self) -> bool:
        """Whether it is meant for clients outside."""
        return self.via != CLUSTER_IP

    def local_endpoints(self, node: str) -> tuple[Endpoint, ...]:
        """Backends on one Node: ready ones, or else those that end."""
        found = tuple(item for item in self.endpoints if item.node == node)
        return found or tuple(item for item in self.ending if item.node == node)

    def near_endpoints(self, node: str, zone: str) -> tuple[Endpoint, ...]:
        """Backends that hints leave to clients on a Node; all when hints are missing or leave none."""
        for wanted, hints in ((node, "nodes"), (zone, "zones")):
            if not wanted or not all(getattr(item, hints) for item in self.endpoints):
                continue
            near = tuple(item for item in self.endpoints if wanted in getattr(item, hints))
            if near:
                return near
        return self.endpoints

    @property
    def has_hints(self) -> bool:
        """Whether any backend has one."""
        return any(item.zones or item.nodes for item in self.endpoints)


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
