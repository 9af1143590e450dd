"""Lists, conditions, loops and cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.patterns import matches
from webapp.cri.programs.shell.core import ShellCore
from webapp.cri.programs.shell.state import (
    LeaveLoop,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.shell.syntax import (
        AndOr,
        Case,
        CFor,
        Compute,
        For,
        If,
        Node,
        Not,
        Sequence,
        While,
    )
    from webapp.cri.programs.userland import Wait

    Steps = Generator[Wait, Any, int]


class CompoundCommands(ShellCore):
    """Commands that are made of other commands."""

    __slots__ = ()

    def _sequence(self, node: Sequence) -> Steps:
        status = 0
        for item in node.items:
            status = yield from self.execute(item)
            if self.pending:
                yield from self._handle_signals()
        return status

    def _and_or(self, node: AndOr) -> Steps:
        status = yield from self._tried(node.left)
        if (status == 0) == (node.operator == "&&"):
            return (yield from self.execute(node.right))
        return status

    def _not(self, node: Not) -> Steps:
        return int(not (yield from self._tried(node.body)))

    def _tried(self, node: Node) -> Steps:
        """Run a command whose failure is an answer, not a failure."""
        self.conditions += 1
        try:
            return (yield from self.execute(node))
        finally:
            self.conditions -= 1

    def _if(self, node: If) -> Steps:
        for condition, body in node.branches:
            if (yield from self._tried(condition)) == 0:
                return (yield from self.execute(body))
        if node.otherwise is not None:
            return (yield from self.execute(node.otherwise))
        return 0

    def _while(self, node: While) -> Steps:
        status = 0
        self.loops += 1
        try:
            while ((yield from self._tried(node.condition)) == 0) != node.until:
                yield from self._round()
                try:
                    status = yield from self.execute(node.body)
                except LeaveLoop as leave:
                    status = 0
                    if not self._goes_on(leave):
                        break
        finally:
            self.loops -= 1
        return status

    def _round(self) -> Generator[Wait, Any, None]:
        wait_ms = self._pay()
        if wait_ms:
            yield wait_ms
        if self.pending:
            yield from self._handle_signals()

    def _goes_on(self, leave: LeaveLoop) -> bool:
        if leave.levels > 1:
            raise LeaveLoop(leave.levels - 1, again=leave.again)
        return leave.again

    def _for(self, node: For) -> Steps:
        if node.words is None:
            values = list(self.positional)
        else:
            values = yield from self._expander.fields(node.words)
        status = 0
        self.loops += 1
        try:
            for value in values:
                yield from self._round()
                self.assign(node.name, value)
                try:
                    status = yield from self.execute(node.body)
                except LeaveLoop as leave:
                    status = 0
                    if not self._goes_on(leave):
                        break
        finally:
            self.loops -= 1
        return status

    def _c_for(self, node: CFor) -> Steps:
        yield from self._expander.number(node.start)
        status = 0
        self.loops += 1
        try:
            while not node.condition.text or (yield from self._expander.number(node.condition)):
                yield from self._round()
                try:
                    status = yield from self.execute(node.body)
                except LeaveLoop as leave:
                    status = 0
                    if not self._goes_on(leave):
                        break
                yield from self._expander.number(node.step)
        finally:
            self.loops -= 1
        return status

    def _case(self, node: Case) -> Steps:
        subject = yield from self._expander.text(node.subject)
        falls = False
        status = 0
        for patterns, body, goes_on in node.branches:
            if not falls:
                for word in patterns:
                    pattern = yield from self._expander.pattern(word)
                    if matches(pattern, subject):
                        break
                else:
                    continue
            status = yield from self.execute(body)
            falls = goes_on
            if not falls:
                return status
        return status

    def _compute(self, node: Compute) -> Steps:
        wait_ms = self._pay()
        if wait_ms:
            yield wait_ms
        return self._checked(int(not (yield from self._expander.number(node.expression))))
