"""``tar``: what ``kubectl cp`` runs at the container's end."""

from __future__ import annotations

import gzip
import io
import posixpath
import tarfile
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.options import OptionError, parse_options
from webapp.cri.programs.files.nodes import NO_ENTRY, Directory, File, FileError, Symlink

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.files.nodes import Node
    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

MOST_BYTES = 64 << 20
_LONG_NAMES = {
    "create": "c",
    "directory": "C",
    "extract": "x",
    "file": "f",
    "gzip": "z",
    "list": "t",
    "touch": "m",
    "verbose": "v",
}


def tar(call: Invocation) -> Steps:
    """``tar {c|x|t}[mvz] [-f file] [-C directory] [path…]``."""
    words = call.argv[1:]
    if words and not words[0].startswith("-"):
        words[0] = f"-{words[0]}"
    try:
        options, names = parse_options(words, "cxtmvzpo", "fC", _LONG_NAMES)
    except OptionError as error:
        return call.complain(str(error))
    base = call.path(options.get("C", "."))
    if "c" in options:
        return _create(call, options, base, names)
    if "x" not in options and "t" not in options:
        return call.complain("must specify one of -c, -x or -t")
    try:
        data = yield from _archive(call, options)
        return _extract(call, options, base, data)
    except FileError as error:
        return call.complain(f"can't open '{options.get('f')}': {error.reason}")
    except (tarfile.TarError, EOFError, OSError) as error:
        return call.complain(f"invalid archive: {error}")


def _archive(call: Invocation, options: dict[str, str]) -> Generator[Wait, Any, bytes]:
    name = options.get("f", "-")
    if name != "-":
        return call.files.read(call.path(name))
    return (yield from call.read_all(most=MOST_BYTES))


def _create(call: Invocation, options: dict[str, str], base: str, names: list[str]) -> int:
    code = added = 0
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in names:
            try:
                node = call.files.node(posixpath.join(base, name), follow=False)
            except FileError as error:
                code = call.complain(f"{name}: {error.reason}", _failure(call))
                continue
            inside = posixpath.normpath(name).lstrip("/") or "."
            if name.startswith("/"):
                call.write(b"tar: removing leading '/' from member names\n", 2)
            _add(call, archive, posixpath.join(base, name), inside, node)
            added += 1
    if code and not added:
        # An empty archive would look like a success to whoever reads it only.
        return code
    # Virtual time stays out of the compressor's header, and so does the host's.
    data = gzip.compress(buffer.getvalue(), mtime=0) if "z" in options else buffer.getvalue()
    if options.get("f", "-") == "-":
        call.write(data)
        return code
    try:
        call.files.write(call.path(options["f"]), data)
    except FileError as error:
        return call.complain(f"can't open '{options['f']}': {error.reason}", _failure(call))
    return code


def _failure(call: Invocation) -> int:
    return 1 if call.userland.style == "busybox" else 2


def _add(call: Invocation, archive: tarfile.TarFile, path: str, name: str, node: Node) -> None:
    info = tarfile.TarInfo(name)
    user = call.userland.user
    info.uid, info.gid = user.uid, user.gid
    info.uname = info.gname = user.name
    if isinstance(node, Directory):
        info.type, info.mode, info.mtime = tarfile.DIRTYPE, node.mode, node.modified_ms // 1000
        archive.addfile(info)
        for child in call.files.names(path):
            inside = posixpath.join(path, child)
            _add(
                call,
                archive,
                inside,
                posixpath.join(name, child),
                call.files.node(inside, follow=False),
            )
    elif isinstance(node, Symlink):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, node.target, 0o777
        archive.addfile(info)
    elif isinstance(node, File):
        content = node.content()
        info.size, info.mode, info.mtime = len(content), node.mode, node.modified_ms // 1000
        archive.addfile(info, io.BytesIO(content))


def _extract(call: Invocation, options: dict[str, str], base: str, data: bytes) -> int:
    code = 0
    if "x" in options and not isinstance(call.files.get(base), Directory):
        return call.complain(f"can't change directory to '{options.get('C')}': {NO_ENTRY}")
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as archive:
        for info in archive:
            if "t" in options or "v" in options:
                call.print(info.name)
            if "t" in options:
                continue
            if ".." in info.name.split("/"):
                code = call.complain(f"name with '..' skipped: {info.name}")
                continue
            try:
                _put(call, archive, info, posixpath.join(base, info.name.lstrip("/")))
            except FileError as error:
                code = call.complain(f"can't open '{info.name}': {error.reason}")
    return code


def _put(call: Invocation, archive: tarfile.TarFile, info: tarfile.TarInfo, path: str) -> None:
    files = call.files
    if info.isdir():
        files.make_directory(path, parents=True)
        return
    around = posixpath.dirname(path)
    if not files.exists(around):
        files.make_directory(around, parents=True)
    if info.issym():
        files.add(path, Symlink(info.linkname, call.userland.sim.now_ms))
        return
    content = archive.extractfile(info)
    if content is None:
        return
    files.write(path, content.read())
    node = files.node(path)
    if isinstance(node, File):
        node.mode = info.mode & 0o777
