"""Commands that a shell carries out itself, because they change it.

Each takes the shell's memory and its words, its own name first, and gives an exit code; those that
wait are generators.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.conditions import ConditionProblem, evaluate
from webapp.cri.programs.files.nodes import NO_ENTRY, NOT_A_DIRECTORY, Directory, FileError
from webapp.cri.programs.shell.arithmetic import ArithmeticProblem, compute
from webapp.cri.programs.shell.state import (
    EXIT_TRAP,
    ExitShell,
    LeaveLoop,
    ReturnFunction,
    ShellFailure,
    ShellState,
)
from webapp.cri.programs.signals import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.cri.programs.userland import Invocation, Wait

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


def _number(shell: ShellState, words: list[str], default: int) -> int:
    if len(words) < 2:
        return default
    if not re.fullmatch(r"-?\d+", words[1]):
        raise ShellFailure(f"{words[0]}: Illegal number: {words[1]}")
    return int(words[1])


def _alias(shell: ShellState, words: list[str]) -> int:
    for word in words[1:]:
        name, _, text = word.partition("=")
        shell.aliases[name] = text
    return 0


def _break(shell: ShellState, words: list[str]) -> int:
    if shell.loops:
        levels = max(1, _number(shell, words, 1))
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


def _declare(shell: ShellState, words: list[str]) -> int:
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
    raise ExitShell(_number(shell, words, shell.status) % 256)


def _false(shell: ShellState, words: list[str]) -> int:
    return 1


def _getopts(shell: ShellState, words: list[str]) -> int:
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


def _jobs(shell: ShellState, words: list[str]) -> int:
    for index, job in enumerate(shell.jobs, 1):
        if job.exit_code is None:
            shell.invocation.print(f"[{index}]+ Running                    {' '.join(job.argv)}")
    return 0


def _kill(shell: ShellState, words: list[str]) -> Generator[Wait, Any, int]:
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


def _let(shell: ShellState, words: list[str]) -> int:
    value = 0
    for word in words[1:]:
        try:
            value = compute(word, shell)
        except ArithmeticProblem as error:
            raise ShellFailure(str(error)) from error
    return int(not value)


def _pwd(shell: ShellState, words: list[str]) -> int:
    shell.invocation.print(shell.invocation.cwd)
    return 0


def _read(shell: ShellState, words: list[str]) -> Generator[Wait, Any, int]:
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


def _return(shell: ShellState, words: list[str]) -> int:
    raise ReturnFunction(_number(shell, words, shell.status) % 256)


def _set(shell: ShellState, words: list[str]) -> int:
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


def _shift(shell: ShellState, words: list[str]) -> int:
    count = _number(shell, words, 1)
    if count > len(shell.positional):
        if not shell.is_bash:
            raise ShellFailure("shift: can't shift that many")
        return 1
    shell.positional = shell.positional[count:]
    return 0


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


def _trap(shell: ShellState, words: list[str]) -> int:
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


def _unset(shell: ShellState, words: list[str]) -> int:
    functions = "-f" in words
    for word in words[1:]:
        if word.startswith("-"):
            continue
        if functions or (word in shell.functions and word not in shell.variables):
            shell.functions.pop(word, None)
        else:
            shell.unset(word)
    return 0


def _wait(shell: ShellState, words: list[str]) -> Generator[Wait, Any, int]:
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


BUILTINS: dict[str, Builtin] = {
    ".": _source,
    ":": _true,
    "[": _test,
    "alias": _alias,
    "bg": _true,
    "break": _break,
    "cd": _cd,
    "continue": _break,
    "declare": _declare,
    "echo": _echo,
    "eval": _eval,
    "exit": _exit,
    "export": _declare,
    "false": _false,
    "getopts": _getopts,
    "jobs": _jobs,
    "kill": _kill,
    "let": _let,
    "local": _declare,
    "pwd": _pwd,
    "read": _read,
    "readonly": _declare,
    "return": _return,
    "set": _set,
    "shift": _shift,
    "shopt": _true,
    "source": _source,
    "test": _test,
    "trap": _trap,
    "true": _true,
    "type": _type,
    "typeset": _declare,
    "ulimit": _ulimit,
    "umask": _umask,
    "unalias": _unalias,
    "unset": _unset,
    "wait": _wait,
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
