"""What the API server fills in for the smaller core kinds.

Models:
    pkg/apis/core/v1/defaults.go
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from webapp.api.core.defaults.pod import default_template
from webapp.api.core.defaults.volume import default_claim_spec
from webapp.api.defaulting import (
    canonical_amounts,
    fill,
    map_field,
    map_items,
    map_spec,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

NAMESPACE_LABEL = "kubernetes.io/metadata.name"


def default_namespace(namespace: JSONObject) -> JSONObject:
    """A Namespace: its name is a label too."""
    metadata = namespace["metadata"]
    name = metadata.get("name")
    labels = metadata.get("labels") or {}
    if not name or labels.get(NAMESPACE_LABEL) == name:
        return namespace
    return {**namespace, "metadata": {**metadata, "labels": {**labels, NAMESPACE_LABEL: name}}}


def default_secret(secret: JSONObject) -> JSONObject:
    """A Secret: of type Opaque unless said otherwise; plain texts join the encoded data."""
    texts = secret.get("stringData")
    if texts is not None:
        encoded = {key: b64encode(text.encode()).decode() for key, text in texts.items()}
        secret = {key: value for key, value in secret.items() if key != "stringData"}
        secret["data"] = {**(secret.get("data") or {}), **encoded}
    return fill(secret, {"type": "Opaque"})


def default_node(node: JSONObject) -> JSONObject:
    """A Node: what Pods may use is its capacity unless said otherwise."""
    return map_field(node, "status", _default_node_status)


def _default_node_status(status: JSONObject) -> JSONObject:
    status = map_field(status, "capacity", canonical_amounts)
    status = map_field(status, "allocatable", canonical_amounts)
    if status.get("allocatable") is None and status.get("capacity"):
        return {**status, "allocatable": status["capacity"]}
    return status


def default_endpoints(endpoints: JSONObject) -> JSONObject:
    """Endpoints: ports are TCP unless said otherwise."""
    return map_items(endpoints, "subsets", _default_subset)


def _default_subset(subset: JSONObject) -> JSONObject:
    return map_items(subset, "ports", _default_endpoint_port)


def _default_endpoint_port(port: JSONObject) -> JSONObject:
    return fill(port, {"protocol": "TCP"})


def default_persistent_volume(volume: JSONObject) -> JSONObject:
    """A PersistentVolume."""
    return _default_persistent_volume(volume)


def _default_volume_spec(spec: JSONObject) -> JSONObject:
    spec = map_field(spec, "capacity", canonical_amounts)
    return fill(spec, {"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"})


def default_persistent_volume_claim(claim: JSONObject) -> JSONObject:
    """A PersistentVolumeClaim."""
    return _default_persistent_volume_claim(claim)


def _default_claim(spec: JSONObject) -> JSONObject:
    return map_field(default_claim_spec(spec), "resources", _default_claim_resources)


def _default_claim_resources(resources: JSONObject) -> JSONObject:
    resources = map_field(resources, "requests", canonical_amounts)
    return map_field(resources, "limits", canonical_amounts)


def default_limit_range(limit_range: JSONObject) -> JSONObject:
    """A LimitRange: a container's defaults follow from its bounds."""
    return _default_limit_range(limit_range)


def _default_limits(spec: JSONObject) -> JSONObject:
    return map_items(spec, "limits", _default_limit)


def _default_limit(limit: JSONObject) -> JSONObject:
    for field in ("default", "defaultRequest", "max", "min"):
        limit = map_field(limit, field, canonical_amounts)
    if limit.get("type") != "Container":
        return limit
    limits = {**(limit.get("max") or {}), **(limit.get("default") or {})}
    requests = {**(limit.get("min") or {}), **limits, **(limit.get("defaultRequest") or {})}
    added = {
        key: amounts
        for key, amounts in (("default", limits), ("defaultRequest", requests))
        if amounts and amounts != limit.get(key)
    }
    return {**limit, **added} if added else limit


def default_resource_quota(quota: JSONObject) -> JSONObject:
    """A ResourceQuota."""
    return _default_resource_quota(quota)


def _default_quota(spec: JSONObject) -> JSONObject:
    return map_field(spec, "hard", canonical_amounts)


def default_replication_controller(controller: JSONObject) -> JSONObject:
    """A ReplicationController: selector and labels follow from the template."""
    spec = controller.get("spec") or {}
    spec = map_field(spec, "template", default_template)
    if spec.get("replicas") is None:
        spec = {**spec, "replicas": 1}
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    metadata = controller["metadata"]
    if labels and not spec.get("selector"):
        spec = {**spec, "selector": labels}
    if labels and not metadata.get("labels"):
        metadata = {**metadata, "labels": labels}
    if spec is controller.get("spec") and metadata is controller["metadata"]:
        return controller
    return {**controller, "metadata": metadata, "spec": spec}


_default_limit_range = map_spec(_default_limits)
_default_persistent_volume = map_spec(_default_volume_spec)
_default_persistent_volume_claim = map_spec(_default_claim)
_default_resource_quota = map_spec(_default_quota)
