"""A command as a container's program: ``sh -c …``, a script out of a volume, ``sleep``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cri.programs.problems import CannotRun, NoMoreProcesses
from webapp.cri.terminal import Console, foreground

if TYPE_CHECKING:
    from webapp.cri.program import Process
    from webapp.cri.programs.userland import Userland


class CommandProgram:
    """Runs a command line as process 1.

    A first process gets no signal that it does not handle, so a plain shell or ``sleep`` lives on
    after SIGTERM until it is killed; a script with a trap ends when that says so.
    """

    __slots__ = ("_words",)

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words

    def problem(self, process: Process) -> str:
        """Why the runtime cannot start it."""
        return command_problem(process.userland, self._words, process.env)

    def start(self, process: Process) -> None:
        """Run the command in virtual time."""
        userland = process.userland
        config = process.config
        console = Console(process.write, stdin=config.stdin, tty=config.tty)
        process.console = console
        userland.output = {number: console.fds[number].retain() for number in (1, 2)}
        first = userland.make(
            0,
            list(self._words),
            dict(process.env),
            config.working_dir or "/",
            console.fds,
        )

        userland.first = first

        def interrupt(number: int) -> None:
            for invocation in foreground(userland, first):
                userland.signal(invocation, number)

        console.interrupt = interrupt
        userland.start(first, on_done=process.exit)

    def on_signal(self, process: Process, signal: int) -> None:
        """Hand it to process 1."""
        first = process.userland.first
        if first is not None:
            process.userland.signal(first, signal, outside=True)

    def http_status(self, process: Process, port: int, path: str) -> int:  # noqa: ARG002
        """Never asked: a command listens nowhere."""
        return 404

    def served_file(self, process: Process, path: str) -> bytes | None:  # noqa: ARG002
        """None: it serves nothing."""
        return None


def command_problem(userland: Userland, words: tuple[str, ...], env: dict[str, str]) -> str:
    """Why a command cannot be run, as runc says it; "" when it can."""
    try:
        probe = userland.make(0, list(words), env, "/", {})
    except NoMoreProcesses:
        return f'exec: "{words[0]}": resource temporarily unavailable'
    try:
        userland.resolve(probe)
    except CannotRun as error:
        name = words[0]
        if "not modelled" in error.reason:
            return f'exec: "{name}": {error.reason}'
        if error.exit_code == 126:
            return f'exec: "{name}": permission denied'
        if "/" in name:
            return f'exec: "{name}": stat {name}: no such file or directory'
        return f'exec: "{name}": executable file not found in $PATH'
    finally:
        userland.forget(probe)
    return ""
