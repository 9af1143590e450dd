"""THE SEAM for what a container does: a :class:`Program` acts through a :class:`Process`.

The runtime makes a process for each started container and hands it to the program that
:mod:`webapp.cri.behaviours` chose. Programs keep no state of their own, so one object serves any
number of containers; what a running one needs to remember is in its process. Their timers are
background ones: a container that sleeps does not keep the world from being idle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webapp.cri.meter import Meter
from webapp.cri.processor import MeteredCPU, Processor
from webapp.cri.programs.files.nodes import File
from webapp.cri.programs.userland import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.cri.api import Container, ContainerConfig, Sandbox
    from webapp.cri.programs.userland import Userland
    from webapp.cri.terminal import Console
    from webapp.sim.loop import Simulation

DEFAULT_CORES_MILLIS = 4_000
SIGTERM = 15
SIGKILL = 9


class ProcessHost(Protocol):
    """What processes run on: the runtime.

    Attributes:
        sim: Virtual time.
        processor: The machine's.
    """

    sim: Simulation
    processor: Processor

    def environment_of(self, container: Container, sandbox: Sandbox) -> dict[str, str]:
        """Variables of a container's first process."""

    def make_userland(self, container: Container, sandbox: Sandbox, process: Process) -> Userland:
        """A container's files and commands."""

    def port_taken(self, sandbox: Sandbox, port: int) -> bool:
        """Whether somebody with the same address listens on a port."""

    def on_ended(self, container: Container, exit_code: int, reason: str) -> None:
        """A container's first process has ended."""

    def on_changed(self, container: Container) -> None:
        """A container answers on other ports, or its files changed."""

    def check_memory(self, container: Container) -> None:
        """A container may hold more than it may."""


class Process:
    """A container's first process as its program sees it.

    Attributes:
        sim: Virtual time.
        argv: The command after entrypoint and arguments are merged; empty for an image without one.
        ip: Of the sandbox.
        ports: TCP ports it listens on, in order.
        up: Whether it has come up; a server that takes time to start clears it meanwhile.
        console: Its standard streams, to which clients attach; ``None`` for one that only logs.
        message_file: What it leaves as its termination message, once it has files.
        runs_command: Whether its program is a command line, not what the image brings.
    """

    __slots__ = (
        "_container",
        "_enter",
        "_env",
        "_host",
        "_meter",
        "_sandbox",
        "_userland",
        "argv",
        "console",
        "ip",
        "message_file",
        "ports",
        "runs_command",
        "sim",
        "up",
    )

    def __init__(
        self, host: ProcessHost, container: Container, sandbox: Sandbox, argv: tuple[str, ...]
    ) -> None:
        self._host = host
        self._sandbox = sandbox
        self.sim = host.sim
        self.argv = argv
        self._env: dict[str, str] | None = None
        self.ip = sandbox.ip
        self.ports: tuple[int, ...] = ()
        self.up = True
        self.console: Console | None = None
        self.message_file: File | None = None
        self.runs_command = False
        self._container = container
        self._meter: Meter | None = None
        self._enter: Callable[[Process, Userland], None] | None = None
        self._userland: Userland | None = None

    @property
    def env(self) -> dict[str, str]:
        """Variables, name → value; put together when they are first needed."""
        if self._env is None:
            self._env = self._host.environment_of(self._container, self._sandbox)
        return self._env

    @property
    def config(self) -> ContainerConfig:
        """What the container was made from."""
        return self._container.config

    @property
    def container(self) -> Container:
        """Whose first process it is."""
        return self._container

    @property
    def started_ms(self) -> int:
        """When its container started, in virtual time."""
        return self._container.started_ms

    @property
    def declared_ports(self) -> tuple[int, ...]:
        """The ports that the Pod's spec declares for this container."""
        return self._container.config.ports

    @property
    def userland(self) -> Userland:
        """The container's files and commands, made when they are first needed."""
        if self._userland is None:
            self.message_file = File()
            self._userland = self._host.make_userland(self._container, self._sandbox, self)
            self._userland.cpu = MeteredCPU(self.sim, self.meter, self._host.processor)
            if self._enter is not None:
                self._enter(self, self._userland)
            self._userland.on_out_of_memory = self.run_out_of_memory
            self._userland.on_memory_used = self._tell_memory
        return self._userland

    @property
    def meter(self) -> Meter:
        """What it has used, counted from when it is first needed."""
        if self._meter is None:
            limit_millis = self._container.config.cpu_limit_millis
            self._meter = Meter(self.sim.now_ms, limit_millis, self._host.processor.cores_millis)
        return self._meter

    @property
    def has_meter(self) -> bool:
        """Whether it has ever used anything worth counting."""
        return self._meter is not None

    def port_taken(self, port: int) -> bool:
        """Whether another one with the same address listens on a port."""
        return self._host.port_taken(self._sandbox, port)

    def look_inside(self) -> None:
        """Make the container's files and commands, so that others see them."""
        assert self.userland is not None  # noqa: S101  # asking makes it

    def on_look_inside(self, enter: Callable[[Process, Userland], None]) -> None:
        """Say what enters a server's processes, once anybody may see them."""
        self._enter = enter
        if self._userland is not None:
            enter(self, self._userland)

    @property
    def has_userland(self) -> bool:
        """Whether anything has looked inside yet."""
        return self._userland is not None

    def write(self, *lines: str) -> None:
        """Print whole lines."""
        self._container.log.write(self.sim.now_ms, lines)

    def set_limits(self, cpu_millis: int, memory_bytes: int) -> None:
        """Other limits hold from now on; 0 for none."""
        if self._meter is not None:
            self._meter.set_limit(self.sim.now_ms, cpu_millis)
        if self._userland is not None:
            self._userland.limits = Limits(cpu_millis, memory_bytes)
            if isinstance(self._userland.cpu, MeteredCPU):
                self._userland.cpu.set_limit(cpu_millis)

    def hold_memory(self, held_bytes: int) -> None:
        """Hold so much memory besides what the image always needs; too much ends the container."""
        self.meter.held_bytes = held_bytes
        self._host.check_memory(self._container)

    def listen(self, ports: tuple[int, ...]) -> None:
        """Answer on these TCP ports from now on, and on no others."""
        self.ports = ports
        self.up = True
        self._host.on_changed(self._container)

    def after(self, delay_ms: int, handler: Callable[[Process], None]) -> None:
        """Call ``handler`` later, unless it has ended by then."""
        self.sim.schedule(delay_ms, self._run_if_alive, handler, background=True)

    def exit(self, code: int, reason: str = "") -> None:
        """End; nothing of it runs afterwards."""
        if self._container.running:
            self.abandon()
            if self.console is not None:
                self.console.close(code)
            self._host.on_ended(self._container, code, reason)

    def abandon(self) -> None:
        """Stop without telling anybody: the machine is gone, or the process was killed."""
        if self._userland is not None:
            self._userland.shut_down()
        self.ports = ()

    def _tell_memory(self) -> None:
        self._host.check_memory(self._container)

    def run_out_of_memory(self) -> None:
        """The kernel ends it, since there is no memory left for it."""
        # Not at once: the command that asked for the memory is still running.
        self.sim.schedule(0, self._kill_for_memory)

    def _kill_for_memory(self, _: None) -> None:
        self.exit(137, "OOMKilled")

    def _run_if_alive(self, handler: Callable[[Process], None]) -> None:
        if self._container.running:
            handler(self)


class Program(Protocol):
    """What runs in a container."""

    def problem(self, process: Process) -> str:
        """Why it cannot be started, in the runtime's words; "" when it can."""

    def start(self, process: Process) -> None:
        """Begin; may exit at once."""

    def on_signal(self, process: Process, signal: int) -> None:
        """React to a signal; SIGKILL never comes here."""

    def http_status(self, process: Process, port: int, path: str) -> int:
        """The status code of a GET to a port that it listens on."""

    def served_file(self, process: Process, path: str) -> bytes | None:
        """A file's content that a GET answers with; ``None`` when it serves no files."""
