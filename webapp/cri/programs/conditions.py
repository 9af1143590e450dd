"""``test``, ``[`` and ``[[``: words in, yes or no out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cri.programs.files.nodes import Device, Directory, File, Symlink

if TYPE_CHECKING:
    from webapp.cri.programs.userland import Invocation

UNARY = frozenset(
    (
        "-b",
        "-c",
        "-d",
        "-e",
        "-f",
        "-g",
        "-h",
        "-L",
        "-n",
        "-p",
        "-r",
        "-s",
        "-S",
        "-t",
        "-u",
        "-w",
        "-x",
        "-z",
    )
)
BINARY = frozenset(
    ("=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef")
)


class ConditionProblem(Exception):
    """The words are no condition."""


def evaluate(invocation: Invocation, words: list[str]) -> bool:
    """Whether a condition holds.

    Raises:
        ConditionProblem: It is malformed.
    """
    count = len(words)
    if count == 0:
        return False
    if count == 1:
        return words[0] != ""
    if count == 2 and words[0] == "!":
        return not words[1]
    if count == 3 and words[1] in BINARY:
        return binary(invocation, words[0], words[1], words[2])
    if count == 4 and words[0] == "!" and words[2] in BINARY:
        return not binary(invocation, words[1], words[2], words[3])
    reader = _Reader(invocation, words)
    value = reader.either()
    if reader.left:
        raise ConditionProblem(f"{reader.left[0]}: unknown operand")
    return value


def unary(invocation: Invocation, operator: str, word: str) -> bool:
    """``-f path`` and the like."""
    if operator == "-z":
        return word == ""
    if operator == "-n":
        return word != ""
    if operator == "-t":
        stream = invocation.fds.get(int(word)) if word.isdigit() else None
        return stream is not None and stream.is_terminal
    node = invocation.files.get(invocation.path(word), follow=operator not in ("-h", "-L"))
    if word == "" or node is None:
        return False
    if operator in ("-e", "-r", "-w"):
        return True
    if operator == "-f":
        return isinstance(node, File)
    if operator == "-d":
        return isinstance(node, Directory)
    if operator in ("-h", "-L"):
        return isinstance(node, Symlink)
    if operator == "-s":
        return not isinstance(node, File) or node.size > 0
    if operator == "-x":
        return isinstance(node, Directory) or (isinstance(node, File) and bool(node.mode & 0o111))
    return operator == "-c" and isinstance(node, Device)


def binary(invocation: Invocation, left: str, operator: str, right: str) -> bool:
    """``a = b``, ``1 -lt 2`` and the like.

    Raises:
        ConditionProblem: A number was wanted.
    """
    if operator in ("=", "=="):
        return left == right
    if operator == "!=":
        return left != right
    if operator == "<":
        return left < right
    if operator == ">":
        return left > right
    if operator in ("-nt", "-ot", "-ef"):
        return _compare_files(invocation, left, operator, right)
    first, second = _number(left), _number(right)
    return {
        "-eq": first == second,
        "-ne": first != second,
        "-lt": first < second,
        "-le": first <= second,
        "-gt": first > second,
        "-ge": first >= second,
    }[operator]


def _compare_files(invocation: Invocation, left: str, operator: str, right: str) -> bool:
    one, other = (invocation.files.get(invocation.path(path)) for path in (left, right))
    if operator == "-ef":
        return one is not None and one is other
    if not isinstance(one, File | Directory) or not isinstance(other, File | Directory):
        return one is not None and operator == "-nt"
    if operator == "-nt":
        return one.modified_ms > other.modified_ms
    return one.modified_ms < other.modified_ms


def _number(text: str) -> int:
    try:
        return int(text.strip())
    except ValueError:
        raise ConditionProblem(f"{text}: bad number") from None


class _Reader:
    """Longer conditions: ``!``, ``-a``, ``-o`` and parentheses."""

    def __init__(self, invocation: Invocation, words: list[str]) -> None:
        self._invocation = invocation
        self.left = list(words)

    def either(self) -> bool:
        value = self._both()
        while self.left and self.left[0] == "-o":
            self.left.pop(0)
            value = self._both() or value
        return value

    def _both(self) -> bool:
        value = self._negated()
        while self.left and self.left[0] == "-a":
            self.left.pop(0)
            value = self._negated() and value
        return value

    def _negated(self) -> bool:
        negate = False
        while self.left and self.left[0] == "!":
            self.left.pop(0)
            negate = not negate
        return self._single() != negate

    def _single(self) -> bool:
        left = self.left
        if not left:
            raise ConditionProblem("argument expected")
        if len(left) >= 3 and left[1] in BINARY:
            first, operator, second = left[:3]
            del left[:3]
            return binary(self._invocation, first, operator, second)
        if left[0] == "(":
            left.pop(0)
            value = self.either()
            if not left or left.pop(0) != ")":
                raise ConditionProblem("closing paren expected")
            return value
        if left[0] in UNARY and len(left) >= 2:
            operator, word = left[:2]
            del left[:2]
            return unary(self._invocation, operator, word)
        return left.pop(0) != ""
