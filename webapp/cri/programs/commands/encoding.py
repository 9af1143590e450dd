"""``base64``, ``md5sum``, ``sha1sum``, ``sha256sum``, ``sha512sum``, ``od`` and ``hexdump``."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.inputs import read_inputs
from webapp.cri.programs.commands.options import OptionError, parse_options

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]


def base64(call: Invocation) -> Steps:
    """``base64 [-d] [-w columns] [file]``."""
    try:
        options, names = parse_options(
            call.argv[1:], "dDi", "w", {"decode": "d", "wrap": "w", "ignore-garbage": "i"}
        )
    except OptionError as error:
        return call.complain(str(error))
    inputs, code = yield from read_inputs(call, names[:1])
    for _, data in inputs:
        if "d" in options or "D" in options:
            try:
                call.write(b64decode(b"".join(data.split()), validate=True))
            except Base64Error:
                return call.complain("invalid input")
            continue
        text = b64encode(data)
        width = int(options.get("w", "76"))
        if not width:
            call.write(text)
            continue
        for at in range(0, len(text), width):
            call.write(text[at : at + width] + b"\n")
    return code


def checksum(call: Invocation) -> Steps:
    """``md5sum`` and its relatives, with ``-c``."""
    algorithm = call.name.removesuffix("sum")
    options, names = parse_options(call.argv[1:], "cbs", "", {"check": "c"})
    inputs, code = yield from read_inputs(call, names)
    for name, data in inputs:
        if "c" in options:
            code = _check(call, algorithm, data.decode(errors="replace")) or code
        else:
            call.print(f"{hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()}  {name}")
    return code


def _check(call: Invocation, algorithm: str, text: str) -> int:
    code = 0
    for line in text.splitlines():
        wanted, _, name = line.partition("  ")
        node = call.files.get(call.path(name))
        data = call.files.read(call.path(name)) if node is not None else b""
        good = hashlib.new(algorithm, data, usedforsecurity=False).hexdigest() == wanted
        call.print(f"{name}: {'OK' if good and node is not None else 'FAILED'}")
        code = code if good else 1
    return code


def hexdump(call: Invocation) -> Steps:
    """``hexdump -C`` and ``xxd``: bytes and characters; ``od -c`` is not modelled."""
    inputs, code = yield from read_inputs(
        call, [word for word in call.argv[1:] if not word.startswith("-")]
    )
    data = b"".join(piece for _, piece in inputs)[: 1 << 16]
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        call.print(f"{at:08x}  {row.hex(' '):<48} |{shown}|")
    if data:
        call.print(f"{len(data):08x}")
    return code
