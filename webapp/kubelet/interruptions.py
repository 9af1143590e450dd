"""A kubelet that stops, is cut off, or loses its machine, and comes back."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from webapp.cri.api import EXITED
from webapp.kubelet.parts import NOTICE_LATENCY, KubeletParts
from webapp.kubelet.pod_workers import PodWorker, WorkerState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject


class Interruptions(KubeletParts):
    """Lets a kubelet go away and find again what it left."""

    def power_off(self) -> None:
        """The machine is gone: nothing of it acts any more."""
        self._static_pods.stop()
        self._evictions.power_off()
        for worker in self.workers.values():
            worker.removed = True
            worker.state = WorkerState.TERMINATED
            self._sim.cancel(worker.flush)
            self._sim.cancel(worker.resync)
            self._sim.cancel(worker.active_deadline)
            if worker.volumes is not None:
                worker.volumes.close()
        self._given.runtime.power_off()

    def pause(self) -> None:
        """Its process ends: containers go on, and nobody looks after them or tells about them."""
        self.paused = self._prober.paused = self._statuses.paused = True
        self._static_pods.stop()
        self._evictions.power_off()
        for worker in self.workers.values():
            self._statuses.forget(worker)
            self._sim.cancel(worker.resync)
            worker.resync = None

    def disconnect(self) -> None:
        """The API server is out of reach: Pods run on, and nobody hears of them."""
        self._statuses.paused = True
        for worker in self.workers.values():
            self._statuses.forget(worker)

    def lose_power(self) -> None:
        """The machine stops, and with it whatever runs there."""
        self.pause()
        if self._shutdown is not None:
            self._shutdown.cancelled = True
            self._shutdown = None
        self._power_lost_ms = self._sim.now_ms
        self._given.runtime.power_off()

    def resume(self, pods: Iterable[JSONObject]) -> None:
        """Its process begins again, or reaches the API server again, which has ``pods`` on this Node."""
        self.paused = self._prober.paused = self._statuses.paused = False
        self._evictions.resume()
        self._static_pods.paused = False
        self._static_pods.check()
        if not self._given.runtime.powered:
            self._given.runtime.powered = True
            for worker in self.workers.values():
                self._note_power_loss(worker)
        current = {pod["metadata"]["uid"]: pod for pod in pods}
        for worker in list(self.workers.values()):
            pod = current.get(worker.uid)
            if pod is None:
                self.on_pod_deleted(worker.pod)
                continue
            self.on_pod_updated(worker.pod, pod)
            self._later(NOTICE_LATENCY, self.sync, worker)

    def _note_power_loss(self, worker: PodWorker) -> None:
        """What ran has ended unseen; the sandbox is found dead at the next sync."""
        worker.busy = False
        worker.operation += 1
        for container in worker.running():
            self._prober.remove(container)
            container.state = EXITED
            container.stopping = False
            container.finished_ms = self._power_lost_ms
            container.exit_code = 255
            container.reason = "Unknown"
        sandbox = worker.observed.sandbox
        if sandbox is not None:
            sandbox.ready = False
            self._given.runtime.remove_pod_sandbox(sandbox)
            if worker.state is WorkerState.TERMINATING:
                worker.observed.sandbox = None

    @abstractmethod
    def on_pod_updated(self, _old: JSONObject, pod: JSONObject) -> None:
        """A Pod of this Node changed."""

    @abstractmethod
    def on_pod_deleted(self, pod: JSONObject) -> None:
        """A Pod of this Node is gone from the API server."""
