"""Durations as Go writes them: ``300ms``, ``1m30s``, ``1.5h``. Pure.

Models:
    staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/duration.go Duration.UnmarshalJSON
"""

from __future__ import annotations

import re

_UNITS_MS = {
    "ns": 1e-6,
    "us": 1e-3,
    "µs": 1e-3,  # the micro sign
    "μs": 1e-3,  # the Greek letter, which Go takes as well
    "ms": 1.0,
    "s": 1_000.0,
    "m": 60_000.0,
    "h": 3_600_000.0,
}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)([^\d.]*)")
_LONGEST_MS = (1 << 63) / 1e6


def parse_duration_ms(text: str) -> int:
    """Milliseconds, rounded; negative for a duration with a minus sign.

    Raises:
        ValueError: ``text`` is no duration; the message is Go's.
    """
    sign, rest = 1, text
    if rest[:1] in {"-", "+"}:
        sign = -1 if rest[0] == "-" else 1
        rest = rest[1:]
    if rest == "0":
        return 0
    if not rest:
        raise ValueError(f'time: invalid duration "{text}"')
    total_ms, at = 0.0, 0
    while at < len(rest):
        part = _PART.match(rest, at)
        if part is None:
            raise ValueError(f'time: invalid duration "{text}"')
        amount, unit = part.groups()
        if not unit:
            raise ValueError(f'time: missing unit in duration "{text}"')
        if unit not in _UNITS_MS:
            raise ValueError(f'time: unknown unit "{unit}" in duration "{text}"')
        total_ms += float(amount) * _UNITS_MS[unit]
        at = part.end()
    if total_ms >= _LONGEST_MS:
        raise ValueError(f'time: invalid duration "{text}"')
    return sign * round(total_ms)
