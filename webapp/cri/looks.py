"""What a container uses at this very moment, for whoever draws it; looking changes nothing.

Units: processor time in millicores, memory in bytes, time in milliseconds.

Models:
    Documentation/admin-guide/cgroup-v2.rst cpu.stat nr_throttled, memory.current
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, NamedTuple

from webapp.cri.stats import container_stats, memory_bytes

if TYPE_CHECKING:
    from webapp.cri.api import Container
    from webapp.cri.meter import Meter
    from webapp.cri.program import Process


class ContainerLook(NamedTuple):
    """One running container.

    Attributes:
        memory_bytes: Working set.
        cpu_millis: What it uses now; while it does not compute, the average of the last whole window.
        throttled_percent: How much of what it wants now is refused to it.
        throttled_ms: Time for which it was refused since its start.
        ports: TCP ports it answers on.
        processes: How many run in it.
    """

    memory_bytes: int
    cpu_millis: int
    throttled_percent: int
    throttled_ms: int
    ports: tuple[int, ...]
    processes: int


def look(container: Container, process: Process, now_ms: int) -> ContainerLook:
    """A running container now."""
    # Reading a meter does the work that is due; a copy keeps what is counted as it is.
    meter = copy(process.meter) if process.has_meter else None
    if meter is not None:
        meter.used_us(now_ms)
    rate, wanted = _now(meter) if meter is not None else (0, 0)
    if not wanted:
        stats = container_stats(container, process, now_ms) if meter is None else None
        rate = stats.cpu_nanocores // 1_000_000 if stats is not None else 0
    return ContainerLook(
        memory_bytes=memory_bytes(container, process),
        cpu_millis=rate,
        throttled_percent=round(100 * (1 - rate / wanted)) if wanted > rate else 0,
        throttled_ms=meter.throttled_us // 1000 if meter is not None else 0,
        ports=process.ports,
        processes=max(1, len(process.userland.processes)) if process.has_userland else 1,
    )


def _now(meter: Meter) -> tuple[int, int]:
    """What it gets and what it wants, while it computes."""
    wanted = meter.steady_millis
    if meter.backlog_us:
        wanted = max(wanted, meter.threads * 1000)
    return min(wanted, meter.rate_millis), wanted
