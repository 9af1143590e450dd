"""``sleep``, ``usleep`` and ``timeout``: commands about time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.problems import CannotRun
from webapp.cri.programs.signals import SIGKILL, SIGNALS

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

FOREVER_MS = 100 * 365 * 86_400_000
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([smhd]?)")
_UNIT_MS = {"": 1000, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def duration_ms(text: str) -> int | None:
    """``1.5``, ``2m`` or ``infinity`` in milliseconds; ``None`` for anything else."""
    if text in ("inf", "infinity"):
        return FOREVER_MS
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    return min(FOREVER_MS, round(float(match[1]) * _UNIT_MS[match[2]]))


def sleep(call: Invocation) -> int | Steps:
    """``sleep duration…``: the sum of all."""
    if len(call.argv) < 2:
        return call.complain("missing operand")
    total_ms = 0
    for word in call.argv[1:]:
        wait_ms = duration_ms(word)
        if wait_ms is None:
            if call.userland.style == "busybox":
                return call.complain(f"invalid number '{word}'")
            return call.complain(f"invalid time interval '{word}'")
        total_ms += wait_ms
    return _sleep(min(FOREVER_MS, total_ms))


def usleep(call: Invocation) -> int | Steps:
    """``usleep microseconds``."""
    word = call.argv[1] if len(call.argv) > 1 else ""
    return _sleep(int(word) // 1000) if word.isdigit() else call.complain("invalid number")


def _sleep(wait_ms: int) -> Steps:
    yield wait_ms
    return 0


def timeout(call: Invocation) -> Steps:
    """``timeout [-s signal] [-k duration] duration command…``."""
    words = call.argv[1:]
    number, kill_ms = SIGNALS["TERM"], None
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-s", "-k", "-t") and words:
            value = words.pop(0)
        else:
            value = word.partition("=")[2] or word[2:]
        if word.startswith(("-s", "--signal")):
            number = int(value) if value.isdigit() else SIGNALS.get(value.removeprefix("SIG"), 15)
        elif word.startswith(("-k", "--kill-after")):
            kill_ms = duration_ms(value)
        elif word == "-t":
            words.insert(0, value)
    limit_ms = duration_ms(words[0]) if words else None
    if limit_ms is None or len(words) < 2:
        return call.complain("invalid time interval", 125)
    userland = call.userland
    child = userland.make(call.pid, words[1:], dict(call.env), call.cwd, dict(call.fds))
    try:
        userland.resolve(child)
    except CannotRun as error:
        userland.end(child, error.exit_code)
        return call.complain(f"failed to run command '{words[1]}': {error.reason}", error.exit_code)
    thread = call.thread
    userland.start(child, background=thread is None or thread.background)
    waiter = child.waiter()
    timer = userland.sim.schedule(limit_ms, waiter.wake, background=True)
    try:
        yield waiter
        if child.exit_code is None:
            userland.signal(child, number)
            if kill_ms is not None:
                waiter = child.waiter()
                userland.sim.cancel(timer)
                timer = userland.sim.schedule(kill_ms, waiter.wake, background=True)
                yield waiter
                if child.exit_code is None:
                    userland.signal(child, SIGKILL)
            code = yield from child.join()
            return code if code == 128 + SIGKILL else 143 if userland.style == "busybox" else 124
    finally:
        userland.sim.cancel(timer)
        if child.exit_code is None and child.thread is not None:
            child.thread.cancel()
    return child.exit_code or 0
