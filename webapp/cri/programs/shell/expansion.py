"""From words to fields: parameters, substitutions, arithmetic, splitting, paths, braces.

:class:`Expander` belongs to one shell; command substitution is handed to it as a function, since it
runs commands and so takes virtual time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.patterns import (
    compile_pattern,
    escape,
    expand_paths,
    is_pattern,
)
from webapp.cri.programs.shell.arithmetic import ArithmeticProblem, compute
from webapp.cri.programs.shell.state import LONGEST_VALUE, ShellFailure
from webapp.cri.programs.shell.syntax import (
    Arithmetic,
    Literal,
    Parameter,
    Substitution,
)
from webapp.cri.programs.shell.words import parse_word

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.cri.programs.shell.state import ShellState
    from webapp.cri.programs.shell.syntax import Part, Word
    from webapp.cri.programs.userland import Wait

    Piece = tuple[str, bool]

_RANGE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?")
_SUBSCRIPT = re.compile(r"(\w+)\[(.*)\]")
MOST_FIELDS = 100_000


class Expander:
    """Expands words for one shell.

    Args:
        state: The shell's memory.
        substitute: Runs a script and gives its output.
    """

    def __init__(
        self, state: ShellState, substitute: Callable[[str], Generator[Wait, Any, str]]
    ) -> None:
        self._state = state
        self._substitute = substitute

    def fields(self, words: tuple[Word, ...]) -> Generator[Wait, Any, list[str]]:
        """All fields that words give."""
        fields: list[str] = []
        for word in words:
            if word.plain is not None and not self._has_braces(word):
                fields.append(word.plain)
                continue
            texts = _braces(word.text) if self._has_braces(word) else [word.text]
            for text in texts:
                piece = word if text == word.text else parse_word(text)
                fields.extend((yield from self._fields_of(piece)))
            if len(fields) > MOST_FIELDS:
                raise ShellFailure("argument list too long: not modelled by Podarium")
        return fields

    def text(self, word: Word) -> Generator[Wait, Any, str]:
        """A word as one text: no splitting, no paths."""
        if word.plain is not None:
            return word.plain
        fields = yield from self._split(self._tilde(word), split=False)
        return " ".join("".join(text for text, _ in field) for field in fields)

    def pattern(self, word: Word) -> Generator[Wait, Any, str]:
        """A word as a pattern: what was quoted stands for itself."""
        if word.plain is not None and not any(
            isinstance(part, Literal) and part.quoted for part in word.parts
        ):
            return word.plain
        fields = yield from self._split(word.parts, split=False)
        return " ".join(
            "".join(escape(text) if quoted else text for text, quoted in field) for field in fields
        )

    def number(self, word: Word) -> Generator[Wait, Any, int]:
        """A word as an arithmetic expression."""
        text = yield from self.text(word)
        try:
            return compute(text, self._state)
        except ArithmeticProblem as error:
            raise ShellFailure(str(error)) from error

    # One word

    def _has_braces(self, word: Word) -> bool:
        return self._state.is_bash and "{" in word.text and bool(_find_brace(word.text))

    def _fields_of(self, word: Word) -> Generator[Wait, Any, list[str]]:
        found = yield from self._split(self._tilde(word), split=True)
        fields: list[str] = []
        for pieces in found:
            if "f" not in self._state.options and any(
                not quoted and ("*" in text or "?" in text or "[" in text)
                for text, quoted in pieces
            ):
                fields.extend(self._paths(pieces))
            else:
                fields.append("".join(text for text, _ in pieces))
        return fields

    def _paths(self, pieces: list[Piece]) -> list[str]:
        pattern = "".join(escape(text) if quoted else text for text, quoted in pieces)
        invocation = self._state.invocation
        if is_pattern(pattern):
            found = expand_paths(invocation.files, invocation.cwd, pattern)
            if found:
                return found
        return ["".join(text for text, _ in pieces)]

    def _tilde(self, word: Word) -> tuple[Part, ...]:
        first = word.parts[0] if word.parts else None
        if not isinstance(first, Literal) or first.quoted or not first.text.startswith("~"):
            return word.parts
        name, slash, rest = first.text[1:].partition("/")
        if name:
            return word.parts
        home = self._state.get("HOME") or "/"
        return (Literal(home, quoted=True), Literal(slash + rest, quoted=False), *word.parts[1:])

    def _split(
        self, parts: tuple[Part, ...], *, split: bool
    ) -> Generator[Wait, Any, list[list[Piece]]]:
        """Parts to fields of pieces, each with whether it was quoted."""
        fields: list[list[Piece]] = []
        current: list[Piece] | None = None
        for part in parts:
            values = yield from self._values(part)
            for index, (text, quoted) in enumerate(values):
                if index:  # "$@": each parameter begins a field
                    if current is not None:
                        fields.append(current)
                    current = None
                if quoted or not split or isinstance(part, Literal):
                    current = [] if current is None else current
                    current.append((text, quoted))
                    continue
                current = self._split_value(text, fields, current)
        if current is not None:
            fields.append(current)
        return fields

    def _split_value(
        self, text: str, fields: list[list[Piece]], current: list[Piece] | None
    ) -> list[Piece] | None:
        separators = self._state.get("IFS")
        if separators is None:
            separators = " \t\n"
        if not separators:
            if not text:
                return current
            return [*(current or []), (text, False)]
        for index, (piece, ends) in enumerate(_at_separators(text, separators)):
            if piece or (index and ends == "hard"):
                current = [*(current or []), (piece, False)]
            elif ends == "hard" and current is None:
                current = [("", False)]
            if ends and current is not None:
                fields.append(current)
                current = None
        return current

    def _values(self, part: Part) -> Generator[Wait, Any, list[Piece]]:
        if isinstance(part, Literal):
            return [(part.text, part.quoted)]
        if isinstance(part, Substitution):
            text = yield from self._substitute(part.source)
            return [(text, part.quoted)]
        if isinstance(part, Arithmetic):
            number = yield from self.number(part.expression)
            return [(str(number), part.quoted)]
        return (yield from self._parameter(part))

    # Parameters

    def _parameter(self, part: Parameter) -> Generator[Wait, Any, list[Piece]]:
        if part.operator == "":
            return self._plain_parameter(part)
        if part.operator == "length":
            return [(str(self._length(part.name)), part.quoted)]
        if part.operator == "indirect":
            return [(self._value(self._value(part.name) or "") or "", part.quoted)]
        listed = self._list(part.name)
        if listed is not None and part.operator in ("#", "##", "%", "%%", "/", "//", "^^", ",,"):
            changed: list[Piece] = []
            for item in listed:
                text = yield from self._changed(part, item)
                changed.append((text, part.quoted))  # it may wait
            return changed
        if listed is not None and part.operator == ":":
            return (yield from self._slice_list(part, listed))
        value = self._value(part.name) if listed is None else " ".join(listed) or None
        missing = value is None or (not value and part.operator.startswith(":"))
        kind = part.operator.lstrip(":")
        if part.operator != ":" and kind in ("-", "=", "?", "+"):
            return (yield from self._default(part, kind, value, missing=missing))
        if value is None and "u" in self._state.options:
            raise ShellFailure(f"{part.name}: parameter not set")
        text = yield from self._changed(part, value or "")
        return [(text, part.quoted)]

    def _plain_parameter(self, part: Parameter) -> list[Piece]:
        listed = self._list(part.name)
        if listed is not None:
            joined = part.name == "*" or part.name.endswith("[*]")
            if part.quoted and joined:
                separators = self._state.get("IFS")
                separator = " " if separators is None else separators[:1]
                return [(separator.join(listed), True)]
            return [(item, part.quoted) for item in listed]
        value = self._value(part.name)
        if value is None:
            if "u" in self._state.options:
                words = "unbound variable" if self._state.is_bash else "parameter not set"
                raise ShellFailure(f"{part.name}: {words}")
            value = ""
        return [(value, part.quoted)]

    def _default(
        self, part: Parameter, kind: str, value: str | None, *, missing: bool
    ) -> Generator[Wait, Any, list[Piece]]:
        if kind == "+":
            if missing:
                return [("", part.quoted)]
        elif not missing:
            return [(value or "", part.quoted)]
        word = part.argument
        assert word is not None  # noqa: S101  # every such operator has one, possibly empty
        if kind == "?":
            text = yield from self.text(word)
            raise ShellFailure(f"{part.name}: {text or 'parameter not set'}")
        if kind == "=":
            text = yield from self.text(word)
            self._state.assign(part.name, text)
            return [(text, part.quoted)]
        if part.quoted:
            return [((yield from self.text(word)), True)]
        pieces: list[Piece] = []
        for inner in word.parts:
            pieces.extend((yield from self._values(inner)))
        return [("".join(text for text, _ in pieces), all(q for _, q in pieces) and bool(pieces))]

    def _changed(self, part: Parameter, value: str) -> Generator[Wait, Any, str]:
        operator, word = part.operator, part.argument
        assert word is not None  # noqa: S101  # every such operator has one, possibly empty
        if operator == ":":
            start = yield from self.number(word)
            begin = max(0, len(value) + start) if start < 0 else start
            if part.second is None:
                return value[begin:]
            length = yield from self.number(part.second)
            return value[begin : begin + length] if length >= 0 else value[begin:length]
        if operator in ("^", "^^", ",", ",,"):
            change = str.upper if operator[0] == "^" else str.lower
            return change(value) if len(operator) == 2 else change(value[:1]) + value[1:]
        pattern = yield from self.pattern(word)
        if operator in ("#", "##"):
            return _without_start(value, pattern, longest=operator == "##")
        if operator in ("%", "%%"):
            return _without_end(value, pattern, longest=operator == "%%")
        replacement = "" if part.second is None else (yield from self.text(part.second))
        changed = _replaced(value, pattern, replacement, every=operator == "//")
        if len(changed) > LONGEST_VALUE:
            raise ShellFailure("out of memory: larger variables are not modelled by Podarium")
        return changed

    def _slice_list(self, part: Parameter, listed: list[str]) -> Generator[Wait, Any, list[Piece]]:
        assert part.argument is not None  # noqa: S101  # this operator has one
        start = yield from self.number(part.argument)
        if part.name in "@*":
            listed = [self._state.name, *listed]
        end = len(listed)
        if part.second is not None:
            end = start + (yield from self.number(part.second))
        return [(item, part.quoted) for item in listed[start:end]]

    def _length(self, name: str) -> int:
        listed = self._list(name)
        if listed is not None:
            return len(listed)
        value = self._value(name)
        if value is None and "u" in self._state.options:
            raise ShellFailure(f"{name}: parameter not set")
        return len(value or "")

    def _list(self, name: str) -> list[str] | None:
        """Several values, of ``@``, ``*`` or a whole array."""
        if name in ("@", "*"):
            return self._state.positional
        if name.endswith(("[@]", "[*]")):
            bare = name[:-3]
            value = self._state.variables.get(bare)
            return self._state.arrays.get(bare, [] if value is None else [value])
        return None

    def _value(self, name: str) -> str | None:
        state = self._state
        if name.isdigit():
            if name == "0":
                return state.name
            index = int(name)
            return state.positional[index - 1] if index <= len(state.positional) else None
        if name in ("?", "#", "$", "!", "-"):
            return self._special(name)
        subscript = _SUBSCRIPT.fullmatch(name)
        if subscript:
            return self._item(subscript[1], subscript[2])
        value = state.get(name)
        if value is None:
            return self._dynamic(name)
        return value

    def _special(self, name: str) -> str | None:
        state = self._state
        if name == "!":
            return str(state.last_job_pid) if state.last_job_pid else ""
        return {
            "?": str(state.status),
            "#": str(len(state.positional)),
            "$": state.variables.get(" pid", str(state.invocation.pid)),
            "-": "".join(option for option in state.options if len(option) == 1),
        }[name]

    def _dynamic(self, name: str) -> str | None:
        state = self._state
        invocation = state.invocation
        if name == "PWD":
            return invocation.cwd
        if name == "PPID":
            return str(invocation.parent_pid)
        if name == "LINENO":
            return str(state.line)
        if name == "SECONDS" and state.is_bash:
            return str((invocation.userland.sim.now_ms - invocation.started_ms) // 1000)
        if name == "RANDOM" and state.is_bash:
            return str(invocation.userland.random(32_768))
        return None

    def _item(self, name: str, index: str) -> str | None:
        try:
            at = compute(index, self._state)
        except ArithmeticProblem as error:
            raise ShellFailure(str(error)) from error
        items = self._state.arrays.get(name)
        if items is None:
            return self._state.get(name) if at == 0 else None
        return items[at] if -len(items) <= at < len(items) else None


def _at_separators(text: str, separators: str) -> list[tuple[str, str]]:
    """Pieces, each with what ends it: ``""``, ``blank`` or ``hard`` (not white space)."""
    blanks = "".join(character for character in separators if character in " \t\n")
    pieces: list[tuple[str, str]] = []
    at = start = 0
    while at < len(text):
        if text[at] not in separators:
            at += 1
            continue
        piece, kind = text[start:at], "blank"
        while at < len(text) and text[at] in blanks:
            at += 1
        if at < len(text) and text[at] in separators:
            kind = "hard"
            at += 1
            while at < len(text) and text[at] in blanks:
                at += 1
        pieces.append((piece, kind))
        start = at
    pieces.append((text[start:], ""))
    return pieces


def _without_start(value: str, pattern: str, *, longest: bool) -> str:
    match = compile_pattern(pattern, greedy=longest).match(value)
    return value[match.end() :] if match else value


def _without_end(value: str, pattern: str, *, longest: bool) -> str:
    expression = compile_pattern(pattern)
    ends = range(len(value) + 1) if longest else range(len(value), -1, -1)
    for start in ends:
        if expression.fullmatch(value, start):
            return value[:start]
    return value


def _replaced(value: str, pattern: str, replacement: str, *, every: bool) -> str:
    anchor = pattern[:1] if pattern[:1] in ("#", "%") and not every else ""
    expression = compile_pattern(pattern[1:] if anchor else pattern)
    if anchor == "#":
        match = expression.match(value)
        return replacement + value[match.end() :] if match else value
    if anchor == "%":
        cut = _without_end(value, pattern[1:], longest=True)
        return cut + replacement if cut != value else value
    if not pattern:
        return value
    return expression.sub(lambda _: replacement, value, count=0 if every else 1)


# Braces


def _find_brace(text: str) -> tuple[int, int] | None:
    """The first brace that has a range or a list in it, outside quotes."""
    at = 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 2
            continue
        if character in "'\"":
            end = text.find(character, at + 1)
            at = len(text) if end < 0 else end + 1
            continue
        if character == "$" and text.startswith("${", at):
            end = text.find("}", at)
            at = len(text) if end < 0 else end + 1
            continue
        if character == "{":
            end = _closing_brace(text, at)
            body = text[at + 1 : end]
            if end and (_RANGE.fullmatch(body) or len(_alternatives(body)) > 1):
                return at, end
        at += 1
    return None


def _closing_brace(text: str, at: int) -> int:
    depth = 0
    for index in range(at, len(text)):
        if text[index] == "{":
            depth += 1
        elif text[index] == "}":
            depth -= 1
            if not depth:
                return index
    return 0


def _alternatives(body: str) -> list[str]:
    items, depth, start = [], 0, 0
    for index, character in enumerate(body):
        depth += (character == "{") - (character == "}")
        if character == "," and not depth:
            items.append(body[start:index])
            start = index + 1
    return [*items, body[start:]]


def _braces(text: str) -> list[str]:
    found = _find_brace(text)
    if found is None:
        return [text]
    start, end = found
    body = text[start + 1 : end]
    spread = _RANGE.fullmatch(body)
    items = _range(spread) if spread else _alternatives(body)
    texts: list[str] = []
    for item in items:
        texts.extend(_braces(text[:start] + item + text[end + 1 :]))
        if len(texts) > MOST_FIELDS:
            raise ShellFailure("argument list too long: not modelled by Podarium")
    return texts


def _range(match: re.Match[str]) -> list[str]:
    first, last, step = match.groups()
    letters = first.isalpha() and last.isalpha()
    low, high = (ord(first), ord(last)) if letters else (int(first), int(last))
    stride = abs(int(step or 1)) or 1
    if abs(high - low) // stride > MOST_FIELDS:
        raise ShellFailure("argument list too long: not modelled by Podarium")
    numbers = range(low, high + 1, stride) if low <= high else range(low, high - 1, -stride)
    width = max(len(first), len(last)) if first.startswith("0") and len(first) > 1 else 0
    return [chr(number) if letters else str(number).zfill(width) for number in numbers]
