"""What the API server fills in for a container.

Models:
    pkg/apis/core/v1/defaults.go SetDefaults_Container, SetDefaults_Probe, SetDefaults_HTTPGetAction
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.images import default_pull_policy
from webapp.api.defaulting import canonical_amounts, fill, fill_numbers, map_field, map_items

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_FIELD_REF = {"apiVersion": "v1"}
_HTTP_GET = {"path": "/", "scheme": "HTTP"}
_PORT = {"protocol": "TCP"}
_PROBE_NUMBERS = {
    "failureThreshold": 3,
    "periodSeconds": 10,
    "successThreshold": 1,
    "timeoutSeconds": 1,
}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_RESOURCE_FIELD_REF = {"divisor": "0"}
_TERMINATION = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}


def default_container(container: JSONObject) -> JSONObject:
    """One container of a Pod or of a template."""
    filled = fill(container, _TERMINATION)
    if not filled.get("imagePullPolicy"):
        filled = {**filled, "imagePullPolicy": default_pull_policy(filled.get("image") or "")}
    resources = filled.get("resources")
    if resources is None:
        filled = {**filled, "resources": {}}
    elif resources:
        filled = map_field(filled, "resources", default_resources)
    filled = map_items(filled, "ports", _default_port)
    filled = map_items(filled, "env", _default_env)
    for probe in _PROBES:
        filled = map_field(filled, probe, _default_probe)
    return map_field(filled, "lifecycle", _default_lifecycle)


def default_resources(resources: JSONObject) -> JSONObject:
    """Requests and limits in canonical texts."""
    resources = map_field(resources, "limits", canonical_amounts)
    return map_field(resources, "requests", canonical_amounts)


def requests_from_limits(container: JSONObject) -> JSONObject:
    """Where only a limit is given, the request equals it; holds for Pods, not for templates."""
    resources = container.get("resources")
    limits = resources.get("limits") if resources else None
    if not resources or not limits:
        return container
    requests = resources.get("requests") or {}
    if limits.keys() <= requests.keys():
        return container
    return {**container, "resources": {**resources, "requests": {**limits, **requests}}}


def default_field_ref(field_ref: JSONObject) -> JSONObject:
    """A reference to a field of the Pod."""
    return fill(field_ref, _FIELD_REF)


def default_resource_field_ref(resource_field_ref: JSONObject) -> JSONObject:
    """A reference to a container's request or limit."""
    return fill(resource_field_ref, _RESOURCE_FIELD_REF)


def _default_port(port: JSONObject) -> JSONObject:
    return fill(port, _PORT)


def _default_env(variable: JSONObject) -> JSONObject:
    return map_field(variable, "valueFrom", _default_value_from)


def _default_value_from(source: JSONObject) -> JSONObject:
    source = map_field(source, "fieldRef", default_field_ref)
    return map_field(source, "resourceFieldRef", default_resource_field_ref)


def _default_probe(probe: JSONObject) -> JSONObject:
    probe = fill_numbers(probe, _PROBE_NUMBERS)
    probe = map_field(probe, "grpc", _default_grpc)
    return map_field(probe, "httpGet", _default_http_get)


def _default_grpc(action: JSONObject) -> JSONObject:
    return action if action.get("service") is not None else {**action, "service": ""}


def _default_http_get(action: JSONObject) -> JSONObject:
    return fill(action, _HTTP_GET)


def _default_lifecycle(lifecycle: JSONObject) -> JSONObject:
    for hook in ("postStart", "preStop"):
        lifecycle = map_field(lifecycle, hook, _default_handler)
    return lifecycle


def _default_handler(handler: JSONObject) -> JSONObject:
    return map_field(handler, "httpGet", _default_http_get)
