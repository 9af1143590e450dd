"""What the API server fills in for Services; addresses and ports are allocated elsewhere.

Models:
    pkg/apis/core/v1/defaults.go SetDefaults_Service
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.defaulting import fill, map_items, map_spec

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_AFFINITY_SECONDS = 10800
_INTERNAL_TYPES = frozenset({"ClusterIP", "LoadBalancer", "NodePort"})


def default_service(service: JSONObject) -> JSONObject:
    """A Service, with or without status."""
    return _default_service(service)


def _default_spec(spec: JSONObject) -> JSONObject:
    spec = fill(spec, {"sessionAffinity": "None", "type": "ClusterIP"})
    spec = _default_affinity(spec)
    spec = map_items(spec, "ports", _default_port)
    type_ = spec["type"]
    if not spec.get("externalTrafficPolicy") and is_externally_accessible(spec):
        spec = {**spec, "externalTrafficPolicy": "Cluster"}
    if spec.get("internalTrafficPolicy") is None and type_ in _INTERNAL_TYPES:
        spec = {**spec, "internalTrafficPolicy": "Cluster"}
    if type_ == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is None:
        spec = {**spec, "allocateLoadBalancerNodePorts": True}
    return spec


def is_externally_accessible(spec: JSONObject) -> bool:
    """Whether traffic may come from outside the cluster."""
    type_ = spec.get("type")
    return type_ in {"LoadBalancer", "NodePort"} or (
        type_ == "ClusterIP" and bool(spec.get("externalIPs"))
    )


def _default_affinity(spec: JSONObject) -> JSONObject:
    if spec["sessionAffinity"] == "None":
        if "sessionAffinityConfig" not in spec:
            return spec
        return {key: value for key, value in spec.items() if key != "sessionAffinityConfig"}
    client_ip = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
    if spec["sessionAffinity"] != "ClientIP" or client_ip.get("timeoutSeconds") is not None:
        return spec
    return {**spec, "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": _AFFINITY_SECONDS}}}


def _default_port(port: JSONObject) -> JSONObject:
    port = fill(port, {"protocol": "TCP"})
    if port.get("targetPort") in (None, 0, "") and port.get("port"):
        return {**port, "targetPort": port["port"]}
    return port


_default_service = map_spec(_default_spec)
