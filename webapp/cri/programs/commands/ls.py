"""``ls``, ``stat`` and ``find``: looking at directories."""

from __future__ import annotations

import posixpath
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.inputs import size_of
from webapp.cri.programs.commands.options import OptionError, parse_options
from webapp.cri.programs.commands.sleep import FOREVER_MS
from webapp.cri.programs.files.nodes import Device, Directory, File, FileError, Symlink
from webapp.cri.programs.files.permissions import READ, group_name, user_name
from webapp.cri.programs.patterns import matches
from webapp.cri.programs.problems import CannotRun

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.files.nodes import Node
    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

MOST_FOUND = 20_000


def mode_text(node: Node) -> str:
    """``-rw-r--r--`` and the like."""
    kind = {Directory: "d", Symlink: "l", Device: "c"}.get(type(node), "-")
    mode = 0o777 if isinstance(node, Symlink) else 0o666 if isinstance(node, Device) else node.mode
    bits = "".join(
        letter if mode >> (8 - index) & 1 else "-" for index, letter in enumerate("rwxrwxrwx")
    )
    for bit, at, letter in ((0o4000, 2, "s"), (0o2000, 5, "s"), (0o1000, 8, "t")):
        if mode & bit:
            shown = letter if bits[at] == "x" else letter.upper()
            bits = bits[:at] + shown + bits[at + 1 :]
    return kind + bits


def owners(node: Node) -> tuple[str, str]:
    """User and group of a node, by name if they have one."""
    uid, gid = getattr(node, "uid", 0), getattr(node, "gid", 0)
    return user_name(uid) or str(uid), group_name(gid) or str(gid)


def modified_ms(node: Node) -> int:
    """When it changed last."""
    return 0 if isinstance(node, Device) else node.modified_ms


def ls(call: Invocation) -> int:
    """``ls [-1aAdlhrRtS] [path…]``."""
    try:
        options, names = parse_options(call.argv[1:], "1aAdlhrRtSiFLnpsgokc", "", {"all": "a"})
    except OptionError as error:
        return call.complain(str(error))
    code = 0
    files: list[tuple[str, Node]] = []
    directories: list[tuple[str, Directory]] = []
    for name in names or ["."]:
        node = call.files.get(
            call.path(name),
            follow="l" not in options or "L" in options or name.endswith("/"),
        )
        if node is None:
            reason = "No such file or directory"
            if call.userland.style == "busybox":
                code = call.complain(f"{name}: {reason}")
            else:
                code = call.complain(f"cannot access '{name}': {reason}", 2)
        elif isinstance(node, Directory) and "d" not in options:
            try:
                call.files.check(node, READ)
            except FileError as error:
                verb = "can't open" if call.userland.style == "busybox" else "cannot open directory"
                code = call.complain(f"{verb} '{name}': {error.reason}")
                continue
            directories.append((name, node))
        else:
            files.append((name, node))
    _list(call, options, files)
    for index, (name, node) in enumerate(directories):
        _list_directory(
            call,
            options,
            name,
            node,
            titled=len(names) > 1 or "R" in options,
            first=not index and not files,
        )
    return code


def _list_directory(
    call: Invocation,
    options: dict[str, str],
    name: str,
    node: Directory,
    *,
    titled: bool,
    first: bool,
) -> None:
    if titled:
        call.print(f"{'' if first else chr(10)}{name}:")
    entries: list[tuple[str, Node]] = []
    for child in sorted(node.entries):
        path = posixpath.join(call.path(name), child)
        found = call.files.get(path, follow="L" in options)
        if found is not None and (not child.startswith(".") or "a" in options or "A" in options):
            entries.append((child, found))
    if "a" in options:
        entries[:0] = [(".", node), ("..", node)]
    if "l" in options:
        call.print(f"total {sum(4 * -(-size_of(item) // 4096) for _, item in entries)}")
    _list(call, options, entries)
    if "R" in options:
        for child, found in entries:
            if isinstance(found, Directory) and child not in (".", ".."):
                below = f"{name.rstrip('/')}/{child}"
                _list_directory(call, options, below, found, titled=True, first=False)


def _list(call: Invocation, options: dict[str, str], entries: list[tuple[str, Node]]) -> None:
    if "t" in options:
        entries = sorted(entries, key=lambda entry: -modified_ms(entry[1]))
    if "S" in options:
        entries = sorted(entries, key=lambda entry: -size_of(entry[1]))
    if "r" in options:
        entries = entries[::-1]
    for name, node in entries:
        call.print(_row(call, options, name, node) if "l" in options else name)


def _row(call: Invocation, options: dict[str, str], name: str, node: Node) -> str:
    size = size_of(node)
    shown = _human(size) if "h" in options else str(size)
    when = datetime.fromtimestamp(modified_ms(node) / 1000, UTC)
    link = f" -> {node.target}" if isinstance(node, Symlink) else ""
    count = 2 if isinstance(node, Directory) else 1
    user, group = owners(node)
    owner = f"{user:<8} {group:<8}" if call.userland.style == "busybox" else f"{user} {group}"
    return f"{mode_text(node)} {count:4d} {owner} {shown:>9} {when:%b %e %H:%M} {name}{link}"


def _human(size: int) -> str:
    amount = float(size)
    for unit in ("", "K", "M", "G"):
        if amount < 1024:
            return f"{amount:.1f}{unit}" if unit else str(size)
        amount /= 1024
    return f"{amount:.1f}T"


def stat(call: Invocation) -> int:
    """``stat [-c format] path…``."""
    options, names = parse_options(call.argv[1:], "Lt", "c", {"format": "c"})
    code = 0
    for name in names:
        node = call.files.get(call.path(name), follow="L" in options)
        if node is None:
            code = call.complain(f"can't stat '{name}': No such file or directory")
            continue
        mode = 0o777 if isinstance(node, Symlink | Device) else node.mode
        kind = {Directory: "directory", Symlink: "symbolic link"}.get(type(node), "regular file")
        values = {
            "n": name,
            "s": str(size_of(node)),
            "a": f"{mode:o}",
            "A": mode_text(node),
            "U": owners(node)[0],
            "G": owners(node)[1],
            "u": str(getattr(node, "uid", 0)),
            "g": str(getattr(node, "gid", 0)),
            "F": kind,
            "Y": str(modified_ms(node) // 1000),
        }
        if "c" in options:
            text = options["c"]
            for letter, value in values.items():
                text = text.replace(f"%{letter}", value)
            call.print(text)
        else:
            call.print(
                f"  File: {name}\n  Size: {values['s']}\t{kind}\nAccess: ({mode:04o}/{values['A']})  "
                f"Uid: ({values['u']:>5}/{values['U']:>8})   Gid: ({values['g']:>5}/{values['G']:>8})"
            )
    return code


def find(call: Invocation) -> Steps:
    """``find [path…] [-name p] [-iname p] [-path p] [-type t] [-maxdepth n] [-empty] [-delete] [-exec … ;]``."""
    words = call.argv[1:]
    roots: list[str] = []
    while words and not words[0].startswith(("-", "(", "!")):
        roots.append(words.pop(0))
    tests: list[tuple[str, list[str]]] = []
    while words:
        word = words.pop(0)
        if word == "-exec":
            end = next((at for at, item in enumerate(words) if item in (";", "+")), len(words))
            tests.append((word, words[:end]))
            words = words[end + 1 :]
        elif word in (
            "-name",
            "-iname",
            "-path",
            "-type",
            "-maxdepth",
            "-mindepth",
            "-mmin",
            "-mtime",
            "-size",
            "-newer",
        ):
            tests.append((word, [words.pop(0) if words else ""]))
        elif word in ("-print", "-delete", "-empty", "-print0", "!", "-not"):
            tests.append((word, []))
        else:
            return call.complain(f"unrecognized: {word}: not modelled by Podarium")
    depth = next((int(value[0]) for test, value in tests if test == "-maxdepth"), 1 << 30)
    least = next((int(value[0]) for test, value in tests if test == "-mindepth"), 0)
    code = 0
    for root in roots or ["."]:
        if call.files.get(call.path(root)) is None:
            code = call.complain(f"{root}: No such file or directory")
            continue
        for path, level in _below(call, root, depth):
            if level >= least:
                code = (yield from _act(call, path, tests)) or code
    return code


def _below(call: Invocation, root: str, depth: int) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    waiting = [(root, 0)]
    while waiting and len(found) < MOST_FOUND:
        path, level = waiting.pop()
        found.append((path, level))
        node = call.files.get(call.path(path), follow=level == 0)
        if isinstance(node, Directory) and level < depth:
            children = sorted(node.entries, reverse=True)
            waiting.extend((f"{path.rstrip('/')}/{child}", level + 1) for child in children)
    return found


def _act(call: Invocation, path: str, tests: list[tuple[str, list[str]]]) -> Steps:
    node = call.files.get(call.path(path), follow=False)
    negate = False
    acted = False
    code = 0
    for test, values in tests:
        if test in ("!", "-not"):
            negate = True
            continue
        if test in ("-print", "-print0"):
            call.write(path.encode() + (b"\n" if test == "-print" else b"\0"))
            acted = True
        elif test == "-delete":
            acted = True
            try:
                call.files.remove(call.path(path))
            except FileError as error:
                code = call.complain(f"{path}: {error.reason}")
        elif test == "-exec":
            acted = True
            try:
                code = yield from call.run([path if word == "{}" else word for word in values])
            except CannotRun as error:
                return call.complain(f"{values[0] if values else ''}: {error.reason}")
        elif _fits(call, path, node, test, values) == negate:
            return code
        negate = False
    if not acted:
        call.print(path)
    yield from call.flush_if_large()
    return code


def _fits(call: Invocation, path: str, node: Node | None, test: str, values: list[str]) -> bool:
    name = posixpath.basename(path.rstrip("/")) or path
    if test == "-name":
        return matches(values[0], name)
    if test == "-iname":
        return matches(values[0].lower(), name.lower())
    if test == "-path":
        return matches(values[0], path)
    if test == "-type":
        return {"f": File, "d": Directory, "l": Symlink}.get(values[0], Device) is type(node)
    if test == "-empty":
        return not node.entries if isinstance(node, Directory) else size_of(node) == 0
    if test in ("-mmin", "-mtime") and node is not None:
        unit_ms = 60_000 if test == "-mmin" else 86_400_000
        age = (call.userland.sim.now_ms - modified_ms(node)) // unit_ms
        wanted = int(values[0].lstrip("+-") or 0)
        return (
            age > wanted
            if values[0][0] == "+"
            else age < wanted
            if values[0][0] == "-"
            else age == wanted
        )
    if test == "-size":
        wanted = int("".join(c for c in values[0] if c.isdigit()) or 0) * {
            "k": 1024,
            "M": 1 << 20,
            "c": 1,
        }.get(values[0][-1], 512)
        size = size_of(node)
        return (
            size > wanted
            if values[0][0] == "+"
            else size < wanted
            if values[0][0] == "-"
            else size == wanted
        )
    if test == "-newer" and node is not None:
        other = call.files.get(call.path(values[0]))
        return modified_ms(node) > (modified_ms(other) if other is not None else FOREVER_MS)
    return True
