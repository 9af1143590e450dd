"""What a Pod asks of a Node, as whole numbers: millicores of CPU, bytes, pieces.

Models:
    staging/src/k8s.io/component-helpers/resource/helpers.go PodRequests
    pkg/scheduler/util/pod_resources.go DefaultMilliCPURequest
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.api.core import pods
from webapp.apimachinery.quantity import cpu_millis, quantity_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.apimachinery.meta import JSONObject

CPU = "cpu"
MEMORY = "memory"
EPHEMERAL_STORAGE = "ephemeral-storage"
PODS = "pods"

_DEFAULTS = {CPU: "100m", MEMORY: "200Mi"}
_NATIVE = frozenset((CPU, MEMORY, EPHEMERAL_STORAGE, PODS))


class PodRequests(NamedTuple):
    """The amounts that one Pod asks for.

    Attributes:
        cpu_millis: CPU.
        memory_bytes: Memory.
        ephemeral_bytes: Ephemeral storage.
        scalars: Pairs of (extended resource or huge page size, amount), sorted by name.
        scored_cpu_millis: As ``cpu_millis``, each container without a request counted as 100.
        scored_memory_bytes: As ``memory_bytes``, each container without one counted as 200 MiB.
    """

    cpu_millis: int
    memory_bytes: int
    ephemeral_bytes: int
    scalars: tuple[tuple[str, int], ...]
    scored_cpu_millis: int
    scored_memory_bytes: int

    @property
    def is_empty(self) -> bool:
        """Whether the Pod asks for nothing."""
        return not (self.cpu_millis or self.memory_bytes or self.ephemeral_bytes or self.scalars)


def amounts(quantities: Mapping[str, str | float] | None) -> dict[str, int]:
    """Resource name → millicores (``cpu``) or whole units (all others), rounded up."""
    return {
        name: cpu_millis(text) if name == CPU else quantity_bytes(text)
        for name, text in (quantities or {}).items()
    }


def is_scalar(resource: str) -> bool:
    """Whether the resource is counted beside CPU, memory, ephemeral storage and Pods."""
    return resource not in _NATIVE


def pod_requests(pod: JSONObject) -> PodRequests:
    """What the Pod as a whole asks for, and what it counts for in scores."""
    asked = pods.pod_requests(pod)
    spec = pod["spec"]
    scored = asked
    if not all(map(_is_complete, _containers(spec))):
        filled = {
            kind: [_filled(container) for container in spec.get(kind) or ()]
            for kind in ("containers", "initContainers")
        }
        scored = pods.pod_requests({**pod, "spec": {**spec, **filled}})
    extended = sorted((name, value) for name, value in asked.extended.items() if value)
    return PodRequests(
        asked.cpu_millis,
        asked.memory_bytes,
        asked.ephemeral_bytes,
        tuple(extended),
        scored.cpu_millis,
        scored.memory_bytes,
    )


def _containers(spec: JSONObject) -> list[JSONObject]:
    return [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]


def _is_complete(container: JSONObject) -> bool:
    requests: JSONObject = (container.get("resources") or {}).get("requests") or {}
    return CPU in requests and MEMORY in requests


def _filled(container: JSONObject) -> JSONObject:
    resources = container.get("resources") or {}
    requests = {**_DEFAULTS, **(resources.get("requests") or {})}
    return {**container, "resources": {**resources, "requests": requests}}
