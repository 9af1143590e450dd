"""Simple commands: assignments, builtins, functions, programs, ``exec``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.files.nodes import FileError
from webapp.cri.programs.problems import CannotRun, WriteFailed
from webapp.cri.programs.shell.arithmetic import ArithmeticProblem
from webapp.cri.programs.shell.builtins import BUILTINS, SPECIAL
from webapp.cri.programs.shell.redirection import Redirections, release
from webapp.cri.programs.shell.state import (
    ExitShell,
    ReturnFunction,
    ShellFailure,
)
from webapp.cri.programs.shell.syntax import (
    Assignment,
    Redirected,
    Simple,
)
from webapp.cri.programs.shell.words import WordError
from webapp.cri.programs.userland import NESTED, carry_out

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.streams import Stream
    from webapp.cri.programs.userland import Wait

    Steps = Generator[Wait, Any, int]


MOST_EXECS = 100


class SimpleCommands(Redirections):
    """Runs what is no more than words, assignments and redirections."""

    __slots__ = ()

    def _simple(self, node: Simple, *, final: bool) -> Steps:
        self.line = node.line
        wait_ms = self._pay()
        if wait_ms:
            yield wait_ms
        if not node.words:
            return (yield from self._assign_only(node))
        try:
            argv = yield from self._expander.fields(node.words)
        except WordError as error:
            raise ShellFailure(str(error)) from error
        if not argv:
            return (yield from self._assign_only(node))
        if argv[0] in self.aliases:
            argv = [*self.aliases[argv[0]].split(), *argv[1:]]
        if "x" in self.options:
            self._trace(argv)
        return self._checked((yield from self._command(node, argv, final=final)))

    def _trace(self, argv: list[str]) -> None:
        words = (word if re.fullmatch(r"[\w@%+=:,./-]+", word) else f"'{word}'" for word in argv)
        self.invocation.write(f"+ {' '.join(words)}\n".encode(errors="surrogateescape"), 2)

    def _assign_only(self, node: Simple) -> Steps:
        self.status = 0
        for assignment in node.assignments:
            yield from self._assign(assignment)
        status = self.status
        if node.redirects:
            try:
                _, opened = yield from self._open(node.redirects)
            except FileError:
                return self._checked(1)
            release(opened)
        return self._checked(status)

    def _assign(self, assignment: Assignment) -> Generator[Wait, Any, None]:
        name = assignment.name
        if assignment.items is not None:
            items = yield from self._expander.fields(assignment.items)
            before = self.arrays.get(name, []) if assignment.append else []
            self.variables.pop(name, None)
            self.arrays[name] = [*before, *items]
            return
        value = yield from self._expander.text(assignment.value)
        subscript = re.fullmatch(r"(\w+)\[(\d+)\]", name)
        if subscript:
            items = self.arrays.setdefault(subscript[1], [])
            index = int(subscript[2])
            if index > 10_000:
                raise ShellFailure(f"{name}: larger arrays are not modelled by Podarium")
            items.extend("" for _ in range(index + 1 - len(items)))
            items[index] = value
            return
        if assignment.append:
            value = (self.get(name) or "") + value
        self.assign(name, value)

    def _command(self, node: Simple, argv: list[str], *, final: bool) -> Steps:
        if argv[0] == "command" and len(argv) > 1:
            if argv[1] in ("-v", "-V"):
                return (
                    yield from self._builtin(
                        node, ["command" if argv[1] == "-v" else "type", *argv[2:]]
                    )
                )
            argv = argv[1:]
        elif argv[0] in self.functions:
            return (yield from self._call(node, argv))
        if argv[0] == "exec":
            return (yield from self._exec(node, argv[1:]))
        if argv[0] in BUILTINS and (self.is_bash or argv[0] not in ("declare", "shopt", "typeset")):
            return (yield from self._builtin(node, argv))
        return (yield from self._external(node, argv, final=final))

    def _builtin(self, node: Simple, argv: list[str]) -> Steps:
        builtin = BUILTINS["type" if argv[0] == "command" else argv[0]]
        invocation = self.invocation
        kept = yield from self._assign_for(node, keep=argv[0] in SPECIAL)
        fds_before = invocation.fds
        opened: list[Stream] = []
        if node.redirects:
            yield from invocation.flush()
            try:
                invocation.fds, opened = yield from self._open(node.redirects)
            except FileError:
                return 1
        try:
            result = builtin(self, argv)
            status = result if isinstance(result, int) else (yield from result)
            yield from invocation.flush()
        except WriteFailed:
            status = 1
        except (ArithmeticProblem, IndexError, OverflowError, ValueError) as error:
            self.complain(f"{argv[0]}: invalid argument: {error}")
            yield from invocation.flush()
            status = 2
        finally:
            invocation.fds = fds_before
            release(opened)
            for name, value in kept.items():
                if value is None:
                    self.variables.pop(name, None)
                else:
                    self.variables[name] = value
        return status

    def _assign_for(
        self, node: Simple, *, keep: bool
    ) -> Generator[Wait, Any, dict[str, str | None]]:
        """Carry out the assignments before a builtin or function; what to restore afterwards."""
        kept: dict[str, str | None] = {}
        for assignment in node.assignments:
            if not keep:
                kept[assignment.name] = self.variables.get(assignment.name)
            yield from self._assign(assignment)
        return kept

    def _call(self, node: Simple, argv: list[str]) -> Steps:
        body = self.functions[argv[0]]
        kept = yield from self._assign_for(node, keep=False)
        if node.redirects:
            body = Redirected(body, node.redirects)
        before, loops = self.positional, self.loops
        self.positional, self.loops = argv[1:], 0
        self.scopes.append({})
        try:
            status = yield from self.execute(body)
        except ReturnFunction as end:
            status = end.code
        finally:
            self.leave_scope()
            self.positional, self.loops = before, loops
            for name, value in kept.items():
                if value is None:
                    self.variables.pop(name, None)
                else:
                    self.variables[name] = value
        return status

    def _environment_for(self, node: Simple) -> Generator[Wait, Any, dict[str, str]]:
        environment = self.environment()
        for assignment in node.assignments:
            environment[assignment.name] = yield from self._expander.text(assignment.value)
        return environment

    def _external(self, node: Simple, argv: list[str], *, final: bool) -> Steps:
        invocation = self.invocation
        environment = yield from self._environment_for(node)
        yield from invocation.flush()
        opened: list[Stream] = []
        fds = dict(invocation.fds)
        if node.redirects:
            try:
                fds, opened = yield from self._open(node.redirects)
            except FileError:
                return 1
        try:
            if final and not self.traps:
                return (yield from self._replace(argv, environment, fds))
            return (yield from invocation.run(argv, env=environment, fds=fds))
        except CannotRun as error:
            self._complain_about_command(argv[0], error, fds)
            yield from invocation.flush()
            return error.exit_code
        finally:
            release(opened)

    def _complain_about_command(self, name: str, error: CannotRun, fds: dict[int, Stream]) -> None:
        reason = error.reason
        if reason == "not found" and self.is_bash:
            reason = "No such file or directory" if "/" in name else "command not found"
        self.complain(f"{name}: {reason}")
        pending = self.invocation.take_output()
        stream = fds.get(2)
        if stream is not None:
            for _, data in pending:
                stream.try_write(data)

    def _replace(
        self, argv: list[str], environment: dict[str, str], fds: dict[int, Stream]
    ) -> Steps:
        """Let another command take this shell's place, under its PID."""
        invocation = self.invocation
        before = invocation.fds
        for stream in fds.values():
            stream.retain()
        for stream in before.values():
            stream.release()
        invocation.fds = fds
        words, invocation.argv = invocation.argv, argv
        invocation.env = environment
        try:
            command = invocation.userland.resolve(invocation)
        except CannotRun:
            invocation.argv = words
            raise
        invocation.on_signal = None
        wait_ms = invocation.userland.cpu.charge(1000)
        if wait_ms:
            yield wait_ms
        steps = carry_out(command, invocation)
        invocation.depth += 1
        if invocation.depth > MOST_EXECS:
            raise ShellFailure("exec inside exec this often: not modelled by Podarium")
        return (yield from (steps if invocation.depth % NESTED else self._elsewhere(steps)))

    def _exec(self, node: Simple, argv: list[str]) -> Steps:
        yield from self.invocation.flush()
        try:
            fds, opened = yield from self._open(node.redirects)
        except FileError:
            raise ExitShell(1) from None
        if not argv:
            for stream in fds.values():
                stream.retain()
            for stream in self.invocation.fds.values():
                stream.release()
            self.invocation.fds = fds
            release(opened)
            return 0
        environment = yield from self._environment_for(node)
        try:
            status = yield from self._replace(argv, environment, fds)
        except CannotRun as error:
            self.complain(f"exec: {argv[0]}: {error.reason}")
            raise ExitShell(error.exit_code) from error
        finally:
            release(opened)
        self.traps.clear()
        raise ExitShell(status)
