"""Images that keep processors and memory busy: ``-cpus 2 -mem-total 1Gi``, as the documentation's demos do.

Models:
    test/images/agnhost/stress/stress.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.quantity import cpu_millis, quantity_bytes
from webapp.cri.program import SIGTERM

if TYPE_CHECKING:
    from webapp.cri.catalogue import ImageProfile
    from webapp.cri.program import Process

STEP_BYTES = 4096
STEP_MS = 1


class LoadProgram:
    """Uses what its options say until it is stopped."""

    __slots__ = ("_profile",)

    def __init__(self, profile: ImageProfile) -> None:
        self._profile = profile

    def problem(self, process: Process) -> str:  # noqa: ARG002
        """None: an image's own program is there."""
        return ""

    def start(self, process: Process) -> None:
        """Take the processors at once, the memory step by step."""
        options = load_options(process.argv)
        millis = cpu_millis(options.get("cpus", "0"))
        total = quantity_bytes(options.get("mem-total", "0"))
        each = quantity_bytes(options.get("mem-alloc-size", "4Ki")) or STEP_BYTES
        step_ms = _milliseconds(options.get("mem-alloc-sleep", "1ms")) or STEP_MS
        process.write(
            f'Allocating "{total}" memory, in "{each}" chunks, with a {step_ms}ms sleep between allocations'
        )
        if millis:
            process.write(f"Spawning a thread to consume CPU ({millis // 1000} of them)")
            process.meter.set_steady(process.sim.now_ms, millis)
        process.listen(self._profile.ports)
        if total:
            self._allocate(process, total, each, step_ms)

    def _allocate(self, process: Process, total: int, each: int, step_ms: int) -> None:
        # Many small steps are taken together, so that an allocation costs at most a hundred events.
        steps = max(1, -(-total // each) // 100)

        def take(process: Process) -> None:
            held = min(total, process.meter.held_bytes + steps * each)
            process.hold_memory(held)
            if held < total:
                process.after(steps * step_ms, take)
            else:
                process.write("Allocated all of it")

        process.after(steps * step_ms, take)

    def on_signal(self, process: Process, signal: int) -> None:
        """End after a moment."""
        if signal == SIGTERM:
            process.sim.schedule(self._profile.stop_ms, self._stop, process)

    def _stop(self, process: Process) -> None:
        process.exit(self._profile.stop_exit_code or 0)

    def http_status(self, process: Process, port: int, path: str) -> int:  # noqa: ARG002
        """It answers everything."""
        return 200

    def served_file(self, process: Process, path: str) -> bytes | None:  # noqa: ARG002
        """None: it serves no files."""
        return None


def load_options(words: tuple[str, ...]) -> dict[str, str]:
    """``-cpus 2 --mem-total=1Gi`` as names and values; Go takes one hyphen or two."""
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if not equals and rest and not rest[0].startswith("-"):
            value = rest.pop(0)
        found[name] = value
    return found


def _milliseconds(text: str) -> int:
    for suffix, factor in (("ms", 1), ("m", 60_000), ("s", 1000)):
        number = text.removesuffix(suffix)
        if number != text and number.replace(".", "", 1).isdigit():
            return round(float(number) * factor)
    return 0
