"""``head`` and ``tail``, which may follow files that grow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.inputs import open_input, read_inputs
from webapp.cri.programs.commands.options import OptionError, parse_options
from webapp.cri.programs.files.nodes import File

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

POLL_MS = 1_000
_LONG = {"lines": "n", "bytes": "c", "follow": "f", "quiet": "q"}


def _options(call: Invocation, flags: str) -> tuple[dict[str, str], list[str]]:
    words = [f"-n{word[1:]}" if re.fullmatch(r"-\d+", word) else word for word in call.argv[1:]]
    return parse_options(words, flags, "ncs", _LONG)


def head(call: Invocation) -> Steps:
    """``head [-n lines] [-c bytes] [file…]``."""
    try:
        options, names = _options(call, "qv")
        count = int(options.get("n", "10"))
        size = _bytes(options["c"]) if "c" in options else 0
    except (OptionError, ValueError) as error:
        return call.complain(f"invalid number: {error}")
    code = 0
    for index, name in enumerate(names or ["-"]):
        stream = open_input(call, name)
        if stream is None:
            code = 1
            continue
        if len(names) > 1 and "q" not in options:
            call.print(f"{chr(10) if index else ''}==> {name} <==")
        call.fds[-1] = stream
        if "c" in options:
            yield from _first_bytes(call, size)
        elif count < 0:
            lines = (yield from call.read_all(fd=-1)).splitlines(keepends=True)
            call.write(b"".join(lines[:count]))
        else:
            for _ in range(count):
                line = yield from call.read_line(fd=-1)
                if not line:
                    break
                call.write(line)
                yield from call.flush_if_large()
        del call.fds[-1]
    return code


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d+)([kKmMgG]?)", text)
    if match is None:
        raise ValueError(text)
    scale: int = 1024 ** " kmg".index(match[2].lower() or " ")
    return int(match[1]) * scale


def _first_bytes(call: Invocation, size: int) -> Generator[Wait, Any, None]:
    while size > 0 and (piece := (yield from call.read(min(size, 65_536), fd=-1))):
        size -= len(piece)
        call.write(piece)
        yield from call.flush()
        wait_ms = call.userland.cpu.charge(len(piece) // 64)
        if wait_ms:
            yield wait_ms


def tail(call: Invocation) -> Steps:
    """``tail [-fF] [-n lines] [-c bytes] [file…]``."""
    try:
        options, names = _options(call, "fFqvr")
        text = options.get("n", "10")
        count = int(text)
    except (OptionError, ValueError) as error:
        return call.complain(f"invalid number: {error}")
    present = [name for name in names if "F" not in options or call.files.exists(call.path(name))]
    inputs, code = yield from read_inputs(call, present if names else ["-"])
    for index, (name, data) in enumerate(inputs):
        if len(inputs) > 1 and "q" not in options:
            call.print(f"{chr(10) if index else ''}==> {name} <==")
        lines = data.splitlines(keepends=True)
        if "c" in options:
            call.write(data[-int(options["c"]) :])
        elif text.startswith("+"):
            call.write(b"".join(lines[max(0, count - 1) :]))
        else:
            call.write(b"".join(lines[len(lines) - min(len(lines), abs(count)) :]))
    if ("f" in options or "F" in options) and names:
        if not inputs and "F" not in options:
            return call.complain("no files")
        yield from _follow(call, names)
    return code


def _follow(call: Invocation, names: list[str]) -> Generator[Wait, Any, None]:
    """Print what is added to files, for ever."""
    known = {name: _size(call, name) for name in names}
    while True:
        yield from call.flush()
        yield POLL_MS
        for name in names:
            size = _size(call, name)
            if size < known[name]:
                known[name] = 0
            if size > known[name]:
                node = call.files.get(call.path(name))
                if isinstance(node, File):
                    call.write(bytes(node.data[known[name] :]))
                known[name] = size


def _size(call: Invocation, name: str) -> int:
    node = call.files.get(call.path(name))
    return len(node.data) if isinstance(node, File) else 0
