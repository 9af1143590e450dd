"""``expr``: arithmetic and text, one word each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cri.programs.commands.regex import RegexError, compile_regex

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.cri.programs.userland import Invocation

_LEVELS = (
    ("|",),
    ("&",),
    ("=", "==", "!=", "<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "/", "%"),
    (":",),
)


class ExprError(Exception):
    """The words are no expression."""


def expr(call: Invocation) -> int:
    """``expr word…``."""
    words = call.argv[1:]
    try:
        value = _level(words, 0)
        if words:
            raise ExprError("syntax error")
    except (ExprError, RegexError) as error:
        return call.complain(str(error), 2)
    call.print(value)
    return int(value in ("", "0"))


def _level(words: list[str], level: int) -> str:
    if level == len(_LEVELS):
        return _single(words)
    value = _level(words, level + 1)
    while words and words[0] in _LEVELS[level]:
        operator = words.pop(0)
        value = _applied(value, operator, _level(words, level + 1))
    return value


def _single(words: list[str]) -> str:
    if not words:
        raise ExprError("syntax error")
    word = words.pop(0)
    if word == "(":
        value = _level(words, 0)
        if not words or words.pop(0) != ")":
            raise ExprError("syntax error")
        return value
    if word == "length" and words:
        return str(len(words.pop(0)))
    if word == "substr" and len(words) >= 3:
        text, start, size = words.pop(0), int(words.pop(0)), int(words.pop(0))
        return text[start - 1 : start - 1 + size]
    return word


def _applied(left: str, operator: str, right: str) -> str:
    if operator == "|":
        return left if left not in ("", "0") else right
    if operator == "&":
        return left if left not in ("", "0") and right not in ("", "0") else "0"
    if operator == ":":
        match = compile_regex(right).match(left)
        if match is None:
            return "" if "\\(" in right else "0"
        return match[1] or "" if match.re.groups else str(match.end())
    if operator in _LEVELS[2]:
        return str(int(_compared(left, operator, right)))
    try:
        one, other = int(left), int(right)
    except ValueError:
        raise ExprError("non-integer argument") from None
    if operator in "/%" and not other:
        raise ExprError("division by zero")
    quotient = (
        abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1) if operator in "/%" else 0
    )
    values = {
        "+": one + other,
        "-": one - other,
        "*": one * other,
        "/": quotient,
        "%": one - other * quotient,
    }
    return str(values[operator])


def _compared(left: str, operator: str, right: str) -> bool:
    comparisons: dict[str, Callable[[int], bool]] = {
        "=": lambda sign: sign == 0,
        "==": lambda sign: sign == 0,
        "!=": lambda sign: sign != 0,
        "<": lambda sign: sign < 0,
        "<=": lambda sign: sign <= 0,
        ">": lambda sign: sign > 0,
        ">=": lambda sign: sign >= 0,
    }
    try:
        sign = (int(left) > int(right)) - (int(left) < int(right))
    except ValueError:
        sign = (left > right) - (left < right)
    return comparisons[operator](sign)
