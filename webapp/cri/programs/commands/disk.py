"""``dd``, ``df`` and ``du``: bulk data and room."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.files import parse_size
from webapp.cri.programs.commands.inputs import is_endless, open_input, size_of
from webapp.cri.programs.commands.options import parse_options
from webapp.cri.programs.files.nodes import Directory, FileError
from webapp.cri.programs.streams import FileWriter

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.files.nodes import Node
    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

BYTES_A_MS = 1 << 20
"""A simulated disk writes a gigabyte a second."""
DISK_BYTES = 100 << 30


def dd(call: Invocation) -> Steps:
    """``dd if= of= bs= count=``; long runs of zeros are counted, not kept."""
    values = dict(word.partition("=")[::2] for word in call.argv[1:])
    block = parse_size(values.get("bs", "512"))
    count = int(values["count"]) if values.get("count", "").isdigit() else None
    if not block:
        return call.complain("invalid number")
    source = open_input(call, values.get("if", "-"))
    if source is None:
        return 1
    endless = is_endless(call, values.get("if", ""))
    wanted = block * count if count is not None else None
    try:
        target = (
            call.userland.open_for_writing(
                call, values["of"], truncate="notrunc" not in values.get("conv", "")
            )
            if "of" in values
            else call.fds[1]
        )
    except FileError as error:
        return call.complain(f"can't open '{values['of']}': {error.reason}")
    started_ms = call.userland.sim.now_ms
    total = 0
    reason = ""
    call.fds[-1] = source
    call.fds[-2] = target
    while wanted is None or total < wanted:
        step = 1 << 24 if wanted is None else min(1 << 24, wanted - total)
        try:
            if endless and isinstance(target, FileWriter):
                target.write_hole(step)
                size = step
            else:
                piece = yield from call.read(min(step, 65_536), fd=-1)
                size = len(piece)
                if not size:
                    break
                call.write(piece, -2)
                yield from call.flush()
        except FileError as error:
            reason = error.reason
            break
        total += size
        yield max(1, size // BYTES_A_MS) + call.userland.cpu.charge(200)
    del call.fds[-1], call.fds[-2]
    if reason:
        call.complain(f"error writing '{values.get('of', 'standard output')}': {reason}")
    _report(call, total, block, call.userland.sim.now_ms - started_ms)
    return int(bool(reason))


def _report(call: Invocation, total: int, block: int, took_ms: int) -> None:
    full, partial = divmod(total, block)
    seconds = max(1, took_ms) / 1000
    records = f"{full}+{int(bool(partial))}"
    rate = total / seconds / (1 << 20)
    text = (
        f"{records} records in\n{records} records out\n"
        f"{total} bytes ({total / (1 << 20):.1f}MB) copied, {seconds:.6f} seconds, {rate:.1f}MB/s\n"
    )
    call.write(text.encode(), 2)


def df(call: Invocation) -> int:
    """``df [-hkm] [path…]``."""
    options, names = parse_options(call.argv[1:], "hkmPTai", "t")
    title = "Size      Used Available" if "h" in options else "1K-blocks      Used Available"
    call.print(f"Filesystem           {title} Use% Mounted on")
    rows = [("overlay", call.files.quota, "/")]
    for path, mount in sorted(call.files.mounts.items()):
        if isinstance(mount.node, Directory):
            kind = "tmpfs" if mount.read_only or mount.quota.limit_bytes else "/dev/vda1"
            rows.append((kind, mount.quota, path))
    if names:
        best = max(
            (
                row[2]
                for row in rows
                if (call.path(names[0]) + "/").startswith(row[2].rstrip("/") + "/")
            ),
            key=len,
        )
        rows = [row for row in rows if row[2] == best]
    for kind, quota, path in rows:
        size = quota.limit_bytes or DISK_BYTES
        used = quota.used_bytes
        shown = [_amount(amount, options) for amount in (size, used, size - used)]
        share = f"{100 * used // size}%"
        call.print(f"{kind:<20} {shown[0]:>9} {shown[1]:>9} {shown[2]:>9} {share:>4} {path}")
    return 0


def _amount(size: int, options: dict[str, str]) -> str:
    if "h" not in options:
        return str(size // (1 << 20) if "m" in options else -(-size // 1024))
    amount = float(size)
    for unit in ("", "K", "M"):
        if amount < 1024:
            return f"{amount:.1f}{unit}"
        amount /= 1024
    return f"{amount:.1f}G"


def du(call: Invocation) -> int:
    """``du [-shkma] [path…]``."""
    options, names = parse_options(call.argv[1:], "shkmac", "d")
    code = 0
    for name in names or ["."]:
        node = call.files.get(call.path(name))
        if node is None:
            code = call.complain(f"{name}: No such file or directory")
            continue
        _measure(call, name, node, options, top=True)
    return code


def _measure(call: Invocation, name: str, node: Node, options: dict[str, str], *, top: bool) -> int:
    if not isinstance(node, Directory):
        size = -(-size_of(node) // 4096) * 4096
        if top or "a" in options:
            call.print(f"{_amount(size, options)}\t{name}")
        return size
    size = 4096
    for child in sorted(node.entries):
        path = posixpath.join(name, child)
        found = call.files.get(call.path(path), follow=False)
        if found is not None:
            size += _measure(call, path, found, options, top=False)
    if top or "s" not in options:
        call.print(f"{_amount(size, options)}\t{name}")
    return size
