"""Regular expressions of grep, sed and expr, as Python's; those that could take for ever are refused."""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST_PATTERN = 1_000
LONGEST_LINE = 20_000
_UNBOUNDED = 4
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\s",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


class RegexError(Exception):
    """A pattern is malformed, or not modelled."""


@lru_cache(maxsize=1024)
def compile_regex(
    pattern: str, *, extended: bool = False, fixed: bool = False, ignore_case: bool = False
) -> re.Pattern[str]:
    """A compiled pattern.

    Raises:
        RegexError: It is malformed, or too expensive.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise RegexError("pattern too long: not modelled by Podarium")
    text = re.escape(pattern) if fixed else _translated(pattern, extended=extended)
    if re.search(r"(?<!\\)[*+}]\)(?:[*+]|\{\d+,\d*\})", text) or (
        len(re.findall(r"(?<!\\)(?:[*+]|,\})", text)) > _UNBOUNDED * 3
    ):
        raise RegexError("pattern too expensive: not modelled by Podarium")
    try:
        return re.compile(text, re.IGNORECASE if ignore_case else 0)
    except re.error as error:
        raise RegexError(f"bad regex '{pattern}': {error.msg}") from error


def _translated(pattern: str, *, extended: bool) -> str:
    pieces: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "[":
            end = _end_of_set(pattern, at)
            pieces.append(_set(pattern[at : end + 1]))
            at = end + 1
            continue
        if character == "\\" and at + 1 < len(pattern):
            following = pattern[at + 1]
            if not extended and following in "(){}|+?":
                pieces.append(following)
            elif following in "<>":
                pieces.append("\\b")
            elif following in "wWsSbB" or following.isdigit():
                pieces.append("\\" + following)
            elif following in "nt":
                pieces.append({"n": "\n", "t": "\t"}[following])
            else:
                pieces.append(re.escape(following))
            at += 2
            continue
        if not extended and character in "(){}|+?":
            pieces.append("\\" + character)
        elif character == "*" and (not pieces or pieces[-1] in ("^", "(", "|")):
            pieces.append("\\*")
        else:
            pieces.append(character)
        at += 1
    return "".join(pieces)


def _end_of_set(pattern: str, at: int) -> int:
    end = at + 1
    if pattern[end : end + 1] == "^":
        end += 1
    if pattern[end : end + 1] == "]":
        end += 1
    while end < len(pattern) and pattern[end] != "]":
        if pattern.startswith("[:", end) and ":]" in pattern[end:]:
            end = pattern.index(":]", end) + 2
        else:
            end += 1
    if end >= len(pattern):
        raise RegexError(f"bad regex '{pattern}': brackets ([ ]) not balanced")
    return end


def _set(text: str) -> str:
    body = text[1:-1]
    sign = ""
    if body.startswith("^"):
        sign, body = "^", body[1:]
    parts = re.split(r"\[:(\w+):\]", body)
    for index, part in enumerate(parts):
        if index % 2:
            parts[index] = _CLASSES.get(part, "")
        else:
            parts[index] = part.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    joined = "".join(parts)
    if joined.startswith("^"):
        joined = "\\" + joined
    return f"[{sign}{joined}]"
