"""What the API server refuses in Ingresses, NetworkPolicies and EndpointSlices.

Models:
    pkg/apis/networking/validation/validation.go
    pkg/apis/discovery/validation/validation.go
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

from webapp.api import formats
from webapp.api.core.validation.checks import (
    PROTOCOLS,
    items,
    need,
    one_of,
    port_number,
    port_number_or_name,
)
from webapp.api.core.validation.service import special_ip
from webapp.api.objectmeta import problems, validate_immutable, validate_label_selector
from webapp.apimachinery.field_path import (
    FieldError,
    Path,
    forbidden,
    invalid,
    required,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_SPEC = Path("spec")
_ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")


def validate_ingress(ingress: JSONObject) -> list[FieldError]:
    """An Ingress's rules and backends."""
    spec = ingress.get("spec") or {}
    default = spec.get("defaultBackend")
    errors: list[FieldError] = []
    if not spec.get("rules") and default is None:
        text = "either `defaultBackend` or `rules` must be specified"
        errors.append(invalid(_SPEC, spec.get("rules") or [], text))
    if default is not None:
        errors += _validate_backend(default, _SPEC.child("defaultBackend"))
    for path, rule in items(spec, "rules", _SPEC):
        errors += _validate_host(rule.get("host") or "", path.child("host"))
        http = rule.get("http")
        if http is not None:
            errors += _validate_paths(http, path.child("http"))
    return errors


def _validate_host(host: str, path: Path) -> list[FieldError]:
    if not host:
        return []
    if not formats.ip(host):
        return [invalid(path, host, "must be a DNS name, not an IP address")]
    if "*" in host:
        return problems(path, host, formats.wildcard_subdomain(host))
    return problems(path, host, formats.dns1123_subdomain(host))


def _validate_paths(http: JSONObject, path: Path) -> list[FieldError]:
    if not http.get("paths"):
        return [required(path.child("paths"))]
    errors: list[FieldError] = []
    for item_path, entry in items(http, "paths", path):
        type_ = entry.get("pathType")
        if not type_:
            errors.append(required(item_path.child("pathType"), "pathType must be specified"))
        else:
            errors += one_of(entry, "pathType", _PATH_TYPES, item_path)
        text = entry.get("path") or ""
        if type_ in {"Exact", "Prefix"} and not text.startswith("/"):
            errors.append(invalid(item_path.child("path"), text, "must be an absolute path"))
        errors += _validate_backend(entry.get("backend") or {}, item_path.child("backend"))
    return errors


def _validate_backend(backend: JSONObject, path: Path) -> list[FieldError]:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        text = "cannot set both resource and service backends"
        return [invalid(path, "", text)]
    if resource is not None:
        return need(resource, ("kind", "name"), path.child("resource"))
    if service is None:
        return [required(path, "resource or service backend is required")]
    service_path = path.child("service")
    name = service.get("name") or ""
    errors = need(service, ("name",), service_path) or problems(
        service_path.child("name"), name, formats.dns1035_label(name)
    )
    port = service.get("port") or {}
    if port.get("name") and port.get("number"):
        text = "cannot set both port name & port number"
        errors.append(invalid(service_path, "", text))
    elif port.get("name"):
        found = formats.port_name(port["name"])
        errors += problems(service_path.child("port", "name"), port["name"], found)
    elif port.get("number"):
        errors += port_number(port["number"], service_path.child("port", "number"))
    else:
        errors.append(required(service_path, "port name or number is required"))
    return errors


def validate_network_policy(policy: JSONObject) -> list[FieldError]:
    """A NetworkPolicy's selectors, peers and ports."""
    spec = policy.get("spec") or {}
    errors = validate_label_selector(spec.get("podSelector"), _SPEC.child("podSelector"))
    for field, peers in (("ingress", "from"), ("egress", "to")):
        for path, rule in items(spec, field, _SPEC):
            for port_path, port in items(rule, "ports", path):
                errors += _validate_policy_port(port, port_path)
            for peer_path, peer in items(rule, peers, path):
                errors += _validate_peer(peer, peer_path)
    types = spec.get("policyTypes") or ()
    for index, type_ in enumerate(types):
        holder = {"type": type_}
        known = ("Egress", "Ingress")
        wrong = one_of(holder, "type", known, _SPEC)
        path = _SPEC.child("policyTypes").index(index)
        errors += [FieldError(error.reason, str(path), error.message) for error in wrong]
    return errors


def _validate_policy_port(port: JSONObject, path: Path) -> list[FieldError]:
    errors = one_of(port, "protocol", PROTOCOLS, path, optional=True)
    number, end = port.get("port"), port.get("endPort")
    if number is not None:
        errors += port_number_or_name(number, path.child("port"))
    if end is not None:
        if not isinstance(number, int):
            text = "may not be specified when `port` is not specified"
            if number is not None:
                text = "may not be specified when `port` is non-numeric"
            errors.append(invalid(path.child("endPort"), end, text))
        elif end < number:
            text = "must be greater than or equal to `port`"
            errors.append(invalid(path.child("endPort"), end, text))
    return errors


def _validate_peer(peer: JSONObject, path: Path) -> list[FieldError]:
    selectors = [field for field in ("namespaceSelector", "podSelector") if field in peer]
    errors: list[FieldError] = []
    for field in selectors:
        errors += validate_label_selector(peer.get(field), path.child(field))
    block = peer.get("ipBlock")
    if block is not None:
        errors += _validate_block(block, path.child("ipBlock"))
        if selectors:
            text = "may not specify both ipBlock and another peer"
            errors.append(forbidden(path, text))
    elif not selectors:
        errors.append(required(path, "must specify a peer"))
    return errors


def _validate_block(block: JSONObject, path: Path) -> list[FieldError]:
    errors = need(block, ("cidr",), path)
    if errors:
        return errors
    whole = _network(block["cidr"], path.child("cidr"), errors)
    for index, text in enumerate(block.get("except") or ()):
        part_path = path.child("except").index(index)
        part = _network(text, part_path, errors)
        if whole is None or part is None:
            continue
        inside = part.version == whole.version and (
            part.network_address in whole and part.prefixlen > whole.prefixlen
        )
        if not inside:
            errors.append(invalid(part_path, text, "must be a strict subset of `cidr`"))
    return errors


def _network(text: str, path: Path, errors: list[FieldError]) -> IPv4Network | IPv6Network | None:
    try:
        # An address alone is no range.
        return ip_network(text if "/" in text else "", strict=False)
    except ValueError:
        problem = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
        errors.append(invalid(path, text, problem))
        return None


def validate_endpoint_slice(endpoint_slice: JSONObject) -> list[FieldError]:
    """An EndpointSlice's addresses."""
    errors = one_of(endpoint_slice, "addressType", _ADDRESS_TYPES, Path())
    for path, endpoint in items(endpoint_slice, "endpoints", Path()):
        if not endpoint.get("addresses"):
            text = "must contain at least 1 address"
            errors.append(required(path.child("addresses"), text))
        if endpoint_slice.get("addressType") != "FQDN":
            for index, address in enumerate(endpoint.get("addresses") or ()):
                found = formats.ip(address)
                where = path.child("addresses").index(index)
                errors += problems(where, address, found) or special_ip(address, where)
    return errors


def validate_endpoint_slice_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """An EndpointSlice's type of addresses never changes."""
    return validate_immutable(new.get("addressType"), old.get("addressType"), Path("addressType"))
