"""Graceful node shutdown: the machine waits until the kubelet has ended its Pods, critical ones last.

Enters: a machine that is told to shut down. Leaves: Pods that fail with reason ``Terminated``, an Event
of the Node, and ``on_done`` once the machine may go.

Deviation: upstream's grace periods are 0 unless configured; here they are 30 s, of which 10 s are for
critical Pods.

Models:
    pkg/kubelet/nodeshutdown/nodeshutdown_manager_linux.go managerImpl.processShutdownEvent
    pkg/kubelet/nodeshutdown/nodeshutdown_manager.go podManager.killPods
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webapp.kubelet.kuberuntime.manager import grace_seconds
from webapp.kubelet.lifecycle import Rejection
from webapp.kubelet.pod_workers import WorkerState

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.kubelet.pod_workers import PodWorker
    from webapp.sim.loop import Simulation

REGULAR_SECONDS = 20
CRITICAL_SECONDS = 10
SYSTEM_CRITICAL_PRIORITY = 2_000_000_000
LOOK_MS = 250
NODE_PROBLEM = "node is shutting down"
TERMINATED = Rejection("Terminated", "Pod was terminated in response to imminent node shutdown.")
REFUSED = Rejection("NodeShutdown", "Pod was rejected as the node is shutting down.")


class PodRunner(Protocol):
    """Whose Pods end: a kubelet."""

    workers: dict[str, PodWorker]

    def terminate(self, worker: PodWorker, failure: Rejection, seconds: int) -> None:
        """End a Pod for good within ``seconds``."""


class NodeShutdown:
    """One shutdown of one machine.

    Args:
        sim: Virtual time.
        kubelet: Whose Pods end.
        on_done: Called once they have, or their time is up.
    """

    def __init__(self, sim: Simulation, kubelet: PodRunner, on_done: Callable[[], None]) -> None:
        self._sim = sim
        self._kubelet = kubelet
        self._on_done = on_done
        self._groups = [REGULAR_SECONDS, CRITICAL_SECONDS]
        self._ending: list[PodWorker] = []
        self._deadline_ms = 0
        self.cancelled = False

    def begin(self) -> None:
        """End the Pods, group by group."""
        self._next_group()

    def _next_group(self) -> None:
        if not self._groups:
            self._on_done()
            return
        seconds = self._groups.pop(0)
        is_critical = not self._groups
        self._ending = [
            worker
            for worker in list(self._kubelet.workers.values())
            if _is_critical(worker) is is_critical and worker.state is not WorkerState.TERMINATED
        ]
        self._deadline_ms = self._sim.now_ms + seconds * 1000
        for worker in self._ending:
            if worker.state is WorkerState.SYNC:
                self._kubelet.terminate(worker, TERMINATED, min(seconds, grace_seconds(worker)))
        self._look()

    def _look(self, _: None = None) -> None:
        if self.cancelled:
            return
        ended = all(worker.state is WorkerState.TERMINATED for worker in self._ending)
        if ended or self._sim.now_ms >= self._deadline_ms:
            self._next_group()
        else:
            self._sim.schedule(LOOK_MS, self._look)


def _is_critical(worker: PodWorker) -> bool:
    return int(worker.spec.get("priority") or 0) >= SYSTEM_CRITICAL_PRIORITY
