"""Here-documents: taken out of a script before it is parsed, and put back as words."""

from __future__ import annotations

import re

from webapp.cri.programs.shell.problems import ShellSyntaxError
from webapp.cri.programs.shell.syntax import (
    Literal,
    Word,
)
from webapp.cri.programs.shell.words import (
    WordError,
    end_of_substitution,
    parse_quoted,
)

_HEREDOC = re.compile(r"<<(-?)[ \t]*((?:\\.|'[^'\n]*'|\"[^\"\n]*\"|[^\s;&|<>()'\"\\])+)")
MARK = "\ue000"


def take_heredocs(text: str) -> str:
    """Join continued lines; replace here-documents by input from marked names that carry them."""
    if "<<" not in text and "\\\n" not in text:
        return text
    out: list[str] = []
    waiting: list[tuple[int, str, bool, bool]] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            # A line that goes on in the next: the grammar would end a word there.
            out.append("" if text.startswith("\\\n", at) else text[at : at + 2])
            at += 2
        elif character == "'":
            end = text.find("'", at + 1)
            end = len(text) if end < 0 else end + 1
            out.append(text[at:end])
            at = end
        elif character == '"':
            end = _end_of_double(text, at + 1)
            out.append(text[at:end])
            at = end
        elif character == "#" and (at == 0 or text[at - 1] in " \t\n;"):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif text.startswith("$((", at):
            end = _behind_substitution(text, at + 2)
            out.append(text[at:end])
            at = end
        elif text.startswith("<<<", at):
            out.append("<<<")
            at += 3
        elif character == "<" and (found := _HEREDOC.match(text, at)):
            quoted = bool(re.search(r"['\"\\]", found[2]))
            waiting.append((len(out), re.sub(r"['\"\\]", "", found[2]), bool(found[1]), quoted))
            out.append("")
            at = found.end()
        elif character == "\n" and waiting:
            out.append("\n")
            at += 1
            for place, mark, tabs, quoted in waiting:
                body, at = _body(text, at, mark, tabs=tabs)
                sign = "q" if quoted else "e"
                out[place] = f"< {MARK}{sign}{body.encode().hex()}{MARK}"
            waiting = []
        else:
            out.append(character)
            at += 1
    for _, mark, _, _ in waiting:
        raise ShellSyntaxError(
            text.count("\n") + 1, f'syntax error: here-document "{mark}" without text'
        )
    return "".join(out)


def document(target: str) -> Word:
    """A here-document's text out of its mark."""
    sign, body = target[1], bytes.fromhex(target[2:-1]).decode()
    if sign == "q":
        return Word((Literal(body, quoted=True),), body, body)
    return parse_quoted(body, heredoc=True)


def _behind_substitution(text: str, at: int) -> int:
    """Behind the parenthesis that closes, or the text's end."""
    try:
        return end_of_substitution(text, at) + 1
    except WordError:
        return len(text)


def _end_of_double(text: str, at: int) -> int:
    while at < len(text) and text[at] != '"':
        if text[at] == "\\":
            at += 2
        elif text.startswith("$(", at):
            at = _behind_substitution(text, at + 2)
        else:
            at += 1
    return at + 1


def _body(text: str, at: int, mark: str, *, tabs: bool) -> tuple[str, int]:
    lines: list[str] = []
    while at < len(text):
        end = text.find("\n", at)
        line, following = (text[at:], len(text)) if end < 0 else (text[at:end], end + 1)
        at = following
        if tabs:
            line = line.lstrip("\t")
        if line == mark:
            break
        lines.append(line + "\n")
    return "".join(lines), at
