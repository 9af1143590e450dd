"""What the API server refuses in HorizontalPodAutoscalers.

Models:
    pkg/apis/autoscaling/validation/validation.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.validation.checks import items, need
from webapp.apimachinery.field_path import FieldError, Path, invalid, required

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_SPEC = Path("spec")
_METRICS = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}


def validate_horizontal_pod_autoscaler(autoscaler: JSONObject) -> list[FieldError]:
    """An autoscaler's bounds, target and metrics."""
    spec = autoscaler.get("spec") or {}
    errors: list[FieldError] = []
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    if least is not None and least < 1:
        text = "must be greater than or equal to 1"
        errors.append(invalid(_SPEC.child("minReplicas"), least, text))
    if most < 1:
        errors.append(invalid(_SPEC.child("maxReplicas"), most, "must be greater than 0"))
    if least is not None and most < least:
        text = "must be greater than or equal to `minReplicas`"
        errors.append(invalid(_SPEC.child("maxReplicas"), most, text))
    target = spec.get("scaleTargetRef") or {}
    errors += need(target, ("kind", "name"), _SPEC.child("scaleTargetRef"))
    for path, metric in items(spec, "metrics", _SPEC):
        errors += _validate_metric(metric, path)
    return errors


def _validate_metric(metric: JSONObject, path: Path) -> list[FieldError]:
    type_ = metric.get("type")
    if not type_:
        return [required(path.child("type"), "must specify a metric source type")]
    field = _METRICS.get(type_)
    if field is None or metric.get(field) is not None:
        return []
    text = f"must populate information for the given metric source type {type_}"
    return [required(path.child(field), text)]
