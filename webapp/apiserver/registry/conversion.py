"""Kinds that are served under two names but stored under one: Events, HorizontalPodAutoscalers, custom kinds.

An object as a version shows it enters, as the other version shows it leaves. The handlers convert on
the way in and out; storage and watchers of the stored version know one form only. The versions of a
custom kind differ in ``apiVersion`` alone (conversion strategy ``None``).

Models:
    pkg/apis/core/v1/conversion.go, pkg/apis/events/v1/conversion.go
    pkg/apis/autoscaling/v1/conversion.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo

_EVENT_FIELDS = {
    "deprecatedCount": "count",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedSource": "source",
    "note": "message",
    "regarding": "involvedObject",
    "reportingController": "reportingComponent",
}
"""Field of events.k8s.io/v1 → field of the core Event; the others have the same names."""

_CORE_FIELDS = {core: field for field, core in _EVENT_FIELDS.items()}


def to_stored(info: ResourceInfo, obj: JSONObject) -> JSONObject:
    """An object of ``info``'s version as it is stored."""
    if info.stored_as is None:
        return obj
    api_version = info.stored_as.api_version
    if info.custom is not None:
        return {**obj, "apiVersion": api_version}
    if info.kind == "Event":
        return _renamed(obj, _EVENT_FIELDS, api_version)
    return _autoscaler_to_v2(obj, api_version)


def from_stored(info: ResourceInfo, obj: JSONObject) -> JSONObject:
    """A stored object as ``info``'s version shows it."""
    if info.stored_as is None:
        return obj
    if info.custom is not None:
        return {**obj, "apiVersion": info.gvr.api_version}
    if info.kind == "Event":
        return _renamed(obj, _CORE_FIELDS, info.gvr.api_version)
    return _autoscaler_to_v1(obj, info.gvr.api_version)


def _renamed(obj: JSONObject, names: dict[str, str], api_version: str) -> JSONObject:
    renamed = {names.get(field, field): value for field, value in obj.items()}
    renamed["apiVersion"] = api_version
    return renamed


def _autoscaler_to_v2(obj: JSONObject, api_version: str) -> JSONObject:
    spec = dict(obj.get("spec") or {})
    target = spec.pop("targetCPUUtilizationPercentage", None)
    if target is not None:
        spec["metrics"] = [
            {
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": target},
                },
            }
        ]
    return {**obj, "apiVersion": api_version, "spec": spec}


def _autoscaler_to_v1(obj: JSONObject, api_version: str) -> JSONObject:
    spec = dict(obj.get("spec") or {})
    for metric in spec.pop("metrics", None) or ():
        resource = metric.get("resource") or {}
        if metric.get("type") == "Resource" and resource.get("name") == "cpu":
            utilization = (resource.get("target") or {}).get("averageUtilization")
            if utilization is not None:
                spec["targetCPUUtilizationPercentage"] = utilization
    spec.pop("behavior", None)
    return {**obj, "apiVersion": api_version, "spec": spec}
