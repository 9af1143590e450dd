"""``cat``: inputs to output as they come; ``tee`` and ``yes`` next to it, which never need to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.inputs import open_input
from webapp.cri.programs.commands.options import OptionError, parse_options
from webapp.cri.programs.cpu import COMMAND_US
from webapp.cri.programs.files.nodes import FileError

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]


def cat(call: Invocation) -> Steps:
    """``cat [-n] [file…]``."""
    try:
        options, names = parse_options(call.argv[1:], "nAeEtTuv")
    except OptionError as error:
        return call.complain(str(error))
    code = 0
    number = 0
    for name in names or ["-"]:
        stream = open_input(call, name)
        if stream is None:
            code = 1
            continue
        call.fds[-1] = stream
        while piece := (yield from call.read(fd=-1)):
            if "n" in options:
                lines = piece.splitlines(keepends=True)
                piece = b"".join(
                    b"%6d\t%s" % (number + at, line) for at, line in enumerate(lines, 1)
                )
                number += len(lines)
            call.write(piece)
            yield from call.flush()
            wait_ms = call.userland.cpu.charge(len(piece) // 64)
            if wait_ms:
                yield wait_ms
        del call.fds[-1]
    return code


def tee(call: Invocation) -> Steps:
    """``tee [-a] [file…]``."""
    options, names = parse_options(call.argv[1:], "ai", "", {"append": "a"})
    code = 0
    for fd, name in enumerate(names, 100):
        try:
            stream = call.userland.open_for_writing(call, name, truncate="a" not in options)
        except FileError as error:
            code = call.complain(f"{name}: {error.reason}")
        else:
            call.fds[fd] = stream.retain()
    while piece := (yield from call.read()):
        call.write(piece)
        for fd in range(100, 100 + len(names)):
            if fd in call.fds:
                call.write(piece, fd)
        yield from call.flush()
    return code


def yes(call: Invocation) -> Steps:
    """``yes [text]``: for ever, at the speed of the processor."""
    line = (" ".join(call.argv[1:]) or "y").encode(errors="surrogateescape") + b"\n"
    block = line * max(1, 16_384 // len(line))
    while True:
        call.write(block)
        yield from call.flush()
        yield max(1, call.userland.cpu.charge(4 * COMMAND_US))
