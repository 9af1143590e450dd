"""A container's log: lines with virtual times, bounded, to be read and followed.

Programs write through the runtime; the kubelet serves readers. A server's start-up lines are one
shared tuple, so that a hundred thousand equal containers keep them once.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import nano_time_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.apimachinery.log_options import LogOptions

KEPT_BLOCKS = 5_000
"""Writes kept of one instance at least, the newest, and at most twice as many; rotation by count."""


KEPT_CHARACTERS = 1 << 20
"""Likewise, for containers that print large blocks."""


class ContainerLog:
    """What one instance of a container printed.

    Attributes:
        closed: Whether nothing will be added any more.
    """

    __slots__ = ("_blocks", "_characters", "_followers", "closed")

    def __init__(self) -> None:
        self._blocks: list[tuple[int, tuple[str, ...]]] | None = None
        self._followers: list[_Follower] | None = None
        self._characters = 0
        self.closed = False

    @property
    def size_bytes(self) -> int:
        """About how much is kept on disk."""
        return self._characters

    def write(self, at_ms: int, lines: tuple[str, ...]) -> None:
        """Append whole lines, all of the same moment."""
        if self._blocks is None:
            self._blocks = []
        elif len(self._blocks) >= 2 * KEPT_BLOCKS:
            for _, dropped in self._blocks[:KEPT_BLOCKS]:
                self._characters -= sum(map(len, dropped))
            del self._blocks[:KEPT_BLOCKS]
        self._blocks.append((at_ms, lines))
        self._characters += sum(map(len, lines))
        if self._characters > 2 * KEPT_CHARACTERS:
            self._drop_oldest(KEPT_CHARACTERS)
        for follower in tuple(self._followers or ()):
            follower.send(at_ms, lines)

    def _drop_oldest(self, kept: int) -> None:
        blocks = self._blocks or []
        count = 0
        while self._characters > kept and count < len(blocks) - 1:
            self._characters -= sum(map(len, blocks[count][1]))
            count += 1
        del blocks[:count]

    def close(self) -> None:
        """The instance has ended: followers are told, and let go."""
        self.closed = True
        followers, self._followers = self._followers, None
        for follower in followers or ():
            follower.end()

    def lines(self) -> Iterator[tuple[int, str]]:
        """All kept lines with their times, oldest first."""
        for at_ms, block in self._blocks or ():
            for line in block:
                yield at_ms, line

    def read(self, options: LogOptions, sink: Callable[[bytes | None], None]) -> Callable[[], None]:
        """Send what ``options`` ask for to ``sink``; returns what ends the reading.

        The sink gets chunks of whole lines (the last one cut at the byte limit), and ``None`` at
        the end: at once, or when a followed instance ends.
        """
        follower = _Follower(options, sink)
        kept = [entry for entry in self.lines() if entry[0] >= (options.since_ms or 0)]
        if options.tail_lines is not None:
            kept = kept[max(0, len(kept) - options.tail_lines) :]
        follower.send_all(kept)
        if follower.done or not options.follow or self.closed:
            follower.end()
            return follower.cancel
        if self._followers is None:
            self._followers = []
        self._followers.append(follower)
        return lambda: self._drop(follower)

    def tail(self, count: int) -> list[str]:
        """The newest lines, oldest first."""
        newest: list[str] = []
        for _, block in reversed(self._blocks or ()):
            newest.extend(reversed(block))
            if len(newest) >= count:
                break
        return list(reversed(list(islice(newest, count))))

    def _drop(self, follower: _Follower) -> None:
        follower.cancel()
        if self._followers and follower in self._followers:
            self._followers.remove(follower)


class _Follower:
    """One reader's place: formats lines and counts bytes."""

    __slots__ = ("_options", "_room", "_sink", "done")

    def __init__(self, options: LogOptions, sink: Callable[[bytes | None], None]) -> None:
        self._options = options
        self._sink = sink
        self._room = options.limit_bytes
        self.done = False

    def send(self, at_ms: int, lines: tuple[str, ...]) -> None:
        self.send_all([(at_ms, line) for line in lines])
        if self.done:
            self.end()

    def send_all(self, lines: list[tuple[int, str]]) -> None:
        if not lines:
            return
        if self._options.timestamps:
            text = "".join(f"{nano_time_text(at_ms)} {line}\n" for at_ms, line in lines)
        else:
            text = "".join(f"{line}\n" for _, line in lines)
        chunk = text.encode()
        if self._room is not None:
            chunk = chunk[: self._room]
            self._room -= len(chunk)
            self.done = self._room == 0
        if chunk:
            self._sink(chunk)

    def end(self) -> None:
        self.done = True
        self._sink(None)
        self.cancel()

    def cancel(self) -> None:
        self._sink = _discard


def _discard(_: bytes | None) -> None:
    return
