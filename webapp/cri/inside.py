"""What goes on inside containers: commands run there, streams, statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cri.api import (
    Container,
    ExecResult,
)
from webapp.cri.command_program import command_problem
from webapp.cri.command_run import CommandRun
from webapp.cri.instances import Instances
from webapp.cri.looks import look
from webapp.cri.program_session import ProgramSession
from webapp.cri.sessions import AttachSession, LogSession
from webapp.cri.stats import (
    ContainerStats,
    container_stats,
)
from webapp.cri.userlands import image_inside

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.streams import ExecOptions, ExecSession
    from webapp.cri.looks import ContainerLook
    from webapp.cri.program import Process


class Insides(Instances):
    """Looks and reaches into running containers."""

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
            return LogSession(self.sim, container, tty=options.tty)
        return AttachSession(console, options, once=stdin_once)

    def container_stats(self, container: Container) -> ContainerStats | None:
        """What a container used in the last whole window; ``None`` while that cannot be said."""
        instance = self._instances.get(container.id)
        if instance is None or instance.process is None:
            return None
        return container_stats(container, instance.process, self.sim.now_ms)

    def look(self, container: Container) -> ContainerLook | None:
        """What a running container uses at this moment; ``None`` when it does not run."""
        process = self._process(container)
        return look(container, process, self.sim.now_ms) if process is not None else None

    def killed_at_ms(self, container: Container) -> int | None:
        """When a container that was asked to stop is killed; ``None`` while nobody asked."""
        instance = self._instances.get(container.id)
        timer = instance.kill_timer if instance is not None else None
        return timer.at_ms if timer is not None and timer.pending and container.running else None

    def is_up(self, container: Container) -> bool:
        """Whether its program has come up: it runs, and listens if that is what it does."""
        instance = self._instances.get(container.id)
        return instance is not None and instance.process is not None and instance.process.up
