"""Expectations: what was asked for and is not seen yet."""

from __future__ import annotations

import pytest

from webapp.controller.expectations import EXPECTATIONS_TIMEOUT_MS, ControllerExpectations
from webapp.sim.loop import Simulation


@pytest.fixture
def sim():
    return Simulation(1_000)


@pytest.fixture
def expectations(sim):
    return ControllerExpectations(sim)


def test_nothing_is_expected_at_first(expectations):
    """An unknown key may be acted upon."""
    assert expectations.satisfied("ns/a")


def test_creations_are_counted_down(expectations):
    """All creations must have been seen; failed ones are taken off."""
    expectations.expect_creations("ns/a", 3)
    expectations.creation_observed("ns/a")
    assert not expectations.satisfied("ns/a")

    expectations.creation_observed("ns/a", 2)
    assert expectations.satisfied("ns/a")


def test_deletions_are_known_by_name(expectations):
    """A deletion of another Pod, or one seen twice, satisfies nothing."""
    expectations.expect_deletions("ns/a", ["p1", "p2"])
    for seen in ("p1", "p1", "p9"):
        expectations.deletion_observed("ns/a", seen)
    assert not expectations.satisfied("ns/a")

    expectations.deletion_observed("ns/a", "p2")
    assert expectations.satisfied("ns/a")


def test_expectations_run_out(sim, expectations):
    """After five minutes the controller trusts what it sees."""
    expectations.expect_creations("ns/a", 1)
    sim.run_for(EXPECTATIONS_TIMEOUT_MS)
    assert not expectations.satisfied("ns/a")

    sim.run_for(1)
    assert expectations.satisfied("ns/a")
