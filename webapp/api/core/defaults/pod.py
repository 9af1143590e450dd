"""What the API server fills in for Pods and Pod templates.

Models:
    pkg/apis/core/v1/defaults.go SetDefaults_Pod, SetDefaults_PodSpec
    pkg/apis/core/v1/conversion.go the service account's two names
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api.core.defaults.container import (
    default_container,
    default_resources,
    requests_from_limits,
)
from webapp.api.core.defaults.volume import default_volume
from webapp.api.core.pods import POD_LEVEL_RESOURCES, container_requests
from webapp.api.defaulting import canonical_amounts, fill, map_field, map_items, map_spec

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_CONTAINERS = ("containers", "ephemeralContainers", "initContainers")
_SPEC: dict[str, Any] = {
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}


def default_pod(pod: JSONObject) -> JSONObject:
    """A Pod, with or without status."""
    return _default_pod(pod)


def default_template(template: JSONObject) -> JSONObject:
    """A Pod template in a workload."""
    return _default_template(template)


def default_pod_spec(spec: JSONObject) -> JSONObject:
    """What Pods and templates share."""
    spec = fill(spec, _SPEC)
    spec = mirror_service_account(spec)
    for field in _CONTAINERS:
        spec = map_items(spec, field, default_container)
    spec = map_items(spec, "volumes", default_volume)
    spec = map_field(spec, "overhead", canonical_amounts)
    return map_field(spec, "resources", default_resources)


def mirror_service_account(spec: JSONObject) -> JSONObject:
    """The old name ``serviceAccount`` always says the same as ``serviceAccountName``."""
    old, new = spec.get("serviceAccount"), spec.get("serviceAccountName")
    name = new or old
    if not name or old == new:
        return spec
    return {**spec, "serviceAccount": name, "serviceAccountName": name}


def _default_bare_spec(spec: JSONObject) -> JSONObject:
    """What only Pods get: templates stay as their author wrote them."""
    spec = default_pod_spec(spec)
    for field in ("containers", "initContainers"):
        spec = map_items(spec, field, requests_from_limits)
    if spec.get("resources"):
        spec = _default_pod_requests(spec)
    if spec.get("enableServiceLinks") is None:
        spec = {**spec, "enableServiceLinks": True}
    if spec.get("hostNetwork"):
        for field in ("containers", "initContainers"):
            spec = map_items(spec, field, _default_host_ports)
    return spec


def _default_pod_requests(spec: JSONObject) -> JSONObject:
    """Pod-level requests, where only Pod-level limits are given."""
    resources = spec["resources"]
    limits = resources.get("limits")
    if not limits:
        return spec
    requests = dict(resources.get("requests") or {})
    for name, amount in container_requests(spec).items():
        if name in POD_LEVEL_RESOURCES and name not in requests:
            requests[name] = f"{amount}m" if name == "cpu" else str(amount)
    for name, limit in limits.items():
        requests.setdefault(name, limit)
    if requests == resources.get("requests"):
        return spec
    return {**spec, "resources": {**resources, "requests": canonical_amounts(requests)}}


def _default_host_ports(container: JSONObject) -> JSONObject:
    return map_items(container, "ports", _default_host_port)


def _default_host_port(port: JSONObject) -> JSONObject:
    if port.get("hostPort") or not port.get("containerPort"):
        return port
    return {**port, "hostPort": port["containerPort"]}


_default_pod = map_spec(_default_bare_spec)
_default_template = map_spec(default_pod_spec)
