"""What the API server fills in for HorizontalPodAutoscalers, version 2.

Models:
    pkg/apis/autoscaling/v2/defaults.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.defaulting import fill, map_field, map_spec

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

DEFAULT_CPU_UTILIZATION = 80
_DEFAULT_METRICS = [
    {
        "type": "Resource",
        "resource": {
            "name": "cpu",
            "target": {"averageUtilization": DEFAULT_CPU_UTILIZATION, "type": "Utilization"},
        },
    }
]
_SCALE_DOWN = {
    "policies": [{"periodSeconds": 15, "type": "Percent", "value": 100}],
    "selectPolicy": "Max",
}
_SCALE_UP = {
    "policies": [
        {"periodSeconds": 15, "type": "Pods", "value": 4},
        {"periodSeconds": 15, "type": "Percent", "value": 100},
    ],
    "selectPolicy": "Max",
    "stabilizationWindowSeconds": 0,
}


def _default_hpa(spec: JSONObject) -> JSONObject:
    spec = fill(spec, {"minReplicas": 1})
    if not spec.get("metrics"):
        spec = {**spec, "metrics": _DEFAULT_METRICS}
    return map_field(spec, "behavior", _default_behavior)


def _default_behavior(behavior: JSONObject) -> JSONObject:
    for field, defaults in (("scaleUp", _SCALE_UP), ("scaleDown", _SCALE_DOWN)):
        rules = behavior.get(field)
        filled = fill(rules or {}, defaults)
        if filled is not rules:
            behavior = {**behavior, field: filled}
    return behavior


default_horizontal_pod_autoscaler = map_spec(_default_hpa)
