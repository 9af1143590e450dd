"""A StatefulSet's status out of its Pods. Pure.

Models:
    pkg/controller/statefulset/stateful_set_control.go updateStatus, completeRollingUpdate
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.controller.history import hash_of
from webapp.controller.pods import is_pod_available, is_pod_ready, pod_phase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject


def is_running_and_ready(pod: JSONObject) -> bool:
    """Whether the Pod runs and is Ready."""
    return pod_phase(pod) == "Running" and is_pod_ready(pod)


def is_unavailable(pod: JSONObject, min_ready_seconds: int, now_ms: int) -> bool:
    """Whether the Pod does not count: not available, or being deleted."""
    return "deletionTimestamp" in pod["metadata"] or not (
        pod_phase(pod) == "Running" and is_pod_available(pod, min_ready_seconds, now_ms)
    )


def compute_status(
    stateful_set: JSONObject,
    pods: Iterable[JSONObject],
    current: str,
    update: str,
    now_ms: int,
) -> JSONObject:
    """The status to write.

    Args:
        stateful_set: With its present status.
        pods: Its Pods that exist.
        current: Name of the version that Pods had before the update.
        update: Name of the version of the present template.
        now_ms: Virtual now.
    """
    min_ready = stateful_set["spec"].get("minReadySeconds", 0)
    replicas = ready = available = of_current = of_update = 0
    for pod in pods:
        replicas += 1
        ready += is_running_and_ready(pod)
        available += pod_phase(pod) == "Running" and is_pod_available(pod, min_ready, now_ms)
        if "deletionTimestamp" not in pod["metadata"]:
            of_current += hash_of(pod) == current
            of_update += hash_of(pod) == update
    wanted = stateful_set["spec"].get("replicas", 1)
    rolling = (stateful_set["spec"].get("updateStrategy") or {}).get("type") == "RollingUpdate"
    if rolling and of_update == ready == replicas == wanted:
        of_current, current = of_update, update
    status: JSONObject = {
        "observedGeneration": stateful_set["metadata"].get("generation", 0),
        "replicas": replicas,
        "availableReplicas": available,
        "collisionCount": (stateful_set.get("status") or {}).get("collisionCount", 0),
        "currentRevision": current,
        "updateRevision": update,
    }
    optional = {
        "readyReplicas": ready,
        "currentReplicas": of_current,
        "updatedReplicas": of_update,
    }
    status.update((name, count) for name, count in optional.items() if count)
    conditions = (stateful_set.get("status") or {}).get("conditions")
    if conditions:
        status["conditions"] = conditions
    return status
