"""IntOrString: a number, or a share such as ``25%``, and how the share is rounded.

Models:
    staging/src/k8s.io/apimachinery/pkg/util/intstr/intstr.go GetScaledValueFromIntOrPercent
"""

from __future__ import annotations

import re
from typing import TypeAlias

IntOrString: TypeAlias = int | str

_PERCENT = re.compile(r"[+-]?[0-9]+%\Z")


def is_percent(value: IntOrString) -> bool:
    """Whether ``value`` is a share such as ``25%``."""
    return isinstance(value, str) and _PERCENT.match(value) is not None


def scaled_value(value: IntOrString, total: int, *, round_up: bool) -> int:
    """The number that ``value`` means of ``total``.

    Args:
        value: A number, which is taken as it is, or a percentage of ``total``.
        total: What a percentage refers to.
        round_up: Round a percentage's result up instead of down.

    Raises:
        ValueError: A string that is no percentage; the message is upstream's.
    """
    if isinstance(value, int):
        return value
    percentage = percent(value)
    return -(-percentage * total // 100) if round_up else percentage * total // 100


def percent(value: str) -> int:
    """The number before the percent sign.

    Raises:
        ValueError: A string that is no percentage; the message is upstream's.
    """
    if not value.endswith("%"):
        raise ValueError("invalid value for IntOrString: invalid type: string is not a percentage")
    if not _PERCENT.match(value):
        raise ValueError(f'invalid value for IntOrString: invalid value "{value}": not a number')
    return int(value[:-1])


def text_of(value: IntOrString) -> str:
    """The value as printed in columns and messages."""
    return str(value)
