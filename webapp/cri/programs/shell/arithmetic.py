"""Integer arithmetic as in ``$(( … ))``: text and variables in, a number out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(
    r"\s*(0[xX][0-9a-fA-F]+|\d+(?:#\w+)?|[A-Za-z_]\w*|<<=|>>=|\*\*|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%<>=!~&|^?:(),])"
)
_LEVELS = (
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", ">", "<=", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)
_ASSIGNING = ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=")
DEEPEST = 50


class ArithmeticProblem(Exception):
    """The expression is malformed, or divides by zero."""


class Variables(Protocol):
    """Where names get their values."""

    def get(self, name: str) -> str | None:
        """A variable's value."""

    def assign(self, name: str, value: str) -> None:
        """Set a variable."""


def compute(text: str, variables: Variables) -> int:
    """The value of an expression; 64 bits, with sign.

    Raises:
        ArithmeticProblem: It has no value.
    """
    if not text.strip():
        return 0
    return _Reader(_tokens(text), variables).all()


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ArithmeticProblem("arithmetic syntax error")
        tokens.append(match[1])
        at = match.end()
    return tokens


def _wrapped(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def _divide(left: int, right: int) -> int:
    if not right:
        raise ArithmeticProblem("divide by zero")
    return abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)


_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "!=": lambda left, right: int(left != right),
    "%": lambda left, right: left - right * _divide(left, right),
    "&": lambda left, right: left & right,
    "*": lambda left, right: left * right,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "/": _divide,
    "<": lambda left, right: int(left < right),
    "<<": lambda left, right: left << (right % 64),
    "<=": lambda left, right: int(left <= right),
    "==": lambda left, right: int(left == right),
    ">": lambda left, right: int(left > right),
    ">=": lambda left, right: int(left >= right),
    ">>": lambda left, right: left >> (right % 64),
    "^": lambda left, right: left ^ right,
    "|": lambda left, right: left | right,
}


class _Reader:
    """Recursive descent; ``live`` is unset where a value is read over but not wanted."""

    def __init__(self, tokens: list[str], variables: Variables) -> None:
        self._tokens = tokens
        self._variables = variables
        self._at = 0
        self._depth = 0

    def all(self) -> int:
        value = self._comma(live=True)
        if self._at < len(self._tokens):
            raise ArithmeticProblem("arithmetic syntax error")
        return value

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str) -> bool:
        if self._peek() == wanted:
            self._at += 1
            return True
        return False

    def _comma(self, *, live: bool) -> int:
        value = self._assignment(live=live)
        while self._take(","):
            value = self._assignment(live=live)
        return value

    def _assignment(self, *, live: bool) -> int:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ArithmeticProblem("expression recursion level exceeded")
        name = self._peek()
        following = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else ""
        if (name[:1].isalpha() or name[:1] == "_") and following in _ASSIGNING:
            self._at += 2
            value = self._assignment(live=live)
            if following != "=":
                value = _wrapped(_OPERATIONS[following[:-1]](self._value(name), value))
            if live:
                self._variables.assign(name, str(value))
        else:
            value = self._ternary(live=live)
        self._depth -= 1
        return value

    def _ternary(self, *, live: bool) -> int:
        condition = self._binary(0, live=live)
        if not self._take("?"):
            return condition
        first = self._comma(live=live and bool(condition))
        if not self._take(":"):
            raise ArithmeticProblem("arithmetic syntax error")
        second = self._assignment(live=live and not condition)
        return first if condition else second

    def _binary(self, level: int, *, live: bool) -> int:
        if level == len(_LEVELS):
            return self._power(live=live)
        value = self._binary(level + 1, live=live)
        while self._peek() in _LEVELS[level]:
            operator = self._peek()
            self._at += 1
            if operator in ("&&", "||"):
                decided = bool(value) == (operator == "||")
                right = self._binary(level + 1, live=live and not decided)
                value = int(bool(value)) if decided else int(bool(right))
                continue
            right = self._binary(level + 1, live=live)
            if live or operator not in "/%":
                value = _wrapped(_OPERATIONS[operator](value, right))
        return value

    def _power(self, *, live: bool) -> int:
        base = self._unary(live=live)
        if not self._take("**"):
            return base
        exponent = self._power(live=live)
        if exponent < 0:
            raise ArithmeticProblem("exponent less than 0")
        return _wrapped(pow(base, exponent, 1 << 64))

    def _unary(self, *, live: bool) -> int:
        sign = self._peek()
        if sign in ("++", "--"):
            self._at += 1
            return self._step(self._peek_name(), 1 if sign == "++" else -1, live=live)[1]
        if sign in ("-", "+", "!", "~"):
            self._at += 1
            self._depth += 1
            if self._depth > DEEPEST:
                raise ArithmeticProblem("expression recursion level exceeded")
            value = self._unary(live=live)
            self._depth -= 1
            return {"-": -value, "+": value, "!": int(not value), "~": ~value}[sign]
        return self._primary(live=live)

    def _peek_name(self) -> str:
        name = self._peek()
        self._at += 1
        if not (name[:1].isalpha() or name[:1] == "_"):
            raise ArithmeticProblem("arithmetic syntax error")
        return name

    def _primary(self, *, live: bool) -> int:
        sign = self._peek()
        self._at += 1
        if sign == "(":
            value = self._comma(live=live)
            if not self._take(")"):
                raise ArithmeticProblem("arithmetic syntax error")
            return value
        if sign[:1].isdigit():
            return _number(sign)
        if sign[:1].isalpha() or sign[:1] == "_":
            if self._peek() in ("++", "--"):
                change = 1 if self._peek() == "++" else -1
                self._at += 1
                return self._step(sign, change, live=live)[0]
            return self._value(sign)
        raise ArithmeticProblem("arithmetic syntax error")

    def _step(self, name: str, change: int, *, live: bool) -> tuple[int, int]:
        before = self._value(name)
        after = _wrapped(before + change)
        if live:
            self._variables.assign(name, str(after))
        return before, after

    def _value(self, name: str) -> int:
        text = (self._variables.get(name) or "").strip()
        if not text:
            return 0
        if re.fullmatch(r"[-+]?\d\w*", text):
            sign = -1 if text[0] == "-" else 1
            return sign * _number(text.lstrip("+-"))
        if text == name or not re.fullmatch(r"[A-Za-z_]\w*", text) or self._depth > DEEPEST:
            raise ArithmeticProblem("arithmetic syntax error")
        self._depth += 1
        value = self._value(text)
        self._depth -= 1
        return value


def _number(text: str) -> int:
    try:
        if "#" in text:
            base, _, digits = text.partition("#")
            return _wrapped(int(digits, int(base)))
        if text[:2] in ("0x", "0X"):
            return _wrapped(int(text, 16))
        if text.startswith("0") and len(text) > 1:
            return _wrapped(int(text, 8))
        return _wrapped(int(text[:40]))
    except ValueError:
        raise ArithmeticProblem("arithmetic syntax error") from None
