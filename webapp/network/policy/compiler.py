"""A NetworkPolicy object as matchers: everything that can be parsed is parsed here, once.

Pure: JSON enters, :class:`CompiledPolicy` leaves. What the API server would have refused (a bad CIDR)
does not come here.

Models:
    pkg/apis/networking/types.go NetworkPolicySpec
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, TypeAlias

from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.meta import namespaced_name
from webapp.network.policy.ends import EGRESS, INGRESS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from ipaddress import IPv4Network, IPv6Network

    from webapp.apimachinery.labels import Selector
    from webapp.apimachinery.meta import JSONObject
    from webapp.network.policy.ends import End

    Network: TypeAlias = IPv4Network | IPv6Network
    LabelsOf: TypeAlias = Callable[[str], Mapping[str, str] | None]


@dataclass(frozen=True, slots=True)
class PeerMatcher:
    """One entry of ``from`` or ``to``.

    Attributes:
        namespace: The only namespace meant, or "" to ask ``namespaces``.
        namespaces: Selects namespaces by label.
        pods: Selects Pods; ``None`` for an ipBlock.
        block: The range of an ipBlock.
        holes: Its exceptions.
    """

    namespace: str = ""
    namespaces: Selector | None = None
    pods: Selector | None = None
    block: Network | None = None
    holes: tuple[Network, ...] = ()

    def matches(self, peer: End, labels_of: LabelsOf, *, blocks_match_pods: bool) -> bool:
        """Whether the other end is meant.

        Args:
            peer: The other end.
            labels_of: Namespace → its labels, ``None`` for one that does not exist.
            blocks_match_pods: Whether an ipBlock also means Pods that have such an address.
        """
        if self.block is not None:
            if peer.selectable and not blocks_match_pods:
                return False
            return contains(self.block, peer.ip) and not any(
                contains(hole, peer.ip) for hole in self.holes
            )
        if not peer.selectable or self.pods is None:
            return False
        if self.namespaces is None:
            if peer.namespace != self.namespace:
                return False
        else:
            labels = labels_of(peer.namespace)
            if labels is None or not self.namespaces.matches(labels):
                return False
        return self.pods.matches(peer.labels)


@dataclass(frozen=True, slots=True)
class PortMatcher:
    """One entry of ``ports``.

    Attributes:
        protocol: TCP, UDP or SCTP.
        first, last: Range of numbers; 0 and 65535 for every port.
        name: A named port of the destination, or "".
    """

    protocol: str
    first: int = 0
    last: int = 65_535
    name: str = ""

    def matches(self, destination: End, port: int, protocol: str) -> bool:
        """Whether a port of the destination is meant."""
        if protocol != self.protocol:
            return False
        if not self.name:
            return self.first <= port <= self.last
        return any(
            held.name == self.name and held.number == port and held.protocol == protocol
            for held in destination.ports
        )


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule: any of its peers on any of its ports.

    Attributes:
        peers: Empty for everybody.
        ports: Empty for every port.
    """

    peers: tuple[PeerMatcher, ...]
    ports: tuple[PortMatcher, ...]


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """One NetworkPolicy.

    Attributes:
        key: ``namespace/name``.
        namespace: Where it applies.
        pods: Whom it selects.
        ingress, egress: Its rules; ``None`` for a direction that it does not isolate.
    """

    key: str
    namespace: str
    pods: Selector
    ingress: tuple[CompiledRule, ...] | None
    egress: tuple[CompiledRule, ...] | None

    def rules(self, direction: str) -> tuple[CompiledRule, ...] | None:
        """The rules of a direction."""
        return self.ingress if direction == INGRESS else self.egress


def compile_policy(policy: JSONObject) -> CompiledPolicy:
    """A policy's matchers."""
    spec = policy.get("spec") or {}
    namespace = policy["metadata"].get("namespace", "")
    types = spec.get("policyTypes") or (
        ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    )
    return CompiledPolicy(
        namespaced_name(policy),
        namespace,
        selector_from_label_selector(spec.get("podSelector") or {}),
        _rules(spec, INGRESS, "from", namespace) if "Ingress" in types else None,
        _rules(spec, EGRESS, "to", namespace) if "Egress" in types else None,
    )


def _rules(
    spec: JSONObject, direction: str, peers_field: str, namespace: str
) -> tuple[CompiledRule, ...]:
    return tuple(
        CompiledRule(
            tuple(_peer(peer, namespace) for peer in rule.get(peers_field) or ()),
            tuple(_port(port) for port in rule.get("ports") or ()),
        )
        for rule in spec.get(direction) or ()
    )


def _peer(peer: JSONObject, namespace: str) -> PeerMatcher:
    block = peer.get("ipBlock")
    if block is not None:
        holes = tuple(ip_network(text, strict=False) for text in block.get("except") or ())
        return PeerMatcher(block=ip_network(block["cidr"], strict=False), holes=holes)
    pods = selector_from_label_selector(peer.get("podSelector") or {})
    if peer.get("namespaceSelector") is None:
        return PeerMatcher(namespace=namespace, pods=pods)
    namespaces = selector_from_label_selector(peer["namespaceSelector"])
    return PeerMatcher(namespaces=namespaces, pods=pods)


def _port(port: JSONObject) -> PortMatcher:
    protocol = port.get("protocol") or "TCP"
    number = port.get("port")
    if number is None:
        return PortMatcher(protocol)
    if isinstance(number, str):
        return PortMatcher(protocol, name=number)
    return PortMatcher(protocol, number, port.get("endPort") or number)


@lru_cache(maxsize=65_536)
def contains(network: Network, ip: str) -> bool:
    """Whether an address, as text, is in a range; one of the other family is not."""
    return ip_address(ip) in network
