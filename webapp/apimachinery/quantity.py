"""Quantities (``500m``, ``1.5Gi``, ``1e3``): exact value, canonical text, sums.

Text as on the wire enters (JSON numbers are taken too); exact fractions, whole millicores or whole bytes
leave. Results are remembered by text, since clusters repeat few of them.

Models:
    staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go ParseQuantity
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

BINARY_SI = "BinarySI"
DECIMAL_SI = "DecimalSI"
DECIMAL_EXPONENT = "DecimalExponent"

FORMAT_ERROR = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_SUFFIX_WRONG = "unable to parse quantity's suffix"
_NUMBER_WRONG = "unable to parse numeric part of quantity"

_PARTS = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)\Z")
_EXPONENT = re.compile(r"[eE]([-+]?[0-9]+)\Z")

_BINARY_POWERS = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL_EXPONENTS = {
    "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18
}  # fmt: skip
_BINARY_SUFFIXES = ("", *_BINARY_POWERS)
_DECIMAL_SUFFIXES = {exponent: suffix for suffix, exponent in _DECIMAL_EXPONENTS.items()}

_NANO = Fraction(1, 10**9)
_MAXIMUM = Fraction(2**63 - 1)
_LONGEST_TEXT = 256


class QuantityError(ValueError):
    """The text is no quantity; the message is upstream's."""


@lru_cache(maxsize=8192)
def parse_quantity(value: str | float) -> Fraction:
    """The exact amount: ``"500m"`` → 1/2, ``"1Ki"`` → 1024.

    Amounts finer than a billionth are rounded away from zero to the next billionth; amounts beyond 2**63-1
    become that bound.

    Raises:
        QuantityError: ``value`` is no quantity.
    """
    return _parse(value)[0]


@lru_cache(maxsize=8192)
def quantity_format(value: str | float) -> str:
    """How the quantity is written: BINARY_SI (``Mi``), DECIMAL_SI (``m``, ``k``) or DECIMAL_EXPONENT (``e3``).

    Raises:
        QuantityError: ``value`` is no quantity.
    """
    return _parse(value)[1]


@lru_cache(maxsize=8192)
def canonical_text(value: str | float) -> str:
    """The text that the API server writes for this quantity: ``0.5`` → ``500m``, ``1024Ki`` → ``1Mi``.

    Raises:
        QuantityError: ``value`` is no quantity.
    """
    return format_quantity(*_parse(value))


@lru_cache(maxsize=8192)
def cpu_millis(value: str | float) -> int:
    """Millicores, rounded up.

    Raises:
        QuantityError: ``value`` is no quantity.
    """
    return ceil(_parse(value)[0] * 1000)


@lru_cache(maxsize=8192)
def quantity_bytes(value: str | float) -> int:
    """Whole units (bytes, counts), rounded up.

    Raises:
        QuantityError: ``value`` is no quantity.
    """
    return ceil(_parse(value)[0])


def add_quantities(first: str | float, *others: str | float) -> str:
    """Canonical text of the sum, in the format of the first quantity that is not zero.

    Raises:
        QuantityError: One of them is no quantity.
    """
    total, format_ = _parse(first)
    for other in others:
        amount, other_format = _parse(other)
        if not total:
            format_ = other_format
        total += amount
    return format_quantity(total, format_)


def subtract_quantities(first: str | float, second: str | float) -> str:
    """Canonical text of ``first`` less ``second``, in the format of ``first`` unless that is zero.

    Raises:
        QuantityError: One of them is no quantity.
    """
    (amount, format_), (other, other_format) = _parse(first), _parse(second)
    return format_quantity(amount - other, format_ if amount else other_format)


def format_quantity(amount: Fraction | int, format_: str) -> str:
    """Canonical text of an amount: no fraction, the largest suffix that needs none.

    Binary suffixes are used from 1024 on and only for whole amounts; else the decimal ones.
    """
    amount = Fraction(amount)
    if not amount:
        return "0"
    if format_ == BINARY_SI and abs(amount) >= 1024 and amount.denominator == 1:
        return _binary_text(int(amount))
    mantissa = _rounded_away(amount / _NANO)
    exponent = -9
    while mantissa % 1000 == 0 and (exponent < 18 or format_ == DECIMAL_EXPONENT):
        mantissa //= 1000
        exponent += 3
    if format_ == DECIMAL_EXPONENT:
        return f"{mantissa}e{exponent}" if exponent else str(mantissa)
    return f"{mantissa}{_DECIMAL_SUFFIXES[exponent]}"


def _binary_text(amount: int) -> str:
    power = 0
    while amount % 1024 == 0 and power < len(_BINARY_SUFFIXES) - 1:
        amount //= 1024
        power += 1
    return f"{amount}{_BINARY_SUFFIXES[power]}"


def _parse(value: str | float) -> tuple[Fraction, str]:
    text = value if isinstance(value, str) else repr(value)
    match = _PARTS.match(text)
    if not text or match is None or len(text) > _LONGEST_TEXT:
        raise QuantityError(FORMAT_ERROR)
    sign, whole, decimals, suffix = match.groups()
    if not whole and not decimals:
        raise QuantityError(_NUMBER_WRONG)
    scale, format_ = _scale(suffix)
    digits = Fraction(int(whole + (decimals or "")), 10 ** len(decimals or ""))
    amount = Fraction(_rounded_away(digits * scale / _NANO)) * _NANO
    amount = min(amount, _MAXIMUM)
    if format_ == BINARY_SI and amount < 1024:
        format_ = DECIMAL_SI
    return (-amount if sign == "-" else amount), format_


def _scale(suffix: str) -> tuple[Fraction, str]:
    if suffix in _DECIMAL_EXPONENTS:
        return Fraction(10) ** _DECIMAL_EXPONENTS[suffix], DECIMAL_SI
    if suffix in _BINARY_POWERS:
        return Fraction(1024 ** _BINARY_POWERS[suffix]), BINARY_SI
    match = _EXPONENT.match(suffix)
    # Nobody means 10**1000000; refusing it keeps one text from costing minutes.
    if match is None or len(match[1]) > 5:
        raise QuantityError(_SUFFIX_WRONG)
    return Fraction(10) ** int(match[1]), DECIMAL_EXPONENT


def _rounded_away(amount: Fraction) -> int:
    return ceil(amount) if amount >= 0 else floor(amount)
