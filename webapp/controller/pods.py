"""What controllers ask about a Pod: active, ready, available. Pure.

Models:
    pkg/controller/controller_utils.go IsPodActive, IsPodTerminating
    pkg/api/v1/pod/util.go IsPodReady, IsPodAvailable
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import parse_time

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_TERMINAL = frozenset({"Failed", "Succeeded"})


def pod_phase(pod: JSONObject) -> str:
    """``status.phase``, "" before the API server set it."""
    return str((pod.get("status") or {}).get("phase", ""))


def is_pod_terminal(pod: JSONObject) -> bool:
    """Whether all containers have ended for good."""
    return pod_phase(pod) in _TERMINAL


def is_pod_active(pod: JSONObject) -> bool:
    """Whether the Pod runs or may still run."""
    return pod_phase(pod) not in _TERMINAL and "deletionTimestamp" not in pod["metadata"]


def is_pod_terminating(pod: JSONObject) -> bool:
    """Whether the Pod is being deleted and its containers may still run."""
    return pod_phase(pod) not in _TERMINAL and "deletionTimestamp" in pod["metadata"]


def ready_condition(obj: JSONObject) -> JSONObject | None:
    """The condition Ready of a Pod or a Node."""
    for condition in (obj.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Ready":
            found: JSONObject = condition
            return found
    return None


def is_pod_ready(pod: JSONObject) -> bool:
    """Whether the Pod is Ready."""
    condition = ready_condition(pod)
    return condition is not None and condition["status"] == "True"


def ready_since_ms(pod: JSONObject) -> int:
    """When a Ready Pod became so; 0 when it does not say."""
    condition = ready_condition(pod)
    text = condition.get("lastTransitionTime") if condition is not None else None
    return parse_time(text) if text else 0


def is_pod_available(pod: JSONObject | None, min_ready_seconds: int, now_ms: int) -> bool:
    """Whether the Pod has been Ready for so long."""
    if pod is None or not is_pod_ready(pod):
        return False
    if not min_ready_seconds:
        return True
    since_ms = ready_since_ms(pod)
    return bool(since_ms) and since_ms + min_ready_seconds * 1000 <= now_ms
