"""A script as a tree. Immutable, so that all containers with the same script share one tree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """Text as it stands; quoted text is neither split nor a pattern."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """``$name``, ``${name}``, ``${name<operator>argument}`` or ``${#name}``.

    Attributes:
        name: Of the variable, or one of ``@*#?-$!0``.
        operator: ``""``, ``:-``, ``##``, ``/`` …; ``length`` for ``${#name}``, ``indirect`` for ``${!name}``.
        argument: What follows the operator.
        second: Replacement of ``/``, length of ``:``.
        quoted: Whether it stands between double quotes.
    """

    name: str
    operator: str
    argument: Word | None
    second: Word | None
    quoted: bool


@dataclass(frozen=True, slots=True)
class Substitution:
    """``$(script)``."""

    source: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``$((expression))``; the expression is expanded before it is computed."""

    expression: Word
    quoted: bool


Part = Literal | Parameter | Substitution | Arithmetic


@dataclass(frozen=True, slots=True)
class Word:
    """One word.

    Attributes:
        parts: In order.
        text: As it is written.
        plain: The value, when it needs no expansion; otherwise ``None``.
    """

    parts: tuple[Part, ...]
    text: str
    plain: str | None


@dataclass(frozen=True, slots=True)
class Assignment:
    """``name=value`` or ``name+=value``; an array has several values."""

    name: str
    value: Word
    append: bool = False
    items: tuple[Word, ...] | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """A redirection.

    Attributes:
        fd: What is redirected; -1 for both standard output and error.
        operator: ``<``, ``>``, ``>>``, ``>&``, ``<&``, ``close`` or ``text``.
        target: A file, a number, or the text itself.
    """

    fd: int
    operator: str
    target: Word


@dataclass(frozen=True, slots=True)
class Simple:
    """A command with words.

    Attributes:
        line: Where it stands in the script, from 1.
    """

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Redirected:
    """A compound command with redirections."""

    body: Node
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands with the output of each going into the next."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``! command``."""

    body: Node


@dataclass(frozen=True, slots=True)
class AndOr:
    """``left && right`` or ``left || right``."""

    left: Node
    operator: str
    right: Node


@dataclass(frozen=True, slots=True)
class Background:
    """``command &``."""

    body: Node


@dataclass(frozen=True, slots=True)
class Sequence:
    """Commands one after the other."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Subshell:
    """``( commands )``."""

    body: Node


@dataclass(frozen=True, slots=True)
class If:
    """Conditions with what each leads to, and what happens otherwise."""

    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node | None


@dataclass(frozen=True, slots=True)
class While:
    """``while`` and ``until``."""

    condition: Node
    body: Node
    until: bool


@dataclass(frozen=True, slots=True)
class For:
    """``for name in words``; without ``in``, over the positional parameters."""

    name: str
    words: tuple[Word, ...] | None
    body: Node


@dataclass(frozen=True, slots=True)
class CFor:
    """``for ((start; condition; step))``."""

    start: Word
    condition: Word
    step: Word
    body: Node


@dataclass(frozen=True, slots=True)
class Case:
    """Patterns with what each leads to; ``goes_on`` is set for ``;&``."""

    subject: Word
    branches: tuple[tuple[tuple[Word, ...], Node, bool], ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A definition."""

    name: str
    body: Node


@dataclass(frozen=True, slots=True)
class Condition:
    """``[[ … ]]``: words and operators, each with whether it is quoted at its start."""

    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Compute:
    """``(( … ))``."""

    expression: Word


Node = (
    Simple
    | Redirected
    | Pipeline
    | Not
    | AndOr
    | Background
    | Sequence
    | Subshell
    | If
    | While
    | For
    | CFor
    | Case
    | Function
    | Condition
    | Compute
)

EMPTY = Sequence(())
