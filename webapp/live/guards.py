"""What stands beside workloads, as the page shows it: autoscalers, disruption budgets and quotas.

Objects enter, views leave; the projector calls. Times are virtual milliseconds since the Unix epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from webapp.api.batch.schedule import parse_schedule
from webapp.apimachinery.timestamps import parse_time
from webapp.live.frames import GuardView

if TYPE_CHECKING:
    from typing import Any

    from webapp.apimachinery.meta import JSONObject

AUTOSCALER = "HorizontalPodAutoscaler"
BUDGET = "PodDisruptionBudget"


def guard_view(obj: JSONObject) -> GuardView:
    """An autoscaler, a disruption budget or a quota."""
    metadata, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    build = {AUTOSCALER: _autoscaler, BUDGET: _budget}.get(obj["kind"], _quota)
    fields: dict[str, Any] = {
        "target_kind": "",
        "target_name": "",
        "selector": {},
        "least": 0,
        "most": 0,
        "current": 0,
        "desired": 0,
        "allowed": 0,
        "measures": [],
        "message": "",
    }
    return GuardView(
        uid=metadata["uid"],
        kind=obj["kind"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        created=parse_time(metadata["creationTimestamp"]),
        revision=int(metadata["resourceVersion"]),
        **(fields | build(spec, status)),
    )


def next_run(cron_job: JSONObject, now_ms: int) -> int | None:
    """When a CronJob makes its next Job; ``None`` while it is suspended or its schedule cannot be read."""
    spec = cron_job["spec"]
    if spec.get("suspend"):
        return None
    try:
        zone = ZoneInfo(spec.get("timeZone") or "UTC")
        return parse_schedule(spec["schedule"]).next_ms(now_ms, zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _autoscaler(spec: JSONObject, status: JSONObject) -> dict[str, Any]:
    target = spec.get("scaleTargetRef") or {}
    held = status.get("currentMetrics") or []
    metrics = spec.get("metrics") or []
    return {
        "target_kind": target.get("kind", ""),
        "target_name": target.get("name", ""),
        "least": int(spec.get("minReplicas") or 1),
        "most": int(spec.get("maxReplicas") or 0),
        "current": int(status.get("currentReplicas") or 0),
        "desired": int(status.get("desiredReplicas") or 0),
        "measures": [
            _measure(metric, held[place] if place < len(held) else {})
            for place, metric in enumerate(metrics)
        ],
        "message": _complaint(status),
    }


def _measure(metric: JSONObject, held: JSONObject) -> str:
    """A metric as ``kubectl get hpa`` prints it: ``cpu: 68%/50%``."""
    field = "resource" if metric["type"] == "Resource" else "containerResource"
    source = metric.get(field) or {}
    target = source.get("target") or {}
    current = (held.get(field) or {}).get("current") or {}
    if target.get("averageUtilization") is not None:
        percent = current.get("averageUtilization")
        now = "<unknown>" if percent is None else f"{percent}%"
        return f"{source.get('name', '')}: {now}/{target['averageUtilization']}%"
    return (
        f"{source.get('name', '')}: {current.get('averageValue', '<unknown>')}/"
        f"{target.get('averageValue', '')}"
    )


def _complaint(status: JSONObject) -> str:
    """Why an autoscaler cannot do its work, or what limits it."""
    for condition in status.get("conditions") or ():
        bad = "True" if condition["type"] == "ScalingLimited" else "False"
        if condition["status"] == bad:
            return str(condition.get("message", ""))
    return ""


def _budget(spec: JSONObject, status: JSONObject) -> dict[str, Any]:
    return {
        "selector": (spec.get("selector") or {}).get("matchLabels") or {},
        "least": int(status.get("desiredHealthy") or 0),
        "most": int(status.get("expectedPods") or 0),
        "current": int(status.get("currentHealthy") or 0),
        "desired": int(status.get("desiredHealthy") or 0),
        "allowed": int(status.get("disruptionsAllowed") or 0),
    }


def _quota(spec: JSONObject, status: JSONObject) -> dict[str, Any]:
    used = status.get("used") or {}
    hard = status.get("hard") or spec.get("hard") or {}
    return {"measures": [f"{name} {used.get(name, '0')} of {hard[name]}" for name in sorted(hard)]}
