"""What all parts of an interpreter share: the expander, what a statement costs, traps, a fresh stack."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.cpu import BUILTIN_US
from webapp.cri.programs.problems import CannotRun, Killed, NoMoreProcesses, WriteFailed
from webapp.cri.programs.shell.expansion import Expander
from webapp.cri.programs.shell.state import (
    ExitShell,
    LeaveLoop,
    ReturnFunction,
    ShellFailure,
    ShellState,
)
from webapp.cri.programs.streams import BrokenPipe
from webapp.cri.programs.thread import Thread
from webapp.sim.task import Waiter

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.shell.syntax import Node
    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]


_TRANSPORTED = (
    BrokenPipe,
    CannotRun,
    ExitShell,
    Killed,
    LeaveLoop,
    NoMoreProcesses,
    ReturnFunction,
    ShellFailure,
    WriteFailed,
)


class ShellCore(ShellState, ABC):
    """The ground that an interpreter's parts stand on.

    Args:
        invocation: The running shell.
        name: ``$0``.
        positional: ``$1`` and so on.
    """

    __slots__ = ("_expander", "_final")

    def __init__(self, invocation: Invocation, name: str, positional: list[str]) -> None:
        super().__init__(invocation, name, positional)
        self._expander = Expander(self, self._substitute)
        self._final: Node | None = None

    @abstractmethod
    def execute(self, node: Node) -> Steps:
        """Run a node; its status, which is also ``$?``."""

    @abstractmethod
    def _substitute(self, source: str) -> Generator[Wait, Any, str]:
        """Run a text in a copy of this shell; what it prints."""

    @abstractmethod
    def _run_text(self, text: str) -> Generator[Wait, Any, None]:
        """Run a text as part of this shell."""

    def _checked(self, status: int) -> int:
        if status and "e" in self.options and not self.conditions:
            raise ExitShell(status)
        return status

    def _handle_signals(self) -> Generator[Wait, Any, None]:
        while self.pending:
            text = self.traps.get(self.pending.pop(0), "")
            status = self.status
            yield from self._run_text(text)
            self.status = status

    def _elsewhere(self, steps: Steps) -> Steps:
        """Go on in a thread of its own, so that the host's stack stays low."""
        invocation = self.invocation
        outcome: list[int | Exception] = []
        here = invocation.thread

        def body() -> Generator[Wait, Any, None]:
            try:
                outcome.append((yield from steps))
            except _TRANSPORTED as error:
                outcome.append(error)

        waiter = Waiter()
        background = here is None or here.background
        thread = Thread(invocation.userland.sim, body(), waiter.wake, background=background)
        invocation.thread = thread
        try:
            yield waiter
        finally:
            invocation.thread = here
            thread.cancel()
        result = outcome[0]
        if isinstance(result, Exception):
            raise result
        return result

    def _pay(self) -> int:
        return self.invocation.userland.cpu.charge(BUILTIN_US)
