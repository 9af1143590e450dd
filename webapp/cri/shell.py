"""Simple shell sequences: ``echo``, ``sleep``, ``exit`` and a few more, and ``while`` loops.

:func:`parse_script` turns text into a tree or raises :class:`NotModelledError`; :class:`Script` runs
a tree as a container's program. Whatever is not understood is said in the container's log, and the
container goes on running. A full interpreter can take this module's place behind
:mod:`webapp.cri.program`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from webapp.cri.api import ExecResult

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.cri.program import Process

_OPERATORS = ("&&", "||", ";;", ">>", "2>&1", ";", "\n", ">", "|", "&", "(", ")", "<", "`")
_EXPANSION = re.compile(r"\$\(([^()]*)\)|\$\{(\w+)\}|\$(\w+)")
_DURATION = re.compile(r"^(\d+(?:\.\d+)?)([smhd]?)$")
_UNIT_MS = {"": 1000, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
LONGEST_EXEC_MS = 3_600_000
"""A command run beside the first process is taken to hang after this long."""
_BUSIEST_MS = 10
"""A loop's round takes at least this long, so that one without a sleep does not stop time."""


class NotModelledError(Exception):
    """The text goes beyond what is understood here."""


@dataclass(frozen=True, slots=True)
class Simple:
    """One command: words to be expanded, and the file that its output goes to."""

    words: tuple[tuple[str, bool], ...]
    target: str = ""
    append: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """Commands in order, each with the operator before it (``;``, ``&&`` or ``||``)."""

    items: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """``while`` (or ``until``) a condition, do a body."""

    until: bool
    condition: Sequence
    body: Sequence


Node = Simple | Sequence | Loop


@dataclass(frozen=True, slots=True)
class _Token:
    """A word with its pieces (text, whether to expand it), or an operator."""

    operator: str = ""
    text: str = ""
    expand: bool = True


def parse_script(text: str) -> Sequence:
    """The script as a tree.

    Raises:
        NotModelledError: It uses more than simple sequences.
    """
    parser = _Parser(_tokens(text))
    tree = parser.sequence(())
    if not parser.at_end:
        raise NotModelledError(text)
    return tree


class Script:
    """A parsed script as a container's program.

    As the first process of its container it ignores SIGTERM, like any shell or ``sleep`` there, and
    so lives until it is killed.
    """

    __slots__ = ("_tree",)

    def __init__(self, tree: Sequence) -> None:
        self._tree = tree

    def start(self, process: Process) -> None:
        """Run the script in virtual time."""
        process.run(_run_script(self._tree, process))

    def on_signal(self, process: Process, signal: int) -> None:
        """Ignore it: the kernel gives process 1 no default reactions."""

    def execute(self, process: Process, command: tuple[str, ...]) -> tuple[ExecResult, int]:
        """Run a command of the shell's."""
        return execute(process, command)

    def http_status(self, process: Process, port: int, path: str) -> int:  # noqa: ARG002
        """Never asked: a script listens nowhere."""
        return 404


def script_of(command: tuple[str, ...]) -> Sequence:
    """The tree of a command line: ``sh -c TEXT``, or one simple command.

    Raises:
        NotModelledError: It is neither.
    """
    program = command[0].rpartition("/")[2]
    if program in ("sh", "bash", "ash", "dash"):
        flags = command[1] if len(command) > 1 else ""
        if not re.fullmatch(r"-[eux]*c[eux]*", flags) or len(command) < 3:
            raise NotModelledError(" ".join(command))
        return parse_script(command[2])
    if program not in _COMMANDS:
        raise NotModelledError(" ".join(command))
    words = ((program, False), *((word, False) for word in command[1:]))
    return Sequence(((";", Simple(words)),))


def execute(process: Process, command: tuple[str, ...]) -> tuple[ExecResult, int]:
    """Run a command beside the first process, at once.

    Returns:
        Exit code and output, and the milliseconds that it takes.
    """
    try:
        tree = script_of(command)
    except NotModelledError:
        text = f"podarium: this command is not modelled: {' '.join(command)}\n"
        return ExecResult(126, text, modelled=False), 0
    output: list[str] = []
    runner = _Runner(process, output.append)
    elapsed = 0
    steps = runner.run(tree)
    try:
        while elapsed < LONGEST_EXEC_MS:
            elapsed += next(steps)
    except StopIteration as stop:
        return ExecResult(stop.value, "".join(f"{line}\n" for line in output)), elapsed
    except _ExitError as leave:
        return ExecResult(leave.code, "".join(f"{line}\n" for line in output)), elapsed
    return ExecResult(124, "".join(f"{line}\n" for line in output)), elapsed


def _run_script(tree: Sequence, process: Process) -> Generator[int, None, int]:
    runner = _Runner(process, process.write)
    try:
        return (yield from runner.run(tree))
    except _ExitError as leave:
        return leave.code


class _ExitError(Exception):
    """The script said ``exit``."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _Runner:
    """Walks a tree; yields milliseconds of sleep."""

    def __init__(self, process: Process, write: Callable[[str], None]) -> None:
        self._process = process
        self._write = write
        self._last_code = 0

    def run(self, node: Node) -> Generator[int, None, int]:
        if isinstance(node, Simple):
            return (yield from self._run_simple(node))
        if isinstance(node, Loop):
            while ((yield from self.run(node.condition)) == 0) != node.until:
                started_ms = self._process.sim.now_ms
                yield from self.run(node.body)
                if self._process.sim.now_ms == started_ms:
                    yield _BUSIEST_MS
            return 0
        code = 0
        for operator, item in node.items:
            if (operator == "&&" and code) or (operator == "||" and not code):
                continue
            code = self._last_code = yield from self.run(item)
        return code

    def _run_simple(self, node: Simple) -> Generator[int, None, int]:
        words = [self._expanded(text) if expand else text for text, expand in node.words]
        program = words[0].rpartition("/")[2]
        if program == "sleep":
            total_ms = _sleep_ms(words[1:])
            if total_ms is None:
                self._write(f"sleep: invalid number '{words[-1]}'")
                return 1
            yield total_ms
            return 0
        code, lines = _COMMANDS[program](self, words[1:])
        if node.target in ("/dev/stdout", "/dev/stderr", "/proc/1/fd/1", ""):
            for line in lines:
                self._write(line)
        elif node.target != "/dev/null":
            before = (self._process.files or {}).get(node.target, []) if node.append else []
            self._process.change_files(node.target, [*before, *lines])
        return code

    def _expanded(self, text: str) -> str:
        return _EXPANSION.sub(self._value, text)

    def _value(self, match: re.Match[str]) -> str:
        command, braced, plain = match.groups()
        if command is None:
            name = braced or plain
            if name == "HOSTNAME":
                return self._process.hostname
            return self._process.env.get(name, "")
        words = [self._expanded(word) for word in command.split()]
        _, lines = _COMMANDS[words[0]](self, words[1:])
        return "\n".join(lines)

    # The commands: arguments in, exit code and lines out.

    def echo(self, words: list[str]) -> tuple[int, list[str]]:
        while words and re.fullmatch(r"-[neE]+", words[0]):
            words = words[1:]
        return 0, " ".join(words).split("\n")

    def leave(self, words: list[str]) -> tuple[int, list[str]]:
        raise _ExitError(int(words[0]) % 256 if words and words[0].isdigit() else self._last_code)

    def succeed(self, _words: list[str]) -> tuple[int, list[str]]:
        return 0, []

    def fail(self, _words: list[str]) -> tuple[int, list[str]]:
        return 1, []

    def date(self, words: list[str]) -> tuple[int, list[str]]:
        now = datetime.fromtimestamp(self._process.sim.now_ms / 1000, UTC)
        layout = next(
            (word[1:] for word in words if word.startswith("+")), "%a %b %e %H:%M:%S UTC %Y"
        )
        return 0, [now.strftime(layout)]

    def hostname(self, _words: list[str]) -> tuple[int, list[str]]:
        return 0, [self._process.hostname]

    def touch(self, words: list[str]) -> tuple[int, list[str]]:
        for path in words:
            self._process.change_files(path, (self._process.files or {}).get(path, []))
        return 0, []

    def remove(self, words: list[str]) -> tuple[int, list[str]]:
        paths = [word for word in words if not word.startswith("-")]
        held = self._process.files or {}
        missing = [path for path in paths if path not in held]
        for path in paths:
            if path in held:
                self._process.change_files(path, None)
        if not missing or any(word.startswith("-") and "f" in word for word in words):
            return 0, []
        return 1, [f"rm: can't remove '{path}': No such file or directory" for path in missing]

    def concatenate(self, words: list[str]) -> tuple[int, list[str]]:
        held = self._process.files or {}
        lines: list[str] = []
        code = 0
        for path in words:
            if path in held:
                lines.extend(held[path])
            else:
                code = 1
                lines.append(f"cat: can't open '{path}': No such file or directory")
        return code, lines

    def environment(self, _words: list[str]) -> tuple[int, list[str]]:
        return 0, [f"{name}={value}" for name, value in self._process.env.items()]


_COMMANDS: dict[str, Callable[[_Runner, list[str]], tuple[int, list[str]]]] = {
    ":": _Runner.succeed,
    "cat": _Runner.concatenate,
    "date": _Runner.date,
    "echo": _Runner.echo,
    "env": _Runner.environment,
    "exit": _Runner.leave,
    "false": _Runner.fail,
    "hostname": _Runner.hostname,
    "printenv": _Runner.environment,
    "rm": _Runner.remove,
    "sleep": _Runner.succeed,
    "touch": _Runner.touch,
    "true": _Runner.succeed,
}


def _sleep_ms(words: list[str]) -> int | None:
    total = 0.0
    for word in words:
        if word in ("infinity", "inf"):
            return 10 * 365 * 86_400_000
        match = _DURATION.match(word)
        if match is None:
            return None
        total += float(match[1]) * _UNIT_MS[match[2]]
    return round(total) if words else None


class _Parser:
    """Recursive descent over tokens."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._tokens)

    def sequence(self, ends: tuple[str, ...]) -> Sequence:
        items: list[tuple[str, Node]] = []
        operator = ";"
        while not self.at_end and not (self._peek_word() in ends and ends):
            token = self._tokens[self._at]
            if token.operator in (";", "\n", "&&", "||"):
                self._at += 1
                operator = token.operator if token.operator in ("&&", "||") else ";"
                continue
            items.append((operator, self._command()))
            operator = ";"
        if not items:
            raise NotModelledError("an empty script")
        return Sequence(tuple(items))

    def _peek_word(self) -> str:
        token = self._tokens[self._at]
        return "" if token.operator else token.text

    def _expect(self, word: str) -> None:
        if self.at_end or self._peek_word() != word:
            raise NotModelledError(f"{word} is missing")
        self._at += 1

    def _command(self) -> Node:
        word = self._peek_word()
        if word in ("while", "until"):
            self._at += 1
            condition = self.sequence(("do",))
            self._expect("do")
            body = self.sequence(("done",))
            self._expect("done")
            return Loop(word == "until", condition, body)
        return self._simple()

    def _simple(self) -> Simple:
        words: list[tuple[str, bool]] = []
        target, append = "", False
        while not self.at_end:
            token = self._tokens[self._at]
            if token.operator == "2>&1":
                self._at += 1
                continue
            if token.operator in (">", ">>"):
                self._at += 2
                if self._at > len(self._tokens) or self._tokens[self._at - 1].operator:
                    raise NotModelledError("a redirection without a file")
                target, append = self._tokens[self._at - 1].text, token.operator == ">>"
                continue
            if token.operator in (";", "\n", "&&", "||"):
                break
            if token.operator:
                raise NotModelledError(token.operator)
            words.append((token.text, token.expand))
            self._at += 1
        if not words or words[0][0].rpartition("/")[2] not in _COMMANDS:
            raise NotModelledError(words[0][0] if words else "a redirection alone")
        return Simple(tuple(words), target, append)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character in " \t\r" or text.startswith("\\\n", at):
            at += 1 if character != "\\" else 2
            continue
        if character == "#":
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
            continue
        operator = next((held for held in _OPERATORS if text.startswith(held, at)), "")
        if operator:
            tokens.append(_Token(operator=operator))
            at += len(operator)
            continue
        token, at = _word(text, at)
        tokens.append(token)
    return tokens


def _word(text: str, at: int) -> tuple[_Token, int]:
    pieces: list[str] = []
    literal = False
    while at < len(text):
        character = text[at]
        if character in " \t\r\n;&|<>)`" or (character == "(" and not pieces):
            break
        if character == "'":
            end = _find(text, "'", at + 1)
            pieces.append(text[at + 1 : end])
            literal = literal or "$" in pieces[-1]
            at = end + 1
        elif character == '"':
            end = _find(text, '"', at + 1)
            pieces.append(text[at + 1 : end])
            at = end + 1
        elif text.startswith("$(", at):
            end = _find(text, ")", at)
            words = text[at + 2 : end].split()
            if not words or words[0] not in _COMMANDS:
                raise NotModelledError(text[at : end + 1])
            pieces.append(text[at : end + 1])
            at = end + 1
        elif character == "\\":
            pieces.append(text[at + 1 : at + 2])
            at += 2
        else:
            pieces.append(character)
            at += 1
    word = "".join(pieces)
    for match in _EXPANSION.finditer(word):
        if match[1] is not None and (match[1].split() or [""])[0] not in _COMMANDS and not literal:
            raise NotModelledError(match[0])
    if not literal and re.search(r"\$\{\w*\W", re.sub(r"\$\{\w+\}", "", word)):
        raise NotModelledError(word)
    return _Token(text=word, expand=not literal), at


def _find(text: str, mark: str, start: int) -> int:
    end = text.find(mark, start)
    if end < 0:
        raise NotModelledError(f"{mark} is missing")
    return end
