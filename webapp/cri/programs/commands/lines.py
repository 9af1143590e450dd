"""Filters over whole lines: ``wc``, ``sort``, ``uniq``, ``cut``, ``tr``, ``nl``, ``rev`` and ``tac``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.inputs import lines_of, read_inputs
from webapp.cri.programs.commands.options import OptionError, parse_options

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "punct": "!-/:-@[-`{-~",
    "space": " \t\n\r\f\v",
    "upper": "A-Z",
}


def wc(call: Invocation) -> Steps:
    """``wc [-lwcm] [file…]``."""
    try:
        options, names = parse_options(
            call.argv[1:], "lwcm", "", {"lines": "l", "words": "w", "bytes": "c"}
        )
    except OptionError as error:
        return call.complain(str(error))
    inputs, code = yield from read_inputs(call, names)
    rows = [
        ((data.count(b"\n"), len(data.split()), len(data)), name if names else "")
        for name, data in inputs
    ]
    if len(rows) > 1:
        sums = (
            sum(row[0][0] for row in rows),
            sum(row[0][1] for row in rows),
            sum(row[0][2] for row in rows),
        )
        rows.append((sums, "total"))
    wanted = [
        at for at, letters in enumerate(("l", "w", "cm")) if any(x in options for x in letters)
    ]
    for counts, name in rows:
        chosen = [counts[at] for at in wanted or (0, 1, 2)]
        if len(chosen) == 1 and (call.userland.style == "busybox" or not name):
            text = str(chosen[0])
        elif call.userland.style == "busybox":
            text = " ".join(f"{count:9d}" for count in chosen)
        else:
            text = " ".join(f"{count:7d}" for count in chosen)
        call.print(f"{text} {name}" if name else text)
    return code


def sort(call: Invocation) -> Steps:
    """``sort [-bfnruhV] [-k field] [-t separator] [file…]``."""
    try:
        options, names = parse_options(
            call.argv[1:], "bfnruhVsg", "kto", {"numeric-sort": "n", "reverse": "r", "unique": "u"}
        )
    except OptionError as error:
        return call.complain(str(error))
    inputs, code = yield from read_inputs(call, names)
    lines = [line for _, data in inputs for line in lines_of(data)]
    key = _sort_key(options)
    lines.sort(key=lambda line: (key(line), line), reverse="r" in options)
    if "u" in options:
        seen: dict[object, str] = {}
        for line in lines:
            seen.setdefault(key(line), line)
        lines = list(seen.values())
    for line in lines:
        call.print(line)
    return code


def _sort_key(options: dict[str, str]) -> Any:
    letters = "".join(options)
    first, last = 0, 0
    if "k" in options:
        match = re.match(r"(\d+)(?:\.\d+)?([a-zA-Z]*)(?:,(\d+))?([a-zA-Z]*)", options["k"])
        if match:
            first, last = int(match[1]), int(match[3] or 0)
            letters += match[2] + match[4]
    separator = options.get("t")

    def key(line: str) -> Any:
        text = line
        if first:
            fields = line.split(separator) if separator else line.split()
            text = (separator or " ").join(fields[first - 1 : last or None])
        if any(letter in letters for letter in "nhg"):
            number = re.match(r"\s*(-?\d*\.?\d+)([KMGT]?)", text)
            scale = (
                1024 ** ("KMGT".index(number[2]) + 1)
                if number and number[2] and "h" in letters
                else 1
            )
            return (float(number[1]) * scale if number else 0.0, "")
        if "V" in letters:
            return [
                (int(part) if part.isdigit() else 0, part) for part in re.findall(r"\d+|\D+", text)
            ]
        return text.lower() if "f" in letters else text

    return key


def uniq(call: Invocation) -> Steps:
    """``uniq [-cdui] [file]``."""
    options, names = parse_options(call.argv[1:], "cdui", "")
    inputs, code = yield from read_inputs(call, names[:1])
    groups: list[tuple[str, int]] = []
    for _, data in inputs:
        for line in lines_of(data):
            if groups and _same(groups[-1][0], line, fold="i" in options):
                groups[-1] = (groups[-1][0], groups[-1][1] + 1)
            else:
                groups.append((line, 1))
    for line, count in groups:
        if ("d" in options and count < 2) or ("u" in options and count > 1):
            continue
        call.print(f"{count:7d} {line}" if "c" in options else line)
    return code


def _same(one: str, other: str, *, fold: bool) -> bool:
    return one == other or (fold and one.lower() == other.lower())


def cut(call: Invocation) -> Steps:
    """``cut -d separator -f list`` or ``cut -c list``."""
    try:
        options, names = parse_options(
            call.argv[1:], "s", "dfcb", {"delimiter": "d", "fields": "f"}
        )
    except OptionError as error:
        return call.complain(str(error))
    chosen = options.get("f") or options.get("c") or options.get("b")
    if not chosen:
        return call.complain("expected a list of bytes, characters, or fields")
    spans = _spans(chosen)
    inputs, code = yield from read_inputs(call, names)
    separator = options.get("d", "\t")
    for _, data in inputs:
        for line in lines_of(data):
            if "f" not in options:
                call.print("".join(c for at, c in enumerate(line, 1) if _within(at, spans)))
            elif separator in line:
                fields = line.split(separator)
                call.print(
                    separator.join(f for at, f in enumerate(fields, 1) if _within(at, spans))
                )
            elif "s" not in options:
                call.print(line)
    return code


def _spans(text: str) -> list[tuple[int, int]]:
    spans = []
    for part in text.split(","):
        low, dash, high = part.partition("-")
        first = int(low) if low.isdigit() else 1
        last = int(high) if high.isdigit() else (1 << 30) if dash else first
        spans.append((first, last))
    return spans


def _within(at: int, spans: list[tuple[int, int]]) -> bool:
    return any(first <= at <= last for first, last in spans)


def tr(call: Invocation) -> Steps:
    """``tr [-cds] set1 [set2]``."""
    options, sets = parse_options(call.argv[1:], "cCdst", "")
    if not sets:
        return call.complain("missing operand")
    first = _characters(sets[0])
    second = _characters(sets[1]) if len(sets) > 1 else ""
    complement = "c" in options or "C" in options
    while data := (yield from call.read()):
        text = data.decode("latin-1")
        if "d" in options:
            text = "".join(c for c in text if (c in first) == complement)
        elif second:
            if complement:
                text = "".join(c if c in first else second[-1] for c in text)
            else:
                padded = second + second[-1] * max(0, len(first) - len(second))
                text = text.translate(str.maketrans(first, padded[: len(first)]))
        if "s" in options:
            squeezed = re.escape(second or first)
            sign = "^" if complement and not second else ""
            text = re.sub(f"([{sign}{squeezed}])\\1+", r"\1", text)
        call.write(text.encode("latin-1", errors="replace"))
        yield from call.flush_if_large()
    return 0


def _characters(text: str) -> str:
    text = re.sub(r"\[:(\w+):\]", lambda match: _CLASSES.get(match[1], ""), text)
    text = re.sub(
        r"\\(\\|n|t|r|[0-7]{1,3})",
        lambda match: (
            {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}.get(match[1])
            or chr(int(match[1], 8) % 256)
        ),
        text,
    )
    return re.sub(
        r"(.)-(.)",
        lambda match: "".join(chr(code) for code in range(ord(match[1]), ord(match[2]) + 1)),
        text,
        flags=re.DOTALL,
    )


def nl(call: Invocation) -> Steps:
    """``nl [file…]``: lines with numbers."""
    inputs, code = yield from read_inputs(call, [w for w in call.argv[1:] if not w.startswith("-")])
    number = 0
    for _, data in inputs:
        for line in lines_of(data):
            number += bool(line)
            call.print(f"{number:6d}\t{line}" if line else "       ")
    return code


def rev(call: Invocation) -> Steps:
    """``rev [file…]``: each line backwards."""
    inputs, code = yield from read_inputs(call, call.argv[1:])
    for _, data in inputs:
        for line in lines_of(data):
            call.print(line[::-1])
    return code


def tac(call: Invocation) -> Steps:
    """``tac [file…]``: last line first."""
    inputs, code = yield from read_inputs(call, call.argv[1:])
    for _, data in inputs:
        for line in reversed(lines_of(data)):
            call.print(line)
    return code
