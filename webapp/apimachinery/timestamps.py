"""Times and durations between milliseconds and their texts on the wire.

Models:
    staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/time.go Time
    staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/micro_time.go MicroTime
    staging/src/k8s.io/apimachinery/pkg/util/duration/duration.go HumanDuration
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=4096)
def _second_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def time_text(at_ms: int) -> str:
    """RFC 3339 with whole seconds, as ``creationTimestamp``: 2026-11-22T18:50:45Z."""
    return _second_text(at_ms // 1000) + "Z"


def micro_time_text(at_ms: int) -> str:
    """RFC 3339 with microseconds, as a Lease's ``renewTime``."""
    return f"{_second_text(at_ms // 1000)}.{at_ms % 1000:03d}000Z"


def nano_time_text(at_ms: int) -> str:
    """RFC 3339 with nanoseconds, as container logs carry it."""
    return f"{_second_text(at_ms // 1000)}.{at_ms % 1000:03d}000000Z"


def parse_time(text: str) -> int:
    """Milliseconds since the Unix epoch of an RFC 3339 text.

    Raises:
        ValueError: The text is no such time.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time without zone: {text}")
    return round(moment.timestamp() * 1000)


def human_duration(duration_ms: int) -> str:
    """An age as kubectl prints it: 5s, 2m30s, 12m, 3h5m, 7h, 2d3h, 9d, 2y10d."""
    seconds = duration_ms // 1000
    if seconds < -1:
        return "<invalid>"
    if seconds < 0:
        return "0s"
    if seconds < 60 * 2:
        return f"{seconds}s"
    minutes = seconds // 60
    if minutes < 10:
        rest = seconds % 60
        return f"{minutes}m{rest}s" if rest else f"{minutes}m"
    if minutes < 60 * 3:
        return f"{minutes}m"
    hours = minutes // 60
    if hours < 8:
        rest = minutes % 60
        return f"{hours}h{rest}m" if rest else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if hours < 24 * 8:
        rest = hours % 24
        return f"{days}d{rest}h" if rest else f"{days}d"
    if hours < 24 * 365 * 2:
        return f"{days}d"
    years = hours // 24 // 365
    if hours < 24 * 365 * 8:
        rest = hours // 24 % 365
        return f"{years}y{rest}d" if rest else f"{years}y"
    return f"{years}y"
