"""How many replicas a metric asks for. Pure.

Pods that start, or have no metric yet, are thought of in the way that moves the number least: as using
nothing when more Pods seem needed, and all of their request when fewer do.

Models:
    pkg/controller/podautoscaler/replica_calculator.go ReplicaCalculator, groupPods
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from webapp.api.core.pods import get_pod_condition
from webapp.apimachinery.timestamps import parse_time
from webapp.controller.podautoscaler.pod_metrics import MetricsError, PodMetric
from webapp.controller.pods import pod_phase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.podautoscaler.pod_metrics import Utilization

CPU_INITIALIZATION_MS = 5 * 60 * 1000
INITIAL_READINESS_DELAY_MS = 30 * 1000


class Tolerances(NamedTuple):
    """How far use may be from its target before anything is done, as a share of it."""

    down: float = 0.1
    up: float = 0.1

    def cover(self, ratio: float) -> bool:
        """Whether a ratio of use and target is close enough to 1."""
        return 1.0 - self.down <= ratio <= 1.0 + self.up


class Proposal(NamedTuple):
    """How many replicas a metric asks for.

    Attributes:
        replicas: The number.
        utilization: What it was computed from.
    """

    replicas: int
    utilization: Utilization


class _Groups(NamedTuple):
    ready: int
    unready: list[str]
    missing: list[str]
    ignored: list[str]


def propose(
    pods: Sequence[JSONObject],
    metrics: Mapping[str, PodMetric],
    current: int,
    *,
    resource: str,
    fallback: Mapping[str, int] | int,
    utilization: Callable[[Mapping[str, PodMetric]], Utilization],
    tolerances: Tolerances,
    now_ms: int,
) -> Proposal:
    """How many replicas are needed so that Pods use what they should.

    Args:
        pods: All Pods that the target's selector matches.
        metrics: Pod name → use.
        current: Replicas that the target asks for now.
        resource: CPU has rules of its own for Pods that start.
        fallback: What Pods without a metric are thought to use when fewer seem needed: Pod name →
            request, or the target amount.
        utilization: Compares use with the target.
        tolerances: Within which nothing is done.
        now_ms: Virtual now.

    Raises:
        MetricsError: There is nothing to compute from.
    """
    if not pods:
        raise MetricsError("no pods returned by selector while calculating replica count")
    groups = _group(pods, metrics, resource, now_ms)
    left_out = {*groups.ignored, *groups.unready}
    counted = {name: metric for name, metric in metrics.items() if name not in left_out}
    if not counted:
        raise MetricsError("did not receive metrics for any ready pods")
    seen = utilization(counted)
    stay = Proposal(current, seen)
    rebalance = bool(groups.unready) and seen.ratio > 1.0
    if not rebalance and not groups.missing:
        if tolerances.cover(seen.ratio):
            return stay
        return Proposal(ceil(seen.ratio * groups.ready), seen)
    if seen.ratio < 1.0:
        for name in groups.missing:
            value = fallback if isinstance(fallback, int) else fallback[name]
            counted[name] = PodMetric(value)
    elif seen.ratio > 1.0:
        for name in groups.missing:
            counted[name] = PodMetric(0)
    if rebalance:
        for name in groups.unready:
            counted[name] = PodMetric(0)
    ratio = utilization(counted).ratio
    turned = (seen.ratio < 1.0 < ratio) or (ratio < 1.0 < seen.ratio)
    if tolerances.cover(ratio) or turned:
        return stay
    replicas = ceil(ratio * len(counted))
    if (ratio < 1.0 and replicas > current) or (ratio > 1.0 and replicas < current):
        return stay
    return Proposal(replicas, seen)


def _group(
    pods: Sequence[JSONObject], metrics: Mapping[str, PodMetric], resource: str, now_ms: int
) -> _Groups:
    groups = _Groups(0, [], [], [])
    ready = 0
    for pod in pods:
        name, phase = pod["metadata"]["name"], pod_phase(pod)
        if "deletionTimestamp" in pod["metadata"] or phase == "Failed":
            groups.ignored.append(name)
        elif phase == "Pending":
            groups.unready.append(name)
        elif name not in metrics:
            groups.missing.append(name)
        elif resource == "cpu" and _is_starting(pod, metrics[name], now_ms):
            groups.unready.append(name)
        else:
            ready += 1
    return groups._replace(ready=ready)


def _is_starting(pod: JSONObject, metric: PodMetric, now_ms: int) -> bool:
    """Whether the Pod's CPU use says little: it is not Ready, or measured before it was."""
    condition = get_pod_condition(pod, "Ready")
    started = (pod.get("status") or {}).get("startTime")
    if condition is None or not started:
        return True
    started_ms, since_ms = parse_time(started), parse_time(condition["lastTransitionTime"])
    unready: bool = condition["status"] == "False"
    if started_ms + CPU_INITIALIZATION_MS > now_ms:
        return unready or metric.at_ms < since_ms + metric.window_ms
    return unready and started_ms + INITIAL_READINESS_DELAY_MS > since_ms
