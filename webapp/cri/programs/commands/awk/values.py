"""awk's values: numbers, strings, and what was read, which is whichever it looks like."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_FORMAT = re.compile(r"%([-+ #0]*)(\*|\d*)(?:\.(\*|\d+))?([a-zA-Z%])")
_WIDEST = 10_000


class Read(str):
    """A text out of the input, which compares as a number if it looks like one."""

    __slots__ = ()


Value = float | str


def number(value: Value) -> float:
    """A value as a number: what stands at its beginning."""
    if isinstance(value, float):
        return value
    match = _NUMBER.match(value)
    return float(match[0]) if match else 0.0


def text(value: Value, layout: str = "%.6g") -> str:
    """A value as a string; whole numbers without a point."""
    if isinstance(value, str):
        return str(value)
    if value == int(value) and abs(value) < 1e16:
        return str(int(value))
    return layout % value


def is_number(value: Value) -> bool:
    """Whether a value compares as a number."""
    return isinstance(value, float) or (
        isinstance(value, Read) and bool(re.fullmatch(_NUMBER.pattern + r"\s*", value))
    )


def truth(value: Value) -> bool:
    """Whether a value counts as true."""
    return number(value) != 0 if is_number(value) else value != ""


def compare(sign: str, left: Value, right: Value) -> bool:
    """Compare as numbers when both are, otherwise as strings."""
    pair: tuple[float, float] | tuple[str, str]
    if is_number(left) and is_number(right):
        pair = (number(left), number(right))
    else:
        pair = (text(left), text(right))
    order = (pair[0] > pair[1]) - (pair[0] < pair[1])  # type: ignore[operator]  # of one kind
    return {
        "<": order < 0,
        "<=": order <= 0,
        "==": order == 0,
        "!=": order != 0,
        ">": order > 0,
        ">=": order >= 0,
    }[sign]


def formatted(values: list[Value]) -> str:
    """What ``printf`` prints: the first value is the layout."""
    rest = values[1:]

    def fill(match: re.Match[str]) -> str:
        flags, width, precision, letter = match.groups()
        if letter == "%":
            return "%"
        if width == "*":
            width = str(int(number(rest.pop(0)))) if rest else ""
        if precision == "*":
            precision = str(int(number(rest.pop(0)))) if rest else "0"
        if int(width or 0) > _WIDEST or int(precision or 0) > _WIDEST:
            return ""
        value = rest.pop(0) if rest else ""
        layout = f"%{flags}{width}" + (f".{precision}" if precision is not None else "")
        if letter in "di":
            return f"{layout}d" % int(number(value))
        if letter in "oxXu":
            return f"{layout}{letter.replace('u', 'd')}" % int(number(value))
        if letter in "eEfFgG":
            return f"{layout}{letter}" % number(value)
        if letter == "c":
            shown = chr(int(value) & 0x10FFFF) if isinstance(value, float) else text(value)[:1]
            return f"{layout}s" % shown
        return f"{layout}s" % text(value) if letter == "s" else match[0]

    return _FORMAT.sub(fill, text(values[0]))
