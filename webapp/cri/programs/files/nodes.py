"""Files, directories, links and devices; trees may be shared and are copied before they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_ENTRY = "No such file or directory"
NOT_A_DIRECTORY = "Not a directory"
IS_A_DIRECTORY = "Is a directory"
EXISTS = "File exists"
NOT_EMPTY = "Directory not empty"
READ_ONLY = "Read-only file system"
DENIED = "Permission denied"
NO_SPACE = "No space left on device"
TOO_MANY_LINKS = "Too many levels of symbolic links"
TOO_LONG = "File name too long"
BUSY = "Device or resource busy"
NOT_PERMITTED = "Operation not permitted"

ROOT = (0, 0)
SET_GROUP = 0o2000
STICKY = 0o1000

SHOWN_HOLE_BYTES = 65_536
"""Of what was written as a run of zeros this much can be read back."""


class FileError(Exception):
    """An operation on a file failed, for the reason that a C library would print."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Quota:
    """How much a file system may hold.

    Attributes:
        limit_bytes: Modelled size that may be used; ``None`` without a limit.
        used_bytes: Modelled size in use, runs of zeros included.
        held_bytes: What is really kept in memory.
        real_limit_bytes: What may really be kept.
    """

    __slots__ = ("held_bytes", "limit_bytes", "real_limit_bytes", "used_bytes")

    def __init__(self, limit_bytes: int | None = None, real_limit_bytes: int = 4 << 20) -> None:
        self.limit_bytes = limit_bytes
        self.real_limit_bytes = real_limit_bytes
        self.used_bytes = 0
        self.held_bytes = 0

    def add(self, held: int, hole: int = 0) -> None:
        """Count bytes in, or out when negative.

        Raises:
            FileError: There is no room.
        """
        if held + hole > 0 and (
            (self.limit_bytes is not None and self.used_bytes + held + hole > self.limit_bytes)
            or self.held_bytes + held > self.real_limit_bytes
        ):
            raise FileError(NO_SPACE)
        self.used_bytes += held + hole
        self.held_bytes += held


class File:
    """A regular file.

    Attributes:
        data: Its bytes.
        hole: Zeros after ``data`` that are counted but not kept.
        mode: Permission bits.
        uid, gid: Whom it belongs to.
        modified_ms: Virtual time of the last change.
        command: Name in the table of commands of what runs when it is executed; "" for a text.
        shared: Whether it belongs to an image, and must be copied before it changes.
        writer: The container that wrote it last; "" when it came with an image or an object.
    """

    __slots__ = (
        "command",
        "data",
        "gid",
        "hole",
        "mode",
        "modified_ms",
        "shared",
        "uid",
        "writer",
    )

    def __init__(
        self,
        data: bytes = b"",
        mode: int = 0o644,
        modified_ms: int = 0,
        *,
        command: str = "",
        shared: bool = False,
        owner: tuple[int, int] = ROOT,
    ) -> None:
        self.uid, self.gid = owner
        self.data = bytearray(data)
        self.hole = 0
        self.mode = mode
        self.modified_ms = modified_ms
        self.command = command
        self.shared = shared
        self.writer = ""

    @property
    def size(self) -> int:
        """Bytes as ``ls`` shows them."""
        return len(self.data) + self.hole

    def content(self) -> bytes:
        """What reading gives; of a long run of zeros only the beginning."""
        return bytes(self.data) + bytes(min(self.hole, SHOWN_HOLE_BYTES))

    def copy(self) -> File:
        """A file of one's own with the same content."""
        owner = self.uid, self.gid
        twin = File(
            bytes(self.data), self.mode, self.modified_ms, command=self.command, owner=owner
        )
        twin.hole = self.hole
        return twin


class Directory:
    """Names to nodes.

    Attributes:
        entries: Name → node, in order of making.
        mode: Permission bits.
        uid, gid: Whom it belongs to.
        modified_ms: Virtual time of the last change.
        shared: Whether it belongs to an image, and must be copied before it changes.
    """

    __slots__ = ("entries", "gid", "mode", "modified_ms", "shared", "uid")

    def __init__(
        self,
        entries: dict[str, Node] | None = None,
        mode: int = 0o755,
        modified_ms: int = 0,
        *,
        shared: bool = False,
        owner: tuple[int, int] = ROOT,
    ) -> None:
        self.uid, self.gid = owner
        self.entries: dict[str, Node] = {} if entries is None else entries
        self.mode = mode
        self.modified_ms = modified_ms
        self.shared = shared

    def copy(self) -> Directory:
        """A directory of one's own with the same, still shared, children."""
        owner = self.uid, self.gid
        return Directory(dict(self.entries), self.mode, self.modified_ms, owner=owner)


class Symlink:
    """A symbolic link.

    Attributes:
        target: Where it points.
        modified_ms: Virtual time of making.
    """

    __slots__ = ("modified_ms", "target")

    def __init__(self, target: str, modified_ms: int = 0) -> None:
        self.target = target
        self.modified_ms = modified_ms


class Device:
    """A character device or a file of ``/proc``; whoever opens it decides what its name means.

    Attributes:
        name: ``null``, ``zero``, ``random``, ``tty``, ``fd/1`` or ``proc/uptime``.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


Node = File | Directory | Symlink | Device


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    if isinstance(node, Directory):
        for child in node.entries.values():
            yield from walk(child)


def tree_sizes(node: Node) -> tuple[int, int]:
    """Bytes kept, and zeros only counted, of all files below a node."""
    files = [item for item in walk(node) if isinstance(item, File)]
    return sum(len(item.data) for item in files), sum(item.hole for item in files)
