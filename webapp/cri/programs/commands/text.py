"""``echo``, ``printf`` and ``seq``: words to text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

_DIRECTIVE = re.compile(r"%([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+))?([a-zA-Z%])")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_PLAIN = {
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
WIDEST = 10_000
MOST_ROUNDS = 10_000


def unescape(text: str) -> str:
    """Backslash sequences, without a need for ``echo -e``."""

    def replaced(match: re.Match[str]) -> str:
        body = match[1]
        if body[0] == "x" and len(body) > 1:
            return bytes([int(body[1:], 16)]).decode(errors="surrogateescape")
        if body[0].isdigit():
            return bytes([int(body, 8) % 256]).decode(errors="surrogateescape")
        return _PLAIN.get(body, match[0])

    return _ESCAPE.sub(replaced, text) if "\\" in text else text


def echo(call: Invocation) -> int:
    """``echo [-neE] [text…]``."""
    words = call.argv[1:]
    newline, escapes = True, False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        newline = newline and "n" not in words[0]
        escapes = "e" in words[0]
        words = words[1:]
    text = " ".join(words)
    if escapes:
        text = unescape(text)
    call.write(text.encode(errors="surrogateescape") + (b"\n" if newline else b""))
    return 0


def printf(call: Invocation) -> int:
    """``printf format [argument…]``: the format is used again while arguments are left."""
    if len(call.argv) < 2:
        return call.complain("usage: printf format [arguments]", 2)
    layout, arguments = call.argv[1], call.argv[2:]
    if layout == "--" and arguments:
        layout, arguments = arguments[0], arguments[1:]
    code = 0
    for _ in range(MOST_ROUNDS):
        before = len(arguments)
        text, failed = _once(layout, arguments)
        code = code or failed
        call.write(text.encode(errors="surrogateescape"))
        if not arguments or len(arguments) == before:
            break
    if code:
        call.complain("invalid number")
    return code


def _once(layout: str, arguments: list[str]) -> tuple[str, int]:
    """One round over the format; takes what it uses out of ``arguments``."""
    pieces: list[str] = []
    failed = 0
    at = 0
    for match in _DIRECTIVE.finditer(layout):
        pieces.append(unescape(layout[at : match.start()]))
        at = match.end()
        flags, width, precision, kind = match.groups()
        if kind == "%":
            pieces.append("%")
            continue
        width = (arguments.pop(0) if arguments else "0") if width == "*" else width
        precision = (arguments.pop(0) if arguments else "0") if precision == "*" else precision
        value = arguments.pop(0) if arguments else ""
        text, bad = _formatted(kind, flags, width, precision, value)
        failed = failed or bad
        pieces.append(text)
    pieces.append(unescape(layout[at:]))
    return "".join(pieces), failed


def _formatted(
    kind: str, flags: str, width: str | None, precision: str | None, value: str
) -> tuple[str, int]:
    size = min(WIDEST, int(width)) if width and width.lstrip("-").isdigit() else 0
    digits = min(WIDEST, int(precision)) if precision and precision.isdigit() else None
    if kind in "sbcq":
        text = unescape(value) if kind == "b" else value[:1] if kind == "c" else value
        text = text if digits is None else text[:digits]
        return (text.ljust(size) if "-" in flags else text.rjust(size)), 0
    if kind in "diuxXo":
        number, bad = _integer(value)
        layout = f"%{flags}{size or ''}{'' if digits is None else f'.{digits}'}"
        return (layout + kind.replace("i", "d").replace("u", "d")) % number, bad
    if kind in "feEgG":
        try:
            amount, bad = float(value or 0), 0
        except ValueError:
            amount, bad = 0.0, 1
        return f"%{flags}{size or ''}.{6 if digits is None else digits}{kind}" % amount, bad
    return f"%{kind}", 1


def _integer(value: str) -> tuple[int, int]:
    if value[:1] in "'\"" and len(value) > 1:
        return ord(value[1]), 0
    try:
        return int(value or "0", 0), 0
    except ValueError:
        digits = re.match(r"-?\d+", value)
        return (int(digits[0]) if digits else 0), int(digits is None or digits[0] != value)


def seq(call: Invocation) -> int | Steps:
    """``seq [-w] [-s separator] [first [step]] last``."""
    words = call.argv[1:]
    separator, wide = "\n", False
    while words and re.match(r"-[ws]", words[0]):
        word = words.pop(0)
        if word.startswith("-s"):
            separator = word[2:] or (words.pop(0) if words else "")
        wide = wide or word == "-w"
    try:
        numbers = [float(word) if "." in word else int(word) for word in words]
    except ValueError:
        return call.complain(f"invalid number '{words[-1]}'")
    if not 1 <= len(numbers) <= 3:
        return call.complain("missing operand")
    first, step, last = {
        1: (1, 1, numbers[0]),
        2: (numbers[0], 1, numbers[-1]),
        3: (numbers[0], numbers[len(numbers) // 2], numbers[-1]),
    }[len(numbers)]
    if not step:
        return call.complain("invalid Zero increment value: '0'")
    return _count(call, first, step, last, separator, wide=wide)


def _count(
    call: Invocation, first: float, step: float, last: float, separator: str, *, wide: bool
) -> Steps:
    total = max(0, int((last - first) / step + 1e-9) + 1)
    decimals = max((len(str(n).partition(".")[2]) for n in (first, step) if n != int(n)), default=0)
    width = max(len(str(first)), len(str(last))) if wide else 0
    for start in range(0, total, 1000):
        texts = (
            f"{first + step * index:.{decimals}f}".zfill(width)
            for index in range(start, min(total, start + 1000))
        )
        end = "\n" if start + 1000 >= total else separator
        call.write((separator.join(texts) + end).encode())
        yield from call.flush()
        wait_ms = call.userland.cpu.charge(4_000)
        if wait_ms:
            yield wait_ms
    return 0
