"""The end of a Pod: its containers in order, within its grace period, then its sandbox.

Models:
    pkg/kubelet/kubelet.go SyncTerminatingPod
"""

from __future__ import annotations

from webapp.api.core.pods import is_sidecar
from webapp.kubelet.kuberuntime.manager import grace_seconds
from webapp.kubelet.parts import KubeletParts
from webapp.kubelet.pod_workers import PodWorker, WorkerState


class Termination(KubeletParts):
    """Ends Pods."""

    def _end(self, worker: PodWorker) -> None:
        """The Pod was deleted, or its grace period became shorter."""
        if worker.state is WorkerState.SYNC:
            self._begin_termination(worker)
        elif worker.state is WorkerState.TERMINATING:
            self._shorten_grace(worker)
        elif worker.removed:
            self._forget(worker)
        else:
            self._statuses.mark(worker)

    def _begin_termination(self, worker: PodWorker) -> None:
        worker.state = WorkerState.TERMINATING
        worker.deadline_ms = self._sim.now_ms + grace_seconds(worker) * 1000
        self._sim.cancel(worker.resync)
        worker.resync = None
        if worker.busy and worker.interruptible:
            worker.operation += 1
            worker.busy = False
        self.sync(worker)

    def _shorten_grace(self, worker: PodWorker) -> None:
        deadline_ms = self._sim.now_ms + grace_seconds(worker) * 1000
        if worker.deadline_ms is None or deadline_ms >= worker.deadline_ms:
            return
        worker.deadline_ms = deadline_ms
        for container in worker.running():
            if container.stopping:
                self._given.runtime.stop_container(container, deadline_ms - self._sim.now_ms)

    def _sync_terminating(self, worker: PodWorker) -> None:
        """End the app containers together, then the sidecars one by one, last first."""
        running = worker.running()
        if not running:
            self._finish_termination(worker)
            return
        sidecars = {
            item["name"] for item in worker.spec.get("initContainers") or () if is_sidecar(item)
        }
        targets = [item for item in running if item.name not in sidecars] or running[-1:]
        left_ms = max(0, (worker.deadline_ms or 0) - self._sim.now_ms)
        for container in targets:
            if container.id not in worker.hooks_run:
                worker.hooks_run[container.id] = None
                message = f"Stopping container {container.name}"
                self._starter.kill_container(worker, container, message, left_ms)

    def _finish_termination(self, worker: PodWorker) -> None:
        worker.state = WorkerState.TERMINATED
        self._sim.cancel(worker.active_deadline)
        if worker.volumes is not None:
            worker.volumes.close()
        sandbox = worker.observed.sandbox
        if sandbox is not None:
            self._given.runtime.stop_pod_sandbox(sandbox)
            self._given.runtime.remove_pod_sandbox(sandbox)
        self._use.add(worker.requests, -1)
        self._allocations.retry(self.workers.values())
        self._manager.forget_pod(worker)
        self._images.forget_pod(worker.uid)
        if worker.removed:
            self._forget(worker)
        else:
            self._statuses.mark(worker)

    def _forget(self, worker: PodWorker) -> None:
        self._statuses.forget(worker)
        self.workers.pop(worker.uid, None)
