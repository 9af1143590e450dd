"""Admission on the machine: does a Pod that was bound here still fit? Pure.

Models:
    pkg/kubelet/lifecycle/predicate.go predicateAdmitHandler.Admit
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.api.core.nodes import allocatable
from webapp.apimachinery.quantity import cpu_millis, quantity_bytes

if TYPE_CHECKING:
    from webapp.api.core.pods import PodRequests
    from webapp.apimachinery.meta import JSONObject


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a Pod is refused: the Pod's ``status.reason`` and the text after "Pod was rejected: "."""

    reason: str
    message: str


OVERDUE = Rejection(
    "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"
)
"""What a Pod shows once its ``activeDeadlineSeconds`` are over.

Models:
    pkg/kubelet/active_deadline.go
"""


class NodeUse:
    """What the admitted, unfinished Pods of a Node ask for together.

    Attributes:
        pods: Their number.
        cpu_millis: Millicores.
        memory_bytes: Bytes.
    """

    __slots__ = ("cpu_millis", "memory_bytes", "pods")

    def __init__(self, pods: int = 0, cpu_millis_: int = 0, memory_bytes: int = 0) -> None:
        self.pods = pods
        self.cpu_millis = cpu_millis_
        self.memory_bytes = memory_bytes

    def add(self, requests: PodRequests, sign: int = 1) -> None:
        """Count a Pod in, or out with ``sign`` -1."""
        self.pods += sign
        self.cpu_millis += sign * requests.cpu_millis
        self.memory_bytes += sign * requests.memory_bytes


def admit_pod(
    pod: JSONObject, requests: PodRequests, node: JSONObject, used: NodeUse
) -> Rejection | None:
    """Judge a Pod.

    Args:
        pod: The new Pod.
        requests: What it asks for.
        node: This machine's Node, with status.
        used: What the Pods admitted before ask for.

    Returns:
        ``None`` when it is welcome.
    """
    if not _matches_node(pod["spec"], node):
        return Rejection(
            "NodeAffinity",
            "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
        )
    room = allocatable(node)
    checks = (
        ("pods", 1, used.pods, int(room.get("pods", "110"))),
        ("cpu", requests.cpu_millis, used.cpu_millis, cpu_millis(room.get("cpu", "0"))),
        (
            "memory",
            requests.memory_bytes,
            used.memory_bytes,
            quantity_bytes(room.get("memory", "0")),
        ),
    )
    for name, requested, taken, capacity in checks:
        if requested and taken + requested > capacity:
            return Rejection(
                f"OutOf{name}",
                f"Node didn't have enough resource: {name}, requested: {requested}, "
                f"used: {taken}, capacity: {capacity}",
            )
    return None


def _matches_node(spec: JSONObject, node: JSONObject) -> bool:
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    if not affinity:
        return True
    return any(
        _matches_term(term, labels, node["metadata"]["name"])
        for term in affinity.get("nodeSelectorTerms") or ()
    )


def _matches_term(term: JSONObject, labels: dict[str, str], name: str) -> bool:
    expressions = term.get("matchExpressions") or ()
    fields = term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    return all(_matches(item, labels) for item in expressions) and all(
        _matches(item, {"metadata.name": name}) for item in fields
    )


def _matches(requirement: JSONObject, labels: dict[str, str]) -> bool:
    held = labels.get(requirement["key"])
    values = requirement.get("values") or []
    operator = requirement["operator"]
    if operator == "In":
        return held in values
    if operator == "NotIn":
        return held not in values
    if operator == "Exists":
        return held is not None
    if operator == "DoesNotExist":
        return held is None
    if held is None or not held.lstrip("-").isdigit():
        return False
    return int(held) > int(values[0]) if operator == "Gt" else int(held) < int(values[0])
