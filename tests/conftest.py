"""Fixtures shared by all tests, small to large."""

import pytest

from webapp.sim.loop import Simulation

START_MS = 1_790_000_000_000


@pytest.fixture
def sim() -> Simulation:
    """Virtual time that starts at a fixed moment."""
    return Simulation(START_MS)
