"""Runs a script's tree as a generator: what it waits for, it yields.

One :class:`Interpreter` is one shell; subshells, parts of pipelines and jobs in the background are
copies. External commands, functions and subshells in front run inside the same thread. Every
statement costs CPU time, so a loop without a sleep moves virtual time and not the host.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.conditions import BINARY, UNARY, ConditionProblem, binary, unary
from webapp.cri.programs.cpu import BUILTIN_US
from webapp.cri.programs.files.nodes import FileError
from webapp.cri.programs.patterns import matches
from webapp.cri.programs.problems import CannotRun, Killed, NoMoreProcesses, WriteFailed
from webapp.cri.programs.shell.arithmetic import ArithmeticProblem
from webapp.cri.programs.shell.builtins import BUILTINS, SPECIAL
from webapp.cri.programs.shell.expansion import Expander
from webapp.cri.programs.shell.parser import ShellSyntaxError, parse_script
from webapp.cri.programs.shell.state import (
    EXIT_TRAP,
    ExitShell,
    LeaveLoop,
    ReturnFunction,
    ShellFailure,
    ShellState,
)
from webapp.cri.programs.shell.syntax import (
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
    Redirected,
    Sequence,
    Simple,
    Subshell,
    While,
)
from webapp.cri.programs.shell.words import WordError
from webapp.cri.programs.streams import BrokenPipe, Bytes, Collector, Pipe, Stream
from webapp.cri.programs.thread import Thread
from webapp.cri.programs.userland import NESTED, carry_out
from webapp.sim.task import Waiter

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.shell.syntax import Node, Redirect, Word
    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

HOP_DEPTH = 48
"""Commands this deep inside one another go on in a thread of their own, with a fresh stack."""
DEEPEST = 1_500
MOST_EXECS = 100
FORK_US = 500
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


class Interpreter(ShellState):
    """One shell at work."""

    __slots__ = ("_expander", "_final")

    def __init__(self, invocation: Invocation, name: str, positional: list[str]) -> None:
        super().__init__(invocation, name, positional)
        self._expander = Expander(self, self._substitute)
        self._final: Node | None = None
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

    def _handle_signals(self) -> Generator[Wait, Any, None]:
        while self.pending:
            text = self.traps.get(self.pending.pop(0), "")
            status = self.status
            yield from self._run_text(text)
            self.status = status

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

    def _checked(self, status: int) -> int:
        if status and "e" in self.options and not self.conditions:
            raise ExitShell(status)
        return status

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

    # Other shells

    def _copy(self, invocation: Invocation) -> Interpreter:
        """A subshell that runs as ``invocation``."""
        twin = Interpreter(invocation, self.name, list(self.positional))
        twin.is_bash = self.is_bash
        twin.variables = dict(self.variables)
        twin.variables.setdefault(" pid", str(self.invocation.pid))
        twin.arrays = {name: list(items) for name, items in self.arrays.items()}
        twin.exported = dict(self.exported)
        twin.readonly = dict(self.readonly)
        twin.functions = dict(self.functions)
        twin.aliases = dict(self.aliases)
        twin.options = dict(self.options)
        twin.traps = {number: text for number, text in self.traps.items() if not text}
        twin.status = self.status
        twin.last_job_pid = self.last_job_pid
        twin.conditions = self.conditions
        twin.loops = self.loops
        twin.line = self.line
        twin.used_bytes = self.used_bytes
        return twin

    def _fork(self, fds: dict[int, Stream]) -> Interpreter:
        here = self.invocation
        child = here.userland.make(here.pid, list(here.argv), self.environment(), here.cwd, fds)
        return self._copy(child)

    def _subshell(self, node: Subshell) -> Steps:
        yield from self.invocation.flush()
        return self._checked((yield from self._run_copy(dict(self.invocation.fds), node.body)))

    def _run_copy(self, fds: dict[int, Stream], body: Node) -> Steps:
        twin = self._fork(fds)
        twin.invocation.thread = self.invocation.thread
        twin.depth = self.depth
        return (yield from self.invocation.userland.run(twin.invocation, twin.run_tree(body)))

    def _substitute(self, source: str) -> Generator[Wait, Any, str]:
        try:
            tree = parse_script(source)
        except ShellSyntaxError as error:
            raise ShellFailure(error.message) from error
        yield from self.invocation.flush()
        collector = Collector()
        self.status = yield from self._run_copy({**self.invocation.fds, 1: collector}, tree)
        return collector.data.decode(errors="surrogateescape").replace("\0", "").rstrip("\n")

    def _start(self, node: Node, fds: dict[int, Stream]) -> Generator[Wait, Any, Invocation]:
        """Run a node in a thread of its own; the fuller the container, the longer it takes."""
        userland = self.invocation.userland
        wait_ms = userland.cpu.charge(FORK_US * (1 + len(userland.processes) // 10))
        if wait_ms:
            yield wait_ms
        twin = self._fork(fds)
        thread = self.invocation.thread
        self.invocation.userland.start(
            twin.invocation,
            twin.run_alone(node),
            background=thread is None or thread.background,
        )
        return twin.invocation

    def run_alone(self, node: Node) -> Steps:
        """Run a node as all that a shell does: a plain command takes the shell's place."""
        self._final = node
        return (yield from self.run_tree(node))

    def _background(self, node: Background) -> Steps:
        yield from self.invocation.flush()
        fds = dict(self.invocation.fds)
        if not self.interactive:
            fds[0] = Stream()
        job = yield from self._start(node.body, fds)
        self.jobs = [held for held in self.jobs if held.exit_code is None][-100:]
        self.jobs.append(job)
        self.last_job_pid = job.pid
        if self.interactive:
            self.invocation.write(f"[{len(self.jobs)}] {job.pid}\n".encode(), 2)
        return 0

    def _pipeline(self, node: Pipeline) -> Steps:
        yield from self.invocation.flush()
        parts: list[Invocation] = []
        source: Stream | None = None
        codes: list[int] = []
        try:
            for index, part in enumerate(node.parts):
                fds = dict(self.invocation.fds)
                if source is not None:
                    fds[0] = source
                if index < len(node.parts) - 1:
                    pipe = Pipe()
                    fds[1], source = pipe.writer, pipe.reader
                invocation = yield from self._start(part, fds)
                parts.append(invocation)
            for invocation in parts:
                code = yield from invocation.join()
                codes.append(code)  # a generator may not yield inside another
        finally:
            for invocation in parts:
                if invocation.exit_code is None and invocation.thread is not None:
                    invocation.thread.cancel()
        status = codes[-1]
        if "pipefail" in self.options:
            status = next((code for code in reversed(codes) if code), 0)
        return self._checked(status)

    # Redirections

    def _redirected(self, node: Redirected) -> Steps:
        yield from self.invocation.flush()
        before = self.invocation.fds
        try:
            fds, opened = yield from self._open(node.redirects)
        except FileError:
            return self._checked(1)
        self.invocation.fds = fds
        try:
            status = yield from self.execute(node.body)
            yield from self.invocation.flush()
        finally:
            self.invocation.fds = before
            _release(opened)
        return status

    def _open(
        self, redirects: tuple[Redirect, ...]
    ) -> Generator[Wait, Any, tuple[dict[int, Stream], list[Stream]]]:
        """Descriptors after redirections, and those of them that were opened for it.

        Raises:
            FileError: A file cannot be opened; it has been said.
        """
        invocation = self.invocation
        fds = dict(invocation.fds)
        opened: list[Stream] = []
        for redirect in redirects:
            target = yield from self._expander.text(redirect.target)
            if redirect.operator == "close":
                fds.pop(redirect.fd, None)
                continue
            if redirect.operator in (">&", "<&"):
                if target == "-":
                    fds.pop(redirect.fd, None)
                elif target.isdigit() and int(target) in fds:
                    fds[redirect.fd] = fds[int(target)]
                else:
                    self.complain(f"{target}: Bad file descriptor")
                    _release(opened)
                    raise FileError("Bad file descriptor")
                continue
            try:
                stream = self._opened(redirect.operator, target, fds)
            except FileError as error:
                self._complain_about_file(redirect.operator, target, error)
                _release(opened)
                raise
            opened.append(stream.retain())
            for fd in (1, 2) if redirect.fd == -1 else (redirect.fd,):
                fds[fd] = stream
        return fds, opened

    def _opened(self, operator: str, target: str, fds: dict[int, Stream]) -> Stream:
        invocation = self.invocation
        if operator in ("text", "string"):
            data = target + ("\n" if operator == "string" else "")
            return Bytes(data.encode(errors="surrogateescape"))
        before, invocation.fds = invocation.fds, fds
        try:
            if operator in ("<", "<>"):
                return invocation.userland.open_for_reading(invocation, target)
            return invocation.userland.open_for_writing(
                invocation, target, truncate=operator == ">"
            )
        finally:
            invocation.fds = before

    def _complain_about_file(self, operator: str, target: str, error: FileError) -> None:
        if self.is_bash:
            self.complain(f"{target}: {error.reason}")
        elif self.invocation.userland.style == "busybox":
            verb = "open" if operator in ("<", "<>") else "create"
            reason = (
                "nonexistent directory"
                if verb == "create" and "No such" in error.reason
                else error.reason
            )
            reason = "no such file" if verb == "open" and "No such" in error.reason else reason
            self.complain(f"can't {verb} {target}: {reason}")
        else:
            verb = "open" if operator in ("<", "<>") else "create"
            self.complain(f"cannot {verb} {target}: {error.reason}")

    # Simple commands

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
            _release(opened)
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
            _release(opened)
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
            _release(opened)

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
            _release(opened)
            return 0
        environment = yield from self._environment_for(node)
        try:
            status = yield from self._replace(argv, environment, fds)
        except CannotRun as error:
            self.complain(f"exec: {argv[0]}: {error.reason}")
            raise ExitShell(error.exit_code) from error
        finally:
            _release(opened)
        self.traps.clear()
        raise ExitShell(status)

    # [[ … ]]

    def _condition(self, node: Condition) -> Steps:
        wait_ms = self._pay()
        if wait_ms:
            yield wait_ms
        words = list(node.words)
        try:
            value = yield from self._either(words)
        except (ConditionProblem, IndexError) as error:
            self.complain(f"[[: {error}")
            return 2
        return self._checked(int(not value))

    def _either(self, words: list[Word]) -> Generator[Wait, Any, bool]:
        value = yield from self._both(words)
        while words and words[0].text == "||":
            words.pop(0)
            other = yield from self._both(words)
            value = value or other
        return value

    def _both(self, words: list[Word]) -> Generator[Wait, Any, bool]:
        value = yield from self._single(words)
        while words and words[0].text == "&&":
            words.pop(0)
            other = yield from self._single(words)
            value = value and other
        return value

    def _single(self, words: list[Word]) -> Generator[Wait, Any, bool]:
        first = words.pop(0)
        if first.text == "!":
            return not (yield from self._single(words))
        if first.text == "(":
            value = yield from self._either(words)
            words.pop(0)
            return value
        if first.text in UNARY and words and words[0].text not in ("&&", "||", ")"):
            operand = yield from self._expander.text(words.pop(0))
            return unary(self.invocation, first.text, operand)
        left = yield from self._expander.text(first)
        if not words or words[0].text in ("&&", "||", ")"):
            return left != ""
        operator = words.pop(0).text
        right = words.pop(0)
        if operator in ("=", "==", "!="):
            hit = matches((yield from self._expander.pattern(right)), left)
            return hit == (operator != "!=")
        if operator == "=~":
            return self._matches_regex(left, (yield from self._expander.text(right)))
        if operator in BINARY:
            other = yield from self._expander.text(right)
            return binary(self.invocation, left, operator, other)
        raise ConditionProblem(f"{operator}: conditional operator not modelled by Podarium")

    def _matches_regex(self, text: str, pattern: str) -> bool:
        try:
            match = re.search(pattern[:1000], text[:10_000])
        except re.error as error:
            raise ConditionProblem(f"{pattern}: {error}") from error
        groups = [] if match is None else [match[0], *(group or "" for group in match.groups())]
        self.arrays["BASH_REMATCH"] = groups
        return match is not None


def _done() -> Steps:
    """Nothing to do: success at once."""
    yield from ()
    return 0


def _release(streams: list[Stream]) -> None:
    for stream in streams:
        stream.release()
