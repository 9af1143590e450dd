"""The Clock kind's values: how fast virtual time runs, and when it stops by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.apimachinery.field_path import Path, invalid
from webapp.apimachinery.timestamps import parse_time

if TYPE_CHECKING:
    from webapp.apimachinery.field_path import FieldError
    from webapp.apimachinery.meta import JSONObject

MIN_SPEED = 0.01
MAX_SPEED = 1000.0
AS_FAST_AS_POSSIBLE = "max"
NEXT_FACT = "nextFact"
NEXT_STEP = "nextStep"
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?")


def parse_speed(value: Any) -> float | None:
    """Virtual seconds a wall second, or ``None`` for as fast as possible.

    Raises:
        ValueError: ``value`` is neither ``max`` nor a number from 0.01 to 1000.
    """
    if value == AS_FAST_AS_POSSIBLE:
        return None
    speed = float(value)
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise ValueError(f"speed out of range: {value}")
    return speed


def parse_run_until(text: str, now_ms: int) -> int | str:
    """Where to stop: virtual milliseconds, ``nextFact`` or ``nextStep``.

    Args:
        text: One of these words, a time (RFC 3339), or a duration from now (``90s``, ``5m``).
        now_ms: Virtual now.

    Raises:
        ValueError: ``text`` is nothing of the kind.
    """
    if text in {NEXT_FACT, NEXT_STEP}:
        return text
    duration = _DURATION.fullmatch(text)
    if duration is None:
        return parse_time(text)
    hours, minutes, seconds, millis = (float(part or 0) for part in duration.groups())
    return now_ms + round(((hours * 60 + minutes) * 60 + seconds) * 1000 + millis)


def validate_clock(obj: JSONObject) -> list[FieldError]:
    """What is wrong with a Clock's spec."""
    spec, path = obj.get("spec") or {}, Path("spec")
    errors = []
    try:
        parse_speed(spec.get("speed", 1))
    except (TypeError, ValueError):
        detail = 'must be "max" or a number from 0.01 to 1000'
        errors.append(invalid(path.child("speed"), spec["speed"], detail))
    until = spec.get("runUntil")
    if until:
        try:
            parse_run_until(until, 0)
        except ValueError:
            detail = (
                "must be a time such as 2026-01-31T12:00:00Z, a duration such as 90s, "
                "nextFact or nextStep"
            )
            errors.append(invalid(path.child("runUntil"), until, detail))
    return errors
