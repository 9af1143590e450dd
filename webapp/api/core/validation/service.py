"""What the API server refuses in Services.

Models:
    pkg/apis/core/validation/validation.go ValidateService, ValidateServiceUpdate
"""

from __future__ import annotations

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
from webapp.api.objectmeta import problems, validate_labels
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
    return errors + _validate_addresses(spec) + _validate_policies(spec)


def validate_service_change(new: JSONObject, old: JSONObject) -> list[FieldError]:
    """A Service's address stays as long as it has one."""
    after, before = new.get("spec") or {}, old.get("spec") or {}
    if "ExternalName" in (after.get("type"), before.get("type")):
        return []
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


def _validate_addresses(spec: JSONObject) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, address in enumerate(spec.get("externalIPs") or ()):
        errors += problems(_SPEC.child("externalIPs").index(index), address, formats.ip(address))
    address = spec.get("clusterIP")
    if address and address != "None":
        errors += problems(_SPEC.child("clusterIPs").index(0), address, formats.ip(address))
    addresses = spec.get("clusterIPs")
    if addresses and address and addresses[0] != address:
        text = "first value must match `clusterIP`"
        errors.append(invalid(_SPEC.child("clusterIPs"), addresses, text))
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
