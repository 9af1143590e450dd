"""A stand-in for containerd: the sandboxes and containers of one machine, and their states.

A kubelet calls the verbs of :class:`~webapp.cri.api.RuntimeService`; programs run inside. The
kubelet is told through ``listener`` when a container ends or changes what it answers.

Models:
    containerd/internal/cri/server/service.go criService
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from webapp.cri.agnhost import AgnhostProgram
from webapp.cri.api import (
    EXITED,
    RUNNING,
    Container,
    ContainerConfig,
    ExecResult,
    Sandbox,
    SandboxConfig,
)
from webapp.cri.behaviours import choose_program
from webapp.cri.catalogue import BY_NAME
from webapp.cri.command_program import CommandProgram, command_problem
from webapp.cri.command_run import CommandRun
from webapp.cri.continuation import later
from webapp.cri.handlers import DEFAULT, HANDLERS, missing_handler
from webapp.cri.logs import ContainerLog
from webapp.cri.looks import look
from webapp.cri.pages import WELCOME_TO_HTTPD, WELCOME_TO_NGINX, content_type, make_page
from webapp.cri.port_forward import SandboxForwarder
from webapp.cri.program import DEFAULT_CORES_MILLIS, SIGTERM, Process, Program
from webapp.cri.program_session import ProgramSession
from webapp.cri.programs.network import NoNetwork
from webapp.cri.programs.process_namespace import ProcessNamespace
from webapp.cri.references import parse_reference
from webapp.cri.sessions import AttachSession, LogSession
from webapp.cri.stats import (
    ContainerStats,
    base_bytes,
    container_stats,
    memory_bytes,
    profile_of,
)
from webapp.cri.userlands import environment, image_inside, make_userland
from webapp.network.ipam import AddressesExhaustedError
from webapp.sim.errors import SimulationError
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

    from webapp.apimachinery.streams import ExecOptions, ExecSession, PortForwarder
    from webapp.cri.images import ImageStore
    from webapp.cri.looks import ContainerLook
    from webapp.cri.pages import Page
    from webapp.cri.programs.network import Network
    from webapp.cri.programs.userland import Namespace, Userland
    from webapp.network.cni import NetworkPlugin
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStream
    from webapp.trace.recorder import Recorder


class RuntimeListener(Protocol):
    """Who hears of what happens inside: the machine's kubelet."""

    def on_container_exited(self, sandbox: Sandbox, container: Container) -> None:
        """A container's first process has ended."""

    def on_memory_used(self) -> None:
        """Something holds more than before."""

    def on_container_changed(self, sandbox: Sandbox, container: Container) -> None:
        """A container answers on other ports, or its files changed."""


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


class _Instance:
    """What the runtime keeps of a container besides its record."""

    __slots__ = ("kill_timer", "process", "program", "sandbox")

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.process: Process | None = None
        self.program: Program | None = None
        self.kill_timer: Timer | None = None


class ContainerRuntime:
    """The runtime of one machine.

    Attributes:
        images: The machine's image store.
        listener: Set by the kubelet before the first sandbox.
        powered: ``False`` once the machine is gone; then nothing happens any more.
        cores_millis: Processors of the machine, in millicores.
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
        self._sim = sim
        self._recorder = recorder
        self._stream = stream
        self._node = node
        self._actor = f"containerd/{node}"
        self._network = network
        self._latencies = latencies
        self._instances: dict[str, _Instance] = {}
        self._sandboxes: dict[str, list[Sandbox]] = {}
        self._network_of = network_of or _no_network
        self.images = images
        self.listener: RuntimeListener | None = None
        self.powered = True
        self.cores_millis = DEFAULT_CORES_MILLIS
        self.handlers: tuple[str, ...] = (DEFAULT,)

    def power_off(self) -> None:
        """The machine is gone: whatever ran has stopped, and nobody is told."""
        self.powered = False
        for instance in self._instances.values():
            if instance.process is not None:
                instance.process.abandon()
            self._sim.cancel(instance.kill_timer)

    # Sandboxes

    def run_pod_sandbox(
        self, config: SandboxConfig, on_done: Callable[[Sandbox | str], None]
    ) -> None:
        """Make a sandbox and give it an address; ``on_done`` gets it, or why it failed."""
        wanted = config.runtime_handler
        if wanted and wanted not in self.handlers:
            on_missing = (on_done, missing_handler(wanted))
            later(self._sim, self._recorder, REFUSE_MS, _call, on_missing)
            return
        latency = HANDLERS[wanted].sandbox if wanted else self._latencies.sandbox
        delay_ms = latency.draw(self._stream)
        later(self._sim, self._recorder, delay_ms, self._finish_sandbox, (config, on_done))

    def _finish_sandbox(
        self, request: tuple[SandboxConfig, Callable[[Sandbox | str], None]]
    ) -> None:
        config, on_done = request
        if not self.powered:
            return
        sandbox = Sandbox(self._stream.hex(64), config, "", self._sim.now_ms)
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
            later(self._sim, self._recorder, delay_ms, self._finish_network, (sandbox, on_done))

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
        later(self._sim, self._recorder, delay_ms, self._finish_create, (sandbox, config, on_done))

    def _finish_create(
        self, request: tuple[Sandbox, ContainerConfig, Callable[[Container], None]]
    ) -> None:
        sandbox, config, on_done = request
        if not self.powered:
            return
        image = self.images.image_status(config.image)
        name, digest = (image.name, image.digest) if image else (config.image, "")
        container = Container(self._stream.hex(64), config, name, digest, ContainerLog())
        container.created_ms = self._sim.now_ms
        self._forget_older(sandbox, config.name)
        sandbox.containers.append(container)
        self._instances[container.id] = _Instance(sandbox)
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
        later(
            self._sim, self._recorder, delay_ms, self._finish_start, (container, sandbox, on_done)
        )

    def _finish_start(
        self, request: tuple[Container, Sandbox, Callable[[Container], None]]
    ) -> None:
        container, sandbox, on_done = request
        if not self.powered:
            return
        config = container.config
        instance = self._instances[container.id]
        process = instance.process = Process(
            self._sim,
            container,
            config.command + config.args,
            make_env=lambda: environment(container, sandbox),
            ip=sandbox.ip,
            make_userland=lambda process: self._make_userland(container, sandbox, process),
            on_exit=self._on_exit,
            on_change=self._on_change,
            port_taken=lambda port: self._port_taken(sandbox, port),
            on_memory=self._check_memory,
            cores_millis=self.cores_millis,
        )
        program = instance.program = choose_program(process)
        process.runs_command = isinstance(program, CommandProgram)
        problem = program.problem(process)
        if problem:
            self._fail_start(container, instance, problem)
            on_done(container)
            return
        container.state = RUNNING
        container.started_ms = self._sim.now_ms
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

    def _make_userland(self, container: Container, sandbox: Sandbox, process: Process) -> Userland:
        message = process.message_file
        assert message is not None  # noqa: S101  # the process makes it first
        network = self._network_of(sandbox, container.name)
        namespace = self._namespace(container, sandbox)
        return make_userland(self._sim, container, sandbox, network, message, namespace)

    def _port_taken(self, sandbox: Sandbox, port: int) -> bool:
        """Whether somebody with the same address listens already."""
        return any(
            self.listener_on(other, port) is not None for other in self.sandboxes_at(sandbox.ip)
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

    def _fail_start(self, container: Container, instance: _Instance, problem: str) -> None:
        """The command cannot be run: the container ends without having begun.

        Models:
            containerd/internal/cri/server/container_start.go StartContainer
        """
        instance.process = None
        container.state = EXITED
        container.finished_ms = self._sim.now_ms
        container.exit_code = START_FAILED
        container.reason = "StartError"
        container.message = (
            "failed to create containerd task: failed to create shim task: OCI runtime create "
            "failed: runc create failed: unable to start container process: error during "
            f"container init: {problem}"
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
            self._sim.cancel(instance.kill_timer)
        else:
            self._ask_to_stop(container, instance, grace_ms)
        instance.kill_timer = self._sim.schedule(
            max(grace_ms, self._latencies.kill.draw(self._stream)), self._kill, container
        )

    def _ask_to_stop(self, container: Container, instance: _Instance, grace_ms: int) -> None:
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

    def _on_exit(self, container: Container, exit_code: int, reason: str) -> None:
        if not self.powered:
            return
        instance = self._instances[container.id]
        self._sim.cancel(instance.kill_timer)
        process, instance.process = instance.process, None
        container.state = EXITED
        container.finished_ms = self._sim.now_ms
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

    def _on_change(self, container: Container) -> None:
        if self.listener is not None and self.powered:
            self.listener.on_container_changed(self._instances[container.id].sandbox, container)

    # Looking inside

    def run_command(
        self,
        container: Container,
        command: tuple[str, ...],
        on_done: Callable[[ExecResult], None],
        *,
        timeout_ms: int = 0,
        background: bool = False,
    ) -> None:
        """Run a command inside and tell its result, at the latest when the time is over.

        Args:
            container: Where.
            command: Its words.
            on_done: Gets the result, once.
            timeout_ms: Milliseconds until it is ended; 0 for no end.
            background: Whether the world may be idle while it runs.
        """
        instance = self._instances.get(container.id)
        process = instance.process if instance is not None else None
        if process is not None and self._is_unknown(container, process, command):
            on_done(
                ExecResult(
                    126,
                    f"podarium: this command is not modelled: {' '.join(command)}",
                    modelled=False,
                )
            )
            return
        if process is None:
            on_done(ExecResult(1, "container is not running"))
        else:
            CommandRun(process, command, on_done, timeout_ms, background=background)

    def _is_unknown(self, container: Container, process: Process, command: tuple[str, ...]) -> bool:
        """Whether a command may be there in the image without being modelled."""
        if not command or image_inside(container.config.image).complete:
            return False
        return bool(command_problem(process.userland, command, process.env))

    def exec(self, container: Container, options: ExecOptions) -> ExecSession:
        """Begin a command inside a running container whose input and output are somewhere else."""
        process = self._running(container)
        directory = container.config.working_dir or "/"
        return ProgramSession(process.userland, options, process.env, directory)

    def attach(
        self, container: Container, options: ExecOptions, *, stdin_once: bool
    ) -> ExecSession:
        """The input and output of a running container's first process."""
        console = self._running(container).console
        if console is None:
            return LogSession(self._sim, container, tty=options.tty)
        return AttachSession(console, options, once=stdin_once)

    def _running(self, container: Container) -> Process:
        process = self._instances[container.id].process
        if process is None:
            raise SimulationError(f"container {container.name} does not run")
        return process

    def port_forwarder(self, sandbox: Sandbox) -> PortForwarder:
        """Opens connections to ports inside a sandbox."""
        return SandboxForwarder(self._sim, self, sandbox)

    def container_stats(self, container: Container) -> ContainerStats | None:
        """What a container used in the last whole window; ``None`` while that cannot be said."""
        instance = self._instances.get(container.id)
        if instance is None or instance.process is None:
            return None
        return container_stats(container, instance.process, self._sim.now_ms)

    def look(self, container: Container) -> ContainerLook | None:
        """What a running container uses at this moment; ``None`` when it does not run."""
        process = self._process(container)
        return look(container, process, self._sim.now_ms) if process is not None else None

    def killed_at_ms(self, container: Container) -> int | None:
        """When a container that was asked to stop is killed; ``None`` while nobody asked."""
        instance = self._instances.get(container.id)
        timer = instance.kill_timer if instance is not None else None
        return timer.at_ms if timer is not None and timer.pending and container.running else None

    def is_up(self, container: Container) -> bool:
        """Whether its program has come up: it runs, and listens if that is what it does."""
        instance = self._instances.get(container.id)
        return instance is not None and instance.process is not None and instance.process.up

    def http_status(self, sandbox: Sandbox, port: int, path: str) -> int | None:
        """What a GET inside a sandbox answers; ``None`` when nothing listens on the port."""
        container = self.listener_on(sandbox, port)
        if container is None:
            return None
        instance = self._instances[container.id]
        if instance.process is None or instance.program is None:
            return None
        self.take_requests(container, 1)
        return instance.program.http_status(instance.process, port, path)

    def take_requests(self, container: Container, count: int) -> int:
        """Requests reach a container's server; the milliseconds until the last one is answered.

        Each costs what the image's profile says; those that wait hold memory.
        """
        process = self._instances[container.id].process
        profile = profile_of(container.config.image)
        if process is None or not profile.request_us:
            return 0
        wait_ms = process.meter.work(self._sim.now_ms, count * profile.request_us)
        if profile.request_kb:
            self._check_memory(container)
        return wait_ms

    def update_container_resources(
        self, container: Container, cpu_limit_millis: int, memory_limit_bytes: int
    ) -> None:
        """Give a container other limits while it runs; 0 for none."""
        container.config = replace(
            container.config,
            cpu_limit_millis=cpu_limit_millis,
            memory_limit_bytes=memory_limit_bytes,
        )
        process = self._process(container)
        if process is not None:
            process.set_limits(cpu_limit_millis, memory_limit_bytes)
            self._check_memory(container)

    # Memory

    def memory_bytes(self, container: Container) -> int:
        """A running container's working set now."""
        process = self._process(container)
        return memory_bytes(container, process) if process is not None else 0

    def disk_bytes(self, container: Container) -> int:
        """What a running container wrote to its own files and to its log."""
        process = self._process(container)
        if process is None:
            return 0
        written = process.userland.files.quota.used_bytes if process.has_userland else 0
        return written + container.log.size_bytes

    def process_count(self, container: Container) -> int:
        """How many processes run in a container."""
        process = self._process(container)
        if process is None:
            return 0
        return max(1, len(process.userland.processes)) if process.has_userland else 1

    def runs_commands(self, container: Container) -> bool:
        """Whether anything in a container could write to its files."""
        process = self._process(container)
        return process is not None and process.has_userland

    def _process(self, container: Container) -> Process | None:
        instance = self._instances.get(container.id)
        return instance.process if instance is not None else None

    def _check_base_memory(self, container: Container, instance: _Instance) -> None:
        """A limit below what the image needs ends it while it comes up, not at once."""
        process = instance.process
        if process is not None and not process.runs_command:
            profile = profile_of(container.config.image)
            limits = (
                container.config.memory_limit_bytes,
                instance.sandbox.config.memory_limit_bytes,
            )
            if any(limit and base_bytes(container.id, profile) > limit for limit in limits):
                process.after(max(50, profile.start_ms // 2), self._check_process)

    def _check_process(self, process: Process) -> None:
        self._check_memory(process.container)

    def _check_memory(self, container: Container) -> None:
        """Whether the limits of a container and of its Pod still hold; the kernel ends who is too large."""
        instance = self._instances.get(container.id)
        if instance is None or instance.process is None:
            return
        if self.listener is not None:
            self.listener.on_memory_used()
        limit = container.config.memory_limit_bytes
        if limit and self.memory_bytes(container) > limit:
            instance.process.run_out_of_memory()
            return
        limit = instance.sandbox.config.memory_limit_bytes
        if limit:
            sizes = [(self.memory_bytes(item), item.id) for item in instance.sandbox.containers]
            victim = self._instances[max(sizes)[1]].process
            if sum(size for size, _ in sizes) > limit and victim is not None:
                victim.run_out_of_memory()

    def listener_on(self, sandbox: Sandbox, port: int) -> Container | None:
        """The container inside a sandbox that answers on a TCP port."""
        for container in sandbox.containers:
            instance = self._instances.get(container.id)
            process = instance.process if instance is not None else None
            if process is not None and port in process.ports:
                return container
        return None

    def page(self, sandbox: Sandbox, port: int, method: str, path: str) -> Page | None:
        """What the server on a port answers; ``None`` when there is none, or it speaks no HTTP."""
        container = self.listener_on(sandbox, port)
        instance = self._instances[container.id] if container is not None else None
        if (
            container is None
            or instance is None
            or instance.process is None
            or instance.program is None
        ):
            return None
        status = instance.program.http_status(instance.process, port, path)
        page = make_page(sandbox, container, port, method, path, status)
        content = instance.program.served_file(instance.process, path)
        if page is None or content in (None, WELCOME_TO_NGINX, WELCOME_TO_HTTPD):
            # The image's own page says which Pod shows it.
            return page
        return page._replace(body=content, content_type=content_type(path))

    def holds(self, sandbox: Sandbox) -> bool:
        """Whether a sandbox is on this machine."""
        return sandbox in self._sandboxes.get(sandbox.ip, ())

    def sandboxes_at(self, ip: str) -> tuple[Sandbox, ...]:
        """Sandboxes with an address; several share a machine's own."""
        return tuple(self._sandboxes.get(ip, ()))

    def listens(self, sandbox: Sandbox, port: int) -> bool:
        """Whether something inside a sandbox answers on a TCP port."""
        return self.http_status(sandbox, port, "/") is not None

    def speaks_grpc(self, sandbox: Sandbox, port: int) -> bool:
        """Whether what answers on a port has the health service of gRPC."""
        container = self.listener_on(sandbox, port)
        if container is None:
            return False
        program = self._instances[container.id].program
        if isinstance(program, AgnhostProgram):
            return program.speaks_grpc
        profile = BY_NAME.get(parse_reference(container.config.image).short_name)
        return profile is None or profile.grpc


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
