"""Carries out an awk program's tree over lines.

One :class:`Machine` is one run; :mod:`~webapp.cri.programs.commands.awk.command` feeds it. The number
of steps a line is bounded, as is what variables hold.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from webapp.cri.programs.commands.awk.functions import call_function
from webapp.cri.programs.commands.awk.values import (
    Read,
    Value,
    compare,
    formatted,
    number,
    text,
    truth,
)
from webapp.cri.programs.commands.regex import compile_regex

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.cri.programs.commands.awk.parser import Rule, Tree

MOST_STEPS = 200_000
MOST_ITEMS = 100_000
LONGEST = 1 << 20
MOST_FIELDS = 10_000


class AwkError(Exception):
    """The program did what cannot be done."""


class Exit(Exception):
    """``exit``, ``next``, ``break`` or ``continue``, on its way out."""

    def __init__(self, kind: str, code: int = 0) -> None:
        super().__init__(kind)
        self.kind = kind
        self.code = code


class Machine:
    """One run of a program.

    Attributes:
        variables: Name → value.
        arrays: Name → key → value.
        steps: Statements and expressions since the line began.
    """

    def __init__(self, rules: list[Rule], write: Callable[[str, str, str], None]) -> None:
        self._rules = rules
        self._write = write
        self._inside: set[int] = set()
        self._fields: list[str] = []
        self._line = ""
        self.steps = 0
        self.variables: dict[str, Value] = {
            "FS": " ",
            "OFS": " ",
            "ORS": "\n",
            "NR": 0.0,
            "FNR": 0.0,
            "NF": 0.0,
            "FILENAME": "",
            "SUBSEP": "\x1c",
            "RSTART": 0.0,
            "RLENGTH": -1.0,
        }
        self.arrays: dict[str, dict[str, Value]] = {}

    def has(self, *kinds: str) -> bool:
        """Whether there are rules of a kind."""
        return any(rule.kind in kinds for rule in self._rules)

    def once(self, kind: str) -> None:
        """Run the BEGIN or END rules."""
        self.steps = 0
        for rule in self._rules:
            if rule.kind == kind and rule.action is not None:
                self._do(rule.action)

    def line(self, line: str) -> None:
        """Run the rules that a line fits."""
        self.steps = 0
        self._set_line(line)
        try:
            for index, rule in enumerate(self._rules):
                if self._fits(index, rule):
                    if rule.action is None:
                        self._do(("print", (), None))
                    else:
                        self._do(rule.action)
        except Exit as end:
            if end.kind != "next":
                raise

    def _fits(self, index: int, rule: Rule) -> bool:
        if rule.kind in ("BEGIN", "END"):
            return False
        if rule.kind == "range":
            if index not in self._inside:
                if not truth(self._value(rule.patterns[0])):
                    return False
                self._inside.add(index)
            if truth(self._value(rule.patterns[1])):
                self._inside.discard(index)
            return True
        return rule.kind == "each" or truth(self._value(rule.patterns[0]))

    # Fields

    def _set_line(self, line: str) -> None:
        self._line = line
        self._fields = self._split(line, text(self.variables["FS"]))[:MOST_FIELDS]
        self.variables["NF"] = float(len(self._fields))

    def _split(self, line: str, separator: str) -> list[str]:
        if separator == " ":
            return line.split()
        if not line:
            return []
        if len(separator) == 1 and separator not in "\\|.[(*+?^$":
            return line.split(separator)
        if not separator:
            return list(line)
        pattern = re.escape(separator) if len(separator) == 1 else separator
        return compile_regex(pattern, extended=True).split(line)

    def _field(self, index: int) -> Value:
        if index == 0:
            return Read(self._line)
        return Read(self._fields[index - 1]) if 0 < index <= len(self._fields) else ""

    def _set_field(self, index: int, value: Value) -> None:
        if index == 0:
            self._set_line(text(value))
            return
        if not 0 < index <= MOST_FIELDS:
            raise AwkError(f"access to field {index}: not modelled by Podarium")
        self._fields.extend("" for _ in range(index - len(self._fields)))
        self._fields[index - 1] = text(value)
        self._join_fields()

    def _join_fields(self) -> None:
        self._line = text(self.variables["OFS"]).join(self._fields)
        self.variables["NF"] = float(len(self._fields))

    # Statements

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise AwkError(f"more than {MOST_STEPS} steps for one line: not modelled by Podarium")

    def _do(self, tree: Tree) -> None:
        self._step()
        kind = tree[0]
        if kind == "block":
            for item in tree[1]:
                self._do(item)
        elif kind == "do":
            self._value(tree[1])
        elif kind in ("print", "printf"):
            self._print(tree)
        elif kind == "if":
            if truth(self._value(tree[1])):
                self._do(tree[2])
            elif tree[3] is not None:
                self._do(tree[3])
        elif kind == "while":
            self._loop(tree[1], None, tree[2])
        elif kind == "for":
            if tree[1] is not None:
                self._do(tree[1])
            self._loop(tree[2], tree[3], tree[4])
        elif kind == "each":
            self._each(tree)
        elif kind == "delete":
            array = self.arrays.setdefault(tree[1], {})
            if tree[2] is None:
                array.clear()
            else:
                array.pop(self._key(tree[2]), None)
        elif kind == "exit":
            raise Exit("exit", int(number(self._value(tree[1]))) if tree[1] is not None else 0)
        else:
            raise Exit(kind)

    def _loop(self, condition: Tree | None, step: Tree | None, body: Tree) -> None:
        while condition is None or truth(self._value(condition)):
            self._step()
            if not self._run_body(body):
                return
            if step is not None:
                self._do(step)

    def _each(self, tree: Tree) -> None:
        for key in list(self.arrays.get(tree[2], {})):
            self.variables[tree[1]] = Read(key)
            if not self._run_body(tree[3]):
                return

    def _run_body(self, body: Tree) -> bool:
        """Whether the loop goes on."""
        try:
            self._do(body)
        except Exit as end:
            if end.kind == "break":
                return False
            if end.kind != "continue":
                raise
        return True

    def _print(self, tree: Tree) -> None:
        values = [self._value(item) for item in tree[1]]
        sign, target = "", ""
        if tree[2] is not None:
            sign, target = tree[2][0], text(self._value(tree[2][1]))
        if tree[0] == "printf":
            self._write(formatted(values or [""]), sign, target)
            return
        shown = [text(value) for value in values] if tree[1] else [self._line]
        line = text(self.variables["OFS"]).join(shown) + text(self.variables["ORS"])
        self._write(line, sign, target)

    # Expressions

    def _value(self, tree: Tree) -> Value:
        self._step()
        method: Callable[[Tree], Value] = getattr(self, f"_of_{tree[0]}")
        return method(tree)

    def _of_constant(self, tree: Tree) -> Value:
        value: Value = tree[1]
        return value

    def _of_variable(self, tree: Tree) -> Value:
        return self.variables.get(tree[1], Read(""))

    def _of_item(self, tree: Tree) -> Value:
        array = self.arrays.setdefault(tree[1], {})
        return array.setdefault(self._key(tree[2]), Read(""))

    def _of_field(self, tree: Tree) -> Value:
        return self._field(int(number(self._value(tree[1]))))

    def _of_regex(self, tree: Tree) -> Value:
        return float(bool(compile_regex(tree[1], extended=True).search(self._line)))

    def _of_group(self, tree: Tree) -> Value:
        return text(self.variables["SUBSEP"]).join(text(self._value(item)) for item in tree[1])

    def _of_assign(self, tree: Tree) -> Value:
        value = self._value(tree[2])
        if isinstance(value, str) and len(value) > LONGEST:
            raise AwkError("text too long: not modelled by Podarium")
        self._assign(tree[1], value)
        return value

    def _assign(self, target: Tree, value: Value) -> None:
        if target[0] == "variable":
            self.variables[target[1]] = value
            if target[1] == "NF":
                count = max(0, min(int(number(value)), MOST_FIELDS))
                self._fields = (self._fields + [""] * count)[:count]
                self._join_fields()
        elif target[0] == "item":
            array = self.arrays.setdefault(target[1], {})
            if len(array) > MOST_ITEMS:
                raise AwkError("array too large: not modelled by Podarium")
            array[self._key(target[2])] = value
        else:
            self._set_field(int(number(self._value(target[1]))), value)

    def _key(self, keys: tuple[Tree, ...]) -> str:
        return text(self.variables["SUBSEP"]).join(text(self._value(key)) for key in keys)

    def _of_compute(self, tree: Tree) -> Value:
        left, right = number(self._value(tree[2])), number(self._value(tree[3]))
        sign = tree[1]
        if sign in "/%" and right == 0:
            raise AwkError("division by zero")
        try:
            if sign == "^":
                return float(left**right)
            if sign == "%":
                return math.fmod(left, right)
        except (OverflowError, TypeError, ValueError):
            return math.inf
        return {"+": left + right, "-": left - right, "*": left * right}.get(
            sign, left / right if right else 0.0
        )

    def _of_join(self, tree: Tree) -> Value:
        return text(self._value(tree[1])) + text(self._value(tree[2]))

    def _of_choice(self, tree: Tree) -> Value:
        return self._value(tree[2] if truth(self._value(tree[1])) else tree[3])

    def _of_or(self, tree: Tree) -> Value:
        return float(truth(self._value(tree[2])) or truth(self._value(tree[3])))

    def _of_and(self, tree: Tree) -> Value:
        return float(truth(self._value(tree[2])) and truth(self._value(tree[3])))

    def _of_not(self, tree: Tree) -> Value:
        return float(not truth(self._value(tree[2])))

    def _of_sign(self, tree: Tree) -> Value:
        value = number(self._value(tree[2]))
        return -value if tree[1] == "-" else value

    def _of_in(self, tree: Tree) -> Value:
        return float(text(self._value(tree[1])) in self.arrays.get(tree[2], {}))

    def _of_compare(self, tree: Tree) -> Value:
        return float(compare(tree[1], self._value(tree[2]), self._value(tree[3])))

    def _of_match(self, tree: Tree) -> Value:
        found = self.pattern(tree[3]).search(text(self._value(tree[2])))
        return float(bool(found) == (tree[1] == "~"))

    def _of_step(self, tree: Tree) -> Value:
        before = number(self._value(tree[2]))
        after = before + (1 if tree[1] == "+" else -1)
        self._assign(tree[2], after)
        return after if tree[3] else before

    def pattern(self, tree: Tree) -> re.Pattern[str]:
        """An expression as a regular expression."""
        source = tree[1] if tree[0] == "regex" else text(self._value(tree))
        return compile_regex(source, extended=True)

    def _of_call(self, tree: Tree) -> Value:
        return call_function(self, tree[1], tree[2])

    # For functions

    def value(self, tree: Tree) -> Value:
        """What an expression gives."""
        return self._value(tree)

    def assign(self, target: Tree, value: Value) -> None:
        """Give a variable, an item or a field a value."""
        self._assign(target, value)

    def split(self, line: str, separator: str) -> list[str]:
        """Cut a text apart as lines are."""
        return self._split(line, separator)
