"""A Job's conditions and counters. Pure.

Models:
    pkg/controller/job/utils.go IsJobFinished
    pkg/controller/job/job_controller.go ensureJobConditionStatus, cleanUncountedPodsWithoutFinalizers
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import time_text

if TYPE_CHECKING:
    from collections.abc import Container

    from webapp.apimachinery.meta import JSONObject

COMPLETE = "Complete"
FAILED = "Failed"
FAILURE_TARGET = "FailureTarget"
SUCCESS_CRITERIA_MET = "SuccessCriteriaMet"
SUSPENDED = "Suspended"


def find_condition(status: JSONObject, type_: str) -> JSONObject | None:
    """The condition of that type, if it is true."""
    for condition in status.get("conditions") or ():
        if condition["type"] == type_ and condition["status"] == "True":
            found: JSONObject = condition
            return found
    return None


def finished_condition(job: JSONObject) -> JSONObject | None:
    """Complete or Failed, once the Job has come to its end."""
    status = job.get("status") or {}
    return find_condition(status, COMPLETE) or find_condition(status, FAILED)


def new_condition(
    type_: str, reason: str, message: str, now_ms: int, *, status: str = "True"
) -> JSONObject:
    """A condition that begins now."""
    now = time_text(now_ms)
    condition: JSONObject = {
        "type": type_,
        "status": status,
        "lastProbeTime": now,
        "lastTransitionTime": now,
    }
    if reason:
        condition["reason"] = reason
    if message:
        condition["message"] = message
    return condition


def with_condition(status: JSONObject, condition: JSONObject) -> JSONObject:
    """A status that has the condition; the same object when it says so already."""
    held = status.get("conditions") or []
    for known in held:
        if known["type"] == condition["type"] and known["status"] == condition["status"]:
            return status
    others = [known for known in held if known["type"] != condition["type"]]
    return {**status, "conditions": [*others, condition]}


def with_counted(status: JSONObject, uids_with_finalizer: Container[str]) -> JSONObject:
    """A status whose counters include the Pods that have lost their finalizer since."""
    uncounted = status.get("uncountedTerminatedPods") or {}
    whole = dict(status)
    left: JSONObject = {}
    for field in ("succeeded", "failed"):
        waiting = uncounted.get(field) or []
        kept = [uid for uid in waiting if uid in uids_with_finalizer]
        if len(kept) < len(waiting):
            whole[field] = status.get(field, 0) + len(waiting) - len(kept)
        if kept:
            left[field] = kept
    whole["uncountedTerminatedPods"] = left
    return whole


def with_uncounted(status: JSONObject, field: str, uids: list[str]) -> JSONObject:
    """A status that names Pods about to be counted."""
    if not uids:
        return status
    uncounted = status.get("uncountedTerminatedPods") or {}
    known = uncounted.get(field) or []
    fresh = [uid for uid in uids if uid not in known]
    return {**status, "uncountedTerminatedPods": {**uncounted, field: [*known, *fresh]}}
