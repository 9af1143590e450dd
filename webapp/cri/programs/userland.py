"""A container's running commands: what a kernel keeps of processes, without one.

:class:`Userland` is a container's table of commands that run, with its files, its network and its
share of the CPU; :class:`Invocation` is one running command. Most run inside their parent's task;
parts of pipelines and jobs in the background get a :class:`~webapp.cri.programs.thread.Thread` of their
own. Every command costs virtual CPU time, so that no loop can stop time or the host.
"""

from __future__ import annotations

import posixpath
from hashlib import sha256, sha512
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from webapp.cri.programs.cpu import COMMAND_US, CPU
from webapp.cri.programs.descriptors import Descriptors
from webapp.cri.programs.files.nodes import Device, Directory, File, FileError
from webapp.cri.programs.files.permissions import READ, SUPERUSER, User
from webapp.cri.programs.finding import program, script_words, which
from webapp.cri.programs.problems import CannotRun, Killed, NoMoreProcesses, UsageError, WriteFailed
from webapp.cri.programs.signals import HARMLESS, SIGCONT, SIGKILL, SIGPIPE, STOPS
from webapp.cri.programs.streams import (
    BrokenPipe,
    FileReader,
    FileWriter,
    Stream,
    Zeros,
)
from webapp.cri.programs.thread import Thread
from webapp.sim.task import Waiter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from webapp.cri.programs.files.filesystem import FileSystem
    from webapp.cri.programs.network import Network
    from webapp.sim.loop import Simulation

    Wait = int | Waiter
    Command = Callable[["Invocation"], "int | Generator[Wait, Any, int]"]

MOST_PROCESSES = 200
NESTED = 3
"""Commands run inside one another in one thread; the next gets a stack of its own."""


class Limits(NamedTuple):
    """What a container may use.

    Attributes:
        cpu_millis: Millicores; 0 for no limit.
        memory_bytes: Bytes; 0 for no limit.
    """

    cpu_millis: int = 0
    memory_bytes: int = 0


class Identity(NamedTuple):
    """Names and addresses of a container.

    Attributes:
        hostname: Of the sandbox.
        ip: Of the sandbox.
        seed: Different for every container; what looks random comes from it.
    """

    hostname: str = "localhost"
    ip: str = "127.0.0.1"
    seed: str = ""


class Invocation(Descriptors):
    """One running command.

    Attributes:
        userland: The container's commands.
        pid: Its number.
        parent_pid: Who started it.
        argv: Its words, its own name first.
        env: Its variables.
        cwd: Its directory.
        fds: Number → stream.
        exit_code: ``None`` while it runs.
        thread: What it runs in, possibly its parent's.
        on_signal: Says whether it took care of a signal.
        on_end: Told the exit code, once.
        memory_bytes: What it holds, in the model.
        depth: How many commands it is inside of.
        started_ms: Virtual time.
        stopped: Whether a signal holds it up.
        user: Who runs it.
    """

    __slots__ = (
        "_waiters",
        "cwd",
        "depth",
        "env",
        "exit_code",
        "memory_bytes",
        "on_end",
        "on_signal",
        "parent_pid",
        "pid",
        "started_ms",
        "stopped",
        "thread",
        "user",
        "userland",
    )

    def __init__(
        self,
        userland: Userland,
        pid: int,
        parent_pid: int,
        argv: list[str],
        env: dict[str, str],
        cwd: str,
        fds: dict[int, Stream],
    ) -> None:
        super().__init__(argv, fds)
        self.userland = userland
        self.pid = pid
        self.parent_pid = parent_pid
        self.env = env
        self.cwd = cwd
        self.exit_code: int | None = None
        self.thread: Thread | None = None
        self.on_signal: Callable[[int], bool] | None = None
        self.on_end: Callable[[int], None] | None = None
        self.memory_bytes = 0
        self.depth = 0
        self.started_ms = userland.sim.now_ms
        self.stopped = False
        self.user = userland.user
        self._waiters: list[Waiter] = []

    @property
    def files(self) -> FileSystem:
        """The container's files."""
        return self.userland.files

    def path(self, path: str) -> str:
        """An absolute path."""
        return posixpath.join(self.cwd, path)

    # Other commands

    def waiter(self) -> Waiter:
        """What to yield until it has ended."""
        waiter = Waiter()
        self._waiters.append(waiter)
        return waiter

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for its end."""
        return bool(self._waiters)

    def join(self) -> Generator[Wait, Any, int]:
        """Wait until it has ended; its exit code."""
        while self.exit_code is None:
            yield self.waiter()
        return self.exit_code

    def run(
        self,
        argv: list[str],
        *,
        env: dict[str, str] | None = None,
        fds: dict[int, Stream] | None = None,
    ) -> Generator[Wait, Any, int]:
        """Run another command inside the same thread, and wait for it.

        Raises:
            CannotRun: There is no such command.
            NoMoreProcesses: Too many run already.
        """
        yield from self.flush()
        child = self.userland.make(
            self.pid,
            argv,
            dict(self.env) if env is None else env,
            self.cwd,
            dict(self.fds) if fds is None else fds,
        )
        child.depth = self.depth + 1
        if child.depth % NESTED:
            child.thread = self.thread
            return (yield from self.userland.run(child))
        return (yield from self._run_elsewhere(child))

    def _run_elsewhere(self, child: Invocation) -> Generator[Wait, Any, int]:
        userland = self.userland
        words = child.argv
        try:
            userland.resolve(child)
        except CannotRun as error:
            userland.end(child, error.exit_code)
            raise
        child.argv = words
        userland.start(child, background=self.thread is None or self.thread.background)
        try:
            return (yield from child.join())
        finally:
            if child.exit_code is None and child.thread is not None:
                child.thread.cancel()

    def finish(self, code: int) -> None:
        """It has ended; called once, by the userland."""
        self.exit_code = code
        for waiter in self._waiters:
            waiter.wake(code)
        self._waiters.clear()
        if self.on_end is not None:
            self.on_end(code)


class Namespace(Protocol):
    """Who numbers the processes, and which of them a container's commands see.

    Attributes:
        visible: PID → process, in order of starting.
    """

    visible: dict[int, Invocation]

    def next_pid(self) -> int:
        """The number for a new process."""

    def enter(self, invocation: Invocation) -> None:
        """A process has begun."""

    def leave(self, invocation: Invocation) -> None:
        """A process has ended."""

    def take_back(self, invocation: Invocation) -> None:
        """A process never ran."""

    def fill_proc(self, directory: Directory) -> None:
        """Bring the processes' directories in ``/proc`` up to date."""


class Userland:
    """All commands of one container.

    Attributes:
        sim: Virtual time.
        identity: Names and addresses.
        user: Who runs commands.
        network: What the network answers.
        style: ``busybox`` or ``gnu``: in whose words the tools speak.
        cpu: The processor.
        limits: What it may use.
        on_out_of_memory: Called when the limit is exceeded.
        processes: PID → what runs, in order of starting.
        namespace: Which processes its commands see.
        first: The container's first process, once it runs.
        capabilities: Bits of what root may do.
        alive: ``False`` once the container has ended.
    """

    __slots__ = (
        "_commands",
        "_drawn",
        "_files",
        "_make_files",
        "alive",
        "capabilities",
        "cpu",
        "first",
        "identity",
        "limits",
        "namespace",
        "network",
        "on_memory_used",
        "on_out_of_memory",
        "output",
        "processes",
        "sim",
        "style",
        "user",
    )

    def __init__(
        self,
        sim: Simulation,
        commands: Mapping[str, Command],
        make_files: Callable[[], FileSystem],
        network: Network,
        *,
        identity: Identity,
        namespace: Namespace,
        style: str = "busybox",
        user: User = SUPERUSER,
        limits: Limits = Limits(),  # noqa: B008  # immutable
        capabilities: int = 0,
    ) -> None:
        self.sim = sim
        self.namespace = namespace
        self.first: Invocation | None = None
        self.capabilities = capabilities
        self.alive = True
        self._commands = commands
        self._make_files = make_files
        self._files: FileSystem | None = None
        self.network = network
        self.identity = identity
        self.style = style
        self.user = user
        self.limits = limits
        self.cpu = CPU(sim, limits.cpu_millis)
        self.on_out_of_memory: Callable[[], None] = _ignore
        self.on_memory_used: Callable[[], None] = _ignore
        self.output: dict[int, Stream] = {}
        self.processes: dict[int, Invocation] = {}
        self._drawn = 0

    @property
    def files(self) -> FileSystem:
        """The container's files, made when they are first asked for."""
        if self._files is None:
            self._files = self._make_files()
            self._files.refresh_processes = self.namespace.fill_proc
        return self._files

    @property
    def memory_bytes(self) -> int:
        """What all commands hold together, in the model."""
        return sum(item.memory_bytes for item in self.processes.values())

    def check_memory(self) -> None:
        """Whether the limit still holds; otherwise the container is ended."""
        self.on_memory_used()
        limit = self.limits.memory_bytes
        if limit and self.memory_bytes > limit:
            self.on_out_of_memory()

    def random(self, below: int) -> int:
        """A number that looks random: it follows from who the container is and how often it asked."""
        self._drawn += 1
        digest = sha256(f"{self.identity.seed}/{self._drawn}".encode()).digest()
        return int.from_bytes(digest[:8]) % below

    # Starting

    def make(
        self,
        parent_pid: int,
        argv: list[str],
        env: dict[str, str],
        cwd: str,
        fds: dict[int, Stream],
    ) -> Invocation:
        """A new entry in the table; each of its streams has one holder more.

        Raises:
            NoMoreProcesses: The table is full.
        """
        if len(self.processes) >= MOST_PROCESSES:
            raise NoMoreProcesses
        pid = self.namespace.next_pid()
        invocation = Invocation(self, pid, parent_pid, argv, env, cwd, fds)
        for stream in fds.values():
            stream.retain()
        self.processes[pid] = invocation
        self.namespace.enter(invocation)
        return invocation

    def start(
        self,
        invocation: Invocation,
        body: Generator[Wait, Any, int] | None = None,
        *,
        background: bool = True,
        on_done: Callable[[int], None] | None = None,
    ) -> None:
        """Run in a thread of its own: the command that its words name, or ``body``."""
        steps = self.run(invocation, body)
        invocation.thread = Thread(self.sim, steps, on_done, background=background)

    def run(
        self, invocation: Invocation, body: Generator[Wait, Any, int] | None = None
    ) -> Generator[Wait, Any, int]:
        """Run until its end; the exit code.

        Raises:
            CannotRun: Its words name no command.
        """
        code = 128 + SIGKILL
        try:
            if body is not None:
                code = yield from body
            else:
                command = self.resolve(invocation)
                wait_ms = self.cpu.charge(COMMAND_US)
                if wait_ms:
                    yield wait_ms
                code = yield from carry_out(command, invocation)
            yield from invocation.flush()
        except Killed as kill:
            code = kill.exit_code
            if kill.invocation is not invocation:
                raise
        except BrokenPipe:
            code = 128 + SIGPIPE
        except WriteFailed:
            code = 1
            yield from invocation.flush()
        except CannotRun as error:
            code = error.exit_code
            raise
        finally:
            self.end(invocation, code)
        return code

    def end(self, invocation: Invocation, code: int) -> None:
        """Take it out of the table."""
        self.processes.pop(invocation.pid, None)
        self.namespace.leave(invocation)
        for stream in invocation.fds.values():
            stream.release()
        invocation.fds = {}
        invocation.finish(code)

    def forget(self, invocation: Invocation) -> None:
        """Take back an entry that never ran, with its number."""
        self.processes.pop(invocation.pid, None)
        self.namespace.take_back(invocation)

    def shut_down(self) -> None:
        """The container ends: whatever runs is stopped where it is."""
        self.alive = False
        for invocation in list(self.processes.values()):
            if invocation.thread is not None:
                invocation.thread.cancel()

    # Finding

    def resolve(self, invocation: Invocation) -> Command:
        """The command that an invocation's first word names; a script's words are rewritten.

        Raises:
            CannotRun: There is none.
        """
        name = invocation.argv[0]
        path = invocation.path(name) if "/" in name else self.which(name, invocation.env)
        file = program(self.files, self.user, path)
        if file.command:
            return self.command(file.command)
        words = script_words(self.files, file, invocation.env)
        invocation.argv = [*words, path, *invocation.argv[1:]]
        return self.command("sh")

    def command(self, name: str) -> Command:
        """A command of the table.

        Raises:
            CannotRun: It is not modelled.
        """
        command = self._commands.get(name)
        if command is None:
            raise CannotRun(127, "not modelled by Podarium")
        return command

    def which(self, name: str, env: Mapping[str, str]) -> str:
        """Where a command is found along ``PATH``; "" when nowhere."""
        return which(self.files, name, env)

    # Signals

    def signal(self, invocation: Invocation, number: int, *, outside: bool = False) -> None:
        """Deliver a signal.

        The first process only gets what it handles, and SIGKILL from outside.
        """
        if number == SIGKILL:
            if outside or invocation.pid != 1:
                self.kill(invocation, number)
            return
        if number in STOPS:
            self._hold(invocation)
            return
        if number == SIGCONT:
            invocation.stopped = False
            if invocation.thread is not None:
                invocation.thread.proceed()
        if invocation.on_signal is not None and invocation.on_signal(number):
            return
        if invocation.pid != 1 and number not in HARMLESS:
            self.kill(invocation, number)

    def _hold(self, invocation: Invocation) -> None:
        """Hold a command up until SIGCONT; the first process never is."""
        if invocation.pid != 1 and invocation.thread is not None:
            invocation.stopped = True
            invocation.thread.hold()

    def kill(self, invocation: Invocation, number: int) -> None:
        """End a command by a signal."""
        if invocation.thread is not None and invocation.exit_code is None:
            invocation.thread.interrupt(Killed(invocation, 128 + number))

    # Opening

    def open_for_reading(self, invocation: Invocation, path: str) -> Stream:
        """Open a file.

        Raises:
            FileError: It cannot be read.
        """
        node = self.files.node(invocation.path(path))
        if isinstance(node, Device):
            return self._device(invocation, node.name)
        if isinstance(node, Directory):
            return Stream()
        if not isinstance(node, File):
            raise FileError("Invalid argument")
        self.files.check(node, READ)
        return FileReader(node)

    def open_for_writing(self, invocation: Invocation, path: str, *, truncate: bool) -> Stream:
        """Open a file to be replaced or appended to.

        Raises:
            FileError: It cannot be written.
        """
        node, quota = self.files.open_for_writing(invocation.path(path), truncate=truncate)
        if isinstance(node, Device):
            return self._device(invocation, node.name)
        return FileWriter(self.files, node, quota)

    def _device(self, invocation: Invocation, name: str) -> Stream:
        if name.startswith("fd/"):
            return invocation.fds.get(int(name[3:]), Stream())
        if name.startswith("1/fd/"):
            return self.output.get(int(name[5:]), Stream())
        if name == "tty":
            return invocation.fds.get(0, Stream())
        if name == "zero":
            return Zeros()
        if name == "random":
            seed = f"{self.identity.seed}/{self.random(1 << 32)}".encode()
            return Zeros(sha512(seed).digest() + sha512(seed + b"/").digest())
        return Stream()


def carry_out(command: Command, invocation: Invocation) -> Generator[Wait, Any, int]:
    """Run a command; words that it cannot make sense of are its own failure, not the simulator's."""
    try:
        result = command(invocation)
        return result if isinstance(result, int) else (yield from result)
    except UsageError as error:
        return invocation.complain(str(error))
    except FileError as error:
        return invocation.complain(error.reason)
    except NoMoreProcesses:
        return invocation.complain("can't fork: Resource temporarily unavailable")
    except (IndexError, OverflowError, ValueError) as error:
        return invocation.complain(f"invalid argument: {error}")


def _ignore() -> None:
    return
