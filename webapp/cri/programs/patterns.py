"""Shell patterns (``*``, ``?``, ``[a-z]``) and the paths that they match."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from webapp.cri.programs.files.nodes import Directory, FileError

if TYPE_CHECKING:
    from webapp.cri.programs.files.filesystem import FileSystem

_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \\t\\n\\r\\f\\v",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
MOST_MATCHES = 10_000


def is_pattern(text: str) -> bool:
    """Whether something in it may stand for other text; a backslash takes that away."""
    bare = re.sub(r"\\.", "", text, flags=re.DOTALL)
    return "*" in bare or "?" in bare or ("[" in bare and "]" in bare)


def unescape(text: str) -> str:
    """The text itself, without backslashes."""
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def escape(text: str) -> str:
    """A pattern that matches just this text."""
    return re.sub(r"([\\*?\[\]!^-])", r"\\\1", text)


@lru_cache(maxsize=2048)
def compile_pattern(pattern: str, *, greedy: bool = True) -> re.Pattern[str]:
    """A regular expression that matches from the start what the pattern matches."""
    star = ".*" if greedy else ".*?"
    pieces: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*":
            if not pieces or pieces[-1] != star:
                pieces.append(star)
        elif character == "?":
            pieces.append(".")
        elif character == "\\" and at < len(pattern):
            pieces.append(re.escape(pattern[at]))
            at += 1
        elif character == "[" and (end := _end_of_set(pattern, at)):
            pieces.append(_set(pattern[at:end]))
            at = end + 1
        else:
            pieces.append(re.escape(character))
    return re.compile("".join(pieces), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches."""
    return compile_pattern(pattern).fullmatch(text) is not None


def _end_of_set(pattern: str, at: int) -> int:
    if at < len(pattern) and pattern[at] in "!^":
        at += 1
    if at < len(pattern) and pattern[at] == "]":
        at += 1
    while at < len(pattern):
        if pattern.startswith("[:", at):
            closed = pattern.find(":]", at)
            if closed > 0:
                at = closed + 2
                continue
        if pattern[at] == "\\":
            at += 2
            continue
        if pattern[at] == "]":
            return at
        at += 1
    return 0


def _set(body: str) -> str:
    sign = ""
    if body[:1] in ("!", "^"):
        sign, body = "^", body[1:]
    body = re.sub(r"\[:(\w+):\]", lambda match: "\0" + match[1] + "\0", body)
    pieces = body.split("\0")
    for index, piece in enumerate(pieces):
        if index % 2:
            pieces[index] = _CLASSES.get(piece, "")
        else:
            bare = re.sub(r"\\(.)", r"\1", piece)
            pieces[index] = re.sub(r"([\\\[\]^&|~])", r"\\\1", bare)
    joined = "".join(pieces)
    for low, high in re.findall(r"(\w)-(\w)", joined):
        if low > high:
            return "(?!)"
    return f"[{sign}{joined}]" if joined else "(?!)"


def expand_paths(files: FileSystem, cwd: str, pattern: str) -> list[str]:
    """Paths that a pattern matches, as it writes them, sorted; empty when there is none."""
    start, rest = ("/", pattern.lstrip("/")) if pattern.startswith("/") else ("", pattern)
    found = [start]
    parts = [part for part in rest.split("/") if part]
    for index, part in enumerate(parts):
        last = index == len(parts) - 1 and not rest.endswith("/")
        grown: list[str] = []
        for prefix in found:
            grown.extend(_step(files, cwd, prefix, part, last=last))
            if len(grown) > MOST_MATCHES:
                break
        found = grown
    return [path + "/" for path in found] if rest.endswith("/") else found


def _step(files: FileSystem, cwd: str, prefix: str, part: str, *, last: bool) -> list[str]:
    separator = "" if prefix in ("", "/") else "/"
    if not is_pattern(part):
        path = f"{prefix}{separator}{unescape(part)}"
        return [path] if files.get(_absolute(cwd, path), follow=not last) is not None else []
    try:
        names = files.names(_absolute(cwd, prefix or "."))
    except FileError:
        return []
    expression = compile_pattern(part)
    hits = [
        f"{prefix}{separator}{name}"
        for name in names
        if (not name.startswith(".") or part.startswith(".")) and expression.fullmatch(name)
    ]
    if last:
        return hits
    return [path for path in hits if isinstance(files.get(_absolute(cwd, path)), Directory)]


def _absolute(cwd: str, path: str) -> str:
    return path if path.startswith("/") else f"{cwd}/{path}"
