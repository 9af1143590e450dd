"""A container's running commands: what a kernel keeps of processes, without one.

:class:`Userland` is a container's table of commands that run, with its files, its network and its
share of the CPU; :class:`Invocation` is one running command. Most run inside their parent's task;
parts of pipelines and jobs in the background get a :class:`~webapp.cri.programs.thread.Thread` of their
own. Every command costs virtual CPU time, so that no loop can stop time or the host.
"""

from __future__ import annotations

import posixpath
from hashlib import sha256, sha512
from typing import TYPE_CHECKING, Any, NamedTuple

from webapp.cri.programs.files.nodes import DENIED, Device, Directory, File, FileError
from webapp.cri.programs.files.permissions import EXECUTE, READ, SUPERUSER, User, may
from webapp.cri.programs.process_namespace import ProcessNamespace
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

SIGNALS = {
    "HUP": 1,
    "INT": 2,
    "QUIT": 3,
    "KILL": 9,
    "USR1": 10,
    "USR2": 12,
    "PIPE": 13,
    "ALRM": 14,
    "TERM": 15,
    "CHLD": 17,
    "CONT": 18,
    "STOP": 19,
    "TSTP": 20,
    "WINCH": 28,
}
SIGCONT = 18
SIGKILL = 9
SIGPIPE = 13
STOPS = (19, 20)
HARMLESS = (17, SIGCONT, 28)
"""Signals that end nobody unless somebody handles them."""

MOST_PROCESSES = 200
BURST = 50_000
"""Statements that run at full speed before a loop that never waits is slowed down."""
SLOW_US = 1_000
COMMAND_US = 1_000
BUILTIN_US = 10
CORES = 2
NESTED = 3
"""Commands run inside one another in one thread; the next gets a stack of its own."""
_FLUSH_BYTES = 32_768
_CHUNK = 65_536


class Killed(Exception):
    """Thrown into a thread where an invocation of it is to end.

    Attributes:
        invocation: Which one.
        exit_code: 128 and the signal's number.
    """

    def __init__(self, invocation: Invocation, exit_code: int) -> None:
        super().__init__(exit_code)
        self.invocation = invocation
        self.exit_code = exit_code


class CannotRun(Exception):
    """A command cannot be run: exit code 126 or 127, and why.

    Attributes:
        exit_code: 127 when it is missing, 126 when it is not a program.
        reason: ``not found``, ``Permission denied`` …
    """

    def __init__(self, exit_code: int, reason: str) -> None:
        super().__init__(reason)
        self.exit_code = exit_code
        self.reason = reason


class UsageError(Exception):
    """A command was given words that it does not take; the message says which."""


class WriteFailed(Exception):
    """Output could not be written; it has been said."""


class NoMoreProcesses(Exception):
    """The container runs as many commands at once as it may."""


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


class Invocation:
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
        "_pending",
        "_pending_bytes",
        "_waiters",
        "argv",
        "cwd",
        "depth",
        "env",
        "exit_code",
        "fds",
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
        self.userland = userland
        self.pid = pid
        self.parent_pid = parent_pid
        self.argv = argv
        self.env = env
        self.cwd = cwd
        self.fds = fds
        self.exit_code: int | None = None
        self.thread: Thread | None = None
        self.on_signal: Callable[[int], bool] | None = None
        self.on_end: Callable[[int], None] | None = None
        self.memory_bytes = 0
        self.depth = 0
        self.started_ms = userland.sim.now_ms
        self.stopped = False
        self.user = userland.user
        self._pending: list[tuple[int, bytes]] = []
        self._pending_bytes = 0
        self._waiters: list[Waiter] = []

    @property
    def name(self) -> str:
        """What it is called by, without directories; of a title the word before the colon."""
        return self.argv[0].partition(": ")[0].rpartition("/")[2]

    @property
    def files(self) -> FileSystem:
        """The container's files."""
        return self.userland.files

    def path(self, path: str) -> str:
        """An absolute path."""
        return posixpath.join(self.cwd, path)

    # Output

    def write(self, data: bytes, fd: int = 1) -> None:
        """Print; it leaves with the next flush."""
        self._pending.append((fd, data))
        self._pending_bytes += len(data)

    def print(self, line: str) -> None:
        """Print a line."""
        self.write(line.encode(errors="surrogateescape") + b"\n")

    def complain(self, message: str, code: int = 1) -> int:
        """Print ``name: message`` on standard error; returns the exit code."""
        self.write(f"{self.name}: {message}\n".encode(errors="surrogateescape"), 2)
        return code

    def flush_if_large(self) -> Generator[Wait, Any, None]:
        """Let output go once there is much of it."""
        if self._pending_bytes > _FLUSH_BYTES:
            yield from self.flush()

    def flush(self) -> Generator[Wait, Any, None]:
        """Let all output go, waiting for readers.

        Raises:
            BrokenPipe: Nobody reads any more.
            WriteFailed: There is no room.
        """
        while self._pending:
            fd, data = self._pending.pop(0)
            self._pending_bytes -= len(data)
            yield from self._write_now(fd, data)

    def _write_now(self, fd: int, data: bytes) -> Generator[Wait, Any, None]:
        stream = self.fds.get(fd)
        while data and stream is not None:
            try:
                taken = stream.try_write(data)
            except FileError as error:
                self._pending.clear()
                self._pending_bytes = 0
                if fd == 2:
                    return
                self.complain(f"write error: {error.reason}")
                raise WriteFailed from error
            data = data[taken:]
            if data:
                yield stream.waiter()

    def take_output(self) -> list[tuple[int, bytes]]:
        """What has not left yet, each with its descriptor; it will not leave by itself any more."""
        taken, self._pending = self._pending, []
        self._pending_bytes = 0
        return taken

    # Input

    def read(self, limit: int = _CHUNK, fd: int = 0) -> Generator[Wait, Any, bytes]:
        """The next bytes, ``b""`` at the end; output leaves before it waits."""
        stream = self.fds.get(fd)
        if stream is None:
            return b""
        while (data := stream.try_read(limit)) is None:
            if self._pending:
                yield from self.flush()
            yield stream.waiter()
        return data

    def read_line(self, fd: int = 0) -> Generator[Wait, Any, bytes]:
        """The next line with its end, ``b""`` at the end of input; nothing behind it is taken."""
        line = b""
        while True:
            piece = yield from self.read(4096, fd)
            end = piece.find(b"\n") + 1
            if end:
                self.fds[fd].unread(piece[end:])
                return line + piece[:end]
            line += piece
            if not piece or len(line) > _CHUNK:
                return line

    def read_all(self, fd: int = 0, most: int = 1 << 22) -> Generator[Wait, Any, bytes]:
        """All that is left, up to a bound."""
        pieces = bytearray()
        while len(pieces) < most:
            piece = yield from self.read(_CHUNK, fd)
            if not piece:
                break
            pieces += piece
        return bytes(pieces)

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


class CPU:
    """A container's share of the processor, in virtual time.

    Attributes:
        used_us: Microseconds used so far.
    """

    __slots__ = (
        "_debt_us",
        "_filled_ms",
        "_free_ms",
        "_limit_millis",
        "_sim",
        "_tokens",
        "used_us",
    )

    def __init__(self, sim: Simulation, limit_millis: int) -> None:
        self._sim = sim
        self._limit_millis = limit_millis
        self._tokens = BURST
        self._filled_ms = sim.now_ms
        self._free_ms = float(sim.now_ms)
        self._debt_us = 0
        self.used_us = 0

    def charge(self, cost_us: int) -> int:
        """Pay for a statement or a command; the milliseconds to wait now, often 0."""
        self._tokens -= 1
        if self._tokens < 0:
            now_ms = self._sim.now_ms
            self._tokens = min(BURST, now_ms - self._filled_ms)
            self._filled_ms = now_ms
            cost_us = max(cost_us, SLOW_US)
        self.used_us += cost_us
        if 0 < self._limit_millis < 1000:
            cost_us = cost_us * 1000 // self._limit_millis
        self._debt_us += cost_us
        if self._debt_us < 1000:
            return 0
        wait_ms, self._debt_us = divmod(self._debt_us, 1000)
        # Whoever computes at the same time queues for the cores.
        now_ms = self._sim.now_ms
        self._free_ms = max(self._free_ms, now_ms) + wait_ms / CORES
        return max(wait_ms, round(self._free_ms - now_ms))


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
        style: str = "busybox",
        user: User = SUPERUSER,
        limits: Limits = Limits(),  # noqa: B008  # immutable
        namespace: ProcessNamespace | None = None,
        capabilities: int = 0,
    ) -> None:
        self.sim = sim
        self.namespace = namespace or ProcessNamespace()
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
        if not path:
            raise CannotRun(127, "not found")
        node = self.files.get(path)
        if node is None:
            raise CannotRun(127, "not found")
        if not isinstance(node, File) or not node.mode & 0o111 or not may(self.user, node, EXECUTE):
            raise CannotRun(126, DENIED)
        if node.command:
            return self.command(node.command)
        return self._script(invocation, node, path)

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
        for directory in env.get("PATH", "/usr/bin:/bin").split(":"):
            path = f"{directory}/{name}"
            node = self.files.get(path)
            if isinstance(node, File) and node.mode & 0o111:
                return path
        return ""

    def _script(self, invocation: Invocation, file: File, path: str) -> Command:
        first, _, _ = bytes(file.data).partition(b"\n")
        words = ["/bin/sh"]
        if first.startswith(b"#!"):
            words = first[2:].decode(errors="replace").split() or words
        if words[0].endswith("/env") and len(words) > 1:
            words = words[1:]
        shell = words[0].rpartition("/")[2]
        if shell not in ("sh", "bash", "ash", "dash"):
            raise CannotRun(127, f"not modelled by Podarium ({shell})")
        if not self.files.exists(words[0]) and not self.which(shell, invocation.env):
            raise CannotRun(127, "not found")
        invocation.argv = [*words, path, *invocation.argv[1:]]
        return self.command("sh")

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
