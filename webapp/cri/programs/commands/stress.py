"""``stress`` and ``stress-ng``: memory and processor time as figures, not as work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.files import parse_size
from webapp.cri.programs.commands.sleep import FOREVER_MS, duration_ms

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

FILL_MS = 300
TURN_MS = 1_000


def stress(call: Invocation) -> Steps:
    """``stress [--cpu n] [--vm n] [--vm-bytes size] [--vm-hang s] [--timeout duration] [--io n]``."""
    values = _values(call.argv[1:])
    limit_ms = duration_ms(values.get("timeout", "")) or FOREVER_MS
    cpus, vms = int(values.get("cpu") or 0), int(values.get("vm") or 0)
    each = parse_size(values.get("vm-bytes", "256M")) or 256 << 20
    call.print(
        f"{call.name}: info: [{call.pid}] dispatching hogs: {cpus} cpu, {int(values.get('io') or 0)} io, {vms} vm, 0 hdd"
    )
    yield from call.flush()
    call.memory_bytes = 0
    deadline_ms = call.userland.sim.now_ms + limit_ms
    if vms:
        yield FILL_MS
        call.memory_bytes = vms * each
        call.userland.check_memory()
    while (left_ms := deadline_ms - call.userland.sim.now_ms) > 0:
        turn_ms = min(TURN_MS, left_ms) if cpus else left_ms
        call.userland.cpu.used_us += turn_ms * 1000 * cpus
        yield turn_ms
    call.memory_bytes = 0
    call.print(f"{call.name}: info: [{call.pid}] successful run completed in {limit_ms // 1000}s")
    return 0


def _values(words: list[str]) -> dict[str, str]:
    names = {"-c": "cpu", "-m": "vm", "-t": "timeout", "-i": "io"}
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = names.get(word, word.lstrip("-")).partition("=")
        if not equals and rest and not rest[0].startswith("-"):
            value = rest.pop(0)
        found[name] = value
    return found
