"""What comes over a connection, kept until somebody reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.streams import Pipe

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Wait

_CHUNK = 65_536


class Incoming:
    """One direction of a connection, from its receiving end.

    Attributes:
        over: Whether the other end has hung up.
    """

    __slots__ = ("_pipe", "over")

    def __init__(self) -> None:
        self._pipe = Pipe()
        self.over = False

    def take(self, data: bytes | None) -> None:
        """More has come, or ``None`` at the end."""
        if self.over:
            return
        if data is None:
            self.over = True
            self._pipe.writer.close()
        else:
            self._pipe.buffer += data
            self._pipe.changed()

    def read(self) -> Generator[Wait, Any, bytes]:
        """The next bytes; ``b""`` at the end."""
        while (data := self._pipe.reader.try_read(_CHUNK)) is None:
            yield self._pipe.reader.waiter()
        return data
