"""``ps``, ``top -n1``, ``kill``, ``pkill``, ``killall``, ``pgrep`` and ``free``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.signals import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]


def ps(call: Invocation) -> int:
    """``ps``, ``ps aux``, ``ps -ef``: all commands of the container."""
    now_ms = call.userland.sim.now_ms
    flags = "".join(call.argv[1:])
    wide = "e" in flags and "f" in flags
    if call.userland.style == "busybox":
        call.print("PID   USER     TIME  COMMAND")
    elif wide:
        call.print("UID          PID    PPID  C STIME TTY          TIME CMD")
    else:
        call.print("    PID TTY          TIME CMD")
    visible = call.userland.namespace.visible
    for item in [visible[pid] for pid in sorted(visible)]:
        user = item.user.name or str(item.user.uid)
        command = " ".join(item.argv)
        seconds = (now_ms - item.started_ms) // 1000
        if call.userland.style == "busybox":
            call.print(f"{item.pid:5d} {user:<8}  0:00 {command}")
        elif wide:
            call.print(
                f"{user:<8} {item.pid:7d} {item.parent_pid:7d}  0 {seconds // 3600:02d}:{seconds // 60 % 60:02d} ?        00:00:00 {command}"
            )
        else:
            call.print(f"{item.pid:7d} ?        00:00:00 {item.name}")
    return 0


def kill(call: Invocation) -> Steps:
    """``kill [-signal] pid…``, ``pkill``, ``killall``."""
    words = call.argv[1:]
    number = SIGNALS["TERM"]
    if words and words[0] == "-s" and len(words) > 1:
        words = ["-" + words[1], *words[2:]]
    if words and words[0].startswith("-") and words[0] != "-f":
        text = words.pop(0)[1:].upper().removeprefix("SIG")
        found = int(text) if text.isdigit() else SIGNALS.get(text)
        if found is None:
            return call.complain(f"bad signal name '{text}'")
        number = found
    code = 0
    for word in words:
        if word == "-f":
            continue
        targets = _targets(call, word)
        if not targets:
            code = 1
            if call.name == "kill":
                call.complain(f"can't kill pid {word}: No such process")
            elif call.name == "killall":
                call.complain(f"{word}: no process killed")
        for target in targets:
            if number:
                target.userland.signal(target, number)
    yield from call.flush()
    yield 0
    return code


def _targets(call: Invocation, word: str) -> list[Invocation]:
    running = list(call.userland.namespace.visible.values())
    if call.name == "kill":
        return [item for item in running if str(item.pid) == word]
    if "-f" in call.argv:
        return [item for item in running if word in " ".join(item.argv) and item is not call]
    return [item for item in running if item.name == word]


def pgrep(call: Invocation) -> int:
    """``pgrep [-f] pattern``, ``pidof name``."""
    words = [word for word in call.argv[1:] if not word.startswith("-")]
    found = [
        item
        for item in call.userland.namespace.visible.values()
        if item is not call
        and words
        and words[0] in (" ".join(item.argv) if "-f" in call.argv else item.name)
    ]
    if call.name == "pidof":
        if found:
            call.print(" ".join(str(item.pid) for item in reversed(found)))
    else:
        for item in found:
            call.print(str(item.pid))
    return 0 if found else 1


def free(call: Invocation) -> int:
    """``free [-m]``: of the machine as the model has it."""
    unit = 1 << 20 if "-m" in call.argv else 1 << 10
    total = (8 << 30) // unit
    used = call.userland.memory_bytes // unit + total // 8
    call.print("              total        used        free      shared  buff/cache   available")
    call.print(
        f"Mem:     {total:10d}  {used:10d}  {total - used:10d}           0           0  {total - used:10d}"
    )
    call.print("Swap:             0           0           0")
    return 0
