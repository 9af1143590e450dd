"""IntOrString: numbers, percentages, rounding."""

from __future__ import annotations

import pytest

from webapp.apimachinery.intstr import is_percent, scaled_value


@pytest.mark.parametrize(
    ("value", "total", "round_up", "result"),
    [
        (3, 10, True, 3),
        ("25%", 10, True, 3),
        ("25%", 10, False, 2),
        ("100%", 7, False, 7),
        ("0%", 7, True, 0),
    ],
)
def test_percentages_round_as_asked(value, total, round_up, result):
    """A number stands for itself, a share is rounded up or down."""
    assert scaled_value(value, total, round_up=round_up) == result


def test_a_string_without_percent_sign_is_refused():
    """Only numbers and percentages are amounts."""
    assert not is_percent("5")
    with pytest.raises(ValueError, match="string is not a percentage"):
        scaled_value("5", 10, round_up=True)
