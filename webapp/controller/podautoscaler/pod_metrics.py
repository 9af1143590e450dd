"""What Pods use of a resource, from what metrics.k8s.io lists. Pure.

Models:
    pkg/controller/podautoscaler/metrics/client.go getPodMetrics, getContainerMetrics
    pkg/controller/podautoscaler/metrics/utilization.go
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from webapp.api.core.pods import is_sidecar
from webapp.apimachinery.quantity import parse_quantity
from webapp.apimachinery.timestamps import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from webapp.apimachinery.meta import JSONObject

_POD_LEVEL = frozenset({"cpu", "memory"})


class MetricsError(Exception):
    """A number of replicas cannot be computed; the message is upstream's."""


class PodMetric(NamedTuple):
    """What one Pod used.

    Attributes:
        value: Thousandths of the resource's unit.
        at_ms: When it was measured.
        window_ms: Over how long.
    """

    value: int
    at_ms: int = 0
    window_ms: int = 0


class Utilization(NamedTuple):
    """What Pods use, compared with what they should.

    Attributes:
        ratio: Use over target.
        percent: Use in percent of the requests; ``None`` for targets that are amounts.
        average: Use of an average Pod, in thousandths.
    """

    ratio: float
    percent: int | None
    average: int


def metrics_of(
    items: Iterable[JSONObject], resource: str, container: str = ""
) -> dict[str, PodMetric]:
    """Pod name → use of ``resource``, of one container or of all together.

    Raises:
        MetricsError: The container has no metric in some Pod.
    """
    found: dict[str, PodMetric] = {}
    for item in items:
        name = item["metadata"]["name"]
        uses = [
            entry["usage"].get(resource)
            for entry in item["containers"]
            if container in {"", entry["name"]}
        ]
        if container and not uses:
            raise MetricsError(
                f"container {container} not present in metrics for pod "
                f"{item['metadata'].get('namespace', '')}/{name}"
            )
        if not uses or None in uses:
            continue
        value = sum(ceil(parse_quantity(use) * 1000) for use in uses)
        window_ms = round(float(item["window"].removesuffix("s")) * 1000)
        found[name] = PodMetric(value, parse_time(item["timestamp"]), window_ms)
    return found


def requests_of(pods: Iterable[JSONObject], resource: str, container: str = "") -> dict[str, int]:
    """Pod name → request of ``resource`` in thousandths, of one container or of all together.

    Raises:
        MetricsError: A container states none, or is not there.
    """
    return {pod["metadata"]["name"]: _request_of(pod, resource, container) for pod in pods}


def _request_of(pod: JSONObject, resource: str, container: str) -> int:
    spec, name = pod["spec"], pod["metadata"]["name"]
    pod_level = ((spec.get("resources") or {}).get("requests") or {}).get(resource)
    if pod_level is not None and not container and resource in _POD_LEVEL:
        return ceil(parse_quantity(pod_level) * 1000)
    sidecars = [held for held in spec.get("initContainers") or () if is_sidecar(held)]
    counted = [held for held in (*spec["containers"], *sidecars) if container in {"", held["name"]}]
    if container and not counted:
        raise MetricsError(f"container {container} not found in Pod {name}")
    total = 0
    for held in counted:
        amount = ((held.get("resources") or {}).get("requests") or {}).get(resource)
        if amount is None:
            raise MetricsError(
                f"missing request for {resource} in container {held['name']} of Pod {name}"
            )
        total += ceil(parse_quantity(amount) * 1000)
    return total


def utilization_of_requests(
    metrics: Mapping[str, PodMetric], requests: Mapping[str, int], target_percent: int
) -> Utilization:
    """Use in percent of the requests, compared with a target percentage.

    Raises:
        MetricsError: No Pod has both.
    """
    known = [name for name in metrics if name in requests]
    used = sum(metrics[name].value for name in known)
    requested = sum(requests[name] for name in known)
    if not requested:
        raise MetricsError("no metrics returned matched known pods")
    percent = used * 100 // requested
    return Utilization(percent / target_percent, percent, used // len(known))


def utilization_of_amount(metrics: Mapping[str, PodMetric], target: int) -> Utilization:
    """Average use, compared with a target in thousandths."""
    average = sum(metric.value for metric in metrics.values()) // len(metrics)
    return Utilization(average / target, None, average)
