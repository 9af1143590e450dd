"""``id``, ``whoami``, ``hostname``, ``uname``, ``nproc``, ``arch``, ``tty``, ``uptime`` and ``date``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from webapp.cri.programs.commands.options import parse_options
from webapp.cri.programs.files.permissions import group_name

if TYPE_CHECKING:
    from webapp.cri.programs.userland import Invocation

KERNEL = "6.8.0-podarium"


def id_(call: Invocation) -> int:
    """``id [-ugnG]``."""
    options, _ = parse_options(call.argv[1:], "ugnGr", "")
    user = call.userland.user
    busybox = call.userland.style == "busybox"
    further = sorted({user.gid, *user.groups})
    if not busybox:  # GNU's puts the first group first
        further = [user.gid, *(gid for gid in further if gid != user.gid)]

    def shown(number: int, name: str) -> str:
        return (name or str(number)) if "n" in options else str(number)

    def full(number: int, name: str) -> str:
        return f"{number}({name})" if name else str(number)

    if "u" in options:
        call.print(shown(user.uid, user.name))
    elif "g" in options:
        call.print(shown(user.gid, group_name(user.gid)))
    elif "G" in options:
        call.print(" ".join(shown(gid, group_name(gid)) for gid in further))
    else:
        groups = ",".join(full(gid, group_name(gid)) for gid in further)
        own = f"uid={full(user.uid, user.name)} gid={full(user.gid, group_name(user.gid))}"
        call.print(f"{own} groups={groups}")
    return 0


def whoami(call: Invocation) -> int:
    """``whoami``."""
    user = call.userland.user
    if not user.name:
        return call.complain(f"unknown uid {user.uid}")
    call.print(user.name)
    return 0


def hostname(call: Invocation) -> int:
    """``hostname [-isfI]``."""
    identity = call.userland.identity
    option = call.argv[1] if len(call.argv) > 1 else ""
    if option in ("-i", "-I"):
        call.print(identity.ip)
    elif option.startswith("-") or not option:
        call.print(identity.hostname)
    else:
        return call.complain("sethostname: Operation not permitted")
    return 0


def uname(call: Invocation) -> int:
    """``uname [-asnrmo]``."""
    options, _ = parse_options(call.argv[1:], "asnrvmpio", "")
    values = {
        "s": "Linux",
        "n": call.userland.identity.hostname,
        "r": KERNEL,
        "v": "#1 SMP",
        "m": "x86_64",
        "o": "GNU/Linux",
    }
    letters = values if "a" in options else [item for item in values if item in options] or ["s"]
    call.print(" ".join(values[letter] for letter in letters))
    return 0


def nproc(call: Invocation) -> int:
    """``nproc``: what the limit leaves, at least one."""
    millis = call.userland.limits.cpu_millis
    call.print(str(max(1, millis // 1000) if millis else 4))
    return 0


def arch(call: Invocation) -> int:
    """``arch``."""
    call.print("x86_64")
    return 0


def tty(call: Invocation) -> int:
    """``tty``."""
    stream = call.fds.get(0)
    if stream is not None and stream.is_terminal:
        call.print("/dev/pts/0")
        return 0
    call.print("not a tty")
    return 1


def date(call: Invocation) -> int:
    """``date [-uIR] [-d @seconds] [+format]``: the simulation's time."""
    now_ms = call.userland.sim.now_ms
    layout = "%a %b %e %H:%M:%S UTC %Y"
    words = call.argv[1:]
    while words:
        word = words.pop(0)
        if word.startswith("+"):
            layout = word[1:]
        elif word.startswith("-I"):
            layout = "%Y-%m-%dT%H:%M:%S+00:00" if "s" in word else "%Y-%m-%d"
        elif word in ("-R", "--rfc-2822"):
            layout = "%a, %d %b %Y %H:%M:%S +0000"
        elif word in ("-d", "--date") and words:
            text = words.pop(0)
            if not re.fullmatch(r"@\d{1,11}", text):
                return call.complain(f"invalid date '{text}': not modelled by Podarium")
            now_ms = int(text[1:]) * 1000
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    nanos = "000000000" if call.userland.style == "busybox" else f"{now_ms % 1000:03d}000000"
    layout = re.sub(r"%(\d)N", lambda match: nanos[: int(match[1])], layout)
    layout = layout.replace("%N", nanos).replace("%s", str(now_ms // 1000)).replace("%-", "%")
    call.print(now.strftime(layout))
    return 0


def uptime(call: Invocation) -> int:
    """``uptime``."""
    now = datetime.fromtimestamp(call.userland.sim.now_ms / 1000, UTC)
    call.print(f" {now:%H:%M:%S} up 1 day,  load average: 0.00, 0.00, 0.00")
    return 0
