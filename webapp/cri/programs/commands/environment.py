"""``env``, ``printenv``, ``nohup``, ``nice``, ``xargs`` and ``which``: running others, and what they see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.problems import CannotRun

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]


def env(call: Invocation) -> Steps:
    """``env [-i] [-u name] [name=value…] [command…]``."""
    words = call.argv[1:]
    variables = dict(call.env)
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-i", "-", "--ignore-environment"):
            variables = {}
        elif word == "-u" and words:
            variables.pop(words.pop(0), None)
    while words and re.match(r"\w+=", words[0]):
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    if words:
        return (yield from run_other(call, words, variables))
    for name, value in variables.items():
        call.print(f"{name}={value}")
    return 0


def printenv(call: Invocation) -> int:
    """``printenv [name…]``."""
    if len(call.argv) < 2:
        for name, value in call.env.items():
            call.print(f"{name}={value}")
        return 0
    code = 0
    for name in call.argv[1:]:
        if name in call.env:
            call.print(call.env[name])
        else:
            code = 1
    return code


def run_other(call: Invocation, words: list[str], variables: dict[str, str] | None = None) -> Steps:
    """Run another command and wait for it; complain when there is none."""
    try:
        return (yield from call.run(words, env=variables))
    except CannotRun as error:
        if call.userland.style == "busybox":
            return call.complain(f"can't execute '{words[0]}': {_spelled(error)}", error.exit_code)
        return call.complain(f"{words[0]}: {_spelled(error)}", error.exit_code)


def _spelled(error: CannotRun) -> str:
    return "No such file or directory" if error.reason == "not found" else error.reason


def prefix(call: Invocation) -> Steps:
    """``nohup``, ``nice``, ``ionice``, ``stdbuf``, ``setsid``, ``time``: run the rest of the words."""
    words = call.argv[1:]
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-n", "-c", "-p") and words:
            words.pop(0)
    if not words:
        return call.complain("missing operand", 125)
    started_ms = call.userland.sim.now_ms
    code = yield from run_other(call, words)
    if call.name == "time":
        seconds = (call.userland.sim.now_ms - started_ms) / 1000
        minutes = int(seconds // 60)
        text = f"real\t{minutes}m {seconds % 60:.2f}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n"
        call.write(text.encode(), 2)
    return code


def xargs(call: Invocation) -> Steps:
    """``xargs [-0rt] [-n count] [-I text] [-P count] [command…]``."""
    words = call.argv[1:]
    size, marker, nulls = 0, "", False
    while words and words[0].startswith("-"):
        word = words.pop(0)
        value = word[2:]
        if word[:2] in ("-n", "-I", "-P", "-L", "-d") and not value:
            value = words.pop(0) if words else ""
        if word.startswith(("-n", "-L")):
            size = int(value)
        elif word.startswith("-I"):
            marker = value
        nulls = nulls or word == "-0"
    command = words or ["echo"]
    data = (yield from call.read_all()).decode(errors="surrogateescape")
    if nulls:
        items = [item for item in data.split("\0") if item]
    elif marker:
        items = [line for line in data.split("\n") if line]
    else:
        items = [item.strip("'\"") for item in re.findall(r"'[^']*'|\"[^\"]*\"|\S+", data)]
    code = 0
    if marker:
        for item in items:
            filled = [word.replace(marker, item) for word in command]
            code = 123 if (yield from run_other(call, filled)) else code
        return code
    step = size or max(1, len(items))
    for at in range(0, len(items), step):
        code = 123 if (yield from run_other(call, [*command, *items[at : at + step]])) else code
    return code


def which(call: Invocation) -> int:
    """``which name…``."""
    code = 0
    for name in call.argv[1:]:
        path = call.userland.which(name, call.env)
        if path:
            call.print(path)
        else:
            code = 1
    return code
