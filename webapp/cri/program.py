"""THE SEAM for what a container does: a :class:`Program` acts through a :class:`Process`.

The runtime makes a process for each started container and hands it to the program that
:mod:`webapp.cri.behaviours` chose. Programs keep no state of their own, so one object serves any
number of containers; what a running one needs to remember is its task. Their timers are background
ones: a container that sleeps does not keep the world from being idle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webapp.sim.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.cri.api import Container, ExecResult
    from webapp.sim.loop import Simulation

SIGTERM = 15
SIGKILL = 9


class Process:
    """A container's first process as its program sees it.

    Attributes:
        sim: Virtual time.
        argv: The command after entrypoint and arguments are merged; empty for an image without one.
        env: Variables, name → value.
        hostname: Of the sandbox.
        ip: Of the sandbox.
        ports: TCP ports it listens on, in order.
        up: Whether it has come up; a server that takes time to start clears it meanwhile.
        files: Files that exist because the program made them: path → lines.
    """

    __slots__ = (
        "_container",
        "_on_change",
        "_on_exit",
        "_task",
        "argv",
        "env",
        "files",
        "hostname",
        "ip",
        "ports",
        "sim",
        "up",
    )

    def __init__(
        self,
        sim: Simulation,
        container: Container,
        argv: tuple[str, ...],
        *,
        hostname: str,
        ip: str,
        on_exit: Callable[[Container, int, str], None],
        on_change: Callable[[Container], None],
    ) -> None:
        self.sim = sim
        self.argv = argv
        self.env = container.config.env
        self.hostname = hostname
        self.ip = ip
        self.ports: tuple[int, ...] = ()
        self.files: dict[str, list[str]] | None = None
        self.up = True
        self._container = container
        self._on_exit = on_exit
        self._on_change = on_change
        self._task: Task | None = None

    @property
    def declared_ports(self) -> tuple[int, ...]:
        """The ports that the Pod's spec declares for this container."""
        return self._container.config.ports

    def write(self, *lines: str) -> None:
        """Print whole lines."""
        self._container.log.write(self.sim.now_ms, lines)

    def listen(self, ports: tuple[int, ...]) -> None:
        """Answer on these TCP ports from now on, and on no others."""
        self.ports = ports
        self.up = True
        self._on_change(self._container)

    def change_files(self, path: str, lines: list[str] | None) -> None:
        """Write a file, or remove it with ``None``."""
        if self.files is None:
            self.files = {}
        if lines is None:
            self.files.pop(path, None)
        else:
            self.files[path] = lines
        self._on_change(self._container)

    def run(self, generator: Generator[int, None, int]) -> None:
        """Go on in virtual time: yields are milliseconds of sleep, the return value exits."""
        self._task = Task(self.sim, generator, self.exit)

    def after(self, delay_ms: int, handler: Callable[[Process], None]) -> None:
        """Call ``handler`` later, unless it has ended by then."""
        self.sim.schedule(delay_ms, self._run_if_alive, handler, background=True)

    def exit(self, code: int, reason: str = "") -> None:
        """End; nothing of it runs afterwards."""
        if self._container.running:
            self.abandon()
            self._on_exit(self._container, code, reason)

    def abandon(self) -> None:
        """Stop without telling anybody: the machine is gone, or the process was killed."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        self.ports = ()

    def _run_if_alive(self, handler: Callable[[Process], None]) -> None:
        if self._container.running:
            handler(self)


class Program(Protocol):
    """What runs in a container."""

    def start(self, process: Process) -> None:
        """Begin; may exit at once."""

    def on_signal(self, process: Process, signal: int) -> None:
        """React to a signal; SIGKILL never comes here."""

    def execute(self, process: Process, command: tuple[str, ...]) -> tuple[ExecResult, int]:
        """Run a command beside the first process: its result, and the milliseconds it takes."""

    def http_status(self, process: Process, port: int, path: str) -> int:
        """The status code of a GET to a port that it listens on."""
