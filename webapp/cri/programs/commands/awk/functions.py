"""awk's own functions."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Protocol

from webapp.cri.programs.commands.awk.parser import AwkSyntaxError
from webapp.cri.programs.commands.awk.values import Read, Value, formatted, number, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.cri.programs.commands.awk.parser import Tree

_LINE: Tree = ("field", ("constant", 0.0))
_ONE: dict[str, Callable[[float], float]] = {
    "cos": math.cos,
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "sqrt": math.sqrt,
}


class Evaluator(Protocol):
    """What functions ask of the machine that calls them.

    Attributes:
        variables: By name.
        arrays: By name, then by key.
    """

    variables: dict[str, Value]
    arrays: dict[str, dict[str, Value]]

    def value(self, tree: Tree) -> Value:
        """What an expression comes to."""

    def assign(self, target: Tree, value: Value) -> None:
        """Give a variable, field or item a value."""

    def split(self, line: str, separator: str) -> list[str]:
        """The parts of a text."""

    def pattern(self, tree: Tree) -> re.Pattern[str]:
        """An expression as a pattern."""


def call_function(machine: Evaluator, name: str, arguments: tuple[Tree, ...]) -> Value:
    """Call a function.

    Raises:
        AwkSyntaxError: It is not modelled.
    """
    if name in _ONE:
        return _ONE[name](number(machine.value(arguments[0])))
    found = _FUNCTIONS.get(name)
    if found is None:
        raise AwkSyntaxError(f"function {name} is not modelled by Podarium")
    return found(machine, arguments)


def _length(machine: Evaluator, arguments: tuple[Tree, ...]) -> Value:
    tree = arguments[0] if arguments else _LINE
    if tree[0] == "variable" and tree[1] in machine.arrays:
        return float(len(machine.arrays[tree[1]]))
    return float(len(text(machine.value(tree))))


def _substr(machine: Evaluator, arguments: tuple[Tree, ...]) -> Value:
    source = text(machine.value(arguments[0]))
    start = round(number(machine.value(arguments[1])))
    end = len(source) + 1
    if len(arguments) > 2:
        end = min(end, start + round(number(machine.value(arguments[2]))))
    return source[max(1, start) - 1 : max(1, end) - 1]


def _index(machine: Evaluator, arguments: tuple[Tree, ...]) -> Value:
    return float(text(machine.value(arguments[0])).find(text(machine.value(arguments[1]))) + 1)


def _split(machine: Evaluator, arguments: tuple[Tree, ...]) -> Value:
    source = text(machine.value(arguments[0]))
    if len(arguments) > 2:
        tree = arguments[2]
        separator = tree[1] if tree[0] == "regex" else text(machine.value(tree))
    else:
        separator = text(machine.variables["FS"])
    parts = machine.split(source, separator)
    machine.arrays[arguments[1][1]] = {
        str(index): Read(part) for index, part in enumerate(parts, 1)
    }
    return float(len(parts))


def _replace(machine: Evaluator, arguments: tuple[Tree, ...], *, most: int) -> Value:
    pattern = machine.pattern(arguments[0])
    new = text(machine.value(arguments[1]))
    target = arguments[2] if len(arguments) > 2 else _LINE

    def fill(match: re.Match[str]) -> str:
        return re.sub(r"\\&|&", lambda sign: "&" if sign[0] == "\\&" else match[0], new)

    changed, count = pattern.subn(fill, text(machine.value(target)), count=most)
    if count:
        machine.assign(target, changed)
    return float(count)


def _match(machine: Evaluator, arguments: tuple[Tree, ...]) -> Value:
    found = machine.pattern(arguments[1]).search(text(machine.value(arguments[0])))
    machine.variables["RSTART"] = float(found.start() + 1) if found else 0.0
    machine.variables["RLENGTH"] = float(found.end() - found.start()) if found else -1.0
    return machine.variables["RSTART"]


_FUNCTIONS: dict[str, Callable[[Evaluator, tuple[Tree, ...]], Value]] = {
    "gsub": lambda machine, given: _replace(machine, given, most=0),
    "index": _index,
    "int": lambda machine, given: float(int(number(machine.value(given[0])))),
    "length": _length,
    "match": _match,
    "split": _split,
    "sprintf": lambda machine, given: formatted([machine.value(item) for item in given]),
    "sub": lambda machine, given: _replace(machine, given, most=1),
    "substr": _substr,
    "tolower": lambda machine, given: text(machine.value(given[0])).lower(),
    "toupper": lambda machine, given: text(machine.value(given[0])).upper(),
}
