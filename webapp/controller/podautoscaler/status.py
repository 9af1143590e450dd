"""An autoscaler's status while it is being put together.

Models:
    pkg/controller/podautoscaler/horizontal.go setStatus, setCondition
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.quantity import DECIMAL_SI, format_quantity
from webapp.apimachinery.timestamps import time_text

if TYPE_CHECKING:
    from fractions import Fraction

    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.podautoscaler.normalization import Words

ABLE_TO_SCALE = "AbleToScale"
SCALING_ACTIVE = "ScalingActive"
SCALING_LIMITED = "ScalingLimited"


class StatusDraft:
    """The status to be written, begun from the one held.

    Attributes:
        status: The whole status.
    """

    def __init__(self, autoscaler: JSONObject, now_ms: int) -> None:
        self._now = time_text(now_ms)
        self.status: JSONObject = dict(autoscaler.get("status") or {})

    def set_condition(self, type_: str, words: Words) -> None:
        """Set a condition; its time changes with its status only."""
        conditions = self.status.get("conditions") or []
        held = next((item for item in conditions if item["type"] == type_), None)
        since = held["lastTransitionTime"] if held and held["status"] == words.status else self._now
        condition = {"type": type_, "status": words.status, "lastTransitionTime": since}
        condition |= {"reason": words.reason, "message": words.message}
        if held is None:
            self.status["conditions"] = [*conditions, condition]
        else:
            self.status["conditions"] = [condition if item is held else item for item in conditions]

    def set_replicas(
        self, current: int, desired: int, metrics: list[JSONObject], *, rescaled: bool = False
    ) -> None:
        """Set what there is and what is wanted."""
        self.status.update(currentReplicas=current, desiredReplicas=desired)
        self.status["currentMetrics"] = metrics or None
        if rescaled:
            self.status["lastScaleTime"] = self._now


def metric_status(metric: JSONObject, average: Fraction, percent: int | None = None) -> JSONObject:
    """What ``currentMetrics`` says about a resource metric."""
    field = "resource" if metric["type"] == "Resource" else "containerResource"
    source = metric[field]
    current: JSONObject = {"averageValue": format_quantity(average, DECIMAL_SI)}
    if percent is not None:
        current["averageUtilization"] = percent
    named = {"name": source["name"], "current": current}
    if field == "containerResource":
        named["container"] = source["container"]
    return {"type": metric["type"], field: named}
