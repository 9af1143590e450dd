"""A stand-in for containerd: the sandboxes and containers of one machine, and their states.

A kubelet calls the verbs of :class:`~webapp.cri.api.RuntimeService`; programs run inside. The
kubelet is told through ``listener`` when a container ends or changes what it answers.

Models:
    containerd/internal/cri/server/service.go criService
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.cri.api import (
    EXITED,
    RUNNING,
    Container,
    ContainerConfig,
    Sandbox,
    SandboxConfig,
)
from webapp.cri.behaviours import choose_program
from webapp.cri.command_program import CommandProgram
from webapp.cri.continuation import later
from webapp.cri.handlers import DEFAULT, HANDLERS, missing_handler
from webapp.cri.inside import Insides
from webapp.cri.instances import Instance
from webapp.cri.logs import ContainerLog
from webapp.cri.processor import Processor
from webapp.cri.program import DEFAULT_CORES_MILLIS, SIGTERM, Process
from webapp.cri.program_servers import ProgramServers
from webapp.cri.programs.network import NoNetwork
from webapp.cri.programs.process_namespace import ProcessNamespace
from webapp.cri.serving import Serving
from webapp.cri.userlands import environment, make_userland
from webapp.network.ipam import AddressesExhaustedError
from webapp.sim.latency import Latency
from webapp.trace.facts import (
    ContainerCreated,
    ContainerExited,
    ContainerStarted,
    ContainerStopping,
    SandboxCreated,
    SandboxRemoved,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.cri.images import ImageStore
    from webapp.cri.programs.network import Network
    from webapp.cri.programs.userland import Namespace, Userland
    from webapp.network.cni import NetworkPlugin
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStream
    from webapp.trace.recorder import Recorder


@dataclass(frozen=True, slots=True)
class RuntimeLatencies:
    """How long the runtime's verbs take."""

    sandbox: Latency = field(default=Latency(300, 0.22, 200))
    create: Latency = field(default=Latency(80, 0.25, 50))
    start: Latency = field(default=Latency(80, 0.25, 50))
    kill: Latency = field(default=Latency(20, 0.2, 5))


REFUSE_MS = 5
START_FAILED = 128
MESSAGE_BYTES = 4096
MESSAGE_LOG_BYTES = 2048
MESSAGE_LOG_LINES = 80
DEFAULT_LATENCIES = RuntimeLatencies()


class ContainerRuntime(Insides, Serving):
    """The runtime of one machine.

    Attributes:
        images: The machine's image store.
        listener: Set by the kubelet before the first sandbox.
        powered: ``False`` once the machine is gone; then nothing happens any more.
        processor: The machine's, shared by all containers.
        handlers: Names of the runtime handlers that are installed.
    """

    def __init__(
        self,
        sim: Simulation,
        recorder: Recorder,
        stream: RandomStream,
        *,
        node: str,
        images: ImageStore,
        network: NetworkPlugin,
        latencies: RuntimeLatencies = DEFAULT_LATENCIES,
        network_of: Callable[[Sandbox, str], Network] | None = None,
    ) -> None:
        super().__init__(sim)
        self._recorder = recorder
        self._stream = stream
        self._node = node
        self._actor = f"containerd/{node}"
        self._network = network
        self._latencies = latencies
        self._network_of = network_of or _no_network
        self.images = images
        self.powered = True
        self.processor = Processor(DEFAULT_CORES_MILLIS)
        self.handlers: tuple[str, ...] = (DEFAULT,)

    def power_off(self) -> None:
        """The machine is gone: whatever ran has stopped, and nobody is told."""
        self.powered = False
        for instance in self._instances.values():
            if instance.process is not None:
                instance.process.abandon()
            self.sim.cancel(instance.kill_timer)

    # Sandboxes

    def run_pod_sandbox(
        self, config: SandboxConfig, on_done: Callable[[Sandbox | str], None]
    ) -> None:
        """Make a sandbox and give it an address; ``on_done`` gets it, or why it failed."""
        wanted = config.runtime_handler
        if wanted and wanted not in self.handlers:
            on_missing = (on_done, missing_handler(wanted))
            later(self.sim, self._recorder, REFUSE_MS, _call, on_missing)
            return
        latency = HANDLERS[wanted].sandbox if wanted else self._latencies.sandbox
        delay_ms = latency.draw(self._stream)
        later(self.sim, self._recorder, delay_ms, self._finish_sandbox, (config, on_done))

    def _finish_sandbox(
        self, request: tuple[SandboxConfig, Callable[[Sandbox | str], None]]
    ) -> None:
        config, on_done = request
        if not self.powered:
            return
        sandbox = Sandbox(self._stream.hex(64), config, "", self.sim.now_ms)
        seq = self._recorder.record(
            SandboxCreated(
                actor=self._actor,
                subject=config.pod,
                node=self._node,
                sandbox_id=sandbox.id,
                runtime_handler=config.runtime_handler,
            )
        )
        delay_ms = self._network.add_ms(self._stream)
        with self._recorder.caused_by(seq):
            later(self.sim, self._recorder, delay_ms, self._finish_network, (sandbox, on_done))

    def _finish_network(self, request: tuple[Sandbox, Callable[[Sandbox | str], None]]) -> None:
        sandbox, on_done = request
        if not self.powered:
            return
        config = sandbox.config
        try:
            sandbox.ip = self._network.add(
                self._node, sandbox.id, config.pod, host_network=config.host_network
            )
        except AddressesExhaustedError as error:
            self.remove_pod_sandbox(sandbox)
            on_done(
                f'rpc error: code = Unknown desc = failed to setup network for sandbox "{sandbox.id}": '
                f'plugin type="{self._network.name}" failed (add): {error}'
            )
            return
        self._sandboxes.setdefault(sandbox.ip, []).append(sandbox)
        with self._recorder.caused_by(self._recorder.last_seq):
            on_done(sandbox)

    def stop_pod_sandbox(self, sandbox: Sandbox) -> None:
        """Take its network away; its containers must have ended."""
        if sandbox.ready:
            sandbox.ready = False
            self._network.delete(self._node, sandbox.id)
            self._forget_address(sandbox)

    def remove_pod_sandbox(self, sandbox: Sandbox) -> None:
        """Forget a stopped sandbox and its containers."""
        for container in sandbox.containers:
            self._instances.pop(container.id, None)
        self._recorder.record(
            SandboxRemoved(
                actor=self._actor,
                subject=sandbox.config.pod,
                node=self._node,
                sandbox_id=sandbox.id,
            )
        )

    # Containers

    def create_container(
        self, sandbox: Sandbox, config: ContainerConfig, on_done: Callable[[Container], None]
    ) -> None:
        """Make a container out of an image that is present."""
        delay_ms = self._latencies.create.draw(self._stream)
        later(self.sim, self._recorder, delay_ms, self._finish_create, (sandbox, config, on_done))

    def _finish_create(
        self, request: tuple[Sandbox, ContainerConfig, Callable[[Container], None]]
    ) -> None:
        sandbox, config, on_done = request
        if not self.powered:
            return
        image = self.images.image_status(config.image)
        name, digest = (image.name, image.digest) if image else (config.image, "")
        container = Container(self._stream.hex(64), config, name, digest, ContainerLog())
        container.created_ms = self.sim.now_ms
        self._forget_older(sandbox, config.name)
        sandbox.containers.append(container)
        self._instances[container.id] = Instance(sandbox)
        seq = self._recorder.record(
            ContainerCreated(
                actor=self._actor,
                subject=sandbox.config.pod,
                node=self._node,
                container=config.name,
                container_id=container.id,
                role=config.role,
            )
        )
        with self._recorder.caused_by(seq):
            on_done(container)

    def _forget_older(self, sandbox: Sandbox, name: str) -> None:
        # Of each container the newest ended instance stays, for lastState and logs --previous.
        older = [held for held in sandbox.containers if held.name == name][:-1]
        for held in older:
            sandbox.containers.remove(held)
            self._instances.pop(held.id, None)

    def start_container(
        self, container: Container, sandbox: Sandbox, on_done: Callable[[Container], None]
    ) -> None:
        """Start its first process."""
        delay_ms = self._latencies.start.draw(self._stream)
        handler = HANDLERS.get(sandbox.config.runtime_handler)
        if handler is not None:
            delay_ms = delay_ms * handler.start_factor // 100
        later(self.sim, self._recorder, delay_ms, self._finish_start, (container, sandbox, on_done))

    def _finish_start(
        self, request: tuple[Container, Sandbox, Callable[[Container], None]]
    ) -> None:
        container, sandbox, on_done = request
        if not self.powered:
            return
        config = container.config
        instance = self._instances[container.id]
        process = instance.process = Process(self, container, sandbox, config.command + config.args)
        program = instance.program = choose_program(process)
        process.runs_command = isinstance(program, CommandProgram)
        problem = program.problem(process)
        if problem:
            self._fail_start(container, instance, problem)
            on_done(container)
            return
        container.state = RUNNING
        container.started_ms = self.sim.now_ms
        seq = self._recorder.record(
            ContainerStarted(
                actor=self._actor,
                subject=sandbox.config.pod,
                node=self._node,
                container=config.name,
                container_id=container.id,
                role=config.role,
                restart_count=config.attempt,
            )
        )
        with self._recorder.caused_by(seq):
            program.start(process)
            if sandbox.config.share_processes and container.running:
                process.look_inside()
            if self.listener is not None:
                self.listener.on_memory_used()
            on_done(container)
            self._check_base_memory(container, instance)

    def make_userland(self, container: Container, sandbox: Sandbox, process: Process) -> Userland:
        """A container's files and commands, which nothing needed before."""
        message = process.message_file
        assert message is not None  # noqa: S101  # the process makes it first
        network = self._network_of(sandbox, container.name)
        if sandbox.servers is None:
            sandbox.servers = ProgramServers(lambda: self._on_listening(sandbox))
        namespace = self._namespace(container, sandbox)
        return make_userland(self.sim, container, sandbox, network, message, namespace)

    def environment_of(self, container: Container, sandbox: Sandbox) -> dict[str, str]:
        """Variables of a container's first process."""
        return environment(container, sandbox)

    def port_taken(self, sandbox: Sandbox, port: int) -> bool:
        """Whether somebody with the same address listens already."""
        return any(
            self.listener_on(other, port) is not None or self.program_at(other, port) is not None
            for other in self.sandboxes_at(sandbox.ip)
        )

    def _namespace(self, container: Container, sandbox: Sandbox) -> Namespace | None:
        """Whose processes a container sees besides its own; ``None`` for nobody's."""
        if sandbox.config.share_processes:
            if sandbox.processes is None:
                sandbox.processes = ProcessNamespace(shared=True)
            return sandbox.processes
        for other in sandbox.containers:
            process = self._process(other)
            if other.name == container.config.target and process is not None:
                return process.userland.namespace
        return None

    def _fail_start(self, container: Container, instance: Instance, problem: str) -> None:
        """The command cannot be run: the container ends without having begun.

        Models:
            containerd/internal/cri/server/container_start.go StartContainer
        """
        instance.process = None
        container.state = EXITED
        container.finished_ms = self.sim.now_ms
        container.exit_code = START_FAILED
        container.reason = "StartError"
        container.message = (
            "failed to create containerd task: failed to create shim task: OCI runtime create "
            "failed: runc create failed: unable to start container process: error during "
            f"container init: {problem}: unknown"
        )
        container.log.close()
        self._recorder.record(
            ContainerExited(
                actor=self._actor,
                subject=instance.sandbox.config.pod,
                node=self._node,
                container=container.name,
                container_id=container.id,
                exit_code=START_FAILED,
                reason=container.reason,
            )
        )

    def _forget_address(self, sandbox: Sandbox) -> None:
        held = [item for item in self._sandboxes.get(sandbox.ip, ()) if item is not sandbox]
        if held:
            self._sandboxes[sandbox.ip] = held
        else:
            self._sandboxes.pop(sandbox.ip, None)

    def stop_container(self, container: Container, grace_ms: int) -> None:
        """Ask its first process to end, and kill it after ``grace_ms``."""
        if not container.running:
            return
        instance = self._instances[container.id]
        if container.stopping:
            self.sim.cancel(instance.kill_timer)
        else:
            self._ask_to_stop(container, instance, grace_ms)
        instance.kill_timer = self.sim.schedule(
            max(grace_ms, self._latencies.kill.draw(self._stream)), self._kill, container
        )

    def _ask_to_stop(self, container: Container, instance: Instance, grace_ms: int) -> None:
        container.stopping = True
        self._recorder.record(
            ContainerStopping(
                actor=self._actor,
                subject=instance.sandbox.config.pod,
                node=self._node,
                container=container.name,
                container_id=container.id,
                duration_ms=grace_ms,
            )
        )
        if instance.program is not None and instance.process is not None:
            instance.program.on_signal(instance.process, SIGTERM)

    def end_process(self, container: Container, exit_code: int, reason: str = "") -> None:
        """A running container's first process ends of itself: it has crashed, or was killed for memory."""
        process = self._instances[container.id].process
        if process is not None:
            process.exit(exit_code, reason)

    def _kill(self, container: Container) -> None:
        process = self._instances[container.id].process
        if process is not None:
            process.exit(137)

    def on_ended(self, container: Container, exit_code: int, reason: str) -> None:
        """A container's first process has ended."""
        if not self.powered:
            return
        instance = self._instances[container.id]
        self.sim.cancel(instance.kill_timer)
        process, instance.process = instance.process, None
        container.state = EXITED
        container.finished_ms = self.sim.now_ms
        container.exit_code = exit_code
        container.reason = reason or ("Error" if exit_code else "Completed")
        container.message = _termination_message(container, process)
        container.log.close()
        seq = self._recorder.record(
            ContainerExited(
                actor=self._actor,
                subject=instance.sandbox.config.pod,
                node=self._node,
                container=container.name,
                container_id=container.id,
                exit_code=exit_code,
                reason=container.reason,
            )
        )
        if self.listener is not None:
            with self._recorder.caused_by(seq):
                self.listener.on_container_exited(instance.sandbox, container)

    def _on_listening(self, sandbox: Sandbox) -> None:
        """Another program listens, or one does no more: whatever asks the sandbox asks again."""
        for container in sandbox.containers:
            if container.running and container.id in self._instances:
                self.on_changed(container)

    def on_changed(self, container: Container) -> None:
        """A container answers on other ports, or its files changed."""
        if self.listener is not None and self.powered:
            self.listener.on_container_changed(self._instances[container.id].sandbox, container)


def _call(request: tuple[Callable[[Sandbox | str], None], str]) -> None:
    on_done, problem = request
    on_done(problem)


def _no_network(_: Sandbox, _container: str) -> Network:
    return NoNetwork()


def _termination_message(container: Container, process: Process | None) -> str:
    """What a container left behind for its status.

    Models:
        pkg/kubelet/kuberuntime/kuberuntime_container.go getTerminationMessage
    """
    config = container.config
    left = process.message_file if process is not None else None
    if left is not None and left.data:
        return bytes(left.data[:MESSAGE_BYTES]).decode(errors="replace")
    if config.message_from_log and container.exit_code:
        return "".join(f"{line}\n" for line in container.log.tail(MESSAGE_LOG_LINES))[
            -MESSAGE_LOG_BYTES:
        ]
    return ""
