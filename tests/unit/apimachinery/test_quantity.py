"""Quantities: parsing, canonical texts, rounding, sums, refusals."""

from __future__ import annotations

from fractions import Fraction

import pytest

from webapp.apimachinery.quantity import (
    QuantityError,
    add_quantities,
    canonical_text,
    cpu_millis,
    parse_quantity,
    quantity_bytes,
    subtract_quantities,
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1.5Gi", "1536Mi"),
        ("1024Ki", "1Mi"),
        ("1000Ki", "1000Ki"),
        ("0.5Ki", "512"),
        ("1000k", "1M"),
        ("129e6", "129e6"),
        ("1e4", "10e3"),
        ("0Gi", "0"),
        ("-1Gi", "-1Gi"),
        ("0.1n", "1n"),
        (2, "2"),
        (0.25, "250m"),
    ],
)
def test_the_canonical_text_has_no_fraction_and_the_largest_suffix(text, canonical):
    """Every way to write an amount has one canonical text in its format."""
    assert canonical_text(text) == canonical


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "quantities must match the regular expression"),
        ("12x", "quantities must match the regular expression"),
        ("1.2.3", "quantities must match the regular expression"),
        ("1 Gi", "quantities must match the regular expression"),
        ("1ki", "unable to parse quantity's suffix"),
        ("1e999999", "unable to parse quantity's suffix"),
        ("m", "unable to parse numeric part of quantity"),
    ],
)
def test_a_text_that_is_no_quantity_is_refused_in_upstreams_words(text, problem):
    """Each kind of malformed text has its own message."""
    with pytest.raises(QuantityError, match=problem):
        parse_quantity(text)


def test_millicores_and_bytes_round_up():
    """A fraction of a millicore or byte counts as a whole one."""
    assert cpu_millis("1500u") == 2
    assert quantity_bytes("1500m") == 2
    assert quantity_bytes("128Mi") == 128 * 1024 * 1024
    assert parse_quantity("1u") == Fraction(1, 10**6)


def test_sums_keep_the_format_of_the_first_amount_that_is_not_zero():
    """Zero has no format of its own."""
    assert add_quantities("0", "512Mi", "512Mi") == "1Gi"
    assert add_quantities("500m", "1") == "1500m"
    assert subtract_quantities("1Gi", "512Mi") == "512Mi"
