"""A command that somebody far away runs in a container: streams to its descriptors, and its end."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.problems import CannotRun, Killed, NoMoreProcesses
from webapp.cri.programs.signals import SIGKILL
from webapp.cri.programs.streams import Callback, Stream
from webapp.cri.programs.thread import Thread
from webapp.cri.terminal import MAX_UNREAD_BYTES, Input, Terminal, foreground

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.apimachinery.streams import ExecOptions
    from webapp.cri.programs.userland import Invocation, Userland

WINCH = 28


class ProgramSession:
    """A command beside the first process."""

    def __init__(
        self, userland: Userland, options: ExecOptions, env: dict[str, str], directory: str
    ) -> None:
        self.on_stdout: Callable[[bytes], None] = _discard
        self.on_stderr: Callable[[bytes], None] = _discard
        self.on_exit: Callable[[int], None] = _discard
        self.on_failure: Callable[[str], None] = _discard
        self._userland = userland
        self._input = Terminal(self._show, self._interrupt) if options.tty else Input()
        if not options.stdin and not options.tty:
            self._input.end()
        self._env = {**env, "TERM": "xterm"} if options.tty else dict(env)
        self._problem = ""
        self._invocation: Invocation | None = None
        # Whoever asked sets the callbacks first.
        self._thread = Thread(userland.sim, self._run(options, directory), self._finish)

    def stdin(self, data: bytes | None) -> None:
        """Take input; ``None`` is its end."""
        if data is None:
            self._input.end()
        else:
            self._input.feed(data)
            if self._input.unread_bytes > MAX_UNREAD_BYTES:
                on_failure = self.on_failure
                self.cancel()
                on_failure("the command reads too little of what is sent to it")

    def resize(self, width: int, height: int) -> None:
        """Programs may ask for the size in their variables, those to come that is."""
        self._env |= {"COLUMNS": str(width), "LINES": str(height)}
        for invocation in self._foreground():
            self._userland.signal(invocation, WINCH)

    def cancel(self) -> None:
        """The client is gone: what it ran ends."""
        self.on_exit = self.on_failure = self.on_stdout = self.on_stderr = _discard
        if self._invocation is None:
            self._thread.cancel()
        for invocation in self._foreground():
            self._userland.signal(invocation, SIGKILL, outside=True)

    def _run(self, options: ExecOptions, directory: str) -> Generator[Any, Any, int]:
        userland = self._userland
        streams: dict[int, Stream] = dict.fromkeys((0, 1, 2), self._input)
        if not options.tty:
            streams |= {1: Callback(self._show), 2: Callback(self._show_error)}
        try:
            invocation = userland.make(0, list(options.command), self._env, directory, streams)
        except NoMoreProcesses:
            self._problem = "resource temporarily unavailable"
            return 1
        self._invocation = invocation
        invocation.thread = self._thread
        try:
            return (yield from userland.run(invocation))
        except CannotRun as error:
            self._problem = _reason(invocation.argv[0], error)
            return error.exit_code
        except Killed as kill:
            return kill.exit_code
        except GeneratorExit:
            # The container ends, and takes everything along.
            self.on_exit(128 + SIGKILL)
            raise

    def _finish(self, code: int) -> None:
        if not self._problem:
            self.on_exit(code)
            return
        text = f"{self._userland.identity.seed}/{self._userland.sim.now_ms}"
        self.on_failure(
            "error executing command in container: failed to exec in container: failed to start "
            f'exec "{sha256(text.encode()).hexdigest()}": OCI runtime exec failed: exec failed: '
            f"unable to start container process: {self._problem}"
        )

    def _show(self, data: bytes) -> None:
        self.on_stdout(data)

    def _show_error(self, data: bytes) -> None:
        self.on_stderr(data)

    def _interrupt(self, number: int) -> None:
        for invocation in self._foreground():
            self._userland.signal(invocation, number)

    def _foreground(self) -> list[Invocation]:
        return foreground(self._userland, self._invocation)


def _reason(name: str, error: CannotRun) -> str:
    """Why a command cannot be run, in the runtime's words."""
    if error.reason == "not found":
        if "/" in name:
            return f'exec: "{name}": stat {name}: no such file or directory: unknown'
        return f'exec: "{name}": executable file not found in $PATH: unknown'
    return f'exec: "{name}": {error.reason.lower()}: unknown'


def _discard(_: object) -> None:
    return
