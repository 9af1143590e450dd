"""The Clock's values are understood or refused in plain words."""

import pytest

from webapp.api.kinds import rules_for
from webapp.api.sim.clock import parse_run_until, parse_speed

RULES = rules_for("sim.podarium.dev", "Clock")


def errors_of(**spec):
    obj = {
        "kind": "Clock",
        "apiVersion": "sim.podarium.dev/v1alpha1",
        "metadata": {"name": "cluster"},
        "spec": spec,
    }
    return [str(error) for error in RULES.validate(obj)]


@pytest.mark.parametrize(
    ("value", "speed"), [("max", None), ("0.25", 0.25), (10, 10.0), ("1000", 1000.0)]
)
def test_speeds_are_max_or_a_number(value, speed):
    """As text or number."""
    assert parse_speed(value) == speed


@pytest.mark.parametrize("value", ["fast", "0", "-1", "1e9", "nan", None, []])
def test_other_speeds_are_refused(value):
    """With the field and the bounds."""
    (error,) = errors_of(speed=value)

    assert error.startswith("spec.speed: Invalid value: ")
    assert error.endswith('must be "max" or a number from 0.01 to 1000')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90_000),
        ("1h2m3s", 3_723_000),
        ("250ms", 250),
        ("1970-01-01T00:00:05Z", 5_000),
        ("nextFact", "nextFact"),
        ("nextStep", "nextStep"),
    ],
)
def test_a_clock_stops_at_a_time_after_a_duration_or_at_the_next_moment(text, expected):
    """Durations count from now."""
    assert parse_run_until(text, 0) == expected


def test_an_unknown_stop_is_refused():
    """Nothing is guessed."""
    (error,) = errors_of(runUntil="soon")

    assert error.startswith('spec.runUntil: Invalid value: "soon": must be a time')
