"""In-place resize: which resources a Pod was given, and giving it others while it runs.

A change of ``resources`` through the resize subresource is granted when the Node has room, deferred until it
has, or refused for good as infeasible; what was granted is then carried out container by container.

Models:
    pkg/kubelet/allocation/allocation_manager.go
    pkg/kubelet/kuberuntime/kuberuntime_manager.go doPodResizeAction
    pkg/kubelet/events/event.go PodResizeStartedMsg
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from webapp.api.core.nodes import allocatable
from webapp.api.core.pods import spec_requests
from webapp.apimachinery.quantity import cpu_millis, quantity_bytes
from webapp.kubelet.allocated import ResizeState, desired_resources
from webapp.kubelet.environment import resource_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.record import EventRecorder
    from webapp.cri.api import Container
    from webapp.cri.runtime import ContainerRuntime
    from webapp.kubelet.lifecycle import NodeUse
    from webapp.kubelet.pod_workers import PodWorker
    from webapp.sim.loop import Simulation

DEFERRED, INFEASIBLE, ERROR = "Deferred", "Infeasible", "Error"
ACTUATE_MS = 400
"""From the grant until the control groups are written."""


def fit(pod: JSONObject, node: JSONObject, used: NodeUse, held: tuple[int, int]) -> tuple[str, str]:
    """Whether a resize can be granted: reason and message, both "" when it can.

    Args:
        pod: With the wished resources.
        node: With status.
        used: What all Pods of the Node were granted.
        held: Millicores and bytes of this Pod among them.
    """
    wished = spec_requests(pod)
    room = allocatable(node)
    amounts = (
        (
            "memory",
            wished.memory_bytes,
            used.memory_bytes - held[1],
            quantity_bytes(room["memory"]),
        ),
        ("cpu", wished.cpu_millis, used.cpu_millis - held[0], cpu_millis(room["cpu"])),
    )
    for name, requested, _, capacity in amounts:
        if requested > capacity:
            text = f"{name}, requested: {requested}, capacity: {capacity}"
            return INFEASIBLE, f"Node didn't have enough capacity: {text}"
    for name, requested, others, capacity in reversed(amounts):
        if requested + others > capacity:
            text = f"{name}, requested: {requested}, used: {others}, capacity: {capacity}"
            return DEFERRED, f"Node didn't have enough resource: {text}"
    return "", ""


class AllocationManager:
    """Grants and carries out the resizes of one machine's Pods."""

    def __init__(
        self,
        sim: Simulation,
        runtime: ContainerRuntime,
        events: EventRecorder,
        used: NodeUse,
        get_node: Callable[[], JSONObject | None],
        restart: Callable[[PodWorker, Container], None],
        on_change: Callable[[PodWorker], None],
    ) -> None:
        self._sim = sim
        self._runtime = runtime
        self._events = events
        self._used = used
        self._get_node = get_node
        self._restart = restart
        self._on_change = on_change

    def retry(self, workers: Iterable[PodWorker]) -> None:
        """There may be more room: look at what was deferred."""
        for worker in list(workers):
            resize = worker.allocation.resize
            if resize is not None and resize.pending == DEFERRED:
                self.consider(worker)

    def consider(self, worker: PodWorker) -> None:
        """Grant the Pod what its spec wishes, if it wishes anything else and the Node has it."""
        allocation = worker.allocation
        wished = desired_resources(worker.spec)
        before = allocation.resize
        if wished == allocation.granted:
            if before is not None and before.pending:
                allocation.resize = None
                self._on_change(worker)
            return
        node = self._get_node()
        if node is None:
            return
        held = (worker.requests.cpu_millis, worker.requests.memory_bytes)
        reason, message = fit(worker.pod, node, self._used, held)
        generation: int = worker.pod["metadata"].get("generation", 1)
        if reason:
            allocation.resize = ResizeState(reason, message, generation)
            if allocation.resize != before:
                self._tell(worker, "Warning", f"Resize{reason}", reason, message)
                self._on_change(worker)
            return
        self._used.add(worker.requests, -1)
        worker.requests = spec_requests(worker.pod)
        self._used.add(worker.requests)
        allocation.granted = wished
        allocation.resize = ResizeState("", "", generation)
        self._tell(worker, "Normal", "ResizeStarted", "started")
        self._on_change(worker)
        self._sim.schedule(ACTUATE_MS, self._actuate, worker)

    def _actuate(self, worker: PodWorker) -> None:
        """Write the control groups, or restart what has to be restarted for it."""
        allocation = worker.allocation
        resize = allocation.resize
        if worker.removed or resize is None or resize.pending:
            return
        problem = ""
        for name, granted in allocation.granted.items():
            actual = allocation.actual.get(name, {})
            container = worker.observed.containers.get(name)
            if granted == actual:
                continue
            if container is None or not container.running:
                allocation.actual[name] = granted
                continue
            if _needs_restart(worker, name, actual, granted):
                allocation.actual[name] = granted
                self._restart(worker, container)
                continue
            problem = problem or self._write(worker, container, granted)
            if not problem:
                allocation.actual[name] = granted
        if problem:
            allocation.resize = resize._replace(error=problem)
        else:
            allocation.resize = None
            self._tell(worker, "Normal", "ResizeCompleted", "completed")
        self._on_change(worker)

    def _write(self, worker: PodWorker, container: Container, granted: JSONObject) -> str:
        """Set a running container's limits; why not, if it holds more memory than it may."""
        cpu, memory = resource_limits(worker.spec, granted)
        used = self._runtime.memory_bytes(container)
        if memory and used > memory:
            return (
                f"attempting to set container {container.name} memory limit ({memory}) below "
                f"current usage ({used})"
            )
        self._runtime.update_container_resources(container, cpu, memory)
        return ""

    def _tell(self, worker: PodWorker, type_: str, reason: str, word: str, error: str = "") -> None:
        containers = [
            {"name": name, "resources": resources}
            for name, resources in desired_resources(worker.spec).items()
        ]
        details: JSONObject = {
            "containers": containers,
            "generation": worker.pod["metadata"].get("generation", 1),
        }
        if error:
            details["error"] = error
        text = f"Pod resize {word}: {orjson.dumps(details).decode()}"
        self._events.event(worker.pod, type_, reason, text)


def _needs_restart(worker: PodWorker, name: str, actual: JSONObject, granted: JSONObject) -> bool:
    found = worker.container_spec(name)
    policies = (found[0].get("resizePolicy") if found else None) or ()
    return any(
        policy["restartPolicy"] == "RestartContainer"
        and _amounts(actual, policy["resourceName"]) != _amounts(granted, policy["resourceName"])
        for policy in policies
    )


def _amounts(resources: JSONObject, name: str) -> list[str | None]:
    return [(resources.get(part) or {}).get(name) for part in ("requests", "limits")]
