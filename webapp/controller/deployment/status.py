"""A Deployment's status out of its ReplicaSets: counts, conditions, progress and its deadline. Pure.

Models:
    pkg/controller/deployment/sync.go calculateStatus
    pkg/controller/deployment/progress.go
    pkg/controller/deployment/util/deployment_util.go SetDeploymentCondition, DeploymentComplete
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import parse_time, time_text
from webapp.controller.deployment.rolling import (
    available_replicas,
    desired_replicas,
    max_unavailable,
    total_replicas,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.apimachinery.meta import JSONObject

PROGRESSING = "Progressing"
AVAILABLE = "Available"
REPLICA_FAILURE = "ReplicaFailure"

NEW_REPLICA_SET_AVAILABLE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
PAUSED = "DeploymentPaused"

_NO_DEADLINE = 2**31 - 1


def has_progress_deadline(deployment: JSONObject) -> bool:
    """Whether lack of progress is to be judged at all."""
    return deployment["spec"].get("progressDeadlineSeconds") not in {None, _NO_DEADLINE}


def _deadline_at_ms(deployment: JSONObject, condition: JSONObject) -> int:
    deadline_ms = int(deployment["spec"]["progressDeadlineSeconds"]) * 1000
    return parse_time(condition["lastUpdateTime"]) + deadline_ms


def find_condition(status: JSONObject, type_: str) -> JSONObject | None:
    """The condition of that type."""
    for condition in status.get("conditions") or ():
        if condition["type"] == type_:
            found: JSONObject = condition
            return found
    return None


def new_condition(type_: str, status: str, reason: str, message: str, now_ms: int) -> JSONObject:
    """A condition that begins now."""
    now = time_text(now_ms)
    return {
        "type": type_,
        "status": status,
        "lastUpdateTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }


def with_condition(status: JSONObject, condition: JSONObject) -> JSONObject:
    """A status that has the condition; the same object when it says so already."""
    current = find_condition(status, condition["type"])
    if current is not None and current["status"] == condition["status"]:
        if current.get("reason") == condition["reason"]:
            return status
        condition = {**condition, "lastTransitionTime": current["lastTransitionTime"]}
    return {
        **without_condition(status, condition["type"]),
        "conditions": [*_others(status, condition["type"]), condition],
    }


def without_condition(status: JSONObject, type_: str) -> JSONObject:
    """A status without the condition."""
    if find_condition(status, type_) is None:
        return status
    others = _others(status, type_)
    if others:
        return {**status, "conditions": others}
    return {key: value for key, value in status.items() if key != "conditions"}


def _others(status: JSONObject, type_: str) -> list[JSONObject]:
    return [held for held in status.get("conditions") or () if held["type"] != type_]


def compute_status(
    deployment: JSONObject,
    replica_sets: Sequence[JSONObject],
    new: JSONObject | None,
    now_ms: int,
) -> JSONObject:
    """Counts and the Available condition; other conditions are kept as they are.

    Args:
        deployment: With its present status.
        replica_sets: All of them, the new one included.
        new: The ReplicaSet of the present template.
        now_ms: Virtual now.
    """
    old_status = deployment.get("status") or {}
    available = sum(map(available_replicas, replica_sets))
    counts = {
        "replicas": _sum(replica_sets, "replicas"),
        "updatedReplicas": _sum((new,) if new is not None else (), "replicas"),
        "readyReplicas": _sum(replica_sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, total_replicas(replica_sets) - available),
    }
    status: JSONObject = {"observedGeneration": deployment["metadata"].get("generation", 0)}
    status.update((name, count) for name, count in counts.items() if count)
    status["terminatingReplicas"] = _sum(replica_sets, "terminatingReplicas")
    for kept in ("collisionCount", "conditions"):
        if old_status.get(kept) is not None:
            status[kept] = old_status[kept]
    if available >= desired_replicas(deployment) - max_unavailable(deployment):
        verdict = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        verdict = (
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    return with_condition(status, new_condition(AVAILABLE, *verdict, now_ms))


def _sum(replica_sets: Sequence[JSONObject], field: str) -> int:
    return sum((rs.get("status") or {}).get(field, 0) for rs in replica_sets)


def is_complete(deployment: JSONObject, status: JSONObject) -> bool:
    """Whether all desired Pods are of the new version, available, and no others exist."""
    desired = desired_replicas(deployment)
    counts = ("updatedReplicas", "replicas", "availableReplicas")
    generation = int(deployment["metadata"].get("generation", 0))
    return all(status.get(count, 0) == desired for count in counts) and (
        int(status.get("observedGeneration", 0)) >= generation
    )


def is_progressing(old: JSONObject, new: JSONObject) -> bool:
    """Whether a status shows a step forward against the one before."""

    def count(status: JSONObject, field: str) -> int:
        return int(status.get(field, 0))

    def outdated(status: JSONObject) -> int:
        return count(status, "replicas") - count(status, "updatedReplicas")

    return (
        count(new, "updatedReplicas") > count(old, "updatedReplicas")
        or outdated(new) < outdated(old)
        or count(new, "readyReplicas") > count(old, "readyReplicas")
        or count(new, "availableReplicas") > count(old, "availableReplicas")
    )


def has_timed_out(deployment: JSONObject, status: JSONObject, now_ms: int) -> bool:
    """Whether the last sign of progress is longer ago than progressDeadlineSeconds."""
    condition = find_condition(status, PROGRESSING)
    if condition is None or condition.get("reason") == NEW_REPLICA_SET_AVAILABLE:
        return False
    if condition.get("reason") == TIMED_OUT:
        return True
    return _deadline_at_ms(deployment, condition) < now_ms


def compute_rollout_status(
    deployment: JSONObject,
    replica_sets: Sequence[JSONObject],
    new: JSONObject | None,
    now_ms: int,
) -> JSONObject:
    """The status with its judgement of the rollout: Progressing and ReplicaFailure too."""
    old_status = deployment.get("status") or {}
    status = compute_status(deployment, replica_sets, new, now_ms)
    if has_progress_deadline(deployment):
        status = _with_progress(deployment, old_status, status, new, now_ms)
    else:
        status = without_condition(status, PROGRESSING)
    failure = _replica_failure(replica_sets, new)
    if failure is None:
        return without_condition(status, REPLICA_FAILURE)
    return with_condition(status, failure)


def _with_progress(
    deployment: JSONObject,
    old_status: JSONObject,
    status: JSONObject,
    new: JSONObject | None,
    now_ms: int,
) -> JSONObject:
    current = find_condition(old_status, PROGRESSING)
    if (
        status.get("replicas", 0) == status.get("updatedReplicas", 0)
        and current is not None
        and current.get("reason") == NEW_REPLICA_SET_AVAILABLE
    ):
        return status
    if new is None:
        subject = f'Deployment "{deployment["metadata"]["name"]}"'
    else:
        subject = f'ReplicaSet "{new["metadata"]["name"]}"'
    if is_complete(deployment, status):
        message = f"{subject} has successfully progressed."
        condition = new_condition(PROGRESSING, "True", NEW_REPLICA_SET_AVAILABLE, message, now_ms)
        return with_condition(status, condition)
    if is_progressing(old_status, status):
        message = f"{subject} is progressing."
        condition = new_condition(PROGRESSING, "True", "ReplicaSetUpdated", message, now_ms)
        if current is not None and current["status"] == "True":
            condition["lastTransitionTime"] = current["lastTransitionTime"]
        # Without the old one, or an equal reason would keep the old lastUpdateTime.
        return with_condition(without_condition(status, PROGRESSING), condition)
    if has_timed_out(deployment, status, now_ms):
        message = f"{subject} has timed out progressing."
        condition = new_condition(PROGRESSING, "False", TIMED_OUT, message, now_ms)
        return with_condition(status, condition)
    return status


def _replica_failure(
    replica_sets: Sequence[JSONObject], new: JSONObject | None
) -> JSONObject | None:
    first = (new,) if new is not None else ()
    for replica_set in (*first, *replica_sets):
        failure = find_condition(replica_set.get("status") or {}, REPLICA_FAILURE)
        if failure is not None:
            return {**failure, "lastUpdateTime": failure["lastTransitionTime"]}
    return None


def progress_check_delay_ms(deployment: JSONObject, status: JSONObject, now_ms: int) -> int | None:
    """When to look again whether the deadline has passed; ``None`` when there is nothing to judge."""
    condition = find_condition(status, PROGRESSING)
    if not has_progress_deadline(deployment) or condition is None:
        return None
    if is_complete(deployment, status) or condition.get("reason") == TIMED_OUT:
        return None
    # One second more, as lastUpdateTime is cut to whole seconds.
    return max(0, _deadline_at_ms(deployment, condition) - now_ms) + 1000
