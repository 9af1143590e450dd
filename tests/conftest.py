"""Fixtures shared by all tests, small to large."""

import pytest

from tests.world import START_MS, World
from webapp.sim.loop import Simulation


@pytest.fixture
def sim() -> Simulation:
    """Virtual time that starts at a fixed moment."""
    return Simulation(START_MS)


@pytest.fixture
def world() -> World:
    """Three Nodes, seed 0, everything at rest."""
    return World()
