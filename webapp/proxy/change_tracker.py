"""What changed since the last sync, and the table of rules that follows. One for all Nodes.

Informers tell which Services and slices changed; :meth:`ChangeTracker.table` rebuilds the rules of
just those Services and gives a new immutable table.

Models:
    pkg/proxy/endpointschangetracker.go EndpointsChangeTracker
    pkg/proxy/servicechangetracker.go ServiceChangeTracker
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import ENDPOINT_SLICES, SERVICES
from webapp.apimachinery.meta import namespaced_name
from webapp.network.rules import (
    CLUSTER_IP,
    EMPTY_TABLE,
    EXTERNAL_IP,
    LOAD_BALANCER,
    NODE_PORT,
    Endpoint,
    PortKey,
    RuleTable,
    ServiceRule,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory

_LABEL = "kubernetes.io/service-name"
_INDEX = "proxy/service"


class ChangeTracker:
    """Services and EndpointSlices on one side, rules on the other."""

    def __init__(self, informers: InformerFactory, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._dirty: dict[str, None] = {}
        self._rules: dict[str, dict[PortKey, ServiceRule]] = {}
        self._table = EMPTY_TABLE
        self._services = informers.informer(SERVICES)
        self._slices = informers.informer(ENDPOINT_SLICES)
        self._slices.add_index(_INDEX, _service_of)
        self._services.add_handler(
            on_add=self._on_service,
            on_update=lambda _, service: self._on_service(service),
            on_delete=self._on_service,
        )
        self._slices.add_handler(
            on_add=self._on_slice,
            on_update=lambda _, piece: self._on_slice(piece),
            on_delete=self._on_slice,
        )

    def table(self) -> RuleTable:
        """The rules as of now."""
        if self._dirty:
            for key in self._dirty:
                rules = self._rules_of(key)
                if rules:
                    self._rules[key] = rules
                else:
                    self._rules.pop(key, None)
            self._dirty = {}
            merged = {
                match: rule for rules in self._rules.values() for match, rule in rules.items()
            }
            self._table = RuleTable(
                merged,
                self._table.version + 1,
                len(self._rules),
                sum(len(rule.endpoints) for match, rule in merged.items() if match.ip),
            )
        return self._table

    def _on_service(self, service: JSONObject) -> None:
        self._note(namespaced_name(service))

    def _on_slice(self, piece: JSONObject) -> None:
        for key in _service_of(piece):
            self._note(key)

    def _note(self, key: str) -> None:
        self._dirty[key] = None
        self._on_change()

    def _rules_of(self, key: str) -> dict[PortKey, ServiceRule]:
        service = self._services.get(key)
        if service is None:
            return {}
        return service_rules(service, self._slices.by_index(_INDEX, key))


def service_rules(service: JSONObject, slices: Iterable[JSONObject]) -> dict[PortKey, ServiceRule]:
    """The rules of one Service; none for headless and ExternalName ones. Pure."""
    spec = service["spec"]
    addresses = spec.get("clusterIPs") or [spec.get("clusterIP", "")]
    if spec.get("type") == "ExternalName" or addresses[0] in ("", "None"):
        return {}
    pieces = list(slices)
    affinity = _affinity_seconds(spec)
    outside_ips = [
        *((EXTERNAL_IP, ip) for ip in spec.get("externalIPs") or ()),
        *((LOAD_BALANCER, ip) for ip in _load_balancer_ips(service)),
    ]
    rules: dict[PortKey, ServiceRule] = {}
    for port in spec.get("ports") or ():
        name = f"{namespaced_name(service)}:{port.get('name') or port['port']}"
        protocol = port.get("protocol", "TCP")
        ready, ending = _endpoints(pieces, port.get("name", ""), protocol, spec)
        local = spec.get("internalTrafficPolicy") == "Local"
        inside = ServiceRule(name, ready or ending, local, affinity, CLUSTER_IP, ending)
        for address in addresses:
            rules[PortKey(address, port["port"], protocol)] = inside
        local = spec.get("externalTrafficPolicy") == "Local"
        for via, address in outside_ips:
            rule = ServiceRule(name, ready or ending, local, affinity, via, ending)
            rules[PortKey(address, port["port"], protocol)] = rule
        if port.get("nodePort"):
            rule = ServiceRule(name, ready or ending, local, affinity, NODE_PORT, ending)
            rules[PortKey("", port["nodePort"], protocol)] = rule
    return rules


def _affinity_seconds(spec: JSONObject) -> int:
    if spec.get("sessionAffinity") != "ClientIP":
        return 0
    config = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
    return int(config.get("timeoutSeconds") or 10_800)


def _load_balancer_ips(service: JSONObject) -> list[str]:
    """Addresses that Nodes themselves answer for; with ipMode Proxy the balancer does."""
    ingresses = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return [ingress["ip"] for ingress in ingresses if ingress.get("ip")]


def _endpoints(
    slices: list[JSONObject], port_name: str, protocol: str, spec: JSONObject
) -> tuple[tuple[Endpoint, ...], tuple[Endpoint, ...]]:
    """Backends that are ready, and those that still serve while they end."""
    ready: dict[Endpoint, None] = {}
    ending: dict[Endpoint, None] = {}
    for piece in slices:
        number = next(
            (
                port.get("port")
                for port in piece.get("ports") or ()
                if (port.get("name") or "") == port_name and port.get("protocol", "TCP") == protocol
            ),
            None,
        )
        if number is None:
            continue
        for endpoint in piece.get("endpoints") or ():
            conditions = endpoint.get("conditions") or {}
            zones, nodes = _hints(endpoint, spec)
            for address in endpoint.get("addresses") or ():
                found = Endpoint(address, number, endpoint.get("nodeName") or "", zones, nodes)
                if conditions.get("ready", True):
                    ready[found] = None
                elif conditions.get("serving") and conditions.get("terminating"):
                    ending[found] = None
    return tuple(sorted(ready)), tuple(sorted(ending))


def _hints(endpoint: JSONObject, spec: JSONObject) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Zones and Nodes whose clients should use an endpoint.

    Slices that carry no hints get those that the Service's trafficDistribution asks for.
    """
    hints = endpoint.get("hints")
    if hints is not None:
        zones = tuple(zone["name"] for zone in hints.get("forZones") or ())
        return zones, tuple(node["name"] for node in hints.get("forNodes") or ())
    wanted = spec.get("trafficDistribution")
    zone, node = endpoint.get("zone") or "", endpoint.get("nodeName") or ""
    if wanted in ("PreferClose", "PreferSameZone", "PreferSameNode"):
        same_node = (node,) if node and wanted == "PreferSameNode" else ()
        return (zone,) if zone else (), same_node
    return (), ()


def _service_of(piece: JSONObject) -> tuple[str, ...]:
    name = (piece["metadata"].get("labels") or {}).get(_LABEL)
    return (f"{piece['metadata']['namespace']}/{name}",) if name else ()
