"""What a person types into a container: standard input from afar, with or without a terminal.

A :class:`Terminal` is a line discipline: it echoes, lets a line be corrected and older ones be
recalled, and turns Ctrl-C into a signal. Bytes come in at a virtual instant; programs read lines.
A :class:`Console` is what a container's first process has open, for clients to attach to.

Models:
    linux/drivers/tty/n_tty.c the canonical mode
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from webapp.cri.programs.streams import Callback, LogStream, Stream
from webapp.sim.task import Waiter

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.cri.programs.userland import Invocation, Userland

SIGINT = 2
SIGQUIT = 3
KEPT_LINES = 100
MAX_LINE_BYTES = 4096
MAX_UNREAD_BYTES = 16 * 1024 * 1024
"""Input that a process may leave unread; a client that sends more is told, and let go."""

_BACKSPACES = b"\x08\x7f"
_SIGNALS = {0x03: (SIGINT, b"^C"), 0x1C: (SIGQUIT, b"^\\")}
_END_OF_INPUT = 0x04
_KILL_LINE = 0x15
_KILL_WORD = 0x17
_ESCAPE = 0x1B
_UP, _DOWN = b"[A", b"[B"


class Input(Stream):
    """Bytes from afar.

    Attributes:
        over: Whether no more will come.
        unread_bytes: What nobody has read yet; whoever feeds it sees to a limit.
    """

    __slots__ = ("_ready", "_waiting", "over", "unread_bytes")

    def __init__(self) -> None:
        super().__init__()
        self._ready: deque[bytes] = deque()
        self._waiting: list[Waiter] = []
        self.over = False
        self.unread_bytes = 0

    def feed(self, data: bytes) -> None:
        """Bytes have come."""
        self._add(data)

    def end(self) -> None:
        """No more will come."""
        self.over = True
        self._wake()

    def try_read(self, limit: int) -> bytes | None:
        """The next bytes, ``None`` while there are none."""
        if not self._ready:
            return b"" if self.over else None
        piece = self._ready.popleft()
        if len(piece) > limit:
            self._ready.appendleft(piece[limit:])
            piece = piece[:limit]
        self.unread_bytes -= len(piece)
        return piece

    def unread(self, data: bytes) -> None:
        """Give back what was read too much."""
        if data:
            self._ready.appendleft(data)
            self.unread_bytes += len(data)

    def waiter(self) -> Waiter:
        """Until something comes."""
        waiter = Waiter()
        self._waiting.append(waiter)
        return waiter

    def _add(self, piece: bytes) -> None:
        self._ready.append(piece)
        self.unread_bytes += len(piece)
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.wake()


class Terminal(Input):
    """A terminal: input, output and their echo.

    Args:
        show: Gets what the person is to see.
        interrupt: Gets the number of a signal that was typed.
    """

    __slots__ = ("_escape", "_interrupt", "_line", "_lines", "_recalled", "_show")
    is_terminal = True

    def __init__(self, show: Callable[[bytes], None], interrupt: Callable[[int], None]) -> None:
        super().__init__()
        self._show = show
        self._interrupt = interrupt
        self._line = bytearray()
        self._lines: deque[bytes] = deque(maxlen=KEPT_LINES)
        self._recalled = 0
        self._escape: bytearray | None = None

    def try_write(self, data: bytes) -> int:
        """Show, with both ends of a line."""
        self._show(data.replace(b"\n", b"\r\n"))
        return len(data)

    def feed(self, data: bytes) -> None:
        """Keys were pressed."""
        for key in data:
            self._press(key)

    def _press(self, key: int) -> None:
        if self._escape is not None:
            self._continue_escape(key)
        elif key in b"\r\n":
            self._enter()
        elif key in _BACKSPACES:
            self._erase(1)
        elif key == _KILL_LINE:
            self._replace(b"")
        elif key == _KILL_WORD:
            kept = bytes(self._line).rstrip().rpartition(b" ")
            self._replace(kept[0] + kept[1])
        elif key in _SIGNALS:
            number, shown = _SIGNALS[key]
            self._show(shown + b"\r\n")
            self._line.clear()
            self._interrupt(number)
        elif key == _END_OF_INPUT:
            # An unfinished line goes off as it is; on an empty one, that is the end of the input.
            self._add(bytes(self._line))
            self._line.clear()
        elif key == _ESCAPE:
            self._escape = bytearray()
        elif key >= 0x20 and len(self._line) < MAX_LINE_BYTES:
            self._line.append(key)
            self._show(bytes((key,)))

    def _enter(self) -> None:
        line = bytes(self._line)
        self._line.clear()
        self._show(b"\r\n")
        if line.strip():
            self._lines.append(line)
        self._recalled = len(self._lines)
        self._add(line + b"\n")

    def _continue_escape(self, key: int) -> None:
        sequence = self._escape
        if sequence is None:
            return
        sequence.append(key)
        if len(sequence) == 1 and key in b"[O":
            return
        if 0x40 <= key <= 0x7E or len(sequence) == 1:
            self._escape = None
            if sequence in (_UP, _DOWN):
                self._recall(-1 if sequence == _UP else 1)

    def _recall(self, step: int) -> None:
        place = self._recalled + step
        if 0 <= place <= len(self._lines):
            self._recalled = place
            self._replace(self._lines[place] if place < len(self._lines) else b"")

    def _erase(self, count: int) -> None:
        for _ in range(count):
            if not self._line:
                return
            # The bytes of one character go together.
            while len(self._line) > 1 and self._line[-1] & 0xC0 == 0x80:
                self._line.pop()
            self._line.pop()
            self._show(b"\b \b")

    def _replace(self, line: bytes) -> None:
        self._erase(len(self._line))
        self._line[:] = line
        self._show(line)


class Console:
    """Standard streams of a container's first process: logged, and shown to whoever is attached.

    Args:
        write: Takes whole lines for the log.
        stdin: Whether somebody may type; otherwise the input is at its end.
        tty: Whether it is a terminal.

    Attributes:
        input: Where what is typed goes.
        fds: Number → stream.
        interrupt: Gets the number of a signal that was typed.
    """

    def __init__(self, write: Callable[..., None], *, stdin: bool, tty: bool) -> None:
        self.input = Terminal(self._show, self._interrupt) if tty else Input()
        self.interrupt: Callable[[int], None] = _ignore
        self.tty = tty
        if not stdin:
            self.input.end()
        self.fds: dict[int, Stream] = dict.fromkeys((0, 1, 2), self.input)
        if not tty:
            self.fds |= {1: Callback(self._print), 2: Callback(self._complain)}
        self._logs = (LogStream(write), LogStream(write))
        self._viewers: list[Viewer] = []

    def attach(self, viewer: Viewer) -> None:
        """Show all output from now on."""
        self._viewers.append(viewer)

    def detach(self, viewer: Viewer) -> None:
        """Show no more."""
        if viewer in self._viewers:
            self._viewers.remove(viewer)

    def close(self, code: int) -> None:
        """The process has ended."""
        for log in self._logs:
            log.flush()
        viewers, self._viewers = self._viewers, []
        for viewer in viewers:
            viewer.on_end(code)

    def _show(self, data: bytes) -> None:
        # A log keeps lines; what moves the cursor back is for eyes only.
        self._logs[0].try_write(data.replace(b"\r\n", b"\n").replace(b"\b \b", b""))
        for viewer in tuple(self._viewers):
            viewer.on_output(data)

    def _print(self, data: bytes) -> None:
        self._logs[0].try_write(data)
        for viewer in tuple(self._viewers):
            viewer.on_output(data)

    def _complain(self, data: bytes) -> None:
        self._logs[1].try_write(data)
        for viewer in tuple(self._viewers):
            viewer.on_error(data)

    def _interrupt(self, number: int) -> None:
        self.interrupt(number)


class Viewer(Protocol):
    """Somebody attached to a console."""

    def on_output(self, data: bytes) -> None:
        """Standard output, or what a terminal shows."""

    def on_error(self, data: bytes) -> None:
        """Standard error."""

    def on_end(self, code: int) -> None:
        """The process has ended."""


def foreground(userland: Userland, root: Invocation | None) -> list[Invocation]:
    """What runs in a session, innermost first, without jobs that a shell left in the background.

    Args:
        userland: The container's commands.
        root: The session's first command.
    """
    if root is None or root.exit_code is not None:
        return []
    inside = {root.pid}
    found = [root]
    for invocation in userland.processes.values():
        is_waited_for = invocation.thread is root.thread or invocation.awaited
        if invocation.parent_pid in inside and is_waited_for:
            inside.add(invocation.pid)
            found.append(invocation)
    return found[::-1]


def _ignore(_: int) -> None:
    return
