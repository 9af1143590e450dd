"""Endpoint addresses as subsets of an Endpoints object. Pure.

Addresses that serve the same ports share a subset; within it the ready ones are apart from the
others. Everything is sorted, so that equal inputs give equal objects.

Models:
    pkg/api/v1/endpoints/util.go RepackSubsets
    pkg/controller/endpoint/endpoints_controller.go addEndpointSubset, truncateEndpoints
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject

MAX_CAPACITY = 1000
"""Addresses that one Endpoints object holds at most."""


class Address(NamedTuple):
    """One address behind one of the Service's ports.

    Attributes:
        address: Entry of ``addresses`` or ``notReadyAddresses``.
        port: Entry of ``ports``; ``None`` for a headless Service without ports.
        ready: Whether to send requests to it.
    """

    address: JSONObject
    port: JSONObject | None
    ready: bool


def repack_subsets(addresses: Iterable[Address]) -> list[JSONObject]:
    """Subsets in order of their ports; addresses in order of their IPs."""
    ports_of: dict[tuple[str, str, bool], list[JSONObject]] = {}
    entries: dict[tuple[str, str, bool], JSONObject] = {}
    for entry in addresses:
        key = (
            entry.address["ip"],
            (entry.address.get("targetRef") or {}).get("uid", ""),
            entry.ready,
        )
        entries[key] = entry.address
        ports = ports_of.setdefault(key, [])
        if entry.port is not None:
            ports.append(entry.port)
    subsets: dict[str, JSONObject] = {}
    for key in sorted(entries, key=lambda key: (_ip_order(key[0]), key[1], not key[2])):
        ports = sorted(ports_of[key], key=_port_order)
        subset = subsets.setdefault(str(list(map(_port_order, ports))), {"ports": ports})
        field = "addresses" if key[2] else "notReadyAddresses"
        subset.setdefault(field, []).append(entries[key])
    return [_ordered(subsets[key]) for key in sorted(subsets)]


def truncate_subsets(subsets: list[JSONObject]) -> tuple[list[JSONObject], bool]:
    """At most 1,000 addresses, ready ones first; and whether some were left out."""
    total = sum(
        len(subset.get(field) or ())
        for subset in subsets
        for field in ("addresses", "notReadyAddresses")
    )
    if total <= MAX_CAPACITY:
        return subsets, False
    left = MAX_CAPACITY
    kept: list[JSONObject] = [dict(subset) for subset in subsets]
    for field in ("addresses", "notReadyAddresses"):
        for subset in kept:
            held = subset.pop(field, [])[:left]
            left -= len(held)
            if held:
                subset[field] = held
    return [
        _ordered(subset)
        for subset in kept
        if subset.get("addresses") or subset.get("notReadyAddresses")
    ], True


def _ordered(subset: JSONObject) -> JSONObject:
    fields = ("addresses", "notReadyAddresses", "ports")
    return {field: subset[field] for field in fields if subset.get(field)}


def _ip_order(address: str) -> tuple[int, ...] | tuple[str]:
    parts = address.split(".")
    return tuple(map(int, parts)) if len(parts) == 4 else (address,)


def _port_order(port: JSONObject) -> tuple[str, int, str]:
    return port.get("protocol", "TCP"), port["port"], port.get("name", "")
