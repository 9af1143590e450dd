"""A command in a container whose whole result is wanted: an exec probe, or a hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cri.api import ExecResult
from webapp.cri.command_program import command_problem
from webapp.cri.programs.signals import SIGKILL
from webapp.cri.programs.streams import Callback, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.cri.program import Process
    from webapp.cri.programs.userland import Invocation
    from webapp.sim.events import Timer

KILLED = 128 + SIGKILL
CANNOT_RUN = 127
MOST_OUTPUT_BYTES = 16_384


class CommandRun:
    """Runs a command beside the first process and tells its result once.

    Args:
        process: The container's first process.
        command: The command's words.
        on_done: Gets the result, later.
        timeout_ms: Milliseconds until it is ended; 0 for no end.
        background: Whether the world may be idle while it runs.
    """

    def __init__(
        self,
        process: Process,
        command: tuple[str, ...],
        on_done: Callable[[ExecResult], None],
        timeout_ms: int,
        *,
        background: bool,
    ) -> None:
        self._sim = process.sim
        self._process = process
        self._command = command
        self._on_done = on_done
        self._background = background
        self._output = bytearray()
        self._invocation: Invocation | None = None
        self._over = False
        self._timer: Timer | None = None
        if timeout_ms:
            self._timer = self._sim.schedule(timeout_ms, self._time_out, background=background)
        self._sim.schedule(0, self._start, background=background)

    def _start(self, _: None) -> None:
        process, userland = self._process, self._process.userland
        problem = command_problem(userland, self._command, process.env)
        if problem:
            text = f"OCI runtime exec failed: exec failed: unable to start container process: {problem}"
            self._finish(ExecResult(CANNOT_RUN, text))
            return
        output = Callback(self._take)
        invocation = self._invocation = userland.make(
            0,
            list(self._command),
            dict(process.env),
            process.config.working_dir or "/",
            {0: Stream(), 1: output, 2: output},
        )
        invocation.on_end = self._on_end
        userland.start(invocation, background=self._background)

    def _take(self, data: bytes) -> None:
        self._output += data[: max(0, MOST_OUTPUT_BYTES - len(self._output))]

    def _on_end(self, code: int) -> None:
        # Whoever asked may end the container, which cannot happen while it is running here.
        self._sim.schedule(0, self._end, code, background=self._background)

    def _end(self, code: int) -> None:
        self._finish(ExecResult(code, self._output.decode(errors="replace")))

    def _time_out(self, _: None) -> None:
        if self._over:
            return
        self._finish(ExecResult(KILLED, self._output.decode(errors="replace"), timed_out=True))
        invocation = self._invocation
        if invocation is not None and invocation.thread is not None:
            invocation.thread.cancel()

    def _finish(self, result: ExecResult) -> None:
        if not self._over:
            self._over = True
            self._sim.cancel(self._timer)
            self._on_done(result)
