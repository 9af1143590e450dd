"""What the API server refuses in Services.

Models:
    pkg/apis/core/validation/validation.go ValidateService, ValidateServiceUpdate
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from webapp.api import formats
from webapp.api.core.defaults.service import is_externally_accessible
from webapp.api.core.validation.checks import (
    PROTOCOLS,
    items,
    no_duplicates,
    one_of,
    port_number,
    port_number_or_name,
)
from webapp.api.objectmeta import problems, validate_immutable, validate_labels
from webapp.apimachinery.field_path import (
    FieldError,
    Path,
    duplicate,
    forbidden,
    invalid,
    required,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_AFFINITY_SECONDS = range(1, 86401)
_NODE_PORT_TYPES = frozenset({"LoadBalancer", "NodePort"})
_LINK_LOCAL_MULTICAST = (ip_network("224.0.0.0/24"), ip_network("ff02::/16"))
_SPEC = Path("spec")
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")


def validate_service(service: JSONObject) -> list[FieldError]:
    """A Service's spec; addresses may be allocated already or not."""
    spec = service.get("spec") or {}
    errors: list[FieldError] = []
    type_ = spec.get("type")
    headless = spec.get("clusterIP") == "None"
    if not spec.get("ports") and not headless and type_ != "ExternalName":
        errors.append(required(_SPEC.child("ports")))
    if type_ == "ExternalName":
        errors += _validate_external_name(spec)
    elif headless and type_ in _NODE_PORT_TYPES:
        text = "may not be set to 'None' for LoadBalancer services"
        if type_ == "NodePort":
            text = "may not be set to 'None' for NodePort services"
        errors.append(invalid(_SPEC.child("clusterIPs").index(0), "None", text))
    errors += _validate_ports(spec, type_ or "")
    errors += validate_labels(spec.get("selector"), _SPEC.child("selector"))
    errors += one_of(spec, "sessionAffinity", ("ClientIP", "None"), _SPEC)
    errors += _validate_affinity_seconds(spec)
    errors += one_of(spec, "type", _TYPES, _SPEC)
    errors += _validate_families(spec)
    return errors + _validate_addresses(spec) + _validate_balancer(spec) + _validate_policies(spec)


def validate_service_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """A Service's address stays as long as it has one."""
    after, before = new.get("spec") or {}, old.get("spec") or {}
    if "ExternalName" in (after.get("type"), before.get("type")):
        return []
    if after.get("type") == before.get("type") == "LoadBalancer":
        field = "loadBalancerClass"
        changed = validate_immutable(after.get(field), before.get(field), _SPEC.child(field))
        if changed:
            return changed
    old_ip, new_ip = before.get("clusterIP"), after.get("clusterIP")
    if not old_ip or old_ip == new_ip:
        return []
    path = _SPEC.child("clusterIPs").index(0)
    shown = after.get("clusterIPs") or ([new_ip] if new_ip else [])
    text = "may not change once set" if new_ip else "primary clusterIP can not be unset"
    return [invalid(path, shown, text)]


def _validate_external_name(spec: JSONObject) -> list[FieldError]:
    errors: list[FieldError] = []
    for field in ("clusterIPs", "ipFamilies"):
        if spec.get(field):
            text = "may not be set for ExternalName services"
            errors.append(forbidden(_SPEC.child(field), text))
    # A trailing dot marks the name as fully qualified.
    host = (spec.get("externalName") or "").removesuffix(".")
    if not host:
        return [*errors, required(_SPEC.child("externalName"))]
    return errors + problems(_SPEC.child("externalName"), host, formats.dns1123_subdomain(host))


def _validate_ports(spec: JSONObject, type_: str) -> list[FieldError]:
    errors: list[FieldError] = []
    ports = list(items(spec, "ports", _SPEC))
    names: list[tuple[Path, Any]] = []
    for path, port in ports:
        name = port.get("name") or ""
        if not name and len(ports) > 1:
            errors.append(required(path.child("name")))
        elif name:
            errors += problems(path.child("name"), name, formats.dns1123_label(name))
            names.append((path.child("name"), name))
        errors += port_number(port.get("port") or 0, path.child("port"))
        errors += one_of(port, "protocol", PROTOCOLS, path)
        if port.get("targetPort") is not None:
            errors += port_number_or_name(port["targetPort"], path.child("targetPort"))
        errors += _validate_node_port(port, type_, path)
    errors += no_duplicates(names)
    return errors + _validate_distinct(ports)


def _validate_node_port(port: JSONObject, type_: str, path: Path) -> list[FieldError]:
    number = port.get("nodePort")
    if not number:
        return []
    # Whether the number is in the cluster's range is the allocator's to say.
    if type_ in {"ClusterIP", "ExternalName"}:
        text = f"may not be used when `type` is '{type_}'"
        return [forbidden(path.child("nodePort"), text)]
    return []


def _validate_distinct(ports: list[tuple[Path, JSONObject]]) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[tuple[Any, Any]] = set()
    node_ports: set[tuple[Any, Any]] = set()
    for path, port in ports:
        key = (port.get("protocol"), port.get("port"))
        if key in seen:
            errors.append(duplicate(path, {"port": key[1], "protocol": key[0]}))
        seen.add(key)
        if port.get("nodePort"):
            node_key = (port.get("protocol"), port["nodePort"])
            if node_key in node_ports:
                errors.append(duplicate(path.child("nodePort"), node_key[1]))
            node_ports.add(node_key)
    return errors


def _validate_affinity_seconds(spec: JSONObject) -> list[FieldError]:
    client_ip = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
    seconds = client_ip.get("timeoutSeconds")
    if seconds is None or seconds in _AFFINITY_SECONDS:
        return []
    path = _SPEC.child("sessionAffinityConfig", "clientIP", "timeoutSeconds")
    text = f"must be greater than 0 and less than {_AFFINITY_SECONDS.stop - 1}"
    return [invalid(path, seconds, text)]


def _validate_families(spec: JSONObject) -> list[FieldError]:
    path = _SPEC.child("ipFamilies")
    families = spec.get("ipFamilies") or ()
    errors: list[FieldError] = []
    if len(families) > 2:
        errors.append(invalid(path, families, "may only hold up to 2 values"))
    for index, family in enumerate(families):
        errors += [
            FieldError(error.reason, str(path.index(index)), error.message)
            for error in one_of({"family": family}, "family", ("IPv4", "IPv6"), path)
        ]
        if family in families[:index]:
            errors.append(duplicate(path.index(index), family))
    return errors + one_of(
        spec,
        "ipFamilyPolicy",
        ("PreferDualStack", "RequireDualStack", "SingleStack"),
        _SPEC,
        optional=True,
    )


def _validate_addresses(spec: JSONObject) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, address in enumerate(spec.get("externalIPs") or ()):
        path = _SPEC.child("externalIPs").index(index)
        errors += problems(path, address, formats.ip(address)) or special_ip(address, path)
    address = spec.get("clusterIP")
    if address and address != "None":
        errors += problems(_SPEC.child("clusterIPs").index(0), address, formats.ip(address))
    addresses = spec.get("clusterIPs")
    if addresses and address and addresses[0] != address:
        text = "first value must match `clusterIP`"
        errors.append(invalid(_SPEC.child("clusterIPs"), addresses, text))
    return errors


def special_ip(address: str, path: Path) -> list[FieldError]:
    """Addresses that only mean something on the machine or wire itself cannot be sent to.

    Models:
        pkg/apis/core/validation/validation.go ValidateNonSpecialIP
    """
    try:
        ip = ip_address(address)
    except ValueError:  # somebody else says so
        return []
    found = (
        (ip.is_unspecified, f"may not be unspecified ({address})"),
        (ip.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (ip.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        (
            any(ip.version == net.version and ip in net for net in _LINK_LOCAL_MULTICAST),
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        ),
    )
    return [invalid(path, address, text) for holds, text in found if holds]


def _validate_balancer(spec: JSONObject) -> list[FieldError]:
    errors: list[FieldError] = []
    is_balancer = spec.get("type") == "LoadBalancer"
    path = _SPEC.child("loadBalancerSourceRanges")
    ranges = spec.get("loadBalancerSourceRanges") or ()
    if ranges and not is_balancer:
        errors.append(forbidden(path, "may only be used when `type` is 'LoadBalancer'"))
    for index, text in enumerate(ranges):
        try:
            ip_network(text.strip(), strict=False)
        except ValueError:
            problem = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            errors.append(invalid(path.index(index), text, problem))
    class_ = spec.get("loadBalancerClass")
    class_path = _SPEC.child("loadBalancerClass")
    if class_ and not is_balancer:
        errors.append(forbidden(class_path, "may only be used when `type` is 'LoadBalancer'"))
    elif class_:
        errors += problems(class_path, class_, formats.qualified_name(class_))
    return errors


def _validate_policies(spec: JSONObject) -> list[FieldError]:
    errors = one_of(spec, "internalTrafficPolicy", ("Cluster", "Local"), _SPEC, optional=True)
    policy = spec.get("externalTrafficPolicy")
    if policy and not is_externally_accessible(spec):
        text = "may only be set for externally-accessible services"
        errors.append(invalid(_SPEC.child("externalTrafficPolicy"), policy, text))
    elif policy:
        errors += one_of(spec, "externalTrafficPolicy", ("Cluster", "Local"), _SPEC)
    return errors
