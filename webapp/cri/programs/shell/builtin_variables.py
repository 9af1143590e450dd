"""Builtins for variables and parameters: ``declare``, ``getopts``, ``let``, ``read``, ``set``, ``shift``, ``unset``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.shell.arithmetic import ArithmeticProblem, compute
from webapp.cri.programs.shell.numbers import number_of
from webapp.cri.programs.shell.state import (
    ShellFailure,
    ShellState,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.cri.programs.userland import Wait

    Builtin = Callable[[ShellState, list[str]], "int | Generator[Wait, Any, int]"]


_NAME = re.compile(r"[A-Za-z_]\w*")
_LONG_OPTIONS = {
    "allexport": "a",
    "errexit": "e",
    "noglob": "f",
    "nounset": "u",
    "pipefail": "pipefail",
    "xtrace": "x",
}


def declare_builtin(shell: ShellState, words: list[str]) -> int:
    """``export``, ``readonly``, ``local`` and ``declare``."""
    kind = words[0]
    arguments = [word for word in words[1:] if not word.startswith("-")]
    flags = "".join(word[1:] for word in words[1:] if word.startswith("-"))
    if kind in ("export", "readonly") and not arguments:
        for name in sorted(shell.exported if kind == "export" else shell.readonly):
            value = (shell.get(name) or "").replace("'", "'\\''")
            shell.invocation.print(f"{kind} {name}='{value}'")
        return 0
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not _NAME.fullmatch(name):
            shell.complain(f"{kind}: {argument}: bad variable name")
            return 1 if shell.is_bash else 2
        if kind in ("local", "declare", "typeset"):
            shell.make_local(name)
            if not equals and shell.scopes and kind == "local" and shell.is_bash:
                shell.variables.pop(name, None)
        if equals:
            if "i" in flags:
                value = str(compute(value, shell))
            shell.assign(name, value)
        elif "a" in flags:
            shell.arrays.setdefault(name, [])
        if kind == "readonly" or "r" in flags:
            shell.readonly[name] = None
        if kind == "export" or "x" in flags:
            if "n" in flags:
                shell.exported.pop(name, None)
            else:
                shell.exported[name] = None
    return 0


def getopts_builtin(shell: ShellState, words: list[str]) -> int:
    """``declare``, ``export``, ``local``, ``readonly``: variables and their qualities."""
    letters, name = words[1], words[2]
    arguments = words[3:] or shell.positional
    index = int(shell.get("OPTIND") or 1)
    place = int(shell.get(" optplace") or 1)
    word = arguments[index - 1] if index <= len(arguments) else ""
    if len(word) < 2 or word[0] != "-" or word == "--":
        if word == "--":
            shell.assign("OPTIND", str(index + 1))
        shell.assign(name, "?")
        return 1
    letter, rest = word[place], word[place + 1 :]
    at = letters.find(letter)
    shell.variables.pop("OPTARG", None)
    if at < 0 or letter == ":":
        if letters.startswith(":"):
            shell.assign("OPTARG", letter)
        else:
            shell.complain(f"Illegal option -{letter}")
        shell.assign(name, "?")
    else:
        shell.assign(name, letter)
        if letters[at + 1 : at + 2] == ":":
            if not rest:
                index += 1
                rest = arguments[index - 1] if index <= len(arguments) else ""
            shell.assign("OPTARG", rest)
            rest = ""
    if rest:
        shell.variables[" optplace"] = str(place + 1)
    else:
        shell.variables.pop(" optplace", None)
        index += 1
    shell.assign("OPTIND", str(index))
    return 0


def let_builtin(shell: ShellState, words: list[str]) -> int:
    """``getopts``: the next option."""
    value = 0
    for word in words[1:]:
        try:
            value = compute(word, shell)
        except ArithmeticProblem as error:
            raise ShellFailure(str(error)) from error
    return int(not value)


def read_builtin(shell: ShellState, words: list[str]) -> Generator[Wait, Any, int]:
    """``let``: arithmetic."""
    raw, timeout_ms, limit, names = False, None, 0, []
    arguments = words[1:]
    while arguments:
        word = arguments.pop(0)
        if not word.startswith("-") or len(word) < 2:
            names = [word, *arguments]
            break
        raw = raw or "r" in word
        letter = next((letter for letter in word[1:] if letter in "tpnNdu"), "")
        if letter:
            value = word[word.index(letter) + 1 :] or (arguments.pop(0) if arguments else "")
            if letter == "t":
                timeout_ms = round(float(value or 0) * 1000)
            elif letter in "nN":
                limit = int(value or 0)
            elif letter == "p":
                shell.invocation.write(value.encode(), 2)
    names = names or ["REPLY"]
    line, ended = yield from _read_line(shell, timeout_ms, limit)
    if not raw:
        while line.endswith("\\") and not line.endswith("\\\\") and ended:
            more, ended = yield from _read_line(shell, timeout_ms, limit)
            line = line[:-1] + more
    _assign_fields(shell, names, line, raw=raw)
    return 0 if ended else 1


def _read_line(
    shell: ShellState, timeout_ms: int | None, limit: int
) -> Generator[Wait, Any, tuple[str, bool]]:
    """``read``: a line of input into variables."""
    invocation = shell.invocation
    stream = invocation.fds.get(0)
    if limit and stream is not None:
        data = yield from invocation.read(limit)
        return data.decode(errors="surrogateescape").rstrip("\n"), bool(data)
    if timeout_ms is None or stream is None:
        data = yield from invocation.read_line()
        text = data.decode(errors="surrogateescape")
        return text.removesuffix("\n"), text.endswith("\n")
    sim = invocation.userland.sim
    deadline_ms = sim.now_ms + timeout_ms
    while (piece := stream.try_read(4096)) is None and sim.now_ms < deadline_ms:
        waiter = stream.waiter()
        timer = sim.schedule(deadline_ms - sim.now_ms, waiter.wake, background=True)
        yield waiter
        sim.cancel(timer)
    if piece is None:
        return "", False
    stream.unread(piece)
    return (yield from _read_line(shell, None, 0))


def _assign_fields(shell: ShellState, names: list[str], line: str, *, raw: bool) -> None:
    separators = shell.get("IFS")
    separators = " \t\n" if separators is None else separators
    if not raw:
        line = re.sub(r"\\(.)", r"\1", line)
    blanks = "".join(character for character in separators if character in " \t\n")
    rest = line.strip(blanks) if blanks else line
    for name in names[:-1]:
        match = re.search(f"[{re.escape(separators)}]", rest) if separators else None
        if match is None:
            shell.assign(name, rest)
            rest = ""
            continue
        shell.assign(name, rest[: match.start()])
        rest = rest[match.end() :].lstrip(blanks)
    shell.assign(names[-1], rest)


def set_builtin(shell: ShellState, words: list[str]) -> int:
    """``set``: options and positional parameters."""
    arguments = words[1:]
    if not arguments:
        for name in sorted(shell.variables):
            if _NAME.fullmatch(name):
                shell.invocation.print(f"{name}='{shell.variables[name]}'")
        return 0
    while arguments:
        word = arguments.pop(0)
        if word == "--":
            shell.positional = arguments
            return 0
        if word[:1] not in "-+" or len(word) < 2:
            shell.positional = [word, *arguments]
            return 0
        turn_on = word[0] == "-"
        for letter in word[1:]:
            option = letter
            if letter == "o":
                option = _LONG_OPTIONS.get(arguments.pop(0) if arguments else "", "")
            if option and turn_on:
                shell.options[option] = None
            else:
                shell.options.pop(option, None)
    return 0


def shift_builtin(shell: ShellState, words: list[str]) -> int:
    """``shift``: drop positional parameters."""
    count = number_of(shell, words, 1)
    if count > len(shell.positional):
        if not shell.is_bash:
            raise ShellFailure("shift: can't shift that many")
        return 1
    shell.positional = shell.positional[count:]
    return 0


def unset_builtin(shell: ShellState, words: list[str]) -> int:
    """``unset``: forget variables and functions."""
    functions = "-f" in words
    for word in words[1:]:
        if word.startswith("-"):
            continue
        if functions or (word in shell.functions and word not in shell.variables):
            shell.functions.pop(word, None)
        else:
            shell.unset(word)
    return 0
