"""Subshells, substitutions, pipelines and jobs: copies of a shell."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self

from webapp.cri.programs.shell.core import ShellCore
from webapp.cri.programs.shell.parser import parse_script
from webapp.cri.programs.shell.problems import ShellSyntaxError
from webapp.cri.programs.shell.state import (
    ShellFailure,
)
from webapp.cri.programs.streams import Collector, Pipe, Stream

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.shell.syntax import (
        Background,
        Node,
        Pipeline,
        Subshell,
    )
    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]


FORK_US = 500


class Forks(ShellCore):
    """What a shell does in copies of itself."""

    __slots__ = ()

    @abstractmethod
    def run_tree(self, tree: Node) -> Steps:
        """Run a tree as a shell of its own; the exit code."""

    def _copy(self, invocation: Invocation) -> Self:
        """A subshell that runs as ``invocation``."""
        twin = type(self)(invocation, self.name, list(self.positional))
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

    def _fork(self, fds: dict[int, Stream]) -> Self:
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
