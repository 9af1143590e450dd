"""Objects that two resources share: stored in one form, served in both.

The registry calls ``to_storage`` with what a client sent and ``from_storage`` with what it gives back; for
nearly all kinds both return their argument.

Models:
    pkg/apis/core/v1/conversion.go, pkg/apis/events/v1/conversion.go
    pkg/apis/autoscaling/v1/conversion.go

An autoscaler's metrics and behavior that version 1 cannot say travel in upstream's annotations, as version
2 writes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from webapp.apimachinery.schema import GroupVersionKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo

_EVENT_FIELDS = {
    "count": "deprecatedCount",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "involvedObject": "regarding",
    "lastTimestamp": "deprecatedLastTimestamp",
    "message": "note",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
}
"""Field of a core Event → the same field in events.k8s.io."""

_CORE_EVENT_FIELDS = {new: core for core, new in _EVENT_FIELDS.items()}
_BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior"
_METRICS = "autoscaling.alpha.kubernetes.io/metrics"
_CPU_TARGET = "targetCPUUtilizationPercentage"
_CPU_NOW = "currentCPUUtilizationPercentage"


def to_storage(info: ResourceInfo, obj: JSONObject) -> JSONObject:
    """An object as its resource serves it → as it is stored."""
    return _converted(_TO_STORAGE, info, obj)


def from_storage(info: ResourceInfo, obj: JSONObject) -> JSONObject:
    """An object as it is stored → as its resource serves it."""
    return _converted(_FROM_STORAGE, info, obj)


def _converted(
    table: dict[GroupVersionKind, Callable[[JSONObject], JSONObject]],
    info: ResourceInfo,
    obj: JSONObject,
) -> JSONObject:
    if info.stored_as is None:
        return obj
    return table[info.gvk](obj)


def _renamed(obj: JSONObject, names: dict[str, str], api_version: str) -> JSONObject:
    renamed = {names.get(key, key): value for key, value in obj.items()}
    renamed["apiVersion"] = api_version
    return renamed


def _event_to_core(event: JSONObject) -> JSONObject:
    return _renamed(event, _CORE_EVENT_FIELDS, "v1")


def _event_from_core(event: JSONObject) -> JSONObject:
    return _renamed(event, _EVENT_FIELDS, "events.k8s.io/v1")


def _cpu_metric(percent: int) -> JSONObject:
    target = {"averageUtilization": percent, "type": "Utilization"}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def _cpu_percent(metric: JSONObject, field: str) -> int | None:
    """The average utilization in ``field`` of a metric, if it is the Pods' CPU."""
    resource = metric.get("resource") or {}
    if metric.get("type") != "Resource" or resource.get("name") != "cpu":
        return None
    percent: int | None = (resource.get(field) or {}).get("averageUtilization")
    return percent


def _autoscaler_to_v2(autoscaler: JSONObject) -> JSONObject:
    spec = dict(autoscaler.get("spec") or {})
    metadata = autoscaler["metadata"]
    annotations = dict(metadata.get("annotations") or {})
    metrics: list[Any] = orjson.loads(annotations.pop(_METRICS, "[]"))
    percent = spec.pop(_CPU_TARGET, None)
    if percent is not None:
        metrics.append(_cpu_metric(percent))
    if metrics:
        spec["metrics"] = metrics
    if _BEHAVIOR in annotations:
        spec["behavior"] = orjson.loads(annotations.pop(_BEHAVIOR))
    converted = {
        **autoscaler,
        "apiVersion": "autoscaling/v2",
        "metadata": _with_annotations(metadata, annotations),
        "spec": spec,
    }
    status = autoscaler.get("status")
    if status and status.get(_CPU_NOW) is not None:
        kept = {key: value for key, value in status.items() if key != _CPU_NOW}
        current = {"name": "cpu", "current": {"averageUtilization": status[_CPU_NOW]}}
        converted["status"] = {
            **kept,
            "currentMetrics": [{"type": "Resource", "resource": current}],
        }
    return converted


def _autoscaler_from_v2(autoscaler: JSONObject) -> JSONObject:
    spec = dict(autoscaler.get("spec") or {})
    metadata = autoscaler["metadata"]
    annotations = dict(metadata.get("annotations") or {})
    others = []
    for metric in spec.pop("metrics", None) or ():
        percent = _cpu_percent(metric, "target")
        if percent is None or _CPU_TARGET in spec:
            others.append(metric)
        else:
            spec[_CPU_TARGET] = percent
    if others:
        annotations[_METRICS] = orjson.dumps(others).decode()
    behavior = spec.pop("behavior", None)
    if behavior:
        annotations[_BEHAVIOR] = orjson.dumps(behavior).decode()
    converted = {
        **autoscaler,
        "apiVersion": "autoscaling/v1",
        "metadata": _with_annotations(metadata, annotations),
        "spec": spec,
    }
    if "status" in autoscaler:
        converted["status"] = _status_from_v2(autoscaler["status"])
    return converted


def _status_from_v2(status: JSONObject) -> JSONObject:
    kept = {
        key: item for key, item in status.items() if key not in {"conditions", "currentMetrics"}
    }
    for metric in status.get("currentMetrics") or ():
        percent = _cpu_percent(metric, "current")
        if percent is not None:
            kept[_CPU_NOW] = percent
    return kept


def _with_annotations(metadata: JSONObject, annotations: JSONObject) -> JSONObject:
    if annotations == (metadata.get("annotations") or {}):
        return metadata
    rest = {key: value for key, value in metadata.items() if key != "annotations"}
    return {**rest, "annotations": annotations} if annotations else rest


_AUTOSCALER_V1 = GroupVersionKind("autoscaling", "v1", "HorizontalPodAutoscaler")
_EVENT_V1 = GroupVersionKind("events.k8s.io", "v1", "Event")
_FROM_STORAGE = {_AUTOSCALER_V1: _autoscaler_from_v2, _EVENT_V1: _event_from_core}
_TO_STORAGE = {_AUTOSCALER_V1: _autoscaler_to_v2, _EVENT_V1: _event_to_core}
