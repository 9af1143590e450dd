"""Bursts: few writes at once, growing batches, and an end with the first batch that is refused."""

from __future__ import annotations

import pytest

from webapp.apimachinery.status import Forbidden
from webapp.controller.bursts import SLICE, Bursts
from webapp.sim.loop import Simulation
from webapp.trace.recorder import Recorder


class Writes:
    """Notes when each write was tried; refuses those from ``limit`` on."""

    def __init__(self, limit=1 << 30):
        self.sim = Simulation(0)
        self.recorder = Recorder(self.sim.clock)
        self.limit = limit
        self.tried = {}
        self.ended = []
        self.goes_on = True

    def write(self, index):
        self.tried.setdefault(self.sim.now_ms, []).append(index)
        if index >= self.limit:
            raise Forbidden("no more")

    def run(self, count, **options):
        return Bursts(self.sim, self.recorder).run(
            count,
            self.write,
            goes_on=lambda: self.goes_on,
            on_end=self.ended.append,
            **options,
        )


def test_a_small_burst_ends_at_once():
    """Nobody has to be told later."""
    writes = Writes()

    burst = writes.run(SLICE)

    assert burst.ended
    assert burst.done == SLICE
    assert writes.ended == []


def test_a_large_burst_is_spread_over_time():
    """At most so many writes in one step, all of them in order."""
    writes = Writes()

    burst = writes.run(100)
    assert not burst.ended
    writes.sim.run_until_idle()

    assert max(map(len, writes.tried.values())) == SLICE
    assert [index for tried in writes.tried.values() for index in tried] == list(range(100))
    assert writes.ended == [burst]
    assert burst.done == 100


@pytest.mark.parametrize(
    ("limit", "slow_start", "tried"),
    [
        pytest.param(0, True, 1, id="the first is refused"),
        pytest.param(2, True, 3, id="one of the second batch"),
        pytest.param(20, True, 31, id="one of a batch that takes two steps"),
        pytest.param(0, False, 100, id="all are tried without slow start"),
    ],
)
def test_refusals_end_a_burst_with_their_batch(limit, slow_start, tried):
    """A template that is refused costs one request, a quota that is used up a batch."""
    writes = Writes(limit)

    burst = writes.run(100, slow_start=slow_start)
    writes.sim.run_until_idle()

    assert burst.ended
    assert (burst.tried, burst.done) == (tried, limit)
    assert burst.refusal.message == "no more"


def test_a_burst_ends_when_its_reason_is_gone():
    """What was decided no longer holds: nothing more is written."""
    writes = Writes()
    burst = writes.run(100)

    writes.goes_on = False
    writes.sim.run_until_idle()

    assert burst.ended
    assert burst.done == SLICE
    assert writes.ended == [burst]
