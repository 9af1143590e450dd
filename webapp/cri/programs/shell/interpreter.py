"""Runs a script's tree as a generator: what it waits for, it yields.

One :class:`Interpreter` is one shell; subshells, parts of pipelines and jobs in the background are
copies. External commands, functions and subshells in front run inside the same thread. Every
statement costs CPU time, so a loop without a sleep moves virtual time and not the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.problems import NoMoreProcesses
from webapp.cri.programs.shell.compound import CompoundCommands
from webapp.cri.programs.shell.double_bracket import DoubleBrackets
from webapp.cri.programs.shell.forks import Forks
from webapp.cri.programs.shell.parser import parse_script
from webapp.cri.programs.shell.problems import ShellSyntaxError
from webapp.cri.programs.shell.simple import SimpleCommands
from webapp.cri.programs.shell.state import (
    EXIT_TRAP,
    ExitShell,
    LeaveLoop,
    ReturnFunction,
    ShellFailure,
)
from webapp.cri.programs.shell.syntax import (
    AndOr,
    Background,
    Case,
    Compute,
    Condition,
    For,
    Function,
    If,
    Not,
    Pipeline,
    Redirected,
    Sequence,
    Simple,
    Subshell,
    While,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.shell.syntax import Node
    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

HOP_DEPTH = 48
"""Commands this deep inside one another go on in a thread of their own, with a fresh stack."""
DEEPEST = 1_500


class Interpreter(Forks, SimpleCommands, CompoundCommands, DoubleBrackets):
    """One shell at work."""

    __slots__ = ()

    def __init__(self, invocation: Invocation, name: str, positional: list[str]) -> None:
        super().__init__(invocation, name, positional)
        self.run_text = self._run_text
        invocation.on_signal = self.on_signal

    # Whole scripts

    def run_script(self, text: str, *, replaced: bool = False) -> Steps:
        """Run a script to its end, with its EXIT trap; the exit code.

        Args:
            text: The script.
            replaced: Whether a script of one plain command lets that take the shell's place.
        """
        try:
            tree = parse_script(text)
        except ShellSyntaxError as error:
            self.line = error.line
            self.complain(error.message)
            return 2
        if replaced and len(tree.items) == 1:
            self._final = tree.items[0]
        return (yield from self.run_tree(tree))

    def run_tree(self, tree: Node) -> Steps:
        """Run a tree as a shell of its own; the exit code."""
        try:
            yield from self.execute(tree)
            yield from self._handle_signals()
        except ExitShell as end:
            self.status = end.code
        except ReturnFunction as end:
            self.status = end.code
        except LeaveLoop:
            self.status = 0
        except ShellFailure as failure:
            self.complain(failure.message)
            self.status = failure.code
        except NoMoreProcesses:
            self.complain("can't fork: Resource temporarily unavailable")
            self.status = 2
        yield from self._run_exit_trap()
        return self.status

    def _run_exit_trap(self) -> Generator[Wait, Any, None]:
        text = self.traps.pop(EXIT_TRAP, "")
        if not text:
            return
        status = self.status
        try:
            yield from self._run_text(text)
            self.status = status
        except ExitShell as end:
            self.status = end.code
        except (ShellFailure, ReturnFunction, LeaveLoop, NoMoreProcesses):
            self.status = status

    def _run_text(self, text: str) -> Generator[Wait, Any, None]:
        """Run a text as part of this shell: ``eval``, ``.``, traps."""
        try:
            tree = parse_script(text)
        except ShellSyntaxError as error:
            raise ShellFailure(error.message) from error
        self.status = 0 if not tree.items else self.status
        yield from self.execute(tree)

    # Nodes

    def execute(self, node: Node) -> Steps:
        """Run a node; its status, which is also ``$?``."""
        self.depth += 1
        try:
            if self.depth > DEEPEST:
                raise ShellFailure("commands too deep inside one another: not modelled by Podarium")
            steps = self._steps(node)
            if self.depth % HOP_DEPTH == 0:
                steps = self._elsewhere(steps)
            self.status = yield from steps
        finally:
            self.depth -= 1
        return self.status

    def _steps(self, node: Node) -> Steps:
        if isinstance(node, Simple):
            return self._simple(node, final=node is self._final)
        if isinstance(node, Sequence):
            return self._sequence(node)
        if isinstance(node, AndOr):
            return self._and_or(node)
        if isinstance(node, Pipeline):
            return self._pipeline(node)
        if isinstance(node, If):
            return self._if(node)
        if isinstance(node, While):
            return self._while(node)
        if isinstance(node, For):
            return self._for(node)
        if isinstance(node, Case):
            return self._case(node)
        if isinstance(node, Not):
            return self._not(node)
        if isinstance(node, Redirected):
            return self._redirected(node)
        if isinstance(node, Subshell):
            return self._subshell(node)
        if isinstance(node, Background):
            return self._background(node)
        if isinstance(node, Function):
            self.functions[node.name] = node.body
            return _done()
        if isinstance(node, Condition):
            return self._condition(node)
        if isinstance(node, Compute):
            return self._compute(node)
        return self._c_for(node)


def _done() -> Steps:
    """Nothing to do: success at once."""
    yield from ()
    return 0
