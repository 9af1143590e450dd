"""What a command reads and prints: its streams by number, and output that has not left yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.files.nodes import FileError
from webapp.cri.programs.problems import WriteFailed

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.streams import Stream
    from webapp.sim.task import Waiter

    Wait = int | Waiter

_FLUSH_BYTES = 32_768
_CHUNK = 65_536


class Descriptors:
    """The input and output of one command.

    Attributes:
        fds: Number → stream.
        argv: The command's words, its own name first.
    """

    __slots__ = ("_pending", "_pending_bytes", "argv", "fds")

    def __init__(self, argv: list[str], fds: dict[int, Stream]) -> None:
        self.argv = argv
        self.fds = fds
        self._pending: list[tuple[int, bytes]] = []
        self._pending_bytes = 0

    @property
    def name(self) -> str:
        """What it is called by, without directories; of a title the word before the colon."""
        return self.argv[0].partition(": ")[0].rpartition("/")[2]

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
