"""A ReplicaSet's status out of its Pods. Pure.

Models:
    pkg/controller/replicaset/replica_set_utils.go calculateStatus
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import time_text
from webapp.controller.pods import ready_since_ms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.replicaset.pod_tally import PodTally

REPLICA_FAILURE = "ReplicaFailure"


def count_available(
    ready_pods: Iterable[JSONObject], min_ready_seconds: int, now_ms: int
) -> tuple[int, int | None]:
    """How many Ready Pods have been so for ``min_ready_seconds``.

    Returns:
        Their number, and the milliseconds until the next one will have been, or ``None``.
    """
    available = 0
    wait_ms: int | None = None
    for pod in ready_pods:
        left_ms = ready_since_ms(pod) + min_ready_seconds * 1000 - now_ms
        if left_ms <= 0:
            available += 1
        elif wait_ms is None or left_ms < wait_ms:
            wait_ms = left_ms
    return available, wait_ms


def compute_status(
    replica_set: JSONObject,
    tally: PodTally,
    available: int,
    failure: tuple[str, str] | None,
    now_ms: int,
) -> JSONObject:
    """The status to write.

    Args:
        replica_set: With its present status.
        tally: Its Pods.
        available: How many are available.
        failure: Reason (FailedCreate, FailedDelete) and message of what just failed.
        now_ms: Virtual now.
    """
    status: JSONObject = {"replicas": tally.active}
    counts = {
        "fullyLabeledReplicas": tally.labelled,
        "readyReplicas": tally.ready,
        "availableReplicas": available,
    }
    status.update((name, count) for name, count in counts.items() if count)
    status["terminatingReplicas"] = tally.terminating
    status["observedGeneration"] = replica_set["metadata"].get("generation", 0)
    conditions = _conditions(replica_set, failure, now_ms)
    if conditions:
        status["conditions"] = conditions
    return status


def _conditions(
    replica_set: JSONObject, failure: tuple[str, str] | None, now_ms: int
) -> list[JSONObject]:
    held = (replica_set.get("status") or {}).get("conditions") or []
    others = [condition for condition in held if condition["type"] != REPLICA_FAILURE]
    if failure is None:
        return others
    if len(others) < len(held):
        return list(held)
    reason, message = failure
    condition = {
        "type": REPLICA_FAILURE,
        "status": "True",
        "lastTransitionTime": time_text(now_ms),
        "reason": reason,
        "message": message,
    }
    return [*others, condition]
