"""Commands that a shell carries out itself, because they change it.

Each takes the shell's memory and its words, its own name first, and gives an exit code; those that
wait are generators.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.conditions import ConditionProblem, evaluate
from webapp.cri.programs.files.nodes import NO_ENTRY, NOT_A_DIRECTORY, Directory, FileError
from webapp.cri.programs.shell.builtin_jobs import (
    jobs_builtin,
    kill_builtin,
    trap_builtin,
    wait_builtin,
)
from webapp.cri.programs.shell.builtin_variables import (
    declare_builtin,
    getopts_builtin,
    let_builtin,
    read_builtin,
    set_builtin,
    shift_builtin,
    unset_builtin,
)
from webapp.cri.programs.shell.numbers import number_of
from webapp.cri.programs.shell.state import (
    ExitShell,
    LeaveLoop,
    ReturnFunction,
    ShellFailure,
    ShellState,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.cri.programs.userland import Wait

    Builtin = Callable[[ShellState, list[str]], "int | Generator[Wait, Any, int]"]


def _alias(shell: ShellState, words: list[str]) -> int:
    for word in words[1:]:
        name, _, text = word.partition("=")
        shell.aliases[name] = text
    return 0


def _break(shell: ShellState, words: list[str]) -> int:
    if shell.loops:
        levels = max(1, number_of(shell, words, 1))
        raise LeaveLoop(min(levels, shell.loops), again=words[0] == "continue")
    return 0


def _cd(shell: ShellState, words: list[str]) -> int:
    targets = [word for word in words[1:] if word not in ("-L", "-P", "--")]
    target = targets[0] if targets else shell.get("HOME") or "/"
    invocation = shell.invocation
    if target == "-":
        target = shell.get("OLDPWD") or invocation.cwd
        invocation.print(target)
    try:
        place = invocation.files.find(invocation.path(target))
        if place.node is None:
            raise FileError(NO_ENTRY)
        if not isinstance(place.node, Directory):
            raise FileError(NOT_A_DIRECTORY)
    except FileError as error:
        if shell.is_bash:
            shell.complain(f"cd: {target}: {error.reason}")
        else:
            shell.complain(f"cd: can't cd to {target}: {error.reason}")
        return 1 if shell.is_bash else 2
    shell.assign("OLDPWD", invocation.cwd)
    invocation.cwd = place.path
    shell.assign("PWD", place.path)
    return 0


def _echo(shell: ShellState, words: list[str]) -> int:
    arguments = words[1:]
    newline, escapes = True, shell.invocation.userland.style != "busybox" and not shell.is_bash
    while arguments and re.fullmatch(r"-[neE]+", arguments[0]):
        flag = arguments.pop(0)
        newline = newline and "n" not in flag
        escapes = "e" in flag or (escapes and "E" not in flag)
    text = " ".join(arguments)
    if escapes and "\\" in text:
        text, stopped = unescape_echo(text)
        newline = newline and not stopped
    shell.invocation.write(text.encode(errors="surrogateescape") + (b"\n" if newline else b""))
    return 0


def unescape_echo(text: str) -> tuple[str, bool]:
    """Backslash sequences of ``echo -e``; and whether the one that ends output cut it off."""
    plain = {
        "a": "\a",
        "b": "\b",
        "e": "\x1b",
        "f": "\f",
        "n": "\n",
        "r": "\r",
        "t": "\t",
        "v": "\v",
        "\\": "\\",
    }
    text, cut, _ = text.partition("\\c") if "\\c" in text.replace("\\\\", "") else (text, "", "")

    def replaced(match: re.Match[str]) -> str:
        body = match[1]
        if body[0] == "x" and len(body) > 1:
            return bytes([int(body[1:], 16)]).decode(errors="surrogateescape")
        if body[0].isdigit():
            return bytes([int(body, 8) % 256]).decode(errors="surrogateescape")
        return plain.get(body, match[0])

    return re.sub(r"\\(x[0-9a-fA-F]{1,2}|0?[0-7]{1,3}|.)", replaced, text), bool(cut)


def _eval(shell: ShellState, words: list[str]) -> Generator[Wait, Any, int]:
    yield from shell.run_text(" ".join(words[1:]))
    return shell.status


def _exit(shell: ShellState, words: list[str]) -> int:
    raise ExitShell(number_of(shell, words, shell.status) % 256)


def _false(shell: ShellState, words: list[str]) -> int:
    return 1


def _pwd(shell: ShellState, words: list[str]) -> int:
    shell.invocation.print(shell.invocation.cwd)
    return 0


def _return(shell: ShellState, words: list[str]) -> int:
    raise ReturnFunction(number_of(shell, words, shell.status) % 256)


def _source(shell: ShellState, words: list[str]) -> Generator[Wait, Any, int]:
    if len(words) < 2:
        return 0
    path = words[1]
    invocation = shell.invocation
    if "/" not in path:
        path = invocation.userland.which(path, shell.environment()) or path
    try:
        text = invocation.files.read(invocation.path(path)).decode(errors="surrogateescape")
    except FileError as error:
        if shell.is_bash:
            shell.complain(f"{words[1]}: {error.reason}")
            return 1
        raise ShellFailure(f".: can't open '{words[1]}': {error.reason}") from error
    before = shell.positional
    if len(words) > 2:
        shell.positional = words[2:]
    try:
        yield from shell.run_text(text)
    except ReturnFunction as end:
        shell.status = end.code
    finally:
        shell.positional = before if len(words) > 2 else shell.positional
    return shell.status


def _test(shell: ShellState, words: list[str]) -> int:
    arguments = words[1:]
    if words[0] == "[":
        if not arguments or arguments[-1] != "]":
            shell.complain("[: missing ]")
            return 2
        arguments = arguments[:-1]
    try:
        return int(not evaluate(shell.invocation, arguments))
    except ConditionProblem as error:
        shell.complain(f"{words[0]}: {error}" if shell.is_bash else str(error))
        return 2


def _true(shell: ShellState, words: list[str]) -> int:
    return 0


def _type(shell: ShellState, words: list[str]) -> int:
    quiet = words[0] == "command"
    code = 0
    for word in words[1:]:
        if word.startswith("-"):
            continue
        found = word if word in shell.functions or word in BUILTINS else ""
        kind = "a function" if word in shell.functions else "a shell builtin"
        if not found:
            found = shell.invocation.userland.which(word, shell.environment())
            kind = found
        if not found:
            code = 127 if not shell.is_bash else 1
            if not quiet:
                shell.invocation.print(f"{word}: not found")
        else:
            shell.invocation.print(found if quiet else f"{word} is {kind}")
    return code


def _umask(shell: ShellState, words: list[str]) -> int:
    if len(words) == 1:
        shell.invocation.print("0022")
    return 0


def _unalias(shell: ShellState, words: list[str]) -> int:
    for word in words[1:]:
        shell.aliases.pop(word, None)
    return 0


def _ulimit(shell: ShellState, words: list[str]) -> int:
    shell.invocation.print("unlimited")
    return 0


BUILTINS: dict[str, Builtin] = {
    ".": _source,
    ":": _true,
    "[": _test,
    "alias": _alias,
    "bg": _true,
    "break": _break,
    "cd": _cd,
    "continue": _break,
    "declare": declare_builtin,
    "echo": _echo,
    "eval": _eval,
    "exit": _exit,
    "export": declare_builtin,
    "false": _false,
    "getopts": getopts_builtin,
    "jobs": jobs_builtin,
    "kill": kill_builtin,
    "let": let_builtin,
    "local": declare_builtin,
    "pwd": _pwd,
    "read": read_builtin,
    "readonly": declare_builtin,
    "return": _return,
    "set": set_builtin,
    "shift": shift_builtin,
    "shopt": _true,
    "source": _source,
    "test": _test,
    "trap": trap_builtin,
    "true": _true,
    "type": _type,
    "typeset": declare_builtin,
    "ulimit": _ulimit,
    "umask": _umask,
    "unalias": _unalias,
    "unset": unset_builtin,
    "wait": wait_builtin,
}
"""Name → what it does, sorted; ``command`` and ``exec`` belong to the interpreter."""

SPECIAL = frozenset(
    (
        ".",
        ":",
        "break",
        "continue",
        "eval",
        "exec",
        "exit",
        "export",
        "readonly",
        "return",
        "set",
        "shift",
        "trap",
        "unset",
    )
)
"""Assignments before these stay."""
