"""Watching what a machine has left, and evicting Pods when that is too little.

Nothing is looked at while nothing happens: :meth:`EvictionManager.consider` is called when something may
have changed, and the next look is then at most ten seconds away; looks go on while there is pressure, or
while a Pod runs that may write more than it is allowed to.

Models:
    pkg/kubelet/eviction/eviction_manager.go managerImpl.synchronize
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webapp.apimachinery.quantity import cpu_millis, quantity_bytes
from webapp.kubelet.eviction.helpers import (
    CONDITIONS,
    DISK,
    DISK_THRESHOLD,
    MEMORY,
    MEMORY_THRESHOLD_BYTES,
    PID,
    PID_THRESHOLD,
    RESOURCES,
    Candidate,
    ContainerUse,
    Signal,
    amount,
    eviction_message,
    has_storage_limits,
    is_critical,
    rank,
    storage_excess,
)
from webapp.kubelet.lifecycle import Rejection
from webapp.kubelet.pod_workers import WorkerState
from webapp.kubelet.stats import node_stats

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.record import EventRecorder
    from webapp.cri.runtime import ContainerRuntime
    from webapp.kubelet.pod_workers import PodWorker
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation

EVICTED = "Evicted"
MONITORING_MS = 10_000
TRANSITION_MS = 300_000
"""A condition stays for so long after the pressure is over."""
SYSTEM_DISK_BYTES = 6 << 30
PIDS = 32_768
_FORCED_SHARE = 0.6
"""What a Fault leaves of a threshold."""


class Owner(Protocol):
    """The kubelet."""

    def evict(self, worker: PodWorker, failure: Rejection) -> None:
        """End a Pod for good."""

    def report_pressure(self, condition: str, *, holds: bool) -> None:
        """Say in the Node's status whether a condition holds."""


class EvictionManager:
    """One machine's."""

    def __init__(
        self,
        sim: Simulation,
        runtime: ContainerRuntime,
        events: EventRecorder,
        owner: Owner,
        workers: dict[str, PodWorker],
        get_node: Callable[[], JSONObject | None],
        *,
        node: str,
    ) -> None:
        self._sim = sim
        self._runtime = runtime
        self._events = events
        self._owner = owner
        self._workers = workers
        self._get_node = get_node
        self._node = node
        self._timer: Timer | None = None
        self._forced: dict[str, None] = {}
        self._met_ms: dict[str, int] = {}
        self.paused = False

    # What others ask and tell

    def pressure(self, signal: str, *, on: bool) -> None:
        """Let the machine be short of ``memory``, ``disk`` or ``pid`` whatever it really has, or no more.

        This is the door for Faults: while it is on, one Pod is evicted every ten seconds, in upstream's
        order; the Node's condition stays for five minutes after it is off.
        """
        if on:
            self._forced[signal] = None
            self._look(None)
        else:
            self._forced.pop(signal, None)
            self.consider()

    def consider(self) -> None:
        """Something may have changed: look again soon."""
        if self._timer is None and not self.paused:
            wait_ms = MONITORING_MS - self._sim.now_ms % MONITORING_MS
            self._timer = self._sim.schedule(wait_ms, self._look, None, background=True)

    def power_off(self) -> None:
        """The machine is gone."""
        self.paused = True
        self._sim.cancel(self._timer)
        self._timer = None

    def resume(self) -> None:
        """The machine is back."""
        self.paused = False
        self.consider()

    def conditions(self) -> list[str]:
        """Node conditions that hold, in order."""
        return [CONDITIONS[kind] for kind in (MEMORY, DISK, PID) if kind in self._met_ms]

    def admit(self, pod: JSONObject) -> Rejection | None:
        """Whether a new Pod may come while there is pressure; ``None`` when it may."""
        held = self.conditions()
        if not held or is_critical(pod):
            return None
        if held == [CONDITIONS[MEMORY]]:
            status = pod.get("status") or {}
            if status.get("qosClass") != "BestEffort" or _tolerates_memory_pressure(pod):
                return None
        return Rejection(EVICTED, f"The node had condition: [{' '.join(held)}]. ")

    # Looking

    def _look(self, _: None) -> None:
        self._sim.cancel(self._timer)
        self._timer = None
        if self.paused or not self._runtime.powered:
            return
        node = self._get_node()
        if node is None:
            return
        if not self._evict_for_storage_limits():
            for signal in self._signals(node):
                self._judge(signal)
            self._evict_for_pressure(node)
        if self._met_ms or self._forced or any(map(self._may_write_too_much, self._active())):
            self.consider()

    def _active(self) -> list[PodWorker]:
        return [worker for worker in self._workers.values() if worker.state is WorkerState.SYNC]

    def _may_write_too_much(self, worker: PodWorker) -> bool:
        return has_storage_limits(worker.spec) and any(
            self._runtime.runs_commands(container) for container in worker.running()
        )

    def _signals(self, node: JSONObject) -> list[Signal]:
        capacity = (node.get("status") or {}).get("capacity") or {}
        memory = quantity_bytes(capacity.get("memory", "8Gi"))
        disk = quantity_bytes(capacity.get("ephemeral-storage", "100Gi"))
        self._runtime.processor.cores_millis = cpu_millis(capacity.get("cpu", "4"))
        workers = list(self._workers.values())
        used_bytes = node_stats(self._runtime, workers, self._node, self._sim.now_ms)[1]
        disk_threshold = round(disk * DISK_THRESHOLD)
        pids = sum(self._runtime.process_count(item) for w in workers for item in w.running())
        pid_threshold = round(PIDS * PID_THRESHOLD)
        found = (
            Signal(MEMORY, memory - used_bytes, MEMORY_THRESHOLD_BYTES, "100Mi"),
            Signal(
                DISK, disk - self._disk_used(workers), disk_threshold, amount(DISK, disk_threshold)
            ),
            Signal(PID, PIDS - pids, pid_threshold, str(pid_threshold)),
        )
        return [self._forced_or_real(signal) for signal in found]

    def _forced_or_real(self, signal: Signal) -> Signal:
        if signal.kind not in self._forced or signal.is_met:
            return signal
        available = round(signal.threshold * _FORCED_SHARE)
        return Signal(signal.kind, available, signal.threshold, signal.threshold_text)

    def _disk_used(self, workers: list[PodWorker]) -> int:
        images = sum(image.size_bytes for image in self._runtime.images.list_images())
        return SYSTEM_DISK_BYTES + 2 * images + sum(map(self._pod_disk, workers))

    def _pod_disk(self, worker: PodWorker) -> int:
        return sum(self._container_disk(worker).values()) + sum(_volume_disk(worker).values())

    def _container_disk(self, worker: PodWorker) -> dict[str, int]:
        return {item.name: self._runtime.disk_bytes(item) for item in worker.running()}

    # Judging

    def _judge(self, signal: Signal) -> None:
        """Keep the Node's condition: at once when it begins, five minutes late when it ends."""
        kind, now_ms = signal.kind, self._sim.now_ms
        if signal.is_met:
            began = kind not in self._met_ms
            self._met_ms[kind] = now_ms
            if began:
                self._tell_node(kind)
                self._owner.report_pressure(CONDITIONS[kind], holds=True)
        elif kind in self._met_ms and now_ms - self._met_ms[kind] >= TRANSITION_MS:
            del self._met_ms[kind]
            self._owner.report_pressure(CONDITIONS[kind], holds=False)

    def _tell_node(self, kind: str) -> None:
        node = self._get_node()
        if node is not None:
            named = {**node, "metadata": {**node["metadata"], "uid": self._node}}
            text = f"Attempting to reclaim {RESOURCES[kind]}"
            self._events.event(named, "Warning", "EvictionThresholdMet", text)

    def _evict_for_pressure(self, node: JSONObject) -> None:
        for signal in self._signals(node):
            if not signal.is_met:
                continue
            if signal.kind == DISK and self._drop_images() and signal.kind not in self._forced:
                return
            workers = {item.uid: item for item in self._active() if not is_critical(item.pod)}
            ranked = rank(self._candidate(signal.kind, worker) for worker in workers.values())
            if ranked:
                message = eviction_message(signal, ranked[0])
                self._owner.evict(workers[ranked[0].uid], Rejection(EVICTED, message))
            return  # one resource and one Pod at a time

    def _drop_images(self) -> bool:
        """Remove images that no container uses; whether there were any."""
        used = {item.image for worker in self._workers.values() for item in worker.running()}
        unused = [image for image in self._runtime.images.list_images() if image.name not in used]
        for image in unused:
            self._runtime.images.remove_image(image)
        return bool(unused)

    def _candidate(self, kind: str, worker: PodWorker) -> Candidate:
        uses = []
        for item in worker.running():
            found = worker.container_spec(item.name)
            requests = ((found[0].get("resources") if found else None) or {}).get("requests") or {}
            if kind == MEMORY:
                used = self._runtime.memory_bytes(item)
            elif kind == DISK:
                used = self._runtime.disk_bytes(item)
            else:
                used = self._runtime.process_count(item)
            requested = quantity_bytes(requests.get(RESOURCES[kind], "0")) if kind != PID else 0
            uses.append(ContainerUse(item.name, used, requested))
        total = sum(use.used for use in uses)
        if kind == DISK:
            total += sum(_volume_disk(worker).values())
        asked = {MEMORY: worker.requests.memory_bytes, DISK: worker.requests.ephemeral_bytes}
        priority: int = worker.spec.get("priority") or 0
        return Candidate(worker.uid, priority, asked.get(kind, 0), total, tuple(uses))

    def _evict_for_storage_limits(self) -> bool:
        """Evict every Pod that wrote more than it may; whether there was one."""
        found = False
        for worker in self._active():
            if is_critical(worker.pod) or not has_storage_limits(worker.spec):
                continue
            excess = storage_excess(worker.pod, self._container_disk(worker), _volume_disk(worker))
            if excess:
                found = True
                self._owner.evict(worker, Rejection(EVICTED, excess))
        return found


def _volume_disk(worker: PodWorker) -> dict[str, int]:
    """What each emptyDir on disk holds, in bytes."""
    if worker.volumes is None:
        return {}
    on_disk = [
        item["name"]
        for item in worker.spec.get("volumes") or ()
        if "emptyDir" in item and (item["emptyDir"] or {}).get("medium") != "Memory"
    ]
    used = worker.volumes.used_bytes()
    return {name: used[name] for name in on_disk if name in used}


def _tolerates_memory_pressure(pod: JSONObject) -> bool:
    return any(
        item.get("key") in (None, "", "node.kubernetes.io/memory-pressure")
        and item.get("effect") in (None, "", "NoSchedule")
        for item in pod["spec"].get("tolerations") or ()
    )
