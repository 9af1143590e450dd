"""The deciding half of eviction: signals, who goes first, and in which words. Pure.

Models:
    pkg/kubelet/eviction/helpers.go
    pkg/kubelet/eviction/defaults_linux.go DefaultEvictionHard
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.apimachinery.quantity import BINARY_SI, format_quantity, quantity_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject

MEMORY, DISK, PID = "memory", "disk", "pid"
CONDITIONS = {MEMORY: "MemoryPressure", DISK: "DiskPressure", PID: "PIDPressure"}
RESOURCES = {MEMORY: "memory", DISK: "ephemeral-storage", PID: "pids"}
SYSTEM_CRITICAL_PRIORITY = 2_000_000_000
MEMORY_THRESHOLD_BYTES = 100 << 20
DISK_THRESHOLD = 0.10
PID_THRESHOLD = 0.10


@dataclass(frozen=True, slots=True)
class Signal:
    """How much of something a machine has left.

    Attributes:
        kind: memory, disk or pid.
        available: Bytes, or process numbers.
        threshold: Below this it is too little.
        threshold_text: The threshold as it was configured: ``100Mi``, ``10%`` of something as an amount.
    """

    kind: str
    available: int
    threshold: int
    threshold_text: str

    @property
    def is_met(self) -> bool:
        """Whether too little is left."""
        return self.available < self.threshold


@dataclass(frozen=True, slots=True)
class ContainerUse:
    """What a container uses of the scarce resource, and what it asked for."""

    name: str
    used: int
    requested: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A Pod that could be evicted.

    Attributes:
        uid: The Pod's.
        priority: The Pod's.
        requested: What its containers ask for together.
        used: What it uses.
        containers: The same by container, in order.
    """

    uid: str
    priority: int
    requested: int
    used: int
    containers: tuple[ContainerUse, ...]


def rank(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Who goes first: who uses more than was asked for, then low priority, then most above the request."""
    return sorted(
        candidates,
        key=lambda item: (
            item.used <= item.requested,
            item.priority,
            item.requested - item.used,
            item.uid,
        ),
    )


def is_critical(pod: JSONObject) -> bool:
    """Whether a Pod is never evicted: a static one, or one that the system needs.

    Models:
        pkg/kubelet/types/pod_update.go IsCriticalPod
    """
    annotations = pod["metadata"].get("annotations") or {}
    if annotations.get("kubernetes.io/config.source", "api") != "api":
        return True
    priority: int = pod["spec"].get("priority") or 0
    return priority >= SYSTEM_CRITICAL_PRIORITY


def eviction_message(signal: Signal, candidate: Candidate) -> str:
    """What the Pod's status and an Event say."""
    resource = RESOURCES[signal.kind]
    text = (
        f"The node was low on resource: {resource}. "
        f"Threshold quantity: {signal.threshold_text}, available: {amount(signal.kind, signal.available)}. "
    )
    if signal.kind == PID:
        return text
    for container in candidate.containers:
        if container.used > container.requested:
            text += (
                f"Container {container.name} was using {amount(signal.kind, container.used)}, request is "
                f"{amount(signal.kind, container.requested)}, has larger consumption of {resource}. "
            )
    return text


def amount(kind: str, value: int) -> str:
    """A quantity in the words of messages: whole kibibytes, as the kernel counts."""
    if kind == PID:
        return str(value)
    return format_quantity(value >> 10 << 10, BINARY_SI) if value >= 1024 else str(value)


def storage_excess(pod: JSONObject, containers: dict[str, int], volumes: dict[str, int]) -> str:
    """Why a Pod has written too much; "" when it has not.

    Args:
        pod: The Pod.
        containers: Container → bytes in its own files and its log.
        volumes: emptyDir on disk → bytes.

    Models:
        pkg/kubelet/eviction/eviction_manager.go localStorageEviction
    """
    spec = pod["spec"]
    for volume in spec.get("volumes") or ():
        limit = (volume.get("emptyDir") or {}).get("sizeLimit")
        name = volume["name"]
        if limit and volumes.get(name, 0) > quantity_bytes(limit) > 0:
            return f'Usage of EmptyDir volume "{name}" exceeds the limit "{limit}". '
    limits = {item["name"]: _storage_limit(item) for item in spec["containers"]}
    total = sum(quantity_bytes(limit) for limit in limits.values() if limit)
    if limits and all(limits.values()) and sum(containers.values()) + sum(volumes.values()) > total:
        text = format_quantity(total, BINARY_SI)
        return f"Pod ephemeral local storage usage exceeds the total limit of containers {text}. "
    for name, limit in limits.items():
        if limit and containers.get(name, 0) > quantity_bytes(limit):
            return f'Container {name} exceeded its local ephemeral storage limit "{limit}". '
    return ""


def has_storage_limits(spec: JSONObject) -> bool:
    """Whether a Pod can write more than it may."""
    return any(_storage_limit(item) for item in spec["containers"]) or any(
        (volume.get("emptyDir") or {}).get("sizeLimit") for volume in spec.get("volumes") or ()
    )


def _storage_limit(container: JSONObject) -> str:
    limits = (container.get("resources") or {}).get("limits") or {}
    limit: str = limits.get("ephemeral-storage", "")
    return limit
