"""An awk program's text as a tree of tuples: the first item says what it is.

Called by :mod:`~webapp.cri.programs.commands.awk.command`. Functions of one's own, ``getline`` and
pipes are refused with :class:`AwkSyntaxError`.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

Tree = tuple[Any, ...]

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|\\\n|\#[^\n]*)
    |(?P<newline>\n)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<string>"(?:\\.|[^"\\])*")
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>\+\+|--|\*\*=|\*\*|[-+*/%^=!<>]=|&&|\|\||>>|!~|[-+*/%^=!<>~?:;,$(){}\[\]|])""",
    re.VERBOSE,
)
_KEYWORDS = frozenset(
    (
        "BEGIN",
        "END",
        "break",
        "continue",
        "delete",
        "do",
        "else",
        "exit",
        "for",
        "func",
        "function",
        "getline",
        "if",
        "in",
        "next",
        "print",
        "printf",
        "return",
        "while",
    )
)
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "/": "/", "r": "\r", "a": "\a", "b": "\b"}
_DEEPEST = 100


class AwkSyntaxError(Exception):
    """A program is malformed, or uses what is not modelled."""


class Token(NamedTuple):
    """A piece of the text."""

    kind: str
    text: str


class Rule(NamedTuple):
    """What is done with which lines.

    Attributes:
        kind: BEGIN, END, ``each``, ``if`` or ``range``.
        patterns: One expression, two of a range, or none.
        action: Statements; ``None`` to print the line.
    """

    kind: str
    patterns: tuple[Tree, ...]
    action: Tree | None


def parse_awk(text: str) -> list[Rule]:
    """The rules of a program.

    Raises:
        AwkSyntaxError: It is malformed, or uses what is not modelled.
    """
    return _Parser(_tokens(text)).program()


def unescape(text: str) -> str:
    """A string as it is meant."""
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text, flags=re.DOTALL)


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] == "/" and _regex_may_follow(found):
            end = re.compile(r"/((?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])*)/").match(text, at)
            if end is None:
                raise AwkSyntaxError("unterminated regular expression")
            found.append(Token("regex", end[1].replace("\\/", "/")))
            at = end.end()
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise AwkSyntaxError(f"unexpected character '{text[at]}'")
        kind = match.lastgroup or ""
        if kind == "name" and match[0] in _KEYWORDS:
            kind = "keyword"
        if kind != "space":
            found.append(Token(kind, match[0]))
        at = match.end()
    return [*found, Token("newline", "\n"), Token("end", "")]


def _regex_may_follow(found: list[Token]) -> bool:
    if not found:
        return True
    last = found[-1]
    return last.kind not in ("name", "number", "string") and last.text not in (")", "]", "$")


class _Parser:
    """Recursive descent."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._in_print = False

    # Tokens

    @property
    def _here(self) -> Token:
        return self._tokens[self._at]

    def _is(self, *texts: str) -> bool:
        here = self._here
        return here.text in texts and here.kind in ("sign", "keyword", "newline")

    def _take(self, *texts: str) -> str:
        if not self._is(*texts):
            return ""
        self._at += 1
        return self._tokens[self._at - 1].text

    def _need(self, text: str) -> None:
        if not self._take(text):
            shown = self._here.text.strip() or "end of program"
            raise AwkSyntaxError(f"unexpected {shown}, expected {text}")

    def _skip_ends(self) -> None:
        while self._take("\n", ";"):
            pass

    def _skip_lines(self) -> None:
        while self._take("\n"):
            pass

    # Rules and statements

    def program(self) -> list[Rule]:
        rules: list[Rule] = []
        self._skip_ends()
        while self._here.kind != "end":
            rules.append(self._rule())
            self._skip_ends()
        return rules

    def _rule(self) -> Rule:
        if self._is("function", "func"):
            raise AwkSyntaxError("functions of one's own: not modelled by Podarium")
        kind = self._take("BEGIN", "END")
        if kind:
            self._skip_lines()
            return Rule(kind, (), self._block())
        if self._is("{"):
            return Rule("each", (), self._block())
        patterns = [self._expression()]
        if self._take(","):
            self._skip_lines()
            patterns.append(self._expression())
        action = self._block() if self._is("{") else None
        return Rule("range" if len(patterns) == 2 else "if", tuple(patterns), action)

    def _block(self) -> Tree:
        self._need("{")
        statements: list[Tree] = []
        self._skip_ends()
        while not self._take("}"):
            statements.append(self._statement())
            self._skip_ends()
        return ("block", tuple(statements))

    def _body(self) -> Tree:
        self._skip_lines()
        if self._take(";"):
            return ("block", ())
        return self._statement()

    def _statement(self) -> Tree:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise AwkSyntaxError("program nested too deeply: not modelled by Podarium")
        try:
            return self._plain_statement()
        finally:
            self._depth -= 1

    def _plain_statement(self) -> Tree:
        if self._is("{"):
            return self._block()
        word = self._take("if", "while", "do", "for")
        if word:
            return getattr(self, f"_{word}")()  # type: ignore[no-any-return]  # one of four methods
        word = self._take("next", "break", "continue")
        if word:
            return (word,)
        if self._take("exit"):
            return ("exit", None if self._is(";", "\n", "}") else self._expression())
        if self._take("delete"):
            name = self._name()
            keys = self._keys() if self._take("[") else None
            return ("delete", name, keys)
        if self._is("return", "getline"):
            raise AwkSyntaxError(f"{self._here.text}: not modelled by Podarium")
        return self._simple()

    def _simple(self) -> Tree:
        word = self._take("print", "printf")
        if not word:
            return ("do", self._expression())
        self._in_print = True
        grouped = self._is("(")
        values: list[Tree] = []
        if not self._is(";", "\n", "}", ">", ">>", "|"):
            values.append(self._expression())
            if grouped and values[0][0] == "group":
                values = list(values[0][1])
            while self._take(","):
                self._skip_lines()
                values.append(self._expression())
        self._in_print = False
        target = None
        sign = self._take(">", ">>")
        if sign:
            target = (sign, self._primary())
        elif self._is("|"):
            raise AwkSyntaxError("pipes: not modelled by Podarium")
        return (word, tuple(values), target)

    def _if(self) -> Tree:
        self._need("(")
        condition = self._expression()
        self._need(")")
        body = self._body()
        at = self._at
        self._skip_ends()
        if self._take("else"):
            return ("if", condition, body, self._body())
        self._at = at
        return ("if", condition, body, None)

    def _while(self) -> Tree:
        self._need("(")
        condition = self._expression()
        self._need(")")
        return ("while", condition, self._body())

    def _do(self) -> Tree:
        body = self._body()
        self._skip_ends()
        self._need("while")
        self._need("(")
        condition = self._expression()
        self._need(")")
        return ("block", (body, ("while", condition, body)))

    def _for(self) -> Tree:
        self._need("(")
        following = [token.text for token in self._tokens[self._at : self._at + 4]]
        if self._here.kind == "name" and following[1] == "in" and following[3] == ")":
            name = self._name()
            self._need("in")
            array = self._name()
            self._need(")")
            return ("each", name, array, self._body())
        start = None if self._is(";") else self._simple()
        self._need(";")
        condition = None if self._is(";") else self._expression()
        self._need(";")
        step = None if self._is(")") else self._simple()
        self._need(")")
        return ("for", start, condition, step, self._body())

    def _name(self) -> str:
        if self._here.kind != "name":
            raise AwkSyntaxError(f"unexpected {self._here.text.strip() or 'end'}")
        self._at += 1
        return self._tokens[self._at - 1].text

    def _keys(self) -> tuple[Tree, ...]:
        keys = [self._expression()]
        while self._take(","):
            keys.append(self._expression())
        self._need("]")
        return tuple(keys)

    # Expressions, weakest first

    def _expression(self) -> Tree:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise AwkSyntaxError("expression nested too deeply: not modelled by Podarium")
        try:
            return self._assignment()
        finally:
            self._depth -= 1

    def _assignment(self) -> Tree:
        left = self._choice()
        sign = self._take("=", "+=", "-=", "*=", "/=", "%=", "^=", "**=")
        if not sign:
            return left
        if left[0] not in ("variable", "item", "field"):
            raise AwkSyntaxError("assignment to what is no variable")
        self._skip_lines()
        value = self._expression()
        if sign != "=":
            value = ("compute", sign[:-1].replace("**", "^"), left, value)
        return ("assign", left, value)

    def _choice(self) -> Tree:
        condition = self._chain(0)
        if not self._take("?"):
            return condition
        first = self._expression()
        self._skip_lines()
        self._need(":")
        return ("choice", condition, first, self._expression())

    def _chain(self, level: int) -> Tree:
        """``||``, then ``&&``, ``in``, ``~``, comparisons, concatenation."""
        if level == 2:
            left = self._chain(3)
            while self._take("in"):
                left = ("in", left, self._name())
            return left
        if level == 5:
            return self._joined()
        signs = (("||",), ("&&",), (), ("~", "!~"), ("<", "<=", "==", "!=", ">", ">="))[level]
        left = self._chain(level + 1)
        while True:
            if self._in_print and self._is(">"):
                return left
            sign = self._take(*signs)
            if not sign:
                return left
            self._skip_lines()
            left = (
                ("or", "and", "", "match", "compare")[level],
                sign,
                left,
                self._chain(level + 1),
            )

    def _joined(self) -> Tree:
        left = self._sum()
        while self._here.kind in ("name", "number", "string", "regex") or self._is(
            "$", "(", "!", "-", "+", "++", "--"
        ):
            left = ("join", left, self._sum())
        return left

    def _sum(self) -> Tree:
        left = self._product()
        while sign := self._take("+", "-"):
            left = ("compute", sign, left, self._product())
        return left

    def _product(self) -> Tree:
        left = self._unary()
        while sign := self._take("*", "/", "%"):
            left = ("compute", sign, left, self._unary())
        return left

    def _unary(self) -> Tree:
        sign = self._take("!", "-", "+")
        if sign:
            return ("not" if sign == "!" else "sign", sign, self._unary())
        left = self._step()
        if self._take("^", "**"):
            return ("compute", "^", left, self._unary())
        return left

    def _step(self) -> Tree:
        sign = self._take("++", "--")
        if sign:
            return ("step", sign[0], self._primary(), True)
        left = self._primary()
        if left[0] in ("variable", "item", "field") and (sign := self._take("++", "--")):
            return ("step", sign[0], left, False)
        return left

    def _primary(self) -> Tree:
        token = self._here
        if self._take("$"):
            sign = self._take("++", "--")
            return ("field", ("step", sign[0], self._primary(), True) if sign else self._primary())
        if self._take("("):
            printing, self._in_print = self._in_print, False
            values = [self._expression()]
            while self._take(","):
                values.append(self._expression())
            self._need(")")
            self._in_print = printing
            return values[0] if len(values) == 1 else ("group", tuple(values))
        self._at += 1
        if token.kind == "number":
            return ("constant", float(token.text))
        if token.kind == "string":
            return ("constant", unescape(token.text[1:-1]))
        if token.kind == "regex":
            return ("regex", token.text)
        if token.kind != "name":
            self._at -= 1
            raise AwkSyntaxError(f"unexpected {token.text.strip() or 'end of program'}")
        if self._take("["):
            return ("item", token.text, self._keys())
        if self._take("("):
            values = []
            while not self._take(")"):
                values.append(self._expression())
                self._take(",")
            return ("call", token.text, tuple(values))
        return ("call", "length", ()) if token.text == "length" else ("variable", token.text)
