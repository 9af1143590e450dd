"""Checks that many kinds' validation shares: numbers, ports, quantities, lists of named things.

Models:
    pkg/apis/core/validation/validation.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api import formats
from webapp.api.objectmeta import problems
from webapp.apimachinery.field_path import (
    FieldError,
    Path,
    duplicate,
    invalid,
    not_supported,
    required,
)
from webapp.apimachinery.quantity import QuantityError, canonical_text, parse_quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from webapp.apimachinery.meta import JSONObject

AT_LEAST_ONE = "must be greater than zero"
AT_LEAST_ZERO = "must be greater than or equal to 0"
MAX_INT32 = 2**31 - 1
PROTOCOLS = ("SCTP", "TCP", "UDP")


def items(obj: JSONObject, key: str, path: Path) -> Iterator[tuple[Path, JSONObject]]:
    """(path, item) of each item of a list field."""
    for index, item in enumerate(obj.get(key) or ()):
        yield path.child(key).index(index), item


def non_negative(obj: JSONObject, fields: Iterable[str], path: Path) -> list[FieldError]:
    """Numbers that may be zero but not less."""
    return [
        invalid(path.child(field), obj[field], AT_LEAST_ZERO)
        for field in fields
        if (obj.get(field) or 0) < 0
    ]


def need(obj: JSONObject, fields: Iterable[str], path: Path, detail: str = "") -> list[FieldError]:
    """Texts that must be there."""
    return [required(path.child(field), detail) for field in fields if not obj.get(field)]


def one_of(
    obj: JSONObject, field: str, known: Sequence[str], path: Path, *, optional: bool = False
) -> list[FieldError]:
    """A word out of a closed list."""
    word = obj.get(field)
    if not word:
        return [] if optional else [required(path.child(field))]
    return [] if word in known else [not_supported(path.child(field), word, known)]


def no_duplicates(names: Iterable[tuple[Path, Any]]) -> list[FieldError]:
    """Values that must differ from each other; empty ones do not count."""
    seen: set[Any] = set()
    errors: list[FieldError] = []
    for path, value in names:
        if not value:
            continue
        if value in seen:
            errors.append(duplicate(path, value))
        seen.add(value)
    return errors


def label_name(value: str, path: Path) -> list[FieldError]:
    """A label key."""
    return problems(path, value, formats.qualified_name(value))


def port_number(value: int, path: Path) -> list[FieldError]:
    """A port's number."""
    return [invalid(path, value, problem) for problem in formats.port_number(value)]


def port_number_or_name(value: Any, path: Path) -> list[FieldError]:
    """A port by number or by name."""
    if isinstance(value, str):
        return problems(path, value, formats.port_name(value))
    return port_number(value or 0, path)


def quantity(value: Any, path: Path) -> list[FieldError]:
    """An amount that is not negative."""
    try:
        amount = parse_quantity(value)
    except QuantityError as error:
        return [invalid(path, value, str(error))]
    return [invalid(path, canonical_text(value), AT_LEAST_ZERO)] if amount < 0 else []


def int_or_percent(value: Any, path: Path) -> list[FieldError]:
    """A count, or a share like ``25%``."""
    if isinstance(value, str):
        return problems(path, value, formats.percentage(value))
    return [invalid(path, value, AT_LEAST_ZERO)] if value < 0 else []


def percent_or_none(value: Any) -> int | None:
    """The number before the percent sign, or ``None`` for a count."""
    if isinstance(value, str) and not formats.percentage(value):
        return int(value[:-1])
    return None


def not_above_100_percent(value: Any, path: Path) -> list[FieldError]:
    """A share of at most the whole."""
    percent = percent_or_none(value)
    if percent is None or percent <= 100:
        return []
    return [invalid(path, value, "must not be greater than 100%")]
