"""Rows of Services, endpoints, Ingresses and their like.

Models:
    pkg/printers/internalversion/printers.go printService and its neighbours
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.apiserver.printers.columns import (
    AGE,
    NAME,
    NONE,
    SELECTOR_COLUMN,
    UNSET,
    Column,
    TablePrinter,
    age,
    at_most,
    joined,
    labels_text,
    name,
    selector_text,
    spec,
    status,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


def _service_row(service: JSONObject, now_ms: int) -> list[Any]:
    desired = spec(service)
    addresses = desired.get("clusterIPs") or [desired.get("clusterIP") or NONE]
    return [
        name(service),
        desired.get("type", ""),
        addresses[0],
        _external_ip(service),
        _service_ports(desired),
        age(service, now_ms),
        labels_text(desired.get("selector")),
    ]


def _external_ip(service: JSONObject) -> str:
    desired = spec(service)
    external = desired.get("externalIPs") or []
    match desired.get("type"):
        case "ExternalName":
            return str(desired.get("externalName", ""))
        case "LoadBalancer":
            addresses = _load_balancer_addresses(service)
            return ",".join([*addresses, *external]) or "<pending>"
        case _:
            return joined(external)


def _load_balancer_addresses(obj: JSONObject) -> list[str]:
    points = (status(obj).get("loadBalancer") or {}).get("ingress") or ()
    found = {point.get("ip") or point.get("hostname") or "" for point in points}
    return sorted(found - {""})


def _service_ports(desired: JSONObject) -> str:
    return joined(
        [
            f"{port.get('port')}:{port['nodePort']}/{port.get('protocol', '')}"
            if port.get("nodePort")
            else f"{port.get('port')}/{port.get('protocol', '')}"
            for port in desired.get("ports") or ()
        ]
    )


def _endpoints_row(endpoints: JSONObject, now_ms: int) -> list[Any]:
    texts: list[str] = []
    for subset in endpoints.get("subsets") or ():
        addresses = [_bracketed(entry.get("ip", "")) for entry in subset.get("addresses") or ()]
        ports = subset.get("ports")
        if ports:
            texts += [f"{ip}:{port.get('port')}" for port in ports for ip in addresses]
        else:
            texts += addresses
    return [name(endpoints), at_most(texts, 3) or NONE, age(endpoints, now_ms)]


def _bracketed(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip


def _endpoint_slice_row(endpoint_slice: JSONObject, now_ms: int) -> list[Any]:
    ports = [
        "*" if port.get("port") is None else str(port["port"])
        for port in endpoint_slice.get("ports") or ()
    ]
    addresses = [
        address
        for endpoint in endpoint_slice.get("endpoints") or ()
        for address in endpoint.get("addresses") or ()
    ]
    return [
        name(endpoint_slice),
        endpoint_slice.get("addressType", ""),
        at_most(ports, 3) or UNSET,
        at_most(addresses, 3) or UNSET,
        age(endpoint_slice, now_ms),
    ]


def _ingress_row(ingress: JSONObject, now_ms: int) -> list[Any]:
    desired = spec(ingress)
    hosts = [rule["host"] for rule in desired.get("rules") or () if rule.get("host")]
    return [
        name(ingress),
        desired.get("ingressClassName") or NONE,
        at_most(hosts, 3) or "*",
        ",".join(_load_balancer_addresses(ingress)),
        "80, 443" if desired.get("tls") else "80",
        age(ingress, now_ms),
    ]


def _ingress_class_row(ingress_class: JSONObject, now_ms: int) -> list[Any]:
    parameters = spec(ingress_class).get("parameters")
    text = NONE
    if parameters:
        group = parameters.get("apiGroup")
        kind = f"{parameters.get('kind', '')}.{group}" if group else parameters.get("kind", "")
        text = f"{kind}/{parameters.get('name', '')}"
    controller = spec(ingress_class).get("controller", "")
    return [name(ingress_class), controller, text, age(ingress_class, now_ms)]


def _network_policy_row(policy: JSONObject, now_ms: int) -> list[Any]:
    return [name(policy), selector_text(spec(policy).get("podSelector")), age(policy, now_ms)]


def _ip_address_row(address: JSONObject, now_ms: int) -> list[Any]:
    del now_ms
    parent = spec(address).get("parentRef") or {}
    resource = parent.get("resource", "")
    group = parent.get("group")
    resource = f"{resource}.{group}" if group else resource
    parts = [resource, parent.get("namespace", ""), parent.get("name", "")]
    return [name(address), "/".join(part for part in parts if part)]


def _service_cidr_row(service_cidr: JSONObject, now_ms: int) -> list[Any]:
    return [
        name(service_cidr),
        ",".join(spec(service_cidr).get("cidrs") or ()),
        age(service_cidr, now_ms),
    ]


PRINTERS: dict[tuple[str, str], TablePrinter] = {
    ("", "endpoints"): TablePrinter(
        (NAME, Column("Endpoints", description="Addresses and ports that are ready."), AGE),
        _endpoints_row,
    ),
    ("", "services"): TablePrinter(
        (
            NAME,
            Column("Type", description="How the Service is reached."),
            Column("Cluster-IP", description="Its address within the cluster."),
            Column("External-IP", description="Its addresses outside."),
            Column("Port(s)", description="Ports, node ports and protocols."),
            AGE,
            SELECTOR_COLUMN,
        ),
        _service_row,
    ),
    ("discovery.k8s.io", "endpointslices"): TablePrinter(
        (
            NAME,
            Column("AddressType", description="The kind of addresses."),
            Column("Ports", description="Ports of each endpoint."),
            Column("Endpoints", description="Addresses of the endpoints."),
            AGE,
        ),
        _endpoint_slice_row,
    ),
    ("networking.k8s.io", "ingressclasses"): TablePrinter(
        (
            NAME,
            Column("Controller", description="Who handles Ingresses of this class."),
            Column("Parameters", description="What further sets the controller up."),
            AGE,
        ),
        _ingress_class_row,
    ),
    ("networking.k8s.io", "ingresses"): TablePrinter(
        (
            NAME,
            Column("Class", description="Who handles the Ingress."),
            Column("Hosts", description="Hosts that the rules match."),
            Column("Address", description="Where traffic enters."),
            Column("Ports", description="Ports that are open."),
            AGE,
        ),
        _ingress_row,
    ),
    ("networking.k8s.io", "ipaddresses"): TablePrinter(
        (NAME, Column("ParentRef", description="Who uses the address.")), _ip_address_row
    ),
    ("networking.k8s.io", "networkpolicies"): TablePrinter(
        (NAME, Column("Pod-Selector", description="Which Pods the policy is for."), AGE),
        _network_policy_row,
    ),
    ("networking.k8s.io", "servicecidrs"): TablePrinter(
        (NAME, Column("CIDRs", description="Ranges that addresses come from."), AGE),
        _service_cidr_row,
    ),
}
"""(group, resource) → how it is printed, sorted."""
