"""Fixtures: a journal in a temporary directory, and a driver over the fake world."""

from __future__ import annotations

import gc

import pytest

from tests.unit.driver.fake_world import FakeWorld
from webapp.driver.driver import SimulationDriver
from webapp.driver.journal import Genesis, Journal


@pytest.fixture
def genesis():
    return Genesis(
        seed=7, start_ms=1_000_000, nodes=3, product_version="0.1.0", config={"cni": "none"}
    )


@pytest.fixture
def world():
    return FakeWorld()


@pytest.fixture
def driver(world, tmp_path, genesis):
    driver = SimulationDriver(world, Journal.create(tmp_path, genesis))
    driver.start()
    yield driver
    driver.stop()
    gc.enable()
    gc.unfreeze()
