"""Quantities: canonical texts are fixed points and keep the amount."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.apimachinery.quantity import (
    add_quantities,
    canonical_text,
    cpu_millis,
    parse_quantity,
    quantity_bytes,
)

SUFFIXES = ["n", "u", "m", "", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E-2"]
quantities = st.builds(
    lambda whole, decimals, suffix: (
        f"{whole}.{decimals}{suffix}" if decimals else f"{whole}{suffix}"
    ),
    st.integers(-(10**6), 10**6),
    st.text("0123456789", max_size=4),
    st.sampled_from(SUFFIXES),
)


@settings(max_examples=150, deadline=None)
@given(quantities)
def test_canonical_texts_keep_the_amount_and_are_fixed_points(text):
    """Writing and reading again loses nothing."""
    canonical = canonical_text(text)

    assert parse_quantity(canonical) == parse_quantity(text)
    assert canonical_text(canonical) == canonical


@settings(max_examples=100, deadline=None)
@given(quantities, quantities)
def test_sums_are_exact(left, right):
    """No rounding beyond that of the parts."""
    assert parse_quantity(add_quantities(left, right)) == parse_quantity(left) + parse_quantity(
        right
    )


@settings(max_examples=100, deadline=None)
@given(quantities)
def test_whole_units_never_fall_short(text):
    """Rounding goes up, by less than one unit."""
    amount = parse_quantity(text)

    assert 0 <= quantity_bytes(text) - amount < 1
    assert 0 <= cpu_millis(text) - amount * 1000 < 1
