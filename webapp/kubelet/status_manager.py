"""Telling the API server how a Pod is: coalesced writes of ``pods/status``, and the last delete.

:meth:`StatusManager.mark` is called whenever something about a Pod may have changed; a little later
one write carries all of it, or none when nothing did. A Pod that was deleted and has ended is then
deleted for good (grace 0, with its UID), which is what makes it vanish from the API.

Models:
    pkg/kubelet/status/status_manager.go manager.syncPod
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.pods import qos_class
from webapp.api.resources import PODS
from webapp.apimachinery.status import Conflict, NotFound, StatusError
from webapp.apimachinery.timestamps import time_text
from webapp.cri.continuation import later
from webapp.kubelet.pod_status import StatusInput, generate_pod_status, ready_condition
from webapp.kubelet.pod_workers import WorkerState
from webapp.sim.latency import Latency
from webapp.trace.facts import PodNotReady, PodReady, StatusReported

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.rest import RESTClient
    from webapp.kubelet.pod_workers import PodWorker
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStream
    from webapp.trace.recorder import Recorder

WRITE_LATENCY = Latency(40, 0.3, 10)
RETRY_MS = 10_000
_ATTEMPTS = 3


class StatusManager:
    """Writes the statuses of one machine's Pods.

    Attributes:
        paused: Whether nothing is written, since the kubelet has stopped.
    """

    def __init__(
        self,
        sim: Simulation,
        recorder: Recorder,
        client: RESTClient,
        stream: RandomStream,
        *,
        node: str,
        host_ip: str,
    ) -> None:
        self._sim = sim
        self._recorder = recorder
        self._client = client
        self._stream = stream
        self._node = node
        self._actor = f"kubelet/{node}"
        self._host_ip = host_ip
        self.paused = False

    def mark(self, worker: PodWorker) -> None:
        """Something about the Pod may have changed: write it soon."""
        if worker.flush is None and not worker.removed and not self.paused:
            delay_ms = WRITE_LATENCY.draw(self._stream)
            worker.flush = later(self._sim, self._recorder, delay_ms, self._write, worker)

    def forget(self, worker: PodWorker) -> None:
        """The Pod object is gone: nothing is left to write to."""
        self._sim.cancel(worker.flush)
        worker.flush = None

    def _write(self, worker: PodWorker) -> None:
        worker.flush = None
        if worker.removed:
            return
        try:
            self._write_status(worker)
            self._delete_if_over(worker)
        except NotFound:  # somebody deleted it outright; the watch will say so
            return
        except StatusError:  # the API server did not take it: the next batch tries again
            worker.flush = self._sim.schedule(RETRY_MS, self._write, worker, background=True)

    def _write_status(self, worker: PodWorker) -> None:
        for attempt in range(_ATTEMPTS):
            status = self._status(worker)
            if status == worker.pod.get("status"):
                return
            try:
                worker.pod = self._client.update(PODS, {**worker.pod, "status": status}, "status")
            except Conflict:
                pod = self._client.get(
                    PODS, worker.pod["metadata"]["namespace"], worker.pod["metadata"]["name"]
                )
                if pod["metadata"]["uid"] != worker.uid or attempt == _ATTEMPTS - 1:
                    return
                worker.pod = pod
                continue
            self._record(worker, status)
            return

    def _status(self, worker: PodWorker) -> JSONObject:
        last = worker.pod.get("status") or {}
        if worker.rejection is not None:
            return {
                **last,
                "phase": "Failed",
                "reason": worker.rejection.reason,
                "message": f"Pod was rejected: {worker.rejection.message}",
                "startTime": time_text(worker.start_ms),
                "qosClass": last.get("qosClass") or qos_class(worker.pod),
            }
        return generate_pod_status(
            StatusInput(
                worker.pod,
                worker.observed,
                worker.waiting,
                self._host_ip,
                worker.start_ms,
                self._sim.now_ms,
                terminated=worker.state is WorkerState.TERMINATED,
                failure=worker.failure,
                allocation=worker.allocation,
            )
        )

    def _record(self, worker: PodWorker, status: JSONObject) -> None:
        self._recorder.record(
            StatusReported(
                actor=self._actor, subject=worker.ref, node=self._node, phase=status["phase"]
            )
        )
        if worker.rejection is not None:
            return
        condition = ready_condition(status)
        ready = condition["status"] == "True"
        if ready == worker.was_ready:
            return
        worker.was_ready = ready
        if ready:
            self._recorder.record(PodReady(actor=self._actor, subject=worker.ref, node=self._node))
        else:
            self._recorder.record(
                PodNotReady(
                    actor=self._actor,
                    subject=worker.ref,
                    node=self._node,
                    reason=condition.get("reason", ""),
                )
            )

    def _delete_if_over(self, worker: PodWorker) -> None:
        metadata = worker.pod["metadata"]
        if worker.state is WorkerState.TERMINATED and metadata.get("deletionTimestamp"):
            self._client.delete(
                PODS,
                metadata["namespace"],
                metadata["name"],
                grace_period_seconds=0,
                uid=worker.uid,
            )
