"""Which taints a Node's conditions call for. Pure.

Models:
    pkg/controller/nodelifecycle/node_lifecycle_controller.go nodeConditionToTaintKeyStatusMap
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import time_text

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"

_KEY_BY_CONDITION = {
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("NetworkUnavailable", "True"): "node.kubernetes.io/network-unavailable",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
    ("Ready", "False"): NOT_READY,
    ("Ready", "Unknown"): UNREACHABLE,
}
_MANAGED_KEYS = frozenset({*_KEY_BY_CONDITION.values(), UNSCHEDULABLE})


def compute_taints(node: JSONObject, now_ms: int) -> list[JSONObject]:
    """The Node's taints as they should be; equal to what it has when nothing changes.

    Taints with effect NoSchedule follow the conditions and ``spec.unschedulable``; all others are
    people's or other controllers' and stay. A Node whose kubelet has not reported yet is not ready.
    """
    current = (node.get("spec") or {}).get("taints") or []
    wanted = _wanted_keys(node)
    kept = [
        taint
        for taint in current
        if taint["effect"] != "NoSchedule"
        or taint["key"] not in _MANAGED_KEYS
        or taint["key"] in wanted
    ]
    held = [taint["key"] for taint in kept if taint["effect"] == "NoSchedule"]
    added = [
        {"key": key, "effect": "NoSchedule", "timeAdded": time_text(now_ms)}
        for key in wanted
        if key not in held
    ]
    return kept + added


def with_no_execute(node: JSONObject, wanted: str, now_ms: int) -> list[JSONObject]:
    """The Node's taints with the NoExecute taint ``wanted`` and without the other one; "" for none."""
    current = (node.get("spec") or {}).get("taints") or []
    kept = [
        taint
        for taint in current
        if taint["effect"] != "NoExecute"
        or taint["key"] not in {NOT_READY, UNREACHABLE}
        or taint["key"] == wanted
    ]
    if not wanted or any(
        taint["effect"] == "NoExecute" and taint["key"] == wanted for taint in kept
    ):
        return kept
    return [*kept, {"key": wanted, "effect": "NoExecute", "timeAdded": time_text(now_ms)}]


def _wanted_keys(node: JSONObject) -> list[str]:
    conditions = (node.get("status") or {}).get("conditions") or ()
    wanted = [
        _KEY_BY_CONDITION[condition["type"], condition["status"]]
        for condition in conditions
        if (condition["type"], condition["status"]) in _KEY_BY_CONDITION
    ]
    if not any(condition["type"] == "Ready" for condition in conditions):
        wanted.append(NOT_READY)
    if (node.get("spec") or {}).get("unschedulable"):
        wanted.append(UNSCHEDULABLE)
    return sorted(wanted)
