"""Builtins for jobs and signals: ``jobs``, ``kill``, ``trap``, ``wait``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.shell.state import (
    EXIT_TRAP,
    ShellState,
)
from webapp.cri.programs.signals import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Builtin = Callable[[ShellState, list[str]], "int | Generator[Wait, Any, int]"]


def jobs_builtin(shell: ShellState, words: list[str]) -> int:
    """``jobs``: what runs in the background."""
    for index, job in enumerate(shell.jobs, 1):
        if job.exit_code is None:
            shell.invocation.print(f"[{index}]+ Running                    {' '.join(job.argv)}")
    return 0


def kill_builtin(shell: ShellState, words: list[str]) -> Generator[Wait, Any, int]:
    """``kill``: signals to processes and jobs."""
    arguments = words[1:]
    number = SIGNALS["TERM"]
    if arguments and arguments[0] == "-l":
        shell.invocation.print(" ".join(SIGNALS))
        return 0
    if arguments and arguments[0] == "-s" and len(arguments) > 1:
        arguments = ["-" + arguments[1], *arguments[2:]]
    if arguments and arguments[0].startswith("-") and len(arguments[0]) > 1:
        found = signal_number(arguments.pop(0)[1:])
        if found is None:
            shell.complain(f"kill: {words[1]}: invalid signal specification")
            return 1
        number = found
    code = 0
    userland = shell.invocation.userland
    for word in arguments:
        target = _target(shell, word)
        if target is None:
            shell.complain(f"kill: can't kill pid {word}: No such process")
            code = 1
        elif number:
            userland.signal(target, number)
    yield 0
    return code


def _target(shell: ShellState, word: str) -> Invocation | None:
    if word.startswith("%") and word[1:].isdigit():
        index = int(word[1:])
        return shell.jobs[index - 1] if 0 < index <= len(shell.jobs) else None
    visible = shell.invocation.userland.namespace.visible
    return visible.get(int(word)) if word.isdigit() else None


def signal_number(text: str) -> int | None:
    """A signal by number or name; ``None`` when there is no such."""
    if text.isdigit():
        return int(text)
    name = text.upper().removeprefix("SIG")
    return EXIT_TRAP if name == "EXIT" else SIGNALS.get(name)


def trap_builtin(shell: ShellState, words: list[str]) -> int:
    """``trap``: what to do when a signal comes, or at the end."""
    arguments = [word for word in words[1:] if word != "--"]
    if not arguments:
        names = {number: name for name, number in SIGNALS.items()}
        for number, text in sorted(shell.traps.items()):
            shell.invocation.print(f"trap -- '{text}' {names.get(number, 'EXIT')}")
        return 0
    action: str | None = arguments.pop(0)
    if action == "-" or (not arguments and signal_number(action or "") is not None):
        arguments = arguments or [action or ""]
        action = None
    for word in arguments:
        found = signal_number(word)
        if found is None:
            shell.complain(f"trap: {word}: invalid signal specification")
            return 1
        if action is None:
            shell.traps.pop(found, None)
        else:
            shell.traps[found] = action
    return 0


def wait_builtin(shell: ShellState, words: list[str]) -> Generator[Wait, Any, int]:
    """``wait``: until jobs have ended."""
    everything = len(words) < 2
    code = 0
    targets = list(shell.jobs) if everything else []
    for word in words[1:]:
        pid = int(word) if word.isdigit() else -1
        found = next((job for job in shell.jobs if job.pid == pid), None)
        if word.startswith("%"):
            found = _target(shell, word)
        if found is None:
            code = 127
        else:
            targets.append(found)
    for job in targets:
        while job.exit_code is None:
            shell.waiting = job.waiter()
            yield shell.waiting
            shell.waiting = None
            if shell.pending:
                return 128 + shell.pending[0]
        code = job.exit_code
    shell.jobs = [job for job in shell.jobs if job.exit_code is None]
    return 0 if everything else code
