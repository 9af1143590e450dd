"""``grep``: lines that match."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.inputs import open_input
from webapp.cri.programs.commands.options import OptionError, parse_options
from webapp.cri.programs.commands.regex import LONGEST_LINE, RegexError, compile_regex
from webapp.cri.programs.files.nodes import Directory

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

_LONG = {
    "count": "c",
    "extended-regexp": "E",
    "fixed-strings": "F",
    "ignore-case": "i",
    "invert-match": "v",
    "line-buffered": "s",
    "line-number": "n",
    "only-matching": "o",
    "quiet": "q",
    "recursive": "r",
    "silent": "q",
    "word-regexp": "w",
}


def grep(call: Invocation) -> Steps:
    """``grep [-EFHchilnoqrsvwx] [-m count] [-A lines] pattern [file…]``."""
    try:
        options, names = parse_options(call.argv[1:], "EFGHchilLnoqrRsvwxa", "emABC", _LONG)
        if "e" not in options:
            if not names:
                return call.complain("no pattern", 2)
            options["e"] = names.pop(0)
        expression = _expression(call.name, options)
    except (OptionError, RegexError) as error:
        return call.complain(str(error), 2)
    if "r" in options or "R" in options:
        names = _below(call, names or ["."])
    shown = (
        "H" in options
        or (len(names) > 1 and "h" not in options)
        or ("r" in options and "h" not in options)
    )
    found = 0
    code = 0
    for name in names or ["-"]:
        stream = open_input(call, name)
        if stream is None:
            code = 2
            continue
        call.fds[-1] = stream
        count = yield from _search(call, expression, options, f"{name}:" if shown else "")
        del call.fds[-1]
        found += count
        if "c" in options:
            call.print(f"{name}:{count}" if shown else str(count))
        elif "l" in options and count:
            call.print(name)
        if "q" in options and found:
            break
    return 0 if found else code or 1


def _expression(name: str, options: dict[str, str]) -> re.Pattern[str]:
    patterns = options["e"].split("\n")
    extended = "E" in options or name == "egrep"
    fixed = "F" in options or name == "fgrep"
    compiled = [
        compile_regex(pattern, extended=extended, fixed=fixed, ignore_case="i" in options)
        for pattern in patterns
    ]
    text = (
        "|".join(f"(?:{item.pattern})" for item in compiled)
        if len(compiled) > 1
        else compiled[0].pattern
    )
    if "w" in options:
        text = rf"\b(?:{text})\b"
    if "x" in options:
        text = rf"^(?:{text})$"
    return re.compile(text, compiled[0].flags & re.IGNORECASE)


def _below(call: Invocation, names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        node = call.files.get(call.path(name))
        if isinstance(node, Directory):
            children = [f"{name.rstrip('/')}/{child}" for child in sorted(node.entries)]
            found.extend(_below(call, children))
        else:
            found.append(name)
    return found


def _search(
    call: Invocation, expression: re.Pattern[str], options: dict[str, str], prefix: str
) -> Generator[Wait, Any, int]:
    count = number = 0
    most = int(options.get("m") or 0)
    after = int(options.get("A") or options.get("C") or 0)
    shown_after = 0
    quiet = any(letter in options for letter in "cql")
    while data := (yield from call.read_line(fd=-1)):
        number += 1
        line = data.decode(errors="surrogateescape").removesuffix("\n")
        match = expression.search(line[:LONGEST_LINE])
        place = f"{prefix}{number}:" if "n" in options else prefix
        if (match is None) != ("v" in options):
            if shown_after and not quiet:
                call.print(line)
                shown_after -= 1
            continue
        count += 1
        shown_after = after
        if not quiet:
            if "o" in options and match is not None:
                for hit in expression.finditer(line[:LONGEST_LINE]):
                    call.print(place + hit[0])
            else:
                call.print(place + line)
        if "q" in options or (most and count >= most):
            break
        if not number % 200:
            yield max(0, call.userland.cpu.charge(200))
    return count
