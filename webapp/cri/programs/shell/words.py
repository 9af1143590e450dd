"""Words: quotes and expansions in a word's text, as POSIX has them.

The parser hands over the text of each word; :func:`parse_word` takes it apart, :func:`split_words`
finds words in a text without structure (between ``[`` and ``]``).
"""

from __future__ import annotations

import re
from functools import lru_cache

from webapp.cri.programs.shell.syntax import (
    Arithmetic,
    Literal,
    Parameter,
    Part,
    Substitution,
    Word,
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECIAL = "@*#?-$!0123456789"
_ANSI = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}
_OPERATORS = (
    ":-",
    ":=",
    ":?",
    ":+",
    "##",
    "%%",
    "//",
    "^^",
    ",,",
    "-",
    "=",
    "?",
    "+",
    "#",
    "%",
    "/",
    "^",
    ",",
    ":",
)
_PLAIN = re.compile(r"[A-Za-z0-9_./:=,@+%^-]*")


class WordError(Exception):
    """A word cannot be understood; the message says what is wrong."""


@lru_cache(maxsize=8192)
def parse_word(text: str) -> Word:
    """A word outside quotes.

    Raises:
        WordError: A quote or a brace is not closed, or an expansion is not modelled.
    """
    if _PLAIN.fullmatch(text) and not text.startswith("~") and "=~" not in text:
        return Word((Literal(text, quoted=False),), text, text)
    scanner = _Scanner(text)
    parts = tuple(_joined(scanner.unquoted("")))
    plain = None
    if all(isinstance(part, Literal) and part.quoted for part in parts):
        plain = "".join(part.text for part in parts if isinstance(part, Literal))
    return Word(parts, text, plain)


def parse_quoted(text: str, *, heredoc: bool = False) -> Word:
    """Text as between double quotes: a here-document, an arithmetic expression.

    Raises:
        WordError: An expansion is not closed or not modelled.
    """
    scanner = _Scanner(text)
    parts = tuple(_joined(scanner.double("", heredoc=heredoc)))
    plain = None
    if all(isinstance(part, Literal) for part in parts):
        plain = "".join(part.text for part in parts if isinstance(part, Literal))
    return Word(parts, text, plain)


def split_words(text: str) -> list[str]:
    """The texts of the words in a line, quotes kept.

    Raises:
        WordError: A quote or a brace is not closed.
    """
    words: list[str] = []
    at = 0
    while at < len(text):
        if text[at] in " \t\n" or text.startswith("\\\n", at):
            at += 1 if text[at] != "\\" else 2
            continue
        scanner = _Scanner(text, at)
        for _ in scanner.unquoted(" \t\n"):
            pass
        words.append(text[at : scanner.at])
        at = scanner.at
    return words


def end_of_substitution(text: str, at: int) -> int:
    """Where the parenthesis that was opened before ``at`` is closed.

    Raises:
        WordError: Nowhere.
    """
    depth = 1
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 2
            continue
        if character == "'":
            at = _closing(text, at + 1, "'") + 1
            continue
        if character in '"`':
            at = _skip_double(text, at + 1, character)
            continue
        if character == "#" and text[at - 1] in " \t\n;(":
            newline = text.find("\n", at)
            at = newline if newline >= 0 else len(text)
            continue
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if not depth:
                return at
        at += 1
    raise WordError("unterminated $(")


def _skip_double(text: str, at: int, quote: str) -> int:
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text[at] == quote:
            return at + 1
        elif text.startswith("$(", at):
            at = end_of_substitution(text, at + 2) + 1
        else:
            at += 1
    raise WordError("unterminated quoted string")


def _closing(text: str, at: int, quote: str) -> int:
    end = text.find(quote, at)
    if end < 0:
        raise WordError("unterminated quoted string")
    return end


def _joined(parts: list[Part]) -> list[Part]:
    """Neighbouring literals of the same kind become one."""
    joined: list[Part] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, Literal) and isinstance(last, Literal) and part.quoted == last.quoted:
            joined[-1] = Literal(last.text + part.text, part.quoted)
        else:
            joined.append(part)
    return joined


class _Scanner:
    """Walks over a text; ``at`` is where it stands."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self.at = at

    def unquoted(self, ends: str) -> list[Part]:
        """Parts up to one of the characters in ``ends``, which is not taken."""
        parts: list[Part] = []
        text = self.text
        while self.at < len(text) and text[self.at] not in (ends or "\0"):
            character = text[self.at]
            if character == "\\":
                if text.startswith("\\\n", self.at):
                    self.at += 2
                    continue
                parts.append(Literal(text[self.at + 1 : self.at + 2] or "\\", quoted=True))
                self.at += 2
            elif character == "'":
                end = _closing(text, self.at + 1, "'")
                parts.append(Literal(text[self.at + 1 : end], quoted=True))
                self.at = end + 1
            elif character == '"':
                self.at += 1
                parts.append(Literal("", quoted=True))
                parts.extend(self.double('"'))
                self.at += 1
            elif text.startswith("$'", self.at):
                parts.append(self._ansi())
            elif character in "$`":
                parts.append(self._dollar(quoted=False))
            else:
                parts.append(Literal(character, quoted=False))
                self.at += 1
        return parts

    def double(self, end: str, *, heredoc: bool = False) -> list[Part]:
        """Parts between double quotes, up to ``end``, which is not taken; "" for all."""
        parts: list[Part] = []
        text = self.text
        while True:
            if self.at >= len(text):
                if end:
                    raise WordError("unterminated quoted string")
                return parts
            character = text[self.at]
            if character == end:
                return parts
            if character == "\\":
                following = text[self.at + 1 : self.at + 2]
                if following == "\n":
                    pass
                elif following and following in ('$`\\"' if not heredoc else "$`\\"):
                    parts.append(Literal(following, quoted=True))
                else:
                    parts.append(Literal("\\" + following, quoted=True))
                self.at += 2
            elif character in "$`":
                parts.append(self._dollar(quoted=True))
            else:
                parts.append(Literal(character, quoted=True))
                self.at += 1

    def _ansi(self) -> Part:
        self.at += 2
        text, pieces = self.text, []
        while self.at < len(text) and text[self.at] != "'":
            if text[self.at] == "\\" and self.at + 1 < len(text):
                escaped = text[self.at + 1]
                pieces.append(_ANSI.get(escaped, escaped))
                self.at += 2
            else:
                pieces.append(text[self.at])
                self.at += 1
        self.at += 1
        return Literal("".join(pieces), quoted=True)

    def _dollar(self, *, quoted: bool) -> Part:
        text, at = self.text, self.at
        if text[at] == "`":
            return self._backquoted(quoted=quoted)
        if text.startswith("$((", at):
            end = end_of_substitution(text, at + 2)
            if text.startswith("))", end - 1):
                self.at = end + 1
                return Arithmetic(parse_quoted(text[at + 3 : end - 1]), quoted)
        if text.startswith("$(", at):
            end = end_of_substitution(text, at + 2)
            self.at = end + 1
            return Substitution(text[at + 2 : end], quoted)
        if text.startswith("${", at):
            return self._braced(quoted=quoted)
        name = _NAME.match(text, at + 1)
        if name:
            self.at = name.end()
            return Parameter(name[0], "", None, None, quoted)
        if text[at + 1 : at + 2] and text[at + 1] in _SPECIAL:
            self.at += 2
            return Parameter(text[at + 1], "", None, None, quoted)
        self.at += 1
        return Literal("$", quoted)

    def _backquoted(self, *, quoted: bool) -> Part:
        end = self.at + 1
        while end < len(self.text) and self.text[end] != "`":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise WordError("unterminated `")
        source = re.sub(r"\\([`\\$])", r"\1", self.text[self.at + 1 : end])
        self.at = end + 1
        return Substitution(source, quoted)

    def _braced(self, *, quoted: bool) -> Part:
        start = self.at
        self.at += 2
        text = self.text
        prefix = ""
        if text[self.at : self.at + 1] == "#" and text[self.at + 1 : self.at + 2] not in ("}", ""):
            prefix = "length"
            self.at += 1
        elif text[self.at : self.at + 1] == "!" and _NAME.match(text, self.at + 1):
            prefix = "indirect"
            self.at += 1
        name = self._name()
        if text[self.at : self.at + 1] == "}":
            self.at += 1
            return Parameter(name, prefix, None, None, quoted)
        operator = next((held for held in _OPERATORS if text.startswith(held, self.at)), "")
        if not operator or prefix:
            raise WordError(f"{text[start : self.at + 2]}: bad substitution")
        self.at += len(operator)
        inner = quoted and operator not in ("#", "##", "%", "%%", "/", "//")
        argument = self._argument("/}" if operator in ("/", "//") else ":}", operator, inner=inner)
        second = None
        if text[self.at] in "/:":
            self.at += 1
            second = self._argument("}", operator, inner=inner)
        self.at += 1
        return Parameter(name, operator, argument, second, quoted)

    def _argument(self, ends: str, operator: str, *, inner: bool) -> Word:
        if operator not in ("/", "//", ":"):
            ends = "}"
        start = self.at
        parts: list[Part] = []
        while True:
            if self.at >= len(self.text):
                raise WordError("missing }")
            if self.text[self.at] in ends:
                break
            if inner and self.text[self.at] == "'":
                parts.append(Literal("'", quoted=True))
                self.at += 1
                continue
            before = self.at
            parts.extend(self.unquoted(ends + ("'" if inner else "")))
            if self.at == before:
                break
        text = self.text[start : self.at]
        joined = tuple(_joined(parts))
        plain = text if _PLAIN.fullmatch(text) else None
        return Word(joined, text, plain)

    def _name(self) -> str:
        match = _NAME.match(self.text, self.at) or re.compile(r"\d+").match(self.text, self.at)
        if match:
            self.at = match.end()
            name = match[0]
        elif self.text[self.at : self.at + 1] and self.text[self.at] in _SPECIAL:
            name = self.text[self.at]
            self.at += 1
        else:
            raise WordError(f"{self.text[self.at - 2 : self.at + 2]}: bad substitution")
        if self.text[self.at : self.at + 1] == "[":
            end = self.text.find("]", self.at)
            if end < 0:
                raise WordError("missing ]")
            name += self.text[self.at : end + 1]
            self.at = end + 1
        return name
