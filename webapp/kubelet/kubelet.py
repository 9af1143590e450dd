"""The kubelet's loop: Pods in, containers running, statuses out.

Enters: Pods of this Node (:class:`~webapp.kubelet.config.PodSource`), ends and changes of containers
(the runtime's listener), probe results. Leaves: requests to the runtime, statuses, Events, facts.
Each Pod has a :class:`~webapp.kubelet.pod_workers.PodWorker`; :meth:`Kubelet.sync` moves it along and
may be called at any time.

Models:
    pkg/kubelet/kubelet.go syncLoopIteration
    pkg/kubelet/kubelet.go SyncPod
    pkg/kubelet/kubelet.go SyncTerminatingPod
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from webapp.api.core.pods import is_pod_terminal, is_sidecar
from webapp.apimachinery.status import BadRequest, NotFound
from webapp.apimachinery.wire import LogResponse
from webapp.cri.api import EXITED
from webapp.cri.continuation import later
from webapp.cri.handlers import handlers_of
from webapp.kubelet import nodeshutdown, static_pods, streaming
from webapp.kubelet.allocation import AllocationManager
from webapp.kubelet.eviction.eviction_manager import EvictionManager
from webapp.kubelet.host_files import HostFiles, StorageFiles
from webapp.kubelet.image_manager import ImageManager
from webapp.kubelet.inside import look_inside
from webapp.kubelet.kuberuntime.container import ContainerStarter
from webapp.kubelet.kuberuntime.manager import RuntimeManager, grace_seconds
from webapp.kubelet.lifecycle import OVERDUE, NodeUse, Rejection, admit_pod
from webapp.kubelet.nodeshutdown import NodeShutdown
from webapp.kubelet.pod_workers import PodWorker, WorkerState
from webapp.kubelet.prober import Prober
from webapp.kubelet.pull_secrets import pull_secrets
from webapp.kubelet.sabotage import Sabotage
from webapp.kubelet.static_pods import StaticPods
from webapp.kubelet.stats import node_stats, pod_stats
from webapp.kubelet.status_manager import StatusManager
from webapp.kubelet.volume_manager import mount_problem
from webapp.kubelet.volumes import PodVolumes, Storage
from webapp.sim.latency import Latency
from webapp.trace.facts import PodAccepted, PodRejected, VolumesMounted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webapp.apimachinery.log_options import LogOptions
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.streams import ExecOptions, ExecSession, PortForwarder
    from webapp.client.record import EventRecorder
    from webapp.client.rest import RESTClient
    from webapp.cri.api import Container, Sandbox
    from webapp.cri.runtime import ContainerRuntime
    from webapp.cri.stats import ContainerStats
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStream
    from webapp.trace.recorder import Recorder

NOTICE_LATENCY = Latency(20, 0.4, 10)
"""From the watch's delivery to the Pod's worker."""
PLEG_LATENCY = Latency(120, 0.4, 20)
"""From a container's end to the kubelet's knowing."""
MOUNT_LATENCY = Latency(40, 0.4, 10)
EVICTION_GRACE_SECONDS = 1
PARALLEL_PULLS_ANNOTATION = "sim.podarium.dev/max-parallel-image-pulls"
FIRST_MOUNT_RETRY_MS = 500
LAST_MOUNT_RETRY_MS = 122_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a kubelet is given by its machine.

    Attributes:
        sim: Virtual time.
        recorder: Takes the facts.
        stream: Chance, this machine's own.
        client: Speaks to the API server as this Node.
        events: Writes Events as this kubelet.
        runtime: The machine's container runtime.
        node: The Node's name.
        host_ip: The machine's address.
        get_node: The Node object as last seen.
        on_image_pulled: Told when the machine has one image more.
        services_in: Services of a namespace as last seen, sorted by name.
        on_pressure: Told whether a condition of the Node holds.
        network_ready: Whether a network plugin is installed.
        sabotage: What Faults make go wrong here.
        storage: What the cluster's storage systems hold; ``None`` for some of its own.
    """

    sim: Simulation
    recorder: Recorder
    stream: RandomStream
    client: RESTClient
    events: EventRecorder
    runtime: ContainerRuntime
    node: str
    host_ip: str
    get_node: Callable[[], JSONObject | None]
    on_image_pulled: Callable[[], None]
    services_in: Callable[[str], list[JSONObject]]
    on_pressure: Callable[[str, bool], None]
    network_ready: bool = True
    sabotage: Sabotage = field(default_factory=Sabotage)
    storage: StorageFiles | None = None


class Kubelet:
    """The kubelet of one machine.

    Attributes:
        workers: UID → worker, of all Pods that are known here.
        paused: Whether its process has stopped; containers go on without it.
    """

    def __init__(self, given: Surroundings) -> None:
        self._given = given
        self._sim = given.sim
        self._actor = f"kubelet/{given.node}"
        self._use = NodeUse()
        self._storage = Storage(HostFiles(), given.storage or StorageFiles())
        self._arriving: dict[str, JSONObject] = {}
        self.workers: dict[str, PodWorker] = {}
        self.paused = False
        self._power_lost_ms = 0
        self._shutdown: NodeShutdown | None = None
        given.runtime.listener = self
        self._images = ImageManager(
            given.sim,
            given.recorder,
            given.runtime.images,
            given.events,
            node=given.node,
            on_pulled=given.on_image_pulled,
            sabotage=given.sabotage,
            secrets_of=lambda pod: pull_secrets(given.client, pod),
            get_parallel=self._parallel_pulls,
        )
        self._prober = Prober(
            given.sim,
            given.recorder,
            given.runtime,
            given.events,
            node=given.node,
            on_result=self.sync,
            sabotage=given.sabotage,
        )
        self._starter = ContainerStarter(
            given.sim,
            given.client,
            given.runtime,
            self._images,
            self._prober,
            given.events,
            host_ip=given.host_ip,
            services_in=given.services_in,
            allocatable=self._allocatable,
        )
        self._manager = RuntimeManager(
            given.sim,
            given.recorder,
            given.stream,
            given.runtime,
            self._starter,
            given.client,
            given.events,
            node=given.node,
            network_ready=given.network_ready,
            on_progress=self.sync,
        )
        self._statuses = StatusManager(
            given.sim,
            given.recorder,
            given.client,
            given.stream,
            node=given.node,
            host_ip=given.host_ip,
        )

        self._allocations = AllocationManager(
            given.sim,
            given.runtime,
            given.events,
            self._use,
            given.get_node,
            self._restart_resized,
            self._statuses.mark,
        )
        self._static_pods = StaticPods(given.sim, given.client, given.get_node)
        self._evictions = EvictionManager(
            given.sim,
            given.runtime,
            given.events,
            self,
            self.workers,
            given.get_node,
            node=given.node,
        )

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

    # Interruptions

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

    def _later(self, latency: Latency, handler: Callable[[Any], None], key: Any) -> None:
        later(self._sim, self._given.recorder, latency.draw(self._given.stream), handler, key)

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

    def _restart_resized(self, worker: PodWorker, container: Container) -> None:
        message = f"Container {container.name} resize requires restart"
        self._starter.kill_container(worker, container, message, grace_seconds(worker) * 1000)

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

    def _parallel_pulls(self) -> int:
        """How many pulls may happen at a time: one, unless the Node's annotation says more."""
        node = self._given.get_node() or {}
        annotations = (node.get("metadata") or {}).get("annotations") or {}
        text = annotations.get(PARALLEL_PULLS_ANNOTATION, "")
        return max(1, int(text)) if text.isdecimal() else 1

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

    def _allocatable(self) -> JSONObject:
        found: JSONObject = (self._given.get_node() or {}).get("status") or {}
        allocatable: JSONObject = found.get("allocatable") or {}
        return allocatable

    # The end

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
        name = pod["metadata"]["name"]
        worker = self.workers.get(pod["metadata"]["uid"])
        if worker is None:
            raise NotFound.of("", "pods", name)
        observed = worker.observed
        if options.previous:
            instance = observed.previous.get(container)
            if instance is None and container in worker.waiting:
                instance = observed.containers.get(container)
            if instance is None:
                raise BadRequest(
                    f'previous terminated container "{container}" in pod "{name}" not found'
                )
        else:
            instance = observed.containers.get(container)
            if instance is None:
                reason = worker.waiting.get(container, ("ContainerCreating", ""))[0]
                words = {
                    "ErrImagePull": "image can't be pulled",
                    "ImagePullBackOff": "trying and failing to pull image",
                }.get(reason, reason)
                raise BadRequest(
                    f'container "{container}" in pod "{name}" is waiting to start: {words}'
                )
        log = instance.log
        return LogResponse(lambda sink: log.read(options, sink))


def _tags(metadata: JSONObject) -> tuple[JSONObject, JSONObject]:
    """What of the metadata the downward API's files may show."""
    return metadata.get("labels") or {}, metadata.get("annotations") or {}
