"""The kubelet's loop: Pods in, containers running, statuses out.

Enters: Pods of this Node (:class:`~webapp.kubelet.config.PodSource`), ends and changes of containers
(the runtime's listener), probe results. Leaves: requests to the runtime, statuses, Events, facts.
Each Pod has a :class:`~webapp.kubelet.pod_workers.PodWorker`; :meth:`Kubelet.sync` moves it along and
may be called at any time.

Models:
    pkg/kubelet/kubelet.go syncLoopIteration
    pkg/kubelet/kubelet.go SyncPod
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.pods import is_pod_terminal
from webapp.cri.handlers import handlers_of
from webapp.kubelet import nodeshutdown, static_pods, streaming
from webapp.kubelet.inside import look_inside
from webapp.kubelet.interruptions import Interruptions
from webapp.kubelet.lifecycle import OVERDUE, Rejection, admit_pod
from webapp.kubelet.nodeshutdown import NodeShutdown
from webapp.kubelet.parts import NOTICE_LATENCY
from webapp.kubelet.pod_workers import PodWorker, WorkerState
from webapp.kubelet.stats import node_stats, pod_stats
from webapp.kubelet.termination import Termination
from webapp.kubelet.volume_manager import mount_problem
from webapp.kubelet.volumes import PodVolumes
from webapp.sim.latency import Latency
from webapp.trace.facts import PodAccepted, PodRejected, VolumesMounted

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.log_options import LogOptions
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.streams import ExecOptions, ExecSession, PortForwarder
    from webapp.apimachinery.wire import LogResponse
    from webapp.cri.api import Container, Sandbox
    from webapp.cri.stats import ContainerStats
    from webapp.kubelet.surroundings import Surroundings

MOUNT_LATENCY = Latency(40, 0.4, 10)
PLEG_LATENCY = Latency(120, 0.4, 20)
"""From a container's end to the kubelet's knowing."""
EVICTION_GRACE_SECONDS = 1
FIRST_MOUNT_RETRY_MS = 500
LAST_MOUNT_RETRY_MS = 122_000


class Kubelet(Interruptions, Termination):
    """The kubelet of one machine.

    Attributes:
        workers: UID → worker, of all Pods that are known here.
        paused: Whether its process has stopped; containers go on without it.
    """

    def __init__(self, given: Surroundings) -> None:
        super().__init__(given)
        given.runtime.listener = self

    # Pods come, change and go

    def on_pod_added(self, pod: JSONObject) -> None:
        """A Pod was bound to this Node."""
        uid = pod["metadata"]["uid"]
        if uid in self.workers or is_pod_terminal(pod):
            return
        self._arriving[uid] = pod
        self._later(NOTICE_LATENCY, self._accept, uid)

    def on_pod_updated(self, _old: JSONObject, pod: JSONObject) -> None:
        """A Pod of this Node changed; what only its status says needs no work."""
        metadata = pod["metadata"]
        worker = self.workers.get(metadata["uid"])
        if worker is None:
            if metadata["uid"] in self._arriving:
                self._arriving[metadata["uid"]] = pod
            return
        before = worker.pod
        if pod is before and "deletionTimestamp" not in metadata:
            return  # what this kubelet wrote itself
        if int(metadata["resourceVersion"]) > int(before["metadata"]["resourceVersion"]):
            worker.pod = pod
        if metadata.get("deletionTimestamp"):
            self._later(NOTICE_LATENCY, self._end, worker)
        elif pod["spec"] is not before["spec"] and pod["spec"] != before["spec"]:
            self._later(NOTICE_LATENCY, self._on_spec_changed, worker)
        elif pod["spec"].get("readinessGates") and worker.pod is pod:
            # Somebody else may have opened a gate, which the Pod's status alone tells.
            self._statuses.mark(worker)
        elif worker.volumes is not None and _tags(metadata) != _tags(before["metadata"]):
            self._later(NOTICE_LATENCY, worker.volumes.refresh, None)

    def on_node_updated(self, node: JSONObject) -> None:
        """The Node object changed: it may name other static Pods."""
        if not self.paused and static_pods.ANNOTATION in (
            node["metadata"].get("annotations") or {}
        ):
            self._static_pods.check()

    def on_pod_deleted(self, pod: JSONObject) -> None:
        """A Pod of this Node is gone from the API server."""
        if static_pods.is_mirror(pod):
            self._later(NOTICE_LATENCY, self._static_pods.check, None)
        uid = pod["metadata"]["uid"]
        self._arriving.pop(uid, None)
        worker = self.workers.get(uid)
        if worker is None:
            return
        worker.removed = True
        worker.pod = pod
        self._statuses.forget(worker)
        if worker.state is WorkerState.TERMINATED:
            self._forget(worker)
        else:
            self._later(NOTICE_LATENCY, self._end, worker)

    def _on_spec_changed(self, worker: PodWorker) -> None:
        if worker.state is WorkerState.SYNC:
            self._allocations.consider(worker)
            self._set_active_deadline(worker)
        self.sync(worker)

    def _accept(self, uid: str) -> None:
        pod = self._arriving.pop(uid, None)
        node = self._given.get_node()
        if pod is None or node is None or self.paused or not self._given.runtime.powered:
            return
        worker = self.workers[uid] = PodWorker(pod, self._sim.now_ms)
        if pod["metadata"].get("deletionTimestamp"):
            worker.state = WorkerState.TERMINATED
            self._statuses.mark(worker)
            return
        rejection = self._evictions.admit(pod)
        if self._shutdown is not None:
            rejection = nodeshutdown.REFUSED
        rejection = rejection or admit_pod(pod, worker.requests, node, self._use)
        if rejection is not None:
            self._reject(worker, rejection)
            return
        self._use.add(worker.requests)
        self._set_active_deadline(worker)
        seq = self._given.recorder.record(
            PodAccepted(actor=self._actor, subject=worker.ref, node=self._given.node)
        )
        with self._given.recorder.caused_by(seq):
            self.sync(worker)

    def _set_active_deadline(self, worker: PodWorker) -> None:
        """Count from the Pod's start, also when the deadline was set or shortened later."""
        seconds = worker.spec.get("activeDeadlineSeconds")
        self._sim.cancel(worker.active_deadline)
        worker.active_deadline = None
        if seconds is not None:
            at_ms = max(self._sim.now_ms, worker.start_ms + int(seconds) * 1000)
            worker.active_deadline = self._sim.schedule_at(
                at_ms, self._on_active_deadline, worker, background=True
            )

    def _on_active_deadline(self, worker: PodWorker) -> None:
        """The Pod was active for as long as it may be: it fails."""
        if worker.state is WorkerState.SYNC:
            worker.failure = OVERDUE
            self._given.events.event(worker.pod, "Normal", OVERDUE.reason, OVERDUE.message)
            self._begin_termination(worker)

    # Eviction

    def pressure(self, signal: str, *, on: bool) -> None:
        """Let the machine be short of ``memory``, ``disk`` or ``pid``, or no more: the door for Faults."""
        self._evictions.pressure(signal, on=on)

    def evict(self, worker: PodWorker, failure: Rejection) -> None:
        """End a Pod for good, within a second, since the machine has not enough for it."""
        self._given.events.event(worker.pod, "Warning", failure.reason, failure.message)
        self.terminate(worker, failure, EVICTION_GRACE_SECONDS)

    def terminate(self, worker: PodWorker, failure: Rejection, seconds: int) -> None:
        """End a Pod for good within ``seconds``."""
        worker.failure = failure
        worker.grace_override = seconds
        self._begin_termination(worker)

    def shut_down(self, on_done: Callable[[], None]) -> None:
        """End all Pods, for the machine is to go; ``on_done`` says that it may."""
        node = self._given.get_node()
        if node is not None:
            # Kubelets name their Node by its name where a UID belongs.
            named = {**node, "metadata": {**node["metadata"], "uid": self._given.node}}
            message = "Shutdown manager detected shutdown event"
            self._given.events.event(named, "Normal", "Shutdown", message)
        self._shutdown = NodeShutdown(self._sim, self, on_done)
        self._shutdown.begin()

    def report_pressure(self, condition: str, *, holds: bool) -> None:
        """Say in the Node's status whether a condition holds."""
        self._given.on_pressure(condition, holds)

    def _reject(self, worker: PodWorker, rejection: Rejection) -> None:
        worker.rejection = rejection
        worker.state = WorkerState.TERMINATED
        self._given.events.event(worker.pod, "Warning", rejection.reason, rejection.message)
        self._given.recorder.record(
            PodRejected(
                actor=self._actor,
                subject=worker.ref,
                node=self._given.node,
                reason=rejection.reason,
                message=rejection.message,
            )
        )
        self._statuses.mark(worker)

    # One Pod

    def sync(self, worker: PodWorker) -> None:
        """Move a Pod along: begin what is next, unless something is under way."""
        if self.paused:
            return
        if not worker.removed:
            self._statuses.mark(worker)
        if worker.busy or worker.state is WorkerState.TERMINATED:
            return
        if worker.observed.sandbox is None and worker.spec.get("runtimeClassName"):
            self._find_handlers()
        if worker.state is WorkerState.TERMINATING:
            self._sync_terminating(worker)
        elif not worker.mounted:
            self._mount(worker)
        elif self._manager.sync_pod(worker):
            self._begin_termination(worker)

    def _find_handlers(self) -> None:
        """Which runtime handlers the machine has now."""
        node = self._given.get_node()
        if node is not None:
            self._given.runtime.handlers = handlers_of(node)

    def _mount(self, worker: PodWorker) -> None:
        if not worker.spec.get("volumes"):
            worker.mounted = True
            self.sync(worker)
            return
        problem = mount_problem(self._given.client, self._storage.host, worker.pod)
        if not problem:
            worker.busy = True
            self._later(MOUNT_LATENCY, self._finish_mount, worker)
        elif worker.resync is None:
            self._given.events.event(worker.pod, "Warning", "FailedMount", problem)
            wait_ms = worker.retry_at_ms.get("volumes", FIRST_MOUNT_RETRY_MS)
            worker.retry_at_ms["volumes"] = min(wait_ms * 2, LAST_MOUNT_RETRY_MS)
            worker.resync = self._sim.schedule(wait_ms, self._remount, worker, background=True)

    def _remount(self, worker: PodWorker) -> None:
        worker.resync = None
        self.sync(worker)

    def _finish_mount(self, worker: PodWorker) -> None:
        worker.busy = False
        worker.mounted = True
        given = self._given
        worker.volumes = PodVolumes(
            given.sim,
            given.client,
            self._storage,
            lambda: worker.pod,
            self._allocatable,
            host_ip=given.host_ip,
        )
        worker.retry_at_ms.pop("volumes", None)
        seq = self._given.recorder.record(
            VolumesMounted(
                actor=self._actor,
                subject=worker.ref,
                node=self._given.node,
                volumes=tuple(volume["name"] for volume in worker.spec["volumes"]),
            )
        )
        with self._given.recorder.caused_by(seq):
            self.sync(worker)

    # What the runtime tells

    def on_container_exited(self, sandbox: Sandbox, container: Container) -> None:
        """A container's first process has ended: the next relist will show it."""
        self._prober.remove(container)
        worker = self.workers.get(sandbox.config.pod.uid)
        if worker is not None:
            self._later(PLEG_LATENCY, self.sync, worker)

    def on_memory_used(self) -> None:
        """Something holds more than before."""
        self._evictions.consider()

    def on_container_changed(self, sandbox: Sandbox, container: Container) -> None:  # noqa: ARG002
        """A container answers on other ports, or its files changed."""
        self._prober.recheck(container)

    def recheck_probes(self, container: Container) -> None:
        """What a container's probes find may have changed: look again."""
        self._prober.recheck(container)

    # Statistics

    def pod_stats(self, uid: str) -> list[ContainerStats]:
        """What a Pod's running containers used; empty while one of them is fresh."""
        worker = self.workers.get(uid)
        return pod_stats(self._given.runtime, worker) if worker is not None else []

    def node_stats(self) -> tuple[int, int]:
        """What the machine used altogether: nanocores and bytes."""
        given = self._given
        return node_stats(given.runtime, list(self.workers.values()), given.node, self._sim.now_ms)

    def look_inside(self, uid: str) -> JSONObject | None:
        """What goes on inside a Pod here at this moment; ``None`` when it is not known here."""
        worker = self.workers.get(uid)
        if worker is None:
            return None
        return look_inside(self._given.runtime, self._prober, worker, self._sim.now_ms)

    # Logs and streams

    def container_exec(self, pod: JSONObject, container: str, options: ExecOptions) -> ExecSession:
        """A command begun in a container of a Pod here; without words, the container itself.

        Raises:
            NodeRefused: It does not run.
        """
        worker = self.workers.get(pod["metadata"]["uid"])
        return streaming.container_exec(self._given.runtime, worker, container, options)

    def port_forwarder(self, pod: JSONObject) -> PortForwarder:
        """The way to the ports of a Pod here.

        Raises:
            NodeRefused: It does not run.
        """
        worker = self.workers.get(pod["metadata"]["uid"])
        return streaming.port_forwarder(self._given.runtime, worker, pod)

    def container_log(self, pod: JSONObject, container: str, options: LogOptions) -> LogResponse:
        """What a container of a Pod here printed.

        Raises:
            BadRequest: The container has not run yet, or has no previous instance.
            NotFound: The Pod is not here.
        """
        worker = self.workers.get(pod["metadata"]["uid"])
        return streaming.container_log(worker, pod["metadata"]["name"], container, options)


def _tags(metadata: JSONObject) -> tuple[JSONObject, JSONObject]:
    """What of the metadata the downward API's files may show."""
    return metadata.get("labels") or {}, metadata.get("annotations") or {}
