"""``sed``: ``s``, ``d``, ``p``, ``q``, ``y``, ``i``, ``a`` and ``c``, with addresses; ``-n``, ``-E``, ``-i``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.inputs import lines_of, read_inputs
from webapp.cri.programs.commands.options import OptionError, parse_options
from webapp.cri.programs.commands.regex import LONGEST_LINE, RegexError, compile_regex
from webapp.cri.programs.files.nodes import FileError

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

_ADDRESS = re.compile(r"\s*(\d+|\$|/(?:\\.|[^/\\])*/)")


class SedError(Exception):
    """A script cannot be understood."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of a script.

    Attributes:
        start: First address, "" for every line.
        end: Second address, "" for none.
        negate: Whether lines outside are meant.
        name: A letter.
        pattern: Of ``s``.
        text: Replacement, text to insert, or letters of ``y``.
        flags: Of ``s``.
    """

    start: str
    end: str
    negate: bool
    name: str
    pattern: re.Pattern[str] | None = None
    text: str = ""
    flags: str = ""


def sed(call: Invocation) -> Steps:
    """``sed [-nEri] script [file…]``."""
    try:
        options, names = parse_options(
            call.argv[1:], "nEris", "ef", {"quiet": "n", "expression": "e", "in-place": "i"}
        )
        if "e" in options:
            source = "\n".join(_values(call.argv[1:], "-e"))
            names = [name for name in names if name not in source.split("\n")]
        elif names:
            source = names.pop(0)
        else:
            return call.complain("no script")
        script = parse_sed(source, extended="E" in options or "r" in options)
    except (OptionError, SedError, RegexError) as error:
        return call.complain(str(error))
    inputs, code = yield from read_inputs(call, names)
    if "i" not in options:
        inputs = [("-", b"".join(data for _, data in inputs))] if inputs else []
    for name, data in inputs:
        output, left = _edit(script, lines_of(data), quiet="n" in options)
        text = "".join(f"{line}\n" for line in output).encode(errors="surrogateescape")
        if "i" not in options:
            call.write(text)
            code = left if left is not None else code
            continue
        try:
            call.files.write(call.path(name), text)
        except FileError as error:
            code = call.complain(f"{name}: {error.reason}")
    return code


def _values(words: list[str], option: str) -> list[str]:
    return [words[at + 1] for at, word in enumerate(words[:-1]) if word == option]


def parse_sed(source: str, *, extended: bool) -> list[Instruction]:
    """Instructions of a script.

    Raises:
        SedError: It is malformed or not modelled.
    """
    found: list[Instruction] = []
    rest = source
    while rest := rest.lstrip(" \t\n;"):
        addresses: list[str] = []
        while len(addresses) < 2 and (match := _ADDRESS.match(rest)):
            addresses.append(match[1])
            rest = rest[match.end() :].lstrip()
            if not rest.startswith(","):
                break
            rest = rest[1:]
        negate = rest.startswith("!")
        rest = rest.removeprefix("!").lstrip()
        start, end = (*addresses, "", "")[:2]
        name, rest = rest[:1], rest[1:]
        if name == "s":
            instruction, rest = _substitution(start, end, rest, negate=negate, extended=extended)
        elif name == "y":
            _, (one, other), rest = _parts(rest)
            instruction = Instruction(start, end, negate, name, None, f"{one}\0{other}")
        elif name in ("a", "i", "c"):
            text, _, rest = rest.lstrip(" \\\n").partition("\n")
            instruction = Instruction(start, end, negate, name, None, text)
        elif name in ("d", "p", "q", "="):
            instruction = Instruction(start, end, negate, name)
        else:
            raise SedError(
                f"unsupported command {name or 'end of script'}: not modelled by Podarium"
            )
        found.append(instruction)
    return found


def _parts(rest: str) -> tuple[str, tuple[str, str], str]:
    mark = rest[:1]
    pieces: list[str] = []
    piece, at = "", 1
    while at < len(rest) and len(pieces) < 2:
        if rest[at] == "\\" and at + 1 < len(rest):
            piece += rest[at + 1] if rest[at + 1] == mark else rest[at : at + 2]
            at += 2
            continue
        if rest[at] == mark:
            pieces.append(piece)
            piece = ""
        else:
            piece += rest[at]
        at += 1
    if len(pieces) < 2:
        raise SedError("unterminated `s' command")
    return mark, (pieces[0], pieces[1]), rest[at:]


def _substitution(
    start: str, end: str, rest: str, *, negate: bool, extended: bool
) -> tuple[Instruction, str]:
    _, (pattern, text), rest = _parts(rest)
    flags = re.match(r"[gIip\d]*", rest)
    letters = flags[0] if flags else ""
    expression = compile_regex(
        pattern, extended=extended, ignore_case="I" in letters or "i" in letters
    )
    instruction = Instruction(start, end, negate, "s", expression, text, letters)
    return instruction, rest[len(letters) :]


def _edit(
    script: list[Instruction], lines: list[str], *, quiet: bool
) -> tuple[list[str], int | None]:
    output: list[str] = []
    active: dict[int, bool] = {}
    for number, original in enumerate(lines, 1):
        line: str | None = original
        after: list[str] = []
        for index, instruction in enumerate(script):
            if line is None:
                break
            chosen = _applies(instruction, index, active, number, line, last=number == len(lines))
            if chosen == instruction.negate:
                continue
            name = instruction.name
            if name == "s":
                changed = _substituted(instruction, line)
                if changed is not None:
                    line = changed
                    if "p" in instruction.flags:
                        output.append(line)
            elif name == "p":
                output.append(line)
            elif name == "=":
                output.append(str(number))
            elif name == "i":
                output.append(instruction.text)
            elif name == "a":
                after.append(instruction.text)
            elif name == "c":
                output.append(instruction.text)
                line = None
            elif name == "y":
                one, _, other = instruction.text.partition("\0")
                line = line.translate(str.maketrans(one, other))
            elif name == "d":
                line = None
            elif name == "q":
                if not quiet:
                    output.append(line)
                return [*output, *after], 0
        if line is not None and not quiet:
            output.append(line)
        output.extend(after)
    return output, None


def _applies(
    instruction: Instruction,
    index: int,
    active: dict[int, bool],
    number: int,
    line: str,
    *,
    last: bool,
) -> bool:
    if not instruction.start:
        return True
    if not instruction.end:
        return _at(instruction.start, number, line, last=last)
    if active.get(index):
        active[index] = not (
            _at(instruction.end, number, line, last=last)
            or (instruction.end.isdigit() and number >= int(instruction.end))
        )
        return True
    if _at(instruction.start, number, line, last=last):
        active[index] = not (instruction.end.isdigit() and number >= int(instruction.end))
        return True
    return False


def _at(address: str, number: int, line: str, *, last: bool) -> bool:
    if address == "$":
        return last
    if address.isdigit():
        return number == int(address)
    return compile_regex(address[1:-1]).search(line[:LONGEST_LINE]) is not None


def _substituted(instruction: Instruction, line: str) -> str | None:
    assert instruction.pattern is not None  # noqa: S101  # of an s instruction
    digits = "".join(letter for letter in instruction.flags if letter.isdigit())
    wanted = int(digits or 1)
    seen = 0

    def replaced(match: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        if seen < wanted or (seen > wanted and "g" not in instruction.flags):
            return match[0]
        return _filled(instruction.text, match)

    changed = instruction.pattern.sub(replaced, line[:LONGEST_LINE])
    return changed if seen >= wanted else None


def _filled(text: str, match: re.Match[str]) -> str:
    def piece(found: re.Match[str]) -> str:
        mark = found[0]
        if mark == "&":
            return match[0]
        if mark[1].isdigit():
            return (match[int(mark[1])] or "") if int(mark[1]) <= (match.re.groups) else ""
        return {"n": "\n", "t": "\t"}.get(mark[1], mark[1])

    return re.sub(r"\\.|&", piece, text)
