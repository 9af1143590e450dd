"""Whether a Node's kubelet is heard of, and what is said of one that is not. Pure.

A kubelet renews its Lease every ten seconds. Here it writes the Lease only when it begins and when it
stops; in between, the annotation ``sim.podarium.dev/renewal: computed`` says that ``renewTime`` moves
on with the time, so that a healthy Node causes no events.

Models:
    pkg/controller/nodelifecycle/node_lifecycle_controller.go tryUpdateNodeHealth
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import parse_time, time_text

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

MONITOR_PERIOD_MS = 5_000
GRACE_PERIOD_MS = 50_000
STARTUP_GRACE_PERIOD_MS = 60_000

RENEWAL_ANNOTATION = "sim.podarium.dev/renewal"

_TYPES = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")


def silent_since_ms(lease: JSONObject | None) -> int | None:
    """When a kubelet that has stopped renewed its Lease last; ``None`` while it does."""
    if lease is None or RENEWAL_ANNOTATION in (lease["metadata"].get("annotations") or {}):
        return None
    text = (lease.get("spec") or {}).get("renewTime")
    return parse_time(text) if text else None


def next_tick_ms(at_ms: int, start_ms: int) -> int:
    """The first look at all Nodes at or after ``at_ms``; looks began at ``start_ms``."""
    return start_ms + -(-(at_ms - start_ms) // MONITOR_PERIOD_MS) * MONITOR_PERIOD_MS


def ready_status(node: JSONObject) -> str:
    """``True``, ``False`` or ``Unknown``; "" before the first report."""
    for condition in (node.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Ready":
            return str(condition["status"])
    return ""


def with_unknown_conditions(node: JSONObject, now_ms: int) -> JSONObject:
    """The Node's status once its kubelet has been silent for too long."""
    status = node.get("status") or {}
    held = {item["type"]: item for item in status.get("conditions") or ()}
    now = time_text(now_ms)
    for type_ in _TYPES:
        before = held.get(type_)
        if before is None:
            held[type_] = {
                "type": type_,
                "status": "Unknown",
                "lastHeartbeatTime": node["metadata"]["creationTimestamp"],
                "lastTransitionTime": now,
                "reason": "NodeStatusNeverUpdated",
                "message": "Kubelet never posted node status.",
            }
        elif before["status"] != "Unknown":
            held[type_] = {
                **before,
                "status": "Unknown",
                "lastTransitionTime": now,
                "reason": "NodeStatusUnknown",
                "message": "Kubelet stopped posting node status.",
            }
    return {**status, "conditions": list(held.values())}
