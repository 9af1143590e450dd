"""``awk [-F separator] [-v name=value] 'program' [file…]``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.awk.machine import AwkError, Exit, Machine
from webapp.cri.programs.commands.awk.parser import AwkSyntaxError, parse_awk, unescape
from webapp.cri.programs.commands.awk.values import Read
from webapp.cri.programs.commands.inputs import open_input
from webapp.cri.programs.commands.options import parse_options
from webapp.cri.programs.commands.regex import RegexError
from webapp.cri.programs.files.nodes import FileError

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.streams import Stream
    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

STEPS_PER_MS = 2_000


def awk(call: Invocation) -> Steps:
    """Run a program over lines."""
    words = list(call.argv[1:])
    settings: list[str] = []
    while "-v" in words[:-1] and words.index("-v") == _first_operand(words) - 2:
        at = words.index("-v")
        settings.append(words[at + 1])
        del words[at : at + 2]
    options, operands = _options(words)
    settings += [options["v"]] if "v" in options else []
    files: dict[str, Stream] = {}
    try:
        if "f" in options:
            program = call.files.read(call.path(options["f"])).decode(errors="replace")
        elif operands:
            program = operands.pop(0)
        else:
            return call.complain(
                "usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]", 2
            )
        machine = Machine(parse_awk(program), lambda *given: _write(call, files, *given))
        machine.arrays["ENVIRON"] = {name: Read(value) for name, value in call.env.items()}
        if "F" in options:
            separator = unescape(options["F"])
            machine.variables["FS"] = "\t" if separator == "t" else separator
        for setting in settings:
            name, _, value = setting.partition("=")
            machine.variables[name] = Read(unescape(value))
        return (yield from _run(call, machine, operands))
    except (AwkSyntaxError, AwkError, RegexError) as error:
        return call.complain(str(error), 2)
    except RecursionError:
        return call.complain("nested too deeply: not modelled by Podarium", 2)


def _first_operand(words: list[str]) -> int:
    """Where the first word stands that is no option and no option's value."""
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        at += 2 if words[at] in ("-F", "-v", "-f") else 1
    return at


def _options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    end = _first_operand(words)
    options, _ = parse_options(words[:end], "", "Fvf")
    return options, words[end:]


def _run(call: Invocation, machine: Machine, operands: list[str]) -> Steps:
    code = 0
    try:
        machine.once("BEGIN")
        if machine.has("each", "if", "range", "END"):
            code = yield from _read(call, machine, operands)
    except Exit as end:
        code = end.code
        if end.kind != "exit":
            return code
    try:
        machine.once("END")
    except Exit as end:
        code = end.code
    return code


def _read(call: Invocation, machine: Machine, operands: list[str]) -> Steps:
    code = 0
    names = [word for word in operands if not re.fullmatch(r"[A-Za-z_]\w*=.*", word)]
    for word in operands:
        if word not in names:
            name, _, value = word.partition("=")
            machine.variables[name] = Read(unescape(value))
    for name in names or ["-"]:
        stream = open_input(call, name)
        if stream is None:
            code = 2
            continue
        machine.variables |= {"FILENAME": "" if name == "-" else name, "FNR": 0.0}
        before = call.fds.get(0)
        call.fds[0] = stream
        try:
            yield from _lines(call, machine)
        finally:
            if before is not None:
                call.fds[0] = before
    return code


def _lines(call: Invocation, machine: Machine) -> Generator[Wait, Any, None]:
    steps = 0
    while line := (yield from call.read_line()):
        for name in ("NR", "FNR"):
            count = machine.variables[name]
            machine.variables[name] = (count if isinstance(count, float) else 0.0) + 1
        machine.line(line.rstrip(b"\n").decode(errors="surrogateescape"))
        yield from call.flush_if_large()
        steps += machine.steps
        if steps > STEPS_PER_MS:
            wait_ms = call.userland.cpu.charge(steps * 1000 // STEPS_PER_MS)
            steps = 0
            if wait_ms:
                yield wait_ms


def _write(call: Invocation, files: dict[str, Stream], data: str, sign: str, target: str) -> None:
    """Print, or add to a file that the first print to it has made empty."""
    encoded = data.encode(errors="surrogateescape")
    if not sign or target == "/dev/stdout":
        call.write(encoded)
    elif target == "/dev/stderr":
        call.write(encoded, 2)
    else:
        try:
            if target not in files:
                files[target] = call.userland.open_for_writing(call, target, truncate=sign == ">")
            files[target].try_write(encoded)
        except FileError as error:
            raise AwkError(f"can't redirect to {target}: {error.reason}") from error
