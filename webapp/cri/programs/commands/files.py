"""Changing files: ``touch``, ``mkdir``, ``rm``, ``rmdir``, ``cp``, ``mv``, ``ln``, ``mktemp``, ``truncate``."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from webapp.cri.programs.commands.options import OptionError, parse_options
from webapp.cri.programs.files.nodes import (
    EXISTS,
    NO_ENTRY,
    NOT_A_DIRECTORY,
    Directory,
    File,
    FileError,
    Symlink,
)

if TYPE_CHECKING:
    from webapp.cri.programs.files.nodes import Node
    from webapp.cri.programs.userland import Invocation


def touch(call: Invocation) -> int:
    """``touch [-c] file…``."""
    options, names = parse_options(call.argv[1:], "acm", "dtr", {"no-create": "c"})
    code = 0
    for name in names:
        path = call.path(name)
        try:
            node = call.files.get(path)
            if isinstance(node, Directory):
                call.files.check_writable(path)
                node.modified_ms = call.userland.sim.now_ms
            elif node is not None or "c" not in options:
                file, _ = call.files.open_for_writing(path, truncate=False)
                if isinstance(file, File):
                    file.modified_ms = call.userland.sim.now_ms
        except FileError as error:
            if call.userland.style == "busybox":
                code = call.complain(f"{name}: {error.reason}")
            else:
                code = call.complain(f"cannot touch '{name}': {error.reason}")
    return code


def mkdir(call: Invocation) -> int:
    """``mkdir [-p] [-m mode] directory…``."""
    options, names = parse_options(call.argv[1:], "pv", "m", {"parents": "p"})
    if not names:
        return call.complain("missing operand")
    code = 0
    for name in names:
        try:
            call.files.make_directory(call.path(name), parents="p" in options)
        except FileError as error:
            if call.userland.style == "busybox":
                code = call.complain(f"can't create directory '{name}': {error.reason}")
            else:
                code = call.complain(f"cannot create directory '{name}': {error.reason}")
    return code


def rm(call: Invocation) -> int:
    """``rm [-rfi] path…``."""
    try:
        options, names = parse_options(call.argv[1:], "rRfiv", "", {"recursive": "r", "force": "f"})
    except OptionError as error:
        return call.complain(str(error))
    recursive = "r" in options or "R" in options
    code = 0
    for name in names:
        path = call.path(name)
        try:
            node = call.files.get(path, follow=False)
            if node is None:
                if "f" in options:
                    continue
                raise FileError(NO_ENTRY)
            if isinstance(node, Directory) and not recursive:
                raise FileError("Is a directory")
            call.files.remove(path, recursive=recursive)
        except FileError as error:
            if call.userland.style == "busybox" and error.reason == "Is a directory":
                code = call.complain(f"'{name}' is a directory")
            elif call.userland.style == "busybox":
                code = call.complain(f"can't remove '{name}': {error.reason}")
            else:
                code = call.complain(f"cannot remove '{name}': {error.reason}")
    return code


def rmdir(call: Invocation) -> int:
    """``rmdir directory…``."""
    _, names = parse_options(call.argv[1:], "p", "")
    code = 0
    for name in names:
        try:
            if not isinstance(call.files.node(call.path(name)), Directory):
                raise FileError(NOT_A_DIRECTORY)
            call.files.remove(call.path(name))
        except FileError as error:
            code = call.complain(f"'{name}': {error.reason}")
    return code


def _into(call: Invocation, target: str, source: str) -> str:
    """Where something lands that is put at ``target``."""
    path = call.path(target)
    if isinstance(call.files.get(path), Directory):
        return posixpath.join(path, posixpath.basename(source.rstrip("/")))
    return path


def cp(call: Invocation) -> int:
    """``cp [-rRafpL] source… target``."""
    try:
        options, names = parse_options(call.argv[1:], "rRafpLPdinuv", "t", {"recursive": "r"})
    except OptionError as error:
        return call.complain(str(error))
    if "t" in options:
        names.append(options["t"])
    if len(names) < 2:
        return call.complain("missing file operand")
    recursive = any(letter in options for letter in "rRa")
    code = 0
    for source in names[:-1]:
        try:
            node = call.files.node(
                call.path(source), follow="a" not in options and "d" not in options
            )
            if isinstance(node, Directory) and not recursive:
                code = call.complain(
                    f"omitting directory '{source}'"
                    if call.userland.style == "busybox"
                    else f"-r not specified; omitting directory '{source}'"
                )
                continue
            if posixpath.basename(source) in (".", ""):
                _copy_into(call, call.path(source), call.path(names[-1]))
            else:
                _copy(call, call.path(source), _into(call, names[-1], source))
        except FileError as error:
            if call.userland.style == "busybox":
                code = call.complain(
                    f"can't stat '{source}': {error.reason}"
                    if error.reason == NO_ENTRY
                    else f"can't create '{names[-1]}': {error.reason}"
                )
            else:
                code = call.complain(f"cannot stat '{source}': {error.reason}")
    return code


def _copy(call: Invocation, source: str, target: str) -> None:
    files = call.files
    node = files.node(source)
    if isinstance(node, Directory):
        files.make_directory(target, parents=True)
        _copy_into(call, source, target)
    elif isinstance(node, File):
        file, quota = files.open_for_writing(target, truncate=True)
        if isinstance(file, File):
            files.append(file, quota, bytes(node.data), node.hole)
            file.mode, file.command = node.mode, node.command
    else:
        files.write(target, b"")


def _copy_into(call: Invocation, source: str, target: str) -> None:
    for name in call.files.names(source):
        _copy(call, posixpath.join(source, name), posixpath.join(target, name))


def mv(call: Invocation) -> int:
    """``mv [-f] source… target``."""
    _, names = parse_options(call.argv[1:], "finuv", "")
    if len(names) < 2:
        return call.complain("missing file operand")
    code = 0
    for source in names[:-1]:
        try:
            _move(call, call.path(source), _into(call, names[-1], source))
        except FileError as error:
            verb = "can't rename" if call.userland.style == "busybox" else "cannot stat"
            code = call.complain(f"{verb} '{source}': {error.reason}")
    return code


def _move(call: Invocation, source: str, target: str) -> None:
    if source == target:
        return
    node: Node = call.files.node(source, follow=False)
    if target.startswith(source.rstrip("/") + "/"):
        raise FileError("Invalid argument")
    _copy(call, source, target) if isinstance(node, Directory | File) else call.files.add(
        target, node
    )
    call.files.remove(source, recursive=True)


def ln(call: Invocation) -> int:
    """``ln [-sf] target [name]``."""
    options, names = parse_options(call.argv[1:], "sfnvT", "")
    if not names:
        return call.complain("missing file operand")
    target = names[0]
    path = _into(call, names[1] if len(names) > 1 else ".", target)
    try:
        if "f" in options and call.files.get(path, follow=False) is not None:
            call.files.remove(path)
        if call.files.get(path, follow=False) is not None:
            raise FileError(EXISTS)
        node: Node = Symlink(target, call.userland.sim.now_ms)
        if "s" not in options:
            node = call.files.node(call.path(target))
        call.files.add(path, node)
    except FileError as error:
        return call.complain(f"{path}: {error.reason}")
    return 0


def mktemp(call: Invocation) -> int:
    """``mktemp [-d] [template]``."""
    options, names = parse_options(call.argv[1:], "dqtu", "p")
    template = names[0] if names else f"{options.get('p', '/tmp')}/tmp.XXXXXX"  # noqa: S108  # simulated
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    while "X" in template[-6:]:
        before, _, after = template.rpartition("X")
        template = before + letters[call.userland.random(len(letters))] + after
    try:
        if "d" in options:
            call.files.make_directory(call.path(template))
        else:
            call.files.write(call.path(template), b"")
    except FileError as error:
        return call.complain(f"{template}: {error.reason}")
    call.print(template)
    return 0


def truncate(call: Invocation) -> int:
    """``truncate -s size file…``; ``fallocate -l size file``."""
    options, names = parse_options(call.argv[1:], "c", "sl", {"size": "s", "length": "l"})
    size = parse_size(options.get("s") or options.get("l") or "")
    if size is None or not names:
        return call.complain("invalid size")
    for name in names:
        try:
            file, quota = call.files.open_for_writing(call.path(name), truncate=True)
            if isinstance(file, File):
                call.files.append(file, quota, b"", size)
        except FileError as error:
            return call.complain(f"{name}: {error.reason}")
    return 0


def parse_size(text: str) -> int | None:
    """``10``, ``4k``, ``1M``, ``1MB`` or ``2GiB`` in bytes; ``None`` for anything else."""
    match = re.fullmatch(r"(\d+)([cwbkKmMgGtT]?)(i?B?)", text)
    if match is None:
        return None
    unit = match[2].lower()
    base = 1000 if match[3] == "B" and unit else 1024
    scale = {"": 1, "c": 1, "w": 2, "b": 512, "k": base, "m": base**2, "g": base**3, "t": base**4}
    return int(match[1]) * scale[unit]
