"""The condition of a PodDisruptionBudget, written by its controller and by the eviction API. Pure.

Models:
    staging/src/k8s.io/component-helpers/apps/poddisruptionbudget/helpers.go UpdateDisruptionAllowedCondition
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import time_text

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

DISRUPTION_ALLOWED = "DisruptionAllowed"
INSUFFICIENT_PODS = "InsufficientPods"
SUFFICIENT_PODS = "SufficientPods"
SYNC_FAILED = "SyncFailed"


def with_disruption_allowed(status: JSONObject, now_ms: int) -> JSONObject:
    """A status whose condition says what its ``disruptionsAllowed`` says."""
    if status["disruptionsAllowed"] > 0:
        return _with_condition(status, "True", SUFFICIENT_PODS, "", now_ms)
    return _with_condition(status, "False", INSUFFICIENT_PODS, "", now_ms)


def with_failed_sync(status: JSONObject, problem: str, now_ms: int) -> JSONObject:
    """A status that allows nothing, because the budget cannot be computed."""
    counts = {"currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0, **status}
    return _with_condition(
        {**counts, "disruptionsAllowed": 0}, "False", SYNC_FAILED, problem, now_ms
    )


def _with_condition(
    status: JSONObject, value: str, reason: str, message: str, now_ms: int
) -> JSONObject:
    conditions = status.get("conditions") or []
    held = next((item for item in conditions if item["type"] == DISRUPTION_ALLOWED), None)
    since = time_text(now_ms)
    if held is not None and held["status"] == value:
        since = held["lastTransitionTime"]
    condition: JSONObject = {
        "type": DISRUPTION_ALLOWED,
        "status": value,
        "observedGeneration": status.get("observedGeneration", 0),
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }
    others = [item for item in conditions if item is not held]
    return {**status, "conditions": [*others, condition]}
