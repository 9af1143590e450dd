"""``[[ … ]]``: patterns, regular expressions and tests of files and numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.conditions import BINARY, UNARY, ConditionProblem, binary, unary
from webapp.cri.programs.patterns import matches
from webapp.cri.programs.shell.core import ShellCore

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.shell.syntax import (
        Condition,
        Word,
    )
    from webapp.cri.programs.userland import Wait

    Steps = Generator[Wait, Any, int]


class DoubleBrackets(ShellCore):
    """The conditions of bash."""

    __slots__ = ()

    def _condition(self, node: Condition) -> Steps:
        wait_ms = self._pay()
        if wait_ms:
            yield wait_ms
        words = list(node.words)
        try:
            value = yield from self._either(words)
        except (ConditionProblem, IndexError) as error:
            self.complain(f"[[: {error}")
            return 2
        return self._checked(int(not value))

    def _either(self, words: list[Word]) -> Generator[Wait, Any, bool]:
        value = yield from self._both(words)
        while words and words[0].text == "||":
            words.pop(0)
            other = yield from self._both(words)
            value = value or other
        return value

    def _both(self, words: list[Word]) -> Generator[Wait, Any, bool]:
        value = yield from self._single(words)
        while words and words[0].text == "&&":
            words.pop(0)
            other = yield from self._single(words)
            value = value and other
        return value

    def _single(self, words: list[Word]) -> Generator[Wait, Any, bool]:
        first = words.pop(0)
        if first.text == "!":
            return not (yield from self._single(words))
        if first.text == "(":
            value = yield from self._either(words)
            words.pop(0)
            return value
        if first.text in UNARY and words and words[0].text not in ("&&", "||", ")"):
            operand = yield from self._expander.text(words.pop(0))
            return unary(self.invocation, first.text, operand)
        left = yield from self._expander.text(first)
        if not words or words[0].text in ("&&", "||", ")"):
            return left != ""
        operator = words.pop(0).text
        right = words.pop(0)
        if operator in ("=", "==", "!="):
            hit = matches((yield from self._expander.pattern(right)), left)
            return hit == (operator != "!=")
        if operator == "=~":
            return self._matches_regex(left, (yield from self._expander.text(right)))
        if operator in BINARY:
            other = yield from self._expander.text(right)
            return binary(self.invocation, left, operator, other)
        raise ConditionProblem(f"{operator}: conditional operator not modelled by Podarium")

    def _matches_regex(self, text: str, pattern: str) -> bool:
        try:
            match = re.search(pattern[:1000], text[:10_000])
        except re.error as error:
            raise ConditionProblem(f"{pattern}: {error}") from error
        groups = [] if match is None else [match[0], *(group or "" for group in match.groups())]
        self.arrays["BASH_REMATCH"] = groups
        return match is not None
