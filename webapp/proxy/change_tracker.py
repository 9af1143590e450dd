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
from webapp.network.dataplane import EMPTY_TABLE, Endpoint, PortKey, RuleTable, ServiceRule

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
    affinity = 0
    if spec.get("sessionAffinity") == "ClientIP":
        config = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        affinity = int(config.get("timeoutSeconds") or 10_800)
    rules: dict[PortKey, ServiceRule] = {}
    for port in spec.get("ports") or ():
        name = f"{namespaced_name(service)}:{port.get('name') or port['port']}"
        protocol = port.get("protocol", "TCP")
        endpoints = _usable_endpoints(pieces, port.get("name", ""), protocol)
        local = spec.get("internalTrafficPolicy") == "Local"
        inside = ServiceRule(name, endpoints, local_only=local, affinity_seconds=affinity)
        ingresses = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        outside_ips = [
            *(spec.get("externalIPs") or ()),
            *(ingress["ip"] for ingress in ingresses if ingress.get("ip")),
        ]
        for address in addresses:
            rules[PortKey(address, port["port"], protocol)] = inside
        local = spec.get("externalTrafficPolicy") == "Local"
        outside = ServiceRule(name, endpoints, local_only=local, affinity_seconds=affinity)
        for address in outside_ips:
            rules[PortKey(address, port["port"], protocol)] = outside
        if port.get("nodePort"):
            rules[PortKey("", port["nodePort"], protocol)] = outside
    return rules


def _usable_endpoints(
    slices: list[JSONObject], port_name: str, protocol: str
) -> tuple[Endpoint, ...]:
    """Ready backends; when there is none, those that still serve while they end."""
    ready: dict[Endpoint, None] = {}
    serving: dict[Endpoint, None] = {}
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
            for address in endpoint.get("addresses") or ():
                found = Endpoint(address, number, endpoint.get("nodeName") or "")
                if conditions.get("ready", True):
                    ready[found] = None
                elif conditions.get("serving") and conditions.get("terminating"):
                    serving[found] = None
    return tuple(sorted(ready or serving))


def _service_of(piece: JSONObject) -> tuple[str, ...]:
    name = (piece["metadata"].get("labels") or {}).get(_LABEL)
    return (f"{piece['metadata']['namespace']}/{name}",) if name else ()
