"""What a Pod asks of a Node, as whole numbers: millicores of CPU, bytes, pieces.

Models:
    staging/src/k8s.io/component-helpers/resource/helpers.go PodRequests
    pkg/scheduler/util/pod_resources.go DefaultMilliCPURequest
    Deviation: amounts of a resize in progress (status.containerStatuses[].resources) are not looked at.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.apimachinery.meta import JSONObject

CPU = "cpu"
MEMORY = "memory"
EPHEMERAL_STORAGE = "ephemeral-storage"
PODS = "pods"

DEFAULT_CPU_MILLIS = 100
DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024
_DEFAULTS = {CPU: DEFAULT_CPU_MILLIS, MEMORY: DEFAULT_MEMORY_BYTES}

_NATIVE = frozenset((CPU, MEMORY, EPHEMERAL_STORAGE, PODS))
_MULTIPLIERS = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}


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


@lru_cache(maxsize=8192)
def amount(resource: str, quantity: str | float) -> int:
    """A validated quantity in millicores (``cpu``) or whole units (all others), rounded up."""
    text = str(quantity)
    for suffix in (text[-2:], text[-1:]):
        if suffix in _MULTIPLIERS:
            value = Decimal(text[: -len(suffix)]) * _MULTIPLIERS[suffix]
            break
    else:
        value = Decimal(text)
    if resource == CPU:
        value *= 1000
    return int(value.to_integral_value(ROUND_CEILING))


def amounts(quantities: Mapping[str, str | float] | None) -> dict[str, int]:
    """Resource name → amount."""
    return {name: amount(name, text) for name, text in (quantities or {}).items()}


def is_scalar(resource: str) -> bool:
    """Whether the resource is counted beside CPU, memory, ephemeral storage and Pods."""
    return resource not in _NATIVE


def pod_requests(pod: JSONObject) -> PodRequests:
    """What the Pod as a whole asks for: containers, init containers and sidecars, overhead."""
    spec = pod["spec"]
    asked = _total(spec, {})
    scored = _total(spec, _DEFAULTS)
    scalars = sorted((name, value) for name, value in asked.items() if is_scalar(name) and value)
    return PodRequests(
        asked.get(CPU, 0),
        asked.get(MEMORY, 0),
        asked.get(EPHEMERAL_STORAGE, 0),
        tuple(scalars),
        scored.get(CPU, 0),
        scored.get(MEMORY, 0),
    )


def _total(spec: JSONObject, defaults: dict[str, int]) -> dict[str, int]:
    total: dict[str, int] = {}
    for container in spec.get("containers") or ():
        _add(total, _container_requests(container, defaults))
    init_peak: dict[str, int] = {}
    sidecars: dict[str, int] = {}
    for container in spec.get("initContainers") or ():
        asked = _container_requests(container, defaults)
        if container.get("restartPolicy") == "Always":  # a sidecar stays while the others run
            _add(total, asked)
            _add(sidecars, asked)
            _raise_to(init_peak, sidecars)
        else:
            beside_sidecars = dict(sidecars)
            _add(beside_sidecars, asked)
            _raise_to(init_peak, beside_sidecars)
    _raise_to(total, init_peak)
    of_pod = amounts((spec.get("resources") or {}).get("requests"))
    total.update(
        (name, value)
        for name, value in of_pod.items()
        if name in (CPU, MEMORY) or name.startswith("hugepages-")
    )
    _add(total, amounts(spec.get("overhead")))
    return total


def _container_requests(container: JSONObject, defaults: dict[str, int]) -> dict[str, int]:
    return {**defaults, **amounts((container.get("resources") or {}).get("requests"))}


def _add(total: dict[str, int], more: dict[str, int]) -> None:
    for name, value in more.items():
        total[name] = total.get(name, 0) + value


def _raise_to(total: dict[str, int], floor: dict[str, int]) -> None:
    for name, value in floor.items():
        if value > total.get(name, 0):
            total[name] = value
