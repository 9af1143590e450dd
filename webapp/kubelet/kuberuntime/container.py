"""Starting one container: image, create, start, postStart hook.

Called by :mod:`~webapp.kubelet.kuberuntime.manager` for the container that is next; answers through
``on_done`` when the container runs, or waits with a reason.

Models:
    pkg/kubelet/kuberuntime/kuberuntime_container.go startContainer
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.cri.api import APP, EPHEMERAL
from webapp.kubelet.config_error import ConfigError
from webapp.kubelet.environment import make_container_config
from webapp.kubelet.hooks import HookRunner
from webapp.kubelet.image_manager import ImageRequest
from webapp.kubelet.pod_workers import field_path
from webapp.kubelet.service_links import service_links

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.record import EventRecorder
    from webapp.client.rest import RESTClient
    from webapp.cri.api import Container, RuntimeService, Sandbox
    from webapp.kubelet.image_manager import ImageError, ImageManager
    from webapp.kubelet.pod_workers import PodWorker
    from webapp.kubelet.prober import Prober
    from webapp.sim.loop import Simulation

START_ERROR = "StartError"
MIN_GRACE_MS = 2_000
"""What is left to a container at least after its preStop hook."""


@dataclass(frozen=True, slots=True)
class StartFailure:
    """Why a container waits.

    Attributes:
        reason: ErrImagePull, CreateContainerConfigError and so on.
        message: What its status shows.
        retry_ms: When to try again; 0 for the worker's usual back-off.
    """

    reason: str
    message: str
    retry_ms: int = 0


@dataclass(frozen=True, slots=True)
class _Start:
    """A start that is under way; ``operation`` tells whether it was given up meanwhile."""

    worker: PodWorker
    operation: int
    sandbox: Sandbox
    spec: JSONObject
    role: str
    on_done: Callable[[PodWorker, str, StartFailure | None], None]

    @property
    def field_path(self) -> str:
        if self.role == EPHEMERAL:
            return f"spec.ephemeralContainers{{{self.spec['name']}}}"
        return field_path(self.spec, init=self.role != APP)


class ContainerStarter:
    """Starts and stops single containers of one machine."""

    def __init__(
        self,
        sim: Simulation,
        client: RESTClient,
        runtime: RuntimeService,
        images: ImageManager,
        prober: Prober,
        events: EventRecorder,
        *,
        host_ip: str,
        services_in: Callable[[str], list[JSONObject]],
        allocatable: Callable[[], JSONObject],
    ) -> None:
        self._sim = sim
        self._client = client
        self._runtime = runtime
        self._images = images
        self._prober = prober
        self._events = events
        self._host_ip = host_ip
        self._services_in = services_in
        self._allocatable = allocatable
        self._hooks = HookRunner(sim, runtime)

    def start_container(
        self,
        worker: PodWorker,
        sandbox: Sandbox,
        spec: JSONObject,
        role: str,
        on_done: Callable[[PodWorker, str, StartFailure | None], None],
    ) -> None:
        """Step 1: make sure that the image is on the machine."""
        start = _Start(worker, worker.operation, sandbox, spec, role, on_done)
        worker.interruptible = True
        request = ImageRequest(
            worker.pod,
            worker.ref,
            spec,
            start.field_path,
            lambda: worker.operation == start.operation,
        )
        self._images.ensure_image_exists(request, lambda error: self._on_image(start, error))

    def _on_image(self, start: _Start, error: ImageError | None) -> None:
        """Step 2: create the container."""
        worker = start.worker
        if worker.operation != start.operation:
            return
        worker.interruptible = False
        if error is not None:
            self._fail(start, error.reason, error.message, error.retry_ms)
            return
        try:
            config = make_container_config(
                self._client,
                worker.pod,
                start.spec,
                role=start.role,
                attempt=worker.observed.attempts(start.spec["name"]),
                pod_ip=start.sandbox.ip,
                host_ip=self._host_ip,
                allocatable=self._allocatable,
                volumes=worker.volumes,
                links=lambda: service_links(
                    self._services_in,
                    worker.pod["metadata"]["namespace"],
                    enabled=bool(worker.spec.get("enableServiceLinks", True)),
                ),
            )
        except ConfigError as problem:
            self._fail(start, "CreateContainerConfigError", str(problem))
            return
        self._runtime.create_container(
            start.sandbox, config, lambda container: self._on_created(start, container)
        )

    def _on_created(self, start: _Start, container: Container) -> None:
        """Step 3: start it."""
        observed = start.worker.observed
        before = observed.containers.get(container.name)
        if before is not None:
            observed.previous[container.name] = before
            self._prober.remove(before)
        observed.containers[container.name] = container
        self._tell(start, "Normal", "Created", "Container created")
        self._runtime.start_container(
            container, start.sandbox, lambda started: self._on_started(start, started)
        )

    def _on_started(self, start: _Start, container: Container) -> None:
        """Step 4: run the postStart hook, then begin the probes."""
        if container.reason == START_ERROR:
            self._fail(start, "RunContainerError", container.message)
            return
        self._tell(start, "Normal", "Started", "Container started")
        hook = (start.spec.get("lifecycle") or {}).get("postStart") or {}
        self._hooks.run(
            hook,
            start.spec,
            container,
            start.sandbox,
            lambda problem: self._on_hook(start, container, problem),
        )

    def _on_hook(self, start: _Start, container: Container, problem: str) -> None:
        # What the handler said may be secret, so only that it failed is told.
        if problem and container.running:
            self._tell(start, "Warning", "FailedPostStartHook", "PostStartHook failed")
            seconds = int(start.worker.spec.get("terminationGracePeriodSeconds", 30))
            self.kill_container(start.worker, container, "FailedPostStartHook", seconds * 1000)
        self._finish((start, container))

    def _finish(self, done: tuple[_Start, Container]) -> None:
        start, container = done
        if container.running and not container.stopping:
            self._prober.add(start.worker, start.spec, container)
        start.on_done(start.worker, container.name, None)

    def _fail(self, start: _Start, reason: str, message: str, retry_ms: int = 0) -> None:
        text = message if reason in ("CreateContainerConfigError", "RunContainerError") else reason
        self._tell(start, "Warning", "Failed", f"Error: {text}")
        failure = StartFailure(reason, message, retry_ms)
        start.on_done(start.worker, start.spec["name"], failure)

    def _tell(self, start: _Start, type_: str, reason: str, message: str) -> None:
        self._events.event(start.worker.pod, type_, reason, message, start.field_path)

    def kill_container(
        self, worker: PodWorker, container: Container, message: str, grace_ms: int
    ) -> None:
        """Tell that a container is ended, run its preStop hook, then stop it."""
        found = worker.container_spec(container.name)
        nameless: JSONObject = {"name": container.name}
        spec, init = found if found is not None else (nameless, False)
        self._events.event(worker.pod, "Normal", "Killing", message, field_path(spec, init=init))
        hook = (spec.get("lifecycle") or {}).get("preStop") or {}
        sandbox = worker.observed.sandbox
        if not hook or not grace_ms or sandbox is None:
            self._runtime.stop_container(container, grace_ms)
            return
        began_ms = self._sim.now_ms

        def on_done(problem: str) -> None:
            if problem and container.running:
                path = field_path(spec, init=init)
                self._events.event(
                    worker.pod, "Warning", "FailedPreStopHook", "PreStopHook failed", path
                )
            left_ms = grace_ms - (self._sim.now_ms - began_ms)
            self._runtime.stop_container(container, max(MIN_GRACE_MS, left_ms))

        self._hooks.run(hook, spec, container, sandbox, on_done, limit_ms=grace_ms)
