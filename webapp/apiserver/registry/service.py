"""Services: ClusterIPs and NodePorts are claimed when one is made or changed, given back when it goes.

Models:
    pkg/registry/core/service/storage/alloc.go Allocators
    pkg/registry/core/service/strategy.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.field_path import Path, invalid
from webapp.apimachinery.status import Invalid, StatusError
from webapp.apiserver.registry.ipallocator import IPAllocator, RangeAllocator, port_band_offset
from webapp.apiserver.registry.strategy import Strategy
from webapp.apiserver.storage import bucket_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webapp.api.rules import KindRules
    from webapp.apimachinery.field_path import FieldError
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.apiserver.config import APIServerConfig
    from webapp.apiserver.storage import Storage
    from webapp.sim.rng import RandomStreams

_SERVICES = bucket_name("", "services")
_SPEC = Path("spec")
_PORT_TYPES = frozenset(("LoadBalancer", "NodePort"))
HEADLESS = "None"


class ServiceAllocators:
    """The cluster's ClusterIPs and NodePorts; filled from the stored Services at first use."""

    def __init__(self, config: APIServerConfig, streams: RandomStreams, storage: Storage) -> None:
        stream = streams.stream("apiserver/cluster-ip")
        self._by_family = {
            allocator.family: allocator
            for allocator in (IPAllocator(cidr, stream) for cidr in config.service_cidrs)
        }
        self.first_port, self.last_port = config.node_port_range
        size = self.last_port - self.first_port + 1
        self._ports = RangeAllocator(
            size, port_band_offset(size), streams.stream("apiserver/node-port")
        )
        self._storage = storage
        self._is_filled = False

    @property
    def families(self) -> list[str]:
        """The cluster's address families, the primary one first."""
        return list(self._by_family)

    def by_family(self, family: str) -> IPAllocator | None:
        """The ClusterIPs of a family."""
        self._fill()
        return self._by_family.get(family)

    def ports(self) -> RangeAllocator:
        """NodePorts, counted from the range's first one."""
        self._fill()
        return self._ports

    def release_address(self, address: str) -> None:
        """Give a ClusterIP back."""
        allocator = self.by_family(family_of(address))
        if allocator is not None:
            allocator.release(address)

    def _fill(self) -> None:
        if self._is_filled:
            return
        self._is_filled = True
        for service in self._storage.list(_SERVICES):
            for address in cluster_ips(service):
                allocator = self._by_family.get(family_of(address))
                if allocator is not None:
                    allocator.allocate(address)
            self._ports.take_all(port - self.first_port for port in node_ports(service))


class _Claims:
    """What one request has claimed, so that it can be given back."""

    def __init__(self, allocators: ServiceAllocators) -> None:
        self._allocators = allocators
        self.addresses: list[str] = []
        self.ports: list[int] = []

    def release(self) -> None:
        for address in self.addresses:
            self._allocators.release_address(address)
        for port in self.ports:
            self._allocators.ports().release(port - self._allocators.first_port)
        self.addresses, self.ports = [], []


class ServiceStrategy(Strategy):
    """What is special about Services."""

    def __init__(self, info: ResourceInfo, rules: KindRules, allocators: ServiceAllocators) -> None:
        super().__init__(info, rules)
        self._allocators = allocators
        self._claims = _Claims(allocators)

    def begin_create(self, obj: JSONObject, *, dry_run: bool) -> JSONObject:
        """The Service with its addresses and ports."""
        del dry_run
        self._claims = _Claims(self._allocators)
        return self._with_claims(obj)

    def cancel_create(self, obj: JSONObject) -> None:
        """Nothing of it is needed."""
        del obj
        self._claims.release()

    def begin_update(self, new: JSONObject, old: JSONObject, *, dry_run: bool) -> JSONObject:
        """The changed Service keeps what it has and gets what it lacks."""
        del dry_run
        self._claims = _Claims(self._allocators)
        if new.get("spec") is old.get("spec"):
            return new
        return self._with_claims(_carried_over(new, old), old)

    def cancel_update(self, new: JSONObject, old: JSONObject) -> None:
        """What was claimed anew is not needed."""
        del new, old
        self._claims.release()

    def after_update(self, new: JSONObject, old: JSONObject) -> None:
        """Give back what the Service no longer has."""
        kept = cluster_ips(new)
        for address in cluster_ips(old):
            if address not in kept:
                self._allocators.release_address(address)
        kept_ports = node_ports(new)
        for port in node_ports(old):
            if port not in kept_ports:
                self._allocators.ports().release(port - self._allocators.first_port)

    def after_delete(self, obj: JSONObject) -> None:
        """Give back all that the Service had."""
        for address in cluster_ips(obj):
            self._allocators.release_address(address)
        for port in node_ports(obj):
            self._allocators.ports().release(port - self._allocators.first_port)

    def _with_claims(self, obj: JSONObject, old: JSONObject | None = None) -> JSONObject:
        spec = dict(obj.get("spec") or {})
        try:
            if spec.get("type") != "ExternalName":
                self._claim_addresses(spec, cluster_ips(old) if old else [])
            if (
                spec.get("type") in _PORT_TYPES
                and spec.get("allocateLoadBalancerNodePorts") is not False
            ):
                self._claim_ports(spec, node_ports(old) if old else [])
        except _Refused as refused:
            self._claims.release()
            raise Invalid.of(
                "", "Service", obj["metadata"].get("name", ""), [refused.error]
            ) from refused
        return {**obj, "spec": spec}

    def _claim_addresses(self, spec: JSONObject, held: list[str]) -> None:
        given = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
        families = self._families(spec, given)
        spec["ipFamilies"] = families
        spec.setdefault("ipFamilyPolicy", "SingleStack")
        if given == [HEADLESS]:
            spec["clusterIP"], spec["clusterIPs"] = HEADLESS, [HEADLESS]
            return
        addresses = []
        for index, family in enumerate(families):
            address = given[index] if index < len(given) else ""
            if address and address in held:
                addresses.append(address)
                continue
            addresses.append(self._claim_address(family, address, given))
        spec["clusterIP"], spec["clusterIPs"] = addresses[0], addresses

    def _claim_address(self, family: str, address: str, given: list[str]) -> str:
        allocator = self._allocators.by_family(family)
        if allocator is None:
            raise _Refused(
                invalid(
                    _SPEC.child("ipFamilies").index(0),
                    family,
                    "not configured on this cluster",
                )
            )
        if address:
            problem = ""
            if not allocator.contains(address):
                problem = (
                    f"the provided IP ({address}) is not in the valid range. "
                    f"The range of valid IPs is {allocator.network}"
                )
            elif not allocator.allocate(address):
                problem = "provided IP is already allocated"
            if problem:
                raise _Refused(
                    invalid(
                        _SPEC.child("clusterIPs"),
                        given,
                        f"failed to allocate IP {address}: {problem}",
                    )
                )
            claimed = address
        else:
            drawn = allocator.allocate_next()
            if drawn is None:
                raise StatusError("failed to allocate a serviceIP: range is full")
            claimed = drawn
        self._claims.addresses.append(claimed)
        return claimed

    def _families(self, spec: JSONObject, given: list[str]) -> list[str]:
        """Which families the Service's addresses are of, in order."""
        known = self._allocators.families
        families: list[str] = list(spec.get("ipFamilies") or ())
        if not families and given and given != [HEADLESS]:
            families = [family_of(address) for address in given]
        if not families:
            families = [known[0]]
        policy = spec.get("ipFamilyPolicy", "SingleStack")
        if policy == "RequireDualStack" and len(known) < 2:
            raise _Refused(
                invalid(
                    _SPEC.child("ipFamilyPolicy"),
                    policy,
                    "this cluster is not configured for dual-stack services",
                )
            )
        if policy != "SingleStack" and len(families) == 1:
            families += [family for family in known if family not in families]
        return families if policy != "SingleStack" else families[:1]

    def _claim_ports(self, spec: JSONObject, held: list[int]) -> None:
        ports = self._allocators.ports()
        first, last = self._allocators.first_port, self._allocators.last_port
        own: set[int] = set(held)
        chosen: list[JSONObject] = list(spec.get("ports") or ())
        # Ports chosen by people come first, so that no drawn one takes them away.
        for index, port in enumerate(chosen):
            number = port.get("nodePort") or 0
            if not number or number in own:
                continue
            path = _SPEC.child("ports").index(index).child("nodePort")
            if not first <= number <= last:
                text = f"provided port is not in the valid range. The range of valid ports is {first}-{last}"
                raise _Refused(invalid(path, number, text))
            if not ports.allocate(number - first):
                raise _Refused(invalid(path, number, "provided port is already allocated"))
            own.add(number)
            self._claims.ports.append(number)
        for index, port in enumerate(chosen):
            if not port.get("nodePort"):
                drawn = ports.allocate_next()
                if drawn is None:
                    raise StatusError("failed to allocate a nodePort: range is full")
                self._claims.ports.append(drawn + first)
                chosen[index] = {**port, "nodePort": drawn + first}
        if chosen:
            spec["ports"] = chosen


def _is_external(spec: JSONObject) -> bool:
    return spec.get("type") in _PORT_TYPES or bool(spec.get("externalIPs"))


def _is_load_balancer(spec: JSONObject) -> bool:
    return spec.get("type") == "LoadBalancer"


_TYPE_DEPENDENT: Mapping[str, Callable[[JSONObject], bool]] = {
    "allocateLoadBalancerNodePorts": _is_load_balancer,
    "externalName": lambda spec: spec.get("type") == "ExternalName",
    "externalTrafficPolicy": _is_external,
    "healthCheckNodePort": _is_load_balancer,
    "loadBalancerClass": _is_load_balancer,
}
"""Field → whether a spec can have it."""


class _Refused(Exception):
    """An address or port that cannot be had."""

    def __init__(self, error: FieldError) -> None:
        super().__init__(str(error))
        self.error = error


def cluster_ips(service: JSONObject) -> list[str]:
    """The addresses a Service holds."""
    spec = service.get("spec") or {}
    if spec.get("type") == "ExternalName":
        return []
    held = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    return [address for address in held if address and address != HEADLESS]


def node_ports(service: JSONObject) -> list[int]:
    """The NodePorts a Service holds."""
    spec = service.get("spec") or {}
    if spec.get("type") not in _PORT_TYPES:
        return []
    return [port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")]


def family_of(address: str) -> str:
    """``IPv4`` or ``IPv6``."""
    return "IPv6" if ":" in address else "IPv4"


def _carried_over(new: JSONObject, old: JSONObject) -> JSONObject:
    """``new`` with what the server had filled in and the request left out or can no longer mean.

    Models:
        pkg/registry/core/service/strategy.go patchAllocatedValues, dropTypeDependentFields
        pkg/registry/core/service/storage/storage.go normalizeClusterIPs
    """
    spec, before = dict(new.get("spec") or {}), old.get("spec") or {}
    if spec.get("type") == "ExternalName":
        if spec.get("clusterIP") == before.get("clusterIP"):
            for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
                spec.pop(field, None)
    elif before.get("type") != "ExternalName" and not spec.get("clusterIP"):
        for field in ("clusterIP", "clusterIPs"):
            if field in before:
                spec[field] = before[field]
    elif (
        spec.get("type") != "ExternalName"
        and spec.get("clusterIP") != before.get("clusterIP")
        and spec.get("clusterIPs") == before.get("clusterIPs")
    ):
        # Clients that know only the one address mean the first of the list too.
        spec["clusterIPs"] = [spec["clusterIP"]]
    for field, is_meant in _TYPE_DEPENDENT.items():
        # Left as they were, fields that the new type does not have are dropped, not refused.
        if field in spec and spec[field] == before.get(field) and not is_meant(spec):
            del spec[field]
    spec["ports"] = _carried_ports(spec, before)
    if not spec["ports"]:
        del spec["ports"]
    return {**new, "spec": spec}


def _carried_ports(spec: JSONObject, before: JSONObject) -> list[JSONObject]:
    ports: list[JSONObject] = list(spec.get("ports") or ())
    held = {
        (port.get("protocol", "TCP"), port.get("port")): port["nodePort"]
        for port in before.get("ports") or ()
        if port.get("nodePort")
    }
    has_ports, had_ports = spec.get("type") in _PORT_TYPES, before.get("type") in _PORT_TYPES
    result = []
    taken = {port["nodePort"] for port in ports if port.get("nodePort")}
    for port in ports:
        known = held.get((port.get("protocol", "TCP"), port.get("port")))
        if has_ports and had_ports and not port.get("nodePort") and known and known not in taken:
            taken.add(known)
            result.append({**port, "nodePort": known})
        elif not has_ports and had_ports and port.get("nodePort") in held.values():
            result.append({key: value for key, value in port.items() if key != "nodePort"})
        else:
            result.append(port)
    return result
