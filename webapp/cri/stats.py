"""How much a container uses, as a scrape at the end of the last whole window saw it.

Models:
    staging/src/k8s.io/cri-api/pkg/apis/runtime/v1/api.proto ContainerStats
"""

from __future__ import annotations

from hashlib import blake2s
from typing import TYPE_CHECKING, NamedTuple

from webapp.cri.catalogue import BY_NAME, ImageProfile
from webapp.cri.meter import WINDOW_MS
from webapp.cri.references import parse_reference

if TYPE_CHECKING:
    from webapp.cri.api import Container
    from webapp.cri.program import Process

FRESH_MS = 10_000
"""A container that is younger at a scrape is left out of it."""
MIB = 1 << 20
COMMAND_BYTES = 420 << 10
"""What a small command holds: a shell, a sleep."""
UNKNOWN = ImageProfile("", 0, memory_mb=14, idle_millis=1)


class ContainerStats(NamedTuple):
    """One container's use.

    Attributes:
        name: The container's.
        cpu_us: Processor time within the window.
        window_ms: How long the window was.
        memory_bytes: Working set.
    """

    name: str
    cpu_us: int
    window_ms: int
    memory_bytes: int

    @property
    def cpu_nanocores(self) -> int:
        """Average over the window, in billionths of a core."""
        return self.cpu_us * 1_000_000 // self.window_ms


def profile_of(image: str) -> ImageProfile:
    """How an image behaves; unknown ones are small servers."""
    return BY_NAME.get(parse_reference(image).short_name, UNKNOWN)


def container_stats(container: Container, process: Process, now_ms: int) -> ContainerStats | None:
    """What the scrape at the end of the last whole window says; ``None`` for a fresh container."""
    scraped_ms = now_ms - now_ms % WINDOW_MS
    age_ms = scraped_ms - container.started_ms
    if age_ms < FRESH_MS:
        return None
    window_ms = min(age_ms, WINDOW_MS)
    used_us = process.meter.used_us(now_ms) if process.has_meter else 0
    profile = profile_of(container.config.image)
    if process.runs_command:
        idle_us = 0
    else:
        chance = _chance(f"{container.id}/{scraped_ms}")
        idle_us = round(profile.idle_millis * window_ms * (0.6 + 0.8 * chance))
        limit = container.config.cpu_limit_millis
        if limit:
            idle_us = max(0, min(idle_us, limit * window_ms - used_us))
    memory = memory_bytes(container, process)
    return ContainerStats(container.name, used_us + idle_us, window_ms, memory)


def memory_bytes(container: Container, process: Process) -> int:
    """The working set now: what the image needs, what its commands hold, what requests keep busy."""
    meter = process.meter if process.has_meter else None
    total = meter.held_bytes if meter is not None else 0
    if process.has_userland:
        userland = process.userland
        total += userland.memory_bytes + COMMAND_BYTES * len(userland.processes)
    profile = profile_of(container.config.image)
    if not process.runs_command:
        total += base_bytes(container.id, profile)
        if meter is not None and profile.request_us:
            total += meter.backlog_us // profile.request_us * (profile.request_kb << 10)
    return total


def base_bytes(container_id: str, profile: ImageProfile) -> int:
    """What an image's program needs before anybody asks it for anything."""
    return round(profile.memory_mb * MIB * (0.96 + 0.08 * _chance(container_id)))


def _chance(text: str) -> float:
    """A number from 0 to 1 that follows from a text alone, so that reading changes nothing."""
    return int.from_bytes(blake2s(text.encode(), digest_size=4).digest()) / (1 << 32)
