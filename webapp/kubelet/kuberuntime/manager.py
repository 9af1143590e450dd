"""Carrying out what :func:`compute_pod_actions` decided, one operation at a time.

:meth:`RuntimeManager.sync_pod` begins the next operation of a Pod and returns; when it has ended, the
kubelet decides anew. So each step starts from what is really there.

Models:
    pkg/kubelet/kuberuntime/kuberuntime_manager.go SyncPod
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.pods import is_sidecar
from webapp.api.resources import RUNTIME_CLASSES
from webapp.apimachinery.status import NotFound
from webapp.cri.api import APP, EPHEMERAL, SandboxConfig
from webapp.kubelet.backoff import Backoff, go_duration
from webapp.kubelet.environment import pod_limit
from webapp.kubelet.hostname import pod_hostname
from webapp.kubelet.kuberuntime.pod_actions import ContainerStart, compute_pod_actions
from webapp.kubelet.pod_workers import field_path
from webapp.trace.facts import ContainerBackedOff

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.record import EventRecorder
    from webapp.client.rest import RESTClient
    from webapp.cri.api import RuntimeService, Sandbox
    from webapp.kubelet.kuberuntime.container import ContainerStarter, StartFailure
    from webapp.kubelet.pod_workers import PodWorker
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStream
    from webapp.trace.recorder import Recorder

RETRY_MS = 10_000
"""A failed step is tried again after this long, or half as long again."""
NETWORK_NOT_READY = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)
PULL_ERROR_SHOWN_MS = 1_500
"""How long ErrImagePull stays until the next look turns it into ImagePullBackOff."""
DEFAULT_GRACE_SECONDS = 30


class RuntimeManager:
    """Makes one machine's Pods what they should be."""

    def __init__(
        self,
        sim: Simulation,
        recorder: Recorder,
        stream: RandomStream,
        runtime: RuntimeService,
        starter: ContainerStarter,
        client: RESTClient,
        events: EventRecorder,
        *,
        node: str,
        network_ready: bool,
        on_progress: Callable[[PodWorker], None],
    ) -> None:
        self._sim = sim
        self._recorder = recorder
        self._stream = stream
        self._runtime = runtime
        self._starter = starter
        self._client = client
        self._events = events
        self._node = node
        self._network_ready = network_ready
        self._on_progress = on_progress
        self._backoff = Backoff()

    def sync_pod(self, worker: PodWorker) -> bool:
        """Begin the Pod's next operation.

        Returns:
            Whether the Pod is finished, so that what is left of it has to be ended.
        """
        # Step 1: compare desired and observed.
        actions = compute_pod_actions(worker.pod, worker.observed)
        # Step 2: a finished Pod is ended; a lost sandbox takes its containers along.
        if actions.kill_pod and not actions.create_sandbox:
            return True
        if actions.kill_pod:
            self._lose_sandbox(worker)
        if actions.restart_all:
            return self._restart_all(worker)
        # Step 3: end containers that must not go on.
        for kill in actions.kill:
            container = worker.observed.containers[kill.name]
            if not container.stopping:
                grace_ms = probe_grace_seconds(worker, kill.name) * 1000
                self._starter.kill_container(worker, container, kill.message, grace_ms)
        # Step 4: the sandbox, and its address with it.
        if actions.create_sandbox:
            self._create_sandbox(worker)
            return False
        # Steps 5 and 6: init containers and sidecars in order, then app containers.
        self._start_next(worker, actions.start)
        return False

    def forget_pod(self, worker: PodWorker) -> None:
        """Drop the back-offs of a Pod that is gone."""
        self._backoff.forget(worker.uid)

    def _lose_sandbox(self, worker: PodWorker) -> None:
        self._events.event(
            worker.pod,
            "Normal",
            "SandboxChanged",
            "Pod sandbox changed, it will be killed and re-created.",
        )

    def _restart_all(self, worker: PodWorker) -> bool:
        """End all containers, without their preStop hooks, and then begin with the first."""
        observed = worker.observed
        observed.restarting = True
        ephemeral = {item["name"] for item in worker.spec.get("ephemeralContainers") or ()}
        held = [item for name, item in observed.containers.items() if name not in ephemeral]
        running = [item for item in held if not item.exited]
        for container in running:
            if container.running and not container.stopping:
                self._runtime.stop_container(container, 0)
        if running:
            return False
        observed.begin_anew(held)
        return self.sync_pod(worker)

    # The sandbox

    def _create_sandbox(self, worker: PodWorker) -> None:
        if self._waits(worker, ""):
            return
        spec = worker.spec
        if not self._network_ready and not spec.get("hostNetwork"):
            message = f"network is not ready: {NETWORK_NOT_READY}"
            self._events.event(worker.pod, "Warning", "NetworkNotReady", message)
            self._retry(worker, "", self._jittered(RETRY_MS))
            return
        try:
            handler = self._runtime_handler(spec)
        except NotFound as error:
            self._on_sandbox(worker, str(error))
            return
        config = SandboxConfig(
            pod=worker.ref,
            hostname=pod_hostname(worker.pod),
            host_network=bool(spec.get("hostNetwork")),
            runtime_handler=handler,
            share_processes=bool(spec.get("shareProcessNamespace")),
            host_aliases=tuple(
                (alias["ip"], tuple(alias.get("hostnames") or ()))
                for alias in spec.get("hostAliases") or ()
            ),
            memory_limit_bytes=pod_limit(spec, "memory"),
        )
        worker.busy = True
        self._runtime.run_pod_sandbox(config, lambda result: self._on_sandbox(worker, result))

    def _runtime_handler(self, spec: JSONObject) -> str:
        """The handler that the Pod's RuntimeClass names, "" without one.

        Raises:
            NotFound: There is no such RuntimeClass any more.
        """
        name = spec.get("runtimeClassName")
        if not name:
            return ""
        handler: str = self._client.get(RUNTIME_CLASSES, "", name)["handler"]
        return handler

    def _on_sandbox(self, worker: PodWorker, result: Sandbox | str) -> None:
        worker.busy = False
        if isinstance(result, str):
            message = f"Failed to create pod sandbox: {result}"
            self._events.event(worker.pod, "Warning", "FailedCreatePodSandBox", message)
            self._retry(worker, "", self._jittered(RETRY_MS))
        else:
            worker.observed.sandbox = result
        self._on_progress(worker)

    # Containers

    def _start_next(self, worker: PodWorker, starts: tuple[ContainerStart, ...]) -> None:
        sandbox = worker.observed.sandbox
        for start in starts:
            name = start.spec["name"]
            if sandbox is None or self._waits(worker, name) or self._backs_off(worker, start):
                if is_sidecar(start.spec) or start.role in (APP, EPHEMERAL):
                    continue
                return
            worker.busy = True
            worker.operation += 1
            spec = worker.allocation.spec_of(start.spec)
            self._starter.start_container(worker, sandbox, spec, start.role, self._on_container)
            return

    def _on_container(self, worker: PodWorker, name: str, failure: StartFailure | None) -> None:
        worker.busy = False
        if failure is None:
            worker.waiting.pop(name, None)
        else:
            worker.waiting[name] = (failure.reason, failure.message)
            if failure.reason == "ErrImagePull":
                self._retry(worker, name, self._jittered(PULL_ERROR_SHOWN_MS), background=False)
            else:
                self._retry(worker, name, self._jittered(failure.retry_ms or RETRY_MS))
        self._on_progress(worker)

    def _backs_off(self, worker: PodWorker, start: ContainerStart) -> bool:
        """Whether a container that ended has to wait before its restart (CrashLoopBackOff)."""
        name = start.spec["name"]
        instance = worker.observed.containers.get(name)
        if instance is None:
            return False
        # The image is part of the key: a container whose definition changed does not wait.
        key = (worker.uid, name, start.spec["image"])
        wait_ms = self._backoff.remaining(key, instance.finished_ms, self._sim.now_ms)
        if not wait_ms:
            self._backoff.next(key, instance.finished_ms, self._sim.now_ms)
            return False
        message = (
            f"back-off {go_duration(self._backoff.get(key))} restarting failed "
            f"container={name} pod={worker.display_name}"
        )
        worker.waiting[name] = ("CrashLoopBackOff", message)
        wait_ms = self._jittered(wait_ms)
        self._events.event(
            worker.pod,
            "Warning",
            "BackOff",
            f"Back-off restarting failed container {name} in pod {worker.display_name}",
            field_path(start.spec, init=start.role != APP),
        )
        self._recorder.record(
            ContainerBackedOff(
                actor=f"kubelet/{self._node}",
                subject=worker.ref,
                node=self._node,
                container=name,
                duration_ms=wait_ms,
            )
        )
        self._retry(worker, name, wait_ms)
        return True

    def _waits(self, worker: PodWorker, name: str) -> bool:
        return worker.retry_at_ms.get(name, 0) > self._sim.now_ms

    def _retry(
        self, worker: PodWorker, name: str, wait_ms: int, *, background: bool = True
    ) -> None:
        """Try ``name`` (a container, "" for the sandbox) again after ``wait_ms``."""
        at_ms = self._sim.now_ms + wait_ms
        worker.retry_at_ms[name] = at_ms
        if worker.resync is not None and worker.resync.pending and worker.resync.at_ms <= at_ms:
            return
        self._sim.cancel(worker.resync)
        worker.resync = self._sim.schedule_at(
            at_ms, self._look_again, worker, background=background
        )

    def _look_again(self, worker: PodWorker) -> None:
        worker.resync = None
        now_ms = self._sim.now_ms
        later = [at_ms for at_ms in worker.retry_at_ms.values() if at_ms > now_ms]
        worker.retry_at_ms = {
            name: at_ms for name, at_ms in worker.retry_at_ms.items() if at_ms > now_ms
        }
        if later:
            worker.resync = self._sim.schedule_at(
                min(later), self._look_again, worker, background=True
            )
        self._on_progress(worker)

    def _jittered(self, wait_ms: int) -> int:
        return round(wait_ms * (1 + 0.5 * self._stream.uniform()))


def grace_seconds(worker: PodWorker) -> int:
    """How long a Pod's containers get to end: at least one second.

    Models:
        pkg/kubelet/pod_workers.go calculateEffectiveGracePeriod
    """
    if worker.grace_override is not None:
        return worker.grace_override
    metadata = worker.pod["metadata"]
    seconds = metadata.get("deletionGracePeriodSeconds")
    if seconds is None:
        seconds = worker.spec.get("terminationGracePeriodSeconds", DEFAULT_GRACE_SECONDS)
    return max(1, int(seconds))


def probe_grace_seconds(worker: PodWorker, name: str) -> int:
    """How long a container gets to end; a probe that failed may have a time of its own.

    Models:
        pkg/kubelet/kuberuntime/kuberuntime_container.go setTerminationGracePeriod
    """
    kind = worker.observed.failed_probes.get(name)
    found = worker.container_spec(name)
    if kind is None or found is None or "deletionGracePeriodSeconds" in worker.pod["metadata"]:
        return grace_seconds(worker)
    own = (found[0].get(f"{kind}Probe") or {}).get("terminationGracePeriodSeconds")
    return grace_seconds(worker) if own is None else int(own)
