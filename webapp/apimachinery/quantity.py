"""Amounts of resources: exact parsing, arithmetic units and the canonical text.

``100m``, ``1.5Gi`` or ``1e3`` enters; a fraction, a count of millis or whole units, or the text that the API
server gives back leaves. Everything that reads requests, limits and capacities calls this.

Models:
    staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go Quantity
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

Amount: TypeAlias = str | int | float
"""A quantity on the wire: mostly a string; bare numbers are taken too."""

_FORM = re.compile(
    r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))([eE][+-]?[0-9]+|[numkMGTPE]?|[KMGTPE]i)"
)
_BINARY_SUFFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL_EXPONENTS = {
    "n": -9,
    "u": -6,
    "m": -3,
    "": 0,
    "k": 3,
    "M": 6,
    "G": 9,
    "T": 12,
    "P": 15,
    "E": 18,
}
_DECIMAL_SUFFIXES = {exponent: suffix for suffix, exponent in _DECIMAL_EXPONENTS.items()}
_NANO = Fraction(1, 10**9)

FORMAT_ERROR = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
"""What upstream says of a text that is no quantity."""


def parse_quantity(amount: Amount) -> Fraction:
    """The exact value, rounded up to nano units.

    Raises:
        ValueError: The text is no quantity; the message is upstream's.
    """
    return _parse(str(amount))[0]


def milli_value(amount: Amount) -> int:
    """Thousandths, rounded up: millicores of a CPU amount."""
    return _millis(str(amount))


def value(amount: Amount) -> int:
    """Whole units, rounded up: bytes of a memory amount."""
    return _units(str(amount))


def canonical(amount: Amount) -> str:
    """The text that the API server gives back: ``0.5`` → ``500m``, ``1024Mi`` → ``1Gi``."""
    return _canonical(str(amount))


@lru_cache(maxsize=4096)
def _millis(text: str) -> int:
    exact = _parse(text)[0] * 1000
    return -(-exact.numerator // exact.denominator)


@lru_cache(maxsize=4096)
def _units(text: str) -> int:
    exact = _parse(text)[0]
    return -(-exact.numerator // exact.denominator)


@lru_cache(maxsize=4096)
def _parse(text: str) -> tuple[Fraction, str]:
    """(value, format), the format being ``binary``, ``exponent`` or ``decimal``."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(FORMAT_ERROR)
    number, suffix = match.groups()
    mantissa = Fraction(number)
    if suffix in _DECIMAL_EXPONENTS:
        return _round_up(mantissa * Fraction(10) ** _DECIMAL_EXPONENTS[suffix]), "decimal"
    if suffix in _BINARY_SUFFIXES:
        return _round_up(mantissa * 1024 ** _BINARY_SUFFIXES.index(suffix)), "binary"
    return _round_up(mantissa * Fraction(10) ** int(suffix[1:])), "exponent"


def _round_up(exact: Fraction) -> Fraction:
    nanos = exact / _NANO
    if nanos.denominator == 1:
        return exact
    away_from_zero = nanos.__ceil__() if nanos > 0 else nanos.__floor__()
    return away_from_zero * _NANO


@lru_cache(maxsize=4096)
def _canonical(text: str) -> str:
    exact, form = _parse(text)
    if exact == 0:
        return "0"
    # Upstream writes small or fractional byte amounts in decimal, so that no precision is lost.
    if form == "binary" and exact.denominator == 1 and abs(exact) >= 1024:
        return _binary_text(int(exact))
    mantissa, exponent = _thousands(exact)
    if form == "exponent":
        return f"{mantissa}e{exponent}" if exponent else str(mantissa)
    return f"{mantissa}{_DECIMAL_SUFFIXES[exponent]}"


def _binary_text(count: int) -> str:
    power = 0
    while count % 1024 == 0 and power < len(_BINARY_SUFFIXES) - 1:
        count //= 1024
        power += 1
    return f"{count}{_BINARY_SUFFIXES[power]}"


def _thousands(exact: Fraction) -> tuple[int, int]:
    """The integer mantissa with the largest exponent that is a multiple of three, at most 18."""
    exponent = 0
    while exact.denominator != 1:
        exact *= 1000
        exponent -= 3
    mantissa = int(exact)
    while mantissa % 1000 == 0 and exponent < 18:
        mantissa //= 1000
        exponent += 3
    return mantissa, exponent
