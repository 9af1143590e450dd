"""What a PodDisruptionBudget asks for, and the status that says so. Pure.

Models:
    pkg/controller/disruption/disruption.go getExpectedPodCount, buildDisruptedPodMap, updatePdbStatus
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.api.policy.status import with_disruption_allowed
from webapp.apimachinery.intstr import scaled_value
from webapp.apimachinery.timestamps import parse_time

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.disruption.selected import SelectedPods

DELETION_TIMEOUT_MS = 2 * 60 * 1000
"""After so long an evicted Pod that is still there counts again."""


class Expected(NamedTuple):
    """How many Pods there should be.

    Attributes:
        pods: In all.
        healthy: At least.
    """

    pods: int
    healthy: int


def needs_scale(spec: JSONObject) -> bool:
    """Whether the budget is a share of what the Pods' controllers want."""
    if spec.get("maxUnavailable") is not None:
        return True
    return isinstance(spec.get("minAvailable"), str)


def expected_pods(spec: JSONObject, selected: int, scale: int) -> Expected:
    """What the budget asks for.

    Args:
        spec: The budget's.
        selected: Pods that it selects.
        scale: Sum of the replicas that their controllers want, if :func:`needs_scale`.

    Raises:
        ValueError: A string that is no percentage.
    """
    most, least = spec.get("maxUnavailable"), spec.get("minAvailable")
    if most is not None:
        return Expected(scale, max(0, scale - scaled_value(most, scale, round_up=True)))
    if isinstance(least, int):
        return Expected(selected, least)
    if isinstance(least, str):
        return Expected(scale, scaled_value(least, scale, round_up=True))
    return Expected(0, 0)


class Disrupted(NamedTuple):
    """Evictions granted whose deletions have not been seen.

    Attributes:
        pods: Pod name → when it was granted, as ``status.disruptedPods`` has it.
        healthy: How many of them look healthy.
        recheck_ms: When the first of them is late, ``None`` without any.
        late: Names of Pods that should be gone long since.
    """

    pods: dict[str, str]
    healthy: int
    recheck_ms: int | None
    late: list[str]


def still_disrupted(status: JSONObject, selected: SelectedPods, now_ms: int) -> Disrupted:
    """What is left of ``status.disruptedPods``."""
    kept: dict[str, str] = {}
    late: list[str] = []
    healthy, recheck_ms = 0, None
    for name, text in sorted((status.get("disruptedPods") or {}).items()):
        pod = selected.pods.get(name)
        if pod is None or "deletionTimestamp" in pod["metadata"]:
            continue
        due_ms = parse_time(text) + DELETION_TIMEOUT_MS
        if due_ms < now_ms:
            late.append(name)
            continue
        kept[name] = text
        healthy += due_ms > now_ms and selected.is_healthy(name)
        recheck_ms = due_ms if recheck_ms is None else min(due_ms, recheck_ms)
    return Disrupted(kept, healthy, recheck_ms, late)


def compute_status(
    budget: JSONObject, healthy: int, expected: Expected, disrupted: dict[str, str], now_ms: int
) -> JSONObject:
    """The status to be written; equal to the one held when nothing has changed."""
    held = budget.get("status") or {}
    allowed = max(0, healthy - expected.healthy) if expected.pods > 0 else 0
    status: JSONObject = {
        "observedGeneration": budget["metadata"].get("generation", 1),
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": expected.healthy,
        "expectedPods": expected.pods,
        "conditions": held.get("conditions") or [],
    }
    if disrupted:
        status["disruptedPods"] = disrupted
    return with_disruption_allowed(status, now_ms)
