"""The loop runs timers in order of time, then of scheduling, and moves virtual time along."""

import pytest

from webapp.sim.errors import SimulationError
from webapp.sim.loop import Simulation


def test_timers_run_in_order_of_time_and_first_in_first_out_within_a_millisecond(sim):
    """Equal times keep the order of scheduling, so a run repeats itself."""
    ran = []

    for delay_ms, name in ((5, "c"), (1, "a"), (5, "d"), (1, "b")):
        sim.schedule(delay_ms, ran.append, name)
    sim.run_until_idle()

    assert ran == ["a", "b", "c", "d"]


def test_a_timer_set_for_now_runs_after_those_already_due(sim):
    """Work scheduled by a handler at the same instant queues up behind what waits."""
    ran = []

    def first(_):
        ran.append("first")
        sim.schedule(0, ran.append, "third")

    sim.schedule(0, first)
    sim.schedule(0, ran.append, "second")
    sim.run_until_idle()

    assert ran == ["first", "second", "third"]


def test_a_cancelled_timer_never_runs(sim):
    """Cancelling forgets the timer; cancelling twice changes nothing."""
    ran = []
    timer = sim.schedule(10, ran.append, "never")

    sim.cancel(timer)
    sim.cancel(timer)
    sim.run_for(100)

    assert ran == []
    assert sim.pending_count == 0


def test_virtual_time_stands_at_the_moment_of_the_running_timer(sim):
    """A handler sees its own due time as now."""
    start = sim.now_ms
    seen = []

    sim.schedule(1234, lambda _: seen.append(sim.now_ms - start))
    sim.run_until_idle()

    assert seen == [1234]


def test_background_timers_do_not_keep_the_world_from_being_idle(sim):
    """A sleeping container is no work in progress."""
    ran = []
    sim.schedule(3_600_000, ran.append, "sleep", background=True)
    sim.schedule(10, ran.append, "work")

    sim.run_until_idle()

    assert ran == ["work"]
    assert sim.is_idle
    assert sim.pending_count == 1


def test_background_timers_due_on_the_way_run_as_well(sim):
    """Idle means nothing in progress, not that the background is left out."""
    ran = []
    sim.schedule(5, ran.append, "background", background=True)
    sim.schedule(10, ran.append, "work")

    sim.run_until_idle()

    assert ran == ["background", "work"]


def test_a_slice_ends_with_its_budget_and_goes_on_from_there(sim):
    """The driver can stop after any number of handlers; nothing is lost or repeated."""
    ran = []
    for number in range(100):
        sim.schedule(number, ran.append, number)
    horizon = sim.now_ms + 1000

    reached = sim.run_slice(horizon, lambda: False, check_every=10)

    assert not reached
    assert ran == list(range(10))
    assert sim.run_slice(horizon, lambda: True)
    assert ran == list(range(100))
    assert sim.now_ms == horizon


def test_time_cannot_be_scheduled_backwards(sim):
    """A negative delay is a fault of the simulator and says so."""
    with pytest.raises(SimulationError, match="-1 ms"):
        sim.schedule(-1, print)


def test_a_world_that_never_settles_is_reported():
    """A livelock ends with an error instead of hanging."""
    sim = Simulation()

    def again(_):
        sim.schedule(1, again)

    sim.schedule(1, again)

    with pytest.raises(SimulationError, match="did not settle"):
        sim.run_until_idle(limit=1000)
