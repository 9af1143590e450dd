"""Pacing: virtual time follows the wall clock by the speed asked for, and never jumps."""

from __future__ import annotations

import pytest

from webapp.driver import pacing
from webapp.driver.pacing import Pacing


@pytest.fixture
def wall(monkeypatch):
    """A wall clock that the test moves."""

    class Wall:
        now = 50.0

    monkeypatch.setattr(pacing.time, "monotonic", lambda: Wall.now)
    return Wall


def test_target_follows_the_wall_clock_by_the_speed(wall):
    """Half a second at tenfold speed are five virtual seconds."""
    paced = Pacing(1000)
    paced.follow(10.0, paused=False, now_ms=1000)

    wall.now += 0.5

    assert paced.target_ms(1000) == 6000


def test_change_of_speed_does_not_jump(wall):
    """The new speed counts from the moment of the change."""
    paced = Pacing(0)
    wall.now += 0.5
    assert paced.target_ms(0) == 500

    paced.follow(100.0, paused=False, now_ms=500)

    assert paced.target_ms(500) == 500


def test_pause_holds_the_target(wall):
    """Time that passes during a pause is not made up for."""
    paced = Pacing(0)
    paced.follow(1.0, paused=True, now_ms=0)
    wall.now += 3600
    assert paced.target_ms(0) == 0
    assert paced.seconds_until(10) is None

    paced.follow(1.0, paused=False, now_ms=0)

    assert paced.target_ms(0) == 0


def test_machine_that_slept_does_not_race(wall):
    """After an hour's sleep the world goes on from where it was, a second's worth ahead at most."""
    paced = Pacing(0)

    wall.now += 3600

    assert paced.target_ms(0) == 1000
    wall.now += 0.125
    assert paced.target_ms(1000) == 1125


def test_idle_world_at_max_flows_like_the_wall_clock(wall):
    """At max, once there is nothing to do, a second is a second."""
    paced = Pacing(0)
    paced.follow(None, paused=False, now_ms=0)
    assert paced.is_unpaced

    wall.now += 0.25

    assert paced.target_ms(0) == 250
    assert paced.seconds_until(750) == pytest.approx(0.5)
