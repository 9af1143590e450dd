"""Reading what a filter is given: files by name, or standard input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.files.nodes import Device, Directory, File, FileError

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.streams import Stream
    from webapp.cri.programs.userland import Invocation, Wait


def open_input(call: Invocation, name: str) -> Stream | None:
    """A stream for a file name or ``-``; ``None`` after a complaint."""
    if name == "-":
        return call.fds.get(0)
    try:
        if isinstance(call.files.node(call.path(name)), Directory):
            raise FileError("Is a directory")
        return call.userland.open_for_reading(call, name)
    except FileError as error:
        complain_about(call, name, error.reason)
        return None


def complain_about(call: Invocation, name: str, reason: str) -> int:
    """Say that a file cannot be read, as this kind of tool does."""
    if call.userland.style == "busybox" and reason != "Is a directory":
        return call.complain(f"can't open '{name}': {reason}")
    if call.userland.style == "busybox":
        return call.complain(f"read error: {reason}")
    return call.complain(f"{name}: {reason}")


def each_line(call: Invocation, stream: Stream | None) -> Generator[Wait, Any, list[bytes]]:
    """All lines with their ends; output leaves while it waits."""
    if stream is None:
        return []
    return (yield from _all(call, stream)).splitlines(keepends=True)


def read_stream(call: Invocation, stream: Stream | None) -> Generator[Wait, Any, bytes]:
    """All bytes, up to a bound."""
    return b"" if stream is None else (yield from _all(call, stream))


def _all(call: Invocation, stream: Stream) -> Generator[Wait, Any, bytes]:
    before = call.fds.get(0)
    call.fds[0] = stream
    try:
        return (yield from call.read_all())
    finally:
        if before is None:
            del call.fds[0]
        else:
            call.fds[0] = before


def read_inputs(
    call: Invocation, names: list[str]
) -> Generator[Wait, Any, tuple[list[tuple[str, bytes]], int]]:
    """Each input's name with its bytes; and 1 when one could not be read."""
    found: list[tuple[str, bytes]] = []
    code = 0
    for name in names or ["-"]:
        stream = open_input(call, name)
        if stream is None:
            code = 1
        else:
            found.append((name, (yield from _all(call, stream))))
    return found, code


def is_endless(call: Invocation, name: str) -> bool:
    """Whether reading a file never ends."""
    node = call.files.get(call.path(name))
    return isinstance(node, Device) and node.name in ("zero", "random")


def lines_of(data: bytes) -> list[str]:
    """Text lines without ends."""
    lines = data.decode(errors="surrogateescape").split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


def size_of(node: object) -> int:
    """Bytes of a node as ``ls`` shows them."""
    return node.size if isinstance(node, File) else 4096 if isinstance(node, Directory) else 0
