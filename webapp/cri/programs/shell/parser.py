"""Text to tree, by tree-sitter's grammar of shell scripts.

tree-sitter finds the structure; words are read from their text by
:mod:`webapp.cri.programs.shell.words`, and here-documents are taken out beforehand, since that grammar
hides what follows them on their line.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import tree_sitter_bash
from tree_sitter import Language, Parser

from webapp.cri.programs.shell.heredocs import MARK, document, take_heredocs
from webapp.cri.programs.shell.problems import ShellSyntaxError
from webapp.cri.programs.shell.syntax import (
    EMPTY,
    AndOr,
    Assignment,
    Background,
    Case,
    CFor,
    Compute,
    Condition,
    For,
    Function,
    If,
    Not,
    Pipeline,
    Redirect,
    Redirected,
    Sequence,
    Simple,
    Subshell,
    While,
    Word,
)
from webapp.cri.programs.shell.words import (
    WordError,
    parse_quoted,
    parse_word,
    split_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import tree_sitter

    from webapp.cri.programs.shell.syntax import Node

LONGEST_SCRIPT = 262_144
DEEPEST = 60
"""Compound commands inside one another."""

_PARSER = Parser(Language(tree_sitter_bash.language()))


@lru_cache(maxsize=1024)
def parse_script(text: str) -> Sequence:
    """The script as a tree.

    Raises:
        ShellSyntaxError: It is malformed, too large or too deep, or not modelled.
    """
    if len(text) > LONGEST_SCRIPT:
        raise ShellSyntaxError(1, "script too large: not modelled by Podarium")
    source = take_heredocs(text.replace("\r\n", "\n")).encode(errors="replace")
    root = _PARSER.parse(source).root_node
    if root.has_error:
        raise _complaint(root)
    try:
        return _Lowering(source).sequence(root.children)
    except WordError as error:
        raise ShellSyntaxError(1, f"syntax error: {error}") from error


def _complaint(root: tree_sitter.Node) -> ShellSyntaxError:
    cursor = [root]
    while cursor:
        node = cursor.pop()
        line = node.start_point[0] + 1
        if node.is_missing:
            return ShellSyntaxError(line, f'syntax error: missing "{node.type}"')
        if node.type == "ERROR":
            text = (node.text or b"").decode(errors="replace").strip().split("\n")[0][:40]
            return ShellSyntaxError(line, f'syntax error: unexpected "{text or "end of file"}"')
        cursor.extend(
            child for child in reversed(node.children) if child.has_error or child.is_missing
        )
    return ShellSyntaxError(1, "syntax error")


class _Lowering:
    """Turns tree-sitter's nodes into ours."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._depth = 0

    def _text(self, node: tree_sitter.Node) -> str:
        return self._source[node.start_byte : node.end_byte].decode()

    def _line(self, node: tree_sitter.Node) -> int:
        return int(node.start_point[0]) + 1

    def _unmodelled(self, node: tree_sitter.Node, what: str = "") -> ShellSyntaxError:
        what = what or node.type.replace("_", " ")
        return ShellSyntaxError(self._line(node), f"{what}: not modelled by Podarium")

    def word(self, node: tree_sitter.Node) -> Word:
        """A word by its text."""
        return parse_word(self._text(node))

    # Lists

    def sequence(self, children: Iterable[tree_sitter.Node]) -> Sequence:
        """Commands between separators, ``&`` included."""
        items: list[Node] = []
        for child in children:
            if child.type == "&":
                items[-1] = Background(items[-1])
            elif child.is_named and child.type != "comment":
                items.extend(self._commands(child))
        return Sequence(tuple(items)) if items else EMPTY

    def _commands(self, node: tree_sitter.Node) -> list[Node]:
        """One command, or several that the grammar took for one."""
        if node.type == "command":
            return self._simple(node)
        return [self.node(node)]

    def node(self, node: tree_sitter.Node) -> Node:
        """Any command."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._unmodelled(node, "commands this deep inside one another")
        try:
            method = getattr(self, f"_{node.type}", None)
            if method is None:
                raise self._unmodelled(node)
            lowered: Node = method(node)
            return lowered
        finally:
            self._depth -= 1

    def _list(self, node: tree_sitter.Node) -> Node:
        left, operator, right = (child for child in node.children if child.type != "comment")
        return AndOr(self.node(left), operator.type, self.node(right))

    def _pipeline(self, node: tree_sitter.Node) -> Node:
        if any(child.type == "|&" for child in node.children):
            raise self._unmodelled(node, "|&")
        parts = [self.node(child) for child in node.named_children if child.type != "comment"]
        # "! a | b" negates the whole pipeline; the grammar hangs the sign on its first command.
        if isinstance(parts[0], Not):
            return Not(Pipeline((parts[0].body, *parts[1:])))
        return Pipeline(tuple(parts))

    def _negated_command(self, node: tree_sitter.Node) -> Node:
        return Not(self.node(node.named_children[0]))

    # Simple commands

    def _command(self, node: tree_sitter.Node) -> Node:
        return _one(self._simple(node))

    def _simple(self, node: tree_sitter.Node) -> list[Node]:
        # After several assignments the grammar runs over the end of the line into the next command.
        groups: list[list[tree_sitter.Node]] = [[]]
        before: tree_sitter.Node | None = None
        for child in node.children:
            if before is not None and self._line_ends_between(before, child):
                groups.append([])
            groups[-1].append(child)
            before = child
        return [self._words(group) for group in groups if group]

    def _line_ends_between(self, before: tree_sitter.Node, after: tree_sitter.Node) -> bool:
        gap = self._source[before.end_byte : after.start_byte]
        return b"\n" in gap.replace(b"\\\n", b"")

    def _words(self, children: list[tree_sitter.Node]) -> Simple:
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        for child in children:
            if child.type == "variable_assignment" and not words:
                assignments.append(self.assignment(child))
            elif child.type in ("file_redirect", "herestring_redirect"):
                redirects.extend(self._redirect(child))
                # The grammar gives words behind a redirection's target to the redirection.
                words.extend(self.word(extra) for extra in _extra_words(child))
            elif child.type == "comment":
                continue
            else:
                words.append(self.word(child))
        return Simple(tuple(assignments), tuple(words), tuple(redirects), self._line(children[0]))

    def assignment(self, node: tree_sitter.Node) -> Assignment:
        """``name=value``."""
        name, _, value = self._text(node).partition("=")
        append = name.endswith("+")
        if append:
            name = name[:-1]
        if value.startswith("("):
            items = tuple(parse_word(text) for text in split_words(value[1:].rstrip()[:-1]))
            return Assignment(name, parse_word(""), append, items)
        return Assignment(name, parse_word(value), append)

    def _variable_assignment(self, node: tree_sitter.Node) -> Node:
        return Simple((self.assignment(node),), (), (), self._line(node))

    def _variable_assignments(self, node: tree_sitter.Node) -> Node:
        found = tuple(self.assignment(child) for child in node.named_children)
        return Simple(found, (), (), self._line(node))

    def _declaration_command(self, node: tree_sitter.Node) -> Node:
        words = [parse_word(text) for text in split_words(self._text(node))]
        return Simple((), tuple(words), (), self._line(node))

    _unset_command = _declaration_command

    def _test_command(self, node: tree_sitter.Node) -> Node:
        text = self._text(node)
        if text.startswith("(("):
            return Compute(parse_quoted(text[2:-2]))
        words = tuple(parse_word(part) for part in split_words(text))
        if text.startswith("[["):
            return Condition(words[1:-1])
        return Simple((), words, (), self._line(node))

    # Redirections

    def _redirected_statement(self, node: tree_sitter.Node) -> Node:
        redirects: list[Redirect] = []
        body: Node | None = None
        extra: list[Word] = []
        for child in node.children:
            if child.type in ("file_redirect", "herestring_redirect"):
                redirects.extend(self._redirect(child))
                extra.extend(self.word(part) for part in _extra_words(child))
            elif child.is_named:
                body = self._body_of(child)
        if isinstance(body, Simple):
            return Simple(
                body.assignments,
                (*body.words, *extra),
                (*body.redirects, *redirects),
                body.line,
            )
        if body is None:
            return Simple((), tuple(extra), tuple(redirects), self._line(node))
        return _redirect_last(body, tuple(redirects))

    def _body_of(self, node: tree_sitter.Node) -> Node:
        return _one(self._commands(node))

    def _redirect(self, node: tree_sitter.Node) -> list[Redirect]:
        fd = -2
        operator = ""
        target: Word | None = None
        for child in node.children:
            if child.type == "file_descriptor":
                fd = int(self._text(child))
            elif not child.is_named and not operator:
                operator = child.type
            elif target is None:
                target = self.word(child)
        if operator == "<<<" and target is not None:
            return [Redirect(0 if fd == -2 else fd, "string", target)]
        if operator in (">&-", "<&-"):
            default = 1 if operator == ">&-" else 0
            return [Redirect(default if fd == -2 else fd, "close", parse_word(""))]
        if target is None:
            raise self._unmodelled(node)
        if target.text.startswith(MARK):
            return [Redirect(0 if fd == -2 else fd, "text", document(target.text))]
        if operator in ("&>", "&>>"):
            return [Redirect(-1, ">" if operator == "&>" else ">>", target)]
        if operator == ">&" and fd == -2 and not re.fullmatch(r"\d+|-|\$.*", target.text):
            return [Redirect(-1, ">", target)]
        if operator == ">|":
            operator = ">"
        if operator not in ("<", ">", ">>", ">&", "<&", "<>"):
            raise self._unmodelled(node, operator)
        default = 0 if operator.startswith("<") else 1
        return [Redirect(default if fd == -2 else fd, operator, target)]

    # Compound commands

    def _subshell(self, node: tree_sitter.Node) -> Node:
        return Subshell(self.sequence(node.children[1:-1]))

    def _compound_statement(self, node: tree_sitter.Node) -> Node:
        text = self._text(node)
        if text.startswith("(("):
            return Compute(parse_quoted(text[2:-2]))
        return self.sequence(node.children[1:-1])

    def _do_group(self, node: tree_sitter.Node) -> Node:
        return self.sequence(node.children[1:-1])

    def _if_statement(self, node: tree_sitter.Node) -> Node:
        branches: list[tuple[Node, Node]] = []
        otherwise: Node | None = None
        condition, body = self._condition_and_body(node)
        branches.append((condition, body))
        for child in node.children:
            if child.type == "elif_clause":
                branches.append(self._condition_and_body(child))
            elif child.type == "else_clause":
                otherwise = self.sequence(child.children[1:])
        return If(tuple(branches), otherwise)

    def _condition_and_body(self, node: tree_sitter.Node) -> tuple[Node, Node]:
        types = [child.type for child in node.children]
        then = types.index("then")
        stops = ("elif_clause", "else_clause", "fi")
        end = next((index for index, kind in enumerate(types) if kind in stops), len(types))
        return (
            self.sequence(node.children[1:then]),
            self.sequence(node.children[then + 1 : end]),
        )

    def _while_statement(self, node: tree_sitter.Node) -> Node:
        group = next(child for child in node.children if child.type == "do_group")
        condition = self.sequence(node.children[1 : node.children.index(group)])
        return While(condition, self.node(group), node.children[0].type == "until")

    def _for_statement(self, node: tree_sitter.Node) -> Node:
        if node.children[0].type == "select":
            raise self._unmodelled(node, "select")
        group = next(child for child in node.children if child.type == "do_group")
        values = node.children_by_field_name("value")
        has_in = any(child.type == "in" for child in node.children)
        words = tuple(self.word(value) for value in values) if has_in else None
        variable = node.child_by_field_name("variable")
        name = self._text(variable) if variable is not None else ""
        return For(name, words, self.node(group))

    def _c_style_for_statement(self, node: tree_sitter.Node) -> Node:
        text = self._text(node)
        start = text.index("((") + 2
        end = text.index("))", start)
        parts = text[start:end].split(";")
        if len(parts) != 3:
            raise self._unmodelled(node, "this kind of for")
        body = node.child_by_field_name("body")
        if body is None:
            raise self._unmodelled(node)
        first, second, third = (parse_quoted(part.strip()) for part in parts)
        return CFor(first, second, third, self.node(body))

    def _case_statement(self, node: tree_sitter.Node) -> Node:
        subject = node.child_by_field_name("value")
        if subject is None:
            raise self._unmodelled(node)
        branches = [
            self._case_item(child) for child in node.named_children if child.type == "case_item"
        ]
        return Case(self.word(subject), tuple(branches))

    def _case_item(self, node: tree_sitter.Node) -> tuple[tuple[Word, ...], Node, bool]:
        close = next(index for index, child in enumerate(node.children) if child.type == ")")
        patterns = tuple(
            self.word(child) for child in node.children[:close] if child.type not in ("|", "(")
        )
        rest = [
            child for child in node.children[close + 1 :] if child.type not in (";;", ";&", ";;&")
        ]
        goes_on = any(child.type == ";&" for child in node.children)
        return patterns, self.sequence(rest), goes_on

    def _function_definition(self, node: tree_sitter.Node) -> Node:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None:
            raise self._unmodelled(node)
        redirects = [
            redirect
            for child in node.children
            if child.type == "file_redirect"
            for redirect in self._redirect(child)
        ]
        lowered = self.node(body)
        if redirects:
            lowered = Redirected(lowered, tuple(redirects))
        return Function(self._text(name), lowered)


def _extra_words(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    """Words that the grammar gave to a redirection after its target."""
    return list(node.children_by_field_name("destination"))[1:]


def _one(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else Sequence(tuple(nodes))


def _redirect_last(body: Node, redirects: tuple[Redirect, ...]) -> Node:
    """Hang redirections on the command before them: the last one of a list or a pipeline."""
    if isinstance(body, Pipeline):
        return Pipeline((*body.parts[:-1], _redirect_last(body.parts[-1], redirects)))
    if isinstance(body, AndOr):
        return AndOr(body.left, body.operator, _redirect_last(body.right, redirects))
    if isinstance(body, Not):
        return Not(_redirect_last(body.body, redirects))
    if isinstance(body, Simple):
        return Simple(body.assignments, body.words, (*body.redirects, *redirects), body.line)
    return Redirected(body, redirects)
