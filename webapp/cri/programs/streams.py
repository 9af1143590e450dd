"""What a descriptor can be open on: pipes, files, the container's log, nothing.

Reading and writing never wait by themselves: ``try_read`` gives ``None`` and ``try_write`` takes fewer
bytes when they would have to, and ``waiter`` then gives what to yield. A stream counts how many
descriptors hold it, so that a pipe knows when its other end is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.sim.task import Waiter

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.cri.programs.files.filesystem import FileSystem
    from webapp.cri.programs.files.nodes import File, Quota

PIPE_BYTES = 65_536
LONGEST_LINE_BYTES = 16_384
"""Longer lines of a container's output are cut into several, as runtimes do."""


class BrokenPipe(Exception):
    """Nobody reads any more."""


class Stream:
    """Something open; by itself it is ``/dev/null``.

    Attributes:
        is_terminal: Whether a person types at it.
    """

    __slots__ = ("_holders",)
    is_terminal = False

    def __init__(self) -> None:
        self._holders = 0

    def try_read(self, limit: int) -> bytes | None:  # noqa: ARG002
        """Up to ``limit`` bytes, ``b""`` at the end, ``None`` when it has to be waited for."""
        return b""

    def try_write(self, data: bytes) -> int:
        """Take bytes; how many.

        Raises:
            BrokenPipe: Nobody reads any more.
            FileError: There is no room.
        """
        return len(data)

    def unread(self, data: bytes) -> None:
        """Give back what was read too much; the next read gives it again."""

    def waiter(self) -> Waiter:
        """What to yield until it makes sense to try again; by itself, for ever."""
        return Waiter()

    def retain(self) -> Stream:
        """One descriptor more."""
        self._holders += 1
        return self

    def release(self) -> None:
        """One descriptor less."""
        self._holders -= 1
        if self._holders == 0:
            self.close()

    def close(self) -> None:
        """The last descriptor is gone."""


class Zeros(Stream):
    """``/dev/zero`` and, with another pattern, ``/dev/urandom``.

    Args:
        pattern: Repeated for ever.
    """

    __slots__ = ("_pattern",)

    def __init__(self, pattern: bytes = b"\0") -> None:
        super().__init__()
        self._pattern = pattern

    def try_read(self, limit: int) -> bytes:
        """As many bytes as are wanted."""
        size = min(limit, PIPE_BYTES)
        return (self._pattern * (size // len(self._pattern) + 1))[:size]


class Bytes(Stream):
    """Given bytes to be read."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data
        self._at = 0

    def try_read(self, limit: int) -> bytes:
        """The next bytes."""
        piece = self._data[self._at : self._at + limit]
        self._at += len(piece)
        return piece

    def unread(self, data: bytes) -> None:
        """Go back."""
        self._at -= len(data)


class Collector(Stream):
    """Keeps what is written, up to a bound; what comes after is dropped.

    Attributes:
        data: What was written.
    """

    __slots__ = ("_limit", "data")

    def __init__(self, limit: int = 1 << 20) -> None:
        super().__init__()
        self.data = bytearray()
        self._limit = limit

    def try_write(self, data: bytes) -> int:
        """Take all."""
        self.data += data[: max(0, self._limit - len(self.data))]
        return len(data)


class Callback(Stream):
    """Hands on whatever is written."""

    __slots__ = ("_on_data",)

    def __init__(self, on_data: Callable[[bytes], None]) -> None:
        super().__init__()
        self._on_data = on_data

    def try_write(self, data: bytes) -> int:
        """Take all."""
        if data:
            self._on_data(data)
        return len(data)


class LogStream(Stream):
    """The container's output: whole lines go to its log.

    Args:
        write: Takes lines without their ends.
    """

    __slots__ = ("_partial", "_write")

    def __init__(self, write: Callable[..., None]) -> None:
        super().__init__()
        self._write = write
        self._partial = b""

    def try_write(self, data: bytes) -> int:
        """Take all; what has no end of line yet is kept."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) >= LONGEST_LINE_BYTES:
            lines.append(self._partial)
            self._partial = b""
        if lines:
            self._write(*(line.decode(errors="replace") for line in lines))
        return len(data)

    def flush(self) -> None:
        """The container ends: an unfinished line counts as one."""
        if self._partial:
            self._write(self._partial.decode(errors="replace"))
            self._partial = b""


class FileReader(Stream):
    """A file open for reading."""

    __slots__ = ("_at", "file")

    def __init__(self, file: File) -> None:
        super().__init__()
        self.file = file
        self._at = 0

    def try_read(self, limit: int) -> bytes:
        """The next bytes."""
        content = self.file.content() if self.file.hole else self.file.data
        piece = bytes(content[self._at : self._at + limit])
        self._at += len(piece)
        return piece

    def unread(self, data: bytes) -> None:
        """Go back."""
        self._at -= len(data)


class FileWriter(Stream):
    """A file open for appending."""

    __slots__ = ("_files", "_quota", "file")

    def __init__(self, files: FileSystem, file: File, quota: Quota) -> None:
        super().__init__()
        self._files = files
        self._quota = quota
        self.file = file

    def try_write(self, data: bytes) -> int:
        """Append."""
        self._files.append(self.file, self._quota, data)
        return len(data)

    def write_hole(self, size: int) -> None:
        """Append zeros that are counted but not kept."""
        self._files.append(self.file, self._quota, b"", size)


class Pipe:
    """What two ends share.

    Attributes:
        reader: Where bytes come out.
        writer: Where they go in.
    """

    __slots__ = ("_waiting", "buffer", "reader", "writer")

    def __init__(self) -> None:
        self.buffer = bytearray()
        self._waiting: list[Waiter] = []
        self.reader = _PipeReader(self)
        self.writer = _PipeWriter(self)

    def wait(self) -> Waiter:
        """Until something about it changes."""
        waiter = Waiter()
        self._waiting.append(waiter)
        return waiter

    def changed(self) -> None:
        """Wake whoever waits, at either end."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.wake()


class _PipeReader(Stream):
    __slots__ = ("_pipe", "open")

    def __init__(self, pipe: Pipe) -> None:
        super().__init__()
        self._pipe = pipe
        self.open = True

    def try_read(self, limit: int) -> bytes | None:
        buffer = self._pipe.buffer
        if not buffer:
            return None if self._pipe.writer.open else b""
        piece = bytes(buffer[:limit])
        del buffer[:limit]
        self._pipe.changed()
        return piece

    def unread(self, data: bytes) -> None:
        self._pipe.buffer[:0] = data

    def waiter(self) -> Waiter:
        return self._pipe.wait()

    def close(self) -> None:
        self.open = False
        self._pipe.changed()


class _PipeWriter(Stream):
    __slots__ = ("_pipe", "open")

    def __init__(self, pipe: Pipe) -> None:
        super().__init__()
        self._pipe = pipe
        self.open = True

    def try_write(self, data: bytes) -> int:
        if not self._pipe.reader.open:
            raise BrokenPipe
        taken = max(0, min(len(data), PIPE_BYTES - len(self._pipe.buffer)))
        if taken:
            self._pipe.buffer += data[:taken]
            self._pipe.changed()
        return taken

    def waiter(self) -> Waiter:
        return self._pipe.wait()

    def close(self) -> None:
        self.open = False
        self._pipe.changed()
