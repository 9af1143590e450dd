"""What the API server fills in for network policies, ingress classes and endpoint slices.

Models:
    pkg/apis/networking/v1/defaults.go
    pkg/apis/discovery/v1/defaults.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.defaulting import fill, map_field, map_items, map_spec

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


def default_endpoint_slice(endpoint_slice: JSONObject) -> JSONObject:
    """An EndpointSlice."""
    return map_items(endpoint_slice, "ports", _default_slice_port)


def _default_slice_port(port: JSONObject) -> JSONObject:
    if port.get("name") is None:
        port = {**port, "name": ""}
    return _default_port(port)


def _default_port(port: JSONObject) -> JSONObject:
    return fill(port, {"protocol": "TCP"})


def _default_network_policy(spec: JSONObject) -> JSONObject:
    if not spec.get("policyTypes"):
        types = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
        spec = {**spec, "policyTypes": types}
    for field in ("ingress", "egress"):
        spec = map_items(spec, field, _default_rule)
    return spec


def _default_rule(rule: JSONObject) -> JSONObject:
    return map_items(rule, "ports", _default_port)


def _default_ingress_class(spec: JSONObject) -> JSONObject:
    return map_field(spec, "parameters", _default_parameters)


def _default_parameters(parameters: JSONObject) -> JSONObject:
    return fill(parameters, {"scope": "Cluster"})


default_ingress_class = map_spec(_default_ingress_class)
default_network_policy = map_spec(_default_network_policy)
