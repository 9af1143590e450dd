"""The driver owns the world: order, durability, pace, stepping, replay and loud failure."""

from __future__ import annotations

import gevent
import pytest

from tests.unit.driver.fake_world import FakeWorld
from webapp.apimachinery.wire import Request
from webapp.driver.driver import SimulationDriver, StoppedError
from webapp.driver.inbox import Stamp
from webapp.driver.journal import REQUEST, Journal, JournalEntry
from webapp.sim.errors import SimulationError


def post(driver, path, **query):
    request = Request("POST", path, {name: [value] for name, value in query.items()})
    return driver.submit(request, durable=True)


def wait_until(condition):
    with gevent.Timeout(5):
        while not condition():
            gevent.sleep(0.005)


def test_write_is_in_the_journal_before_it_is_answered(driver):
    """An answered write was committed; the stamp says at which point of the run."""
    answer = post(driver, "/write", name="a")

    assert answer.body == {"revision": 1}
    [entry] = driver._journal.commands()
    assert entry.revision == 1
    assert entry.stamp.sequence == 1


def test_commands_are_handled_in_order_of_arrival(driver, world):
    """Many writers at once are served first come, first served."""
    writers = [gevent.spawn(post, driver, "/write", name=str(number)) for number in range(20)]
    gevent.joinall(writers)

    written = [name for _, name in world.log if "reaction" not in name]
    assert written == [str(number) for number in range(20)]


def test_paused_world_takes_writes_but_stands_still(driver, world):
    """While paused, writes are handled at the instant of the pause and nothing follows from them."""
    post(driver, "/clock", paused="true")
    now = world.sim.now_ms

    post(driver, "/write", name="a")
    gevent.sleep(0.15)

    assert world.sim.now_ms == now
    assert [name for _, name in world.log] == ["a"]


def test_max_speed_settles_without_waiting(driver, world):
    """At max, work that is pending is done at once, however far ahead in virtual time it lies."""
    post(driver, "/clock", speed="max")
    post(driver, "/write", name="a")

    wait_until(lambda: world.sim.is_idle)

    assert [name for _, name in world.log] == ["a", "a-reaction"]


def test_speed_scales_virtual_time(driver, world):
    """A hundredfold speed moves time about a hundred times faster than the wall clock."""
    post(driver, "/clock", speed="100")
    began = world.sim.now_ms
    gevent.sleep(0.3)

    assert 20_000 < world.sim.now_ms - began < 60_000


def test_step_to_the_next_fact_pauses_right_there(driver, world):
    """A step shows the next visible fact and then stops the clock, which the journal knows."""
    post(driver, "/clock", paused="true")
    post(driver, "/write", name="a")

    post(driver, "/clock", until="nextFact", paused="true")
    wait_until(lambda: world.clock.run_until is None)

    assert [name for _, name in world.log] == ["a", "a-reaction"]
    assert world.clock.paused
    kinds = [entry.kind for entry in driver._journal.commands()]
    assert kinds == ["request", "request", "request", "pause"]


def test_step_to_the_next_of_the_nine_steps_passes_over_other_facts(driver, world):
    """Stores in between do not end the larger step."""
    post(driver, "/clock", paused="true")
    post(driver, "/write", name="a")

    post(driver, "/clock", until="nextStep", paused="true")
    wait_until(lambda: world.clock.run_until is None)

    assert type(world.recorder.records[-1].fact).__name__ == "PodBound"


def test_running_until_a_moment_stops_there(driver, world):
    """``runUntil`` with a time ends exactly at that time."""
    target = world.sim.now_ms + 3_600_000

    post(driver, "/clock", speed="max", until=str(target))
    wait_until(lambda: world.clock.paused)

    assert world.sim.now_ms == target


def test_replay_repeats_the_run(tmp_path, genesis):
    """A fresh world fed with the journal goes through the same revisions at the same times."""
    first_world = FakeWorld()
    first = SimulationDriver(first_world, Journal.create(tmp_path, genesis))
    first.start()
    post(first, "/clock", speed="20")
    for name in "abc":
        post(first, "/write", name=name)
        gevent.sleep(0.01)
    first.stop()

    second_world = FakeWorld()
    second = SimulationDriver(second_world, Journal.open(tmp_path))
    replayed = second.replay()

    assert replayed == 4
    assert second_world.log == first_world.log
    assert second_world.sim.now_ms == first_world.sim.now_ms
    second.stop()


def test_replay_that_goes_another_way_is_loud(tmp_path, genesis):
    """Another revision than the journalled one means that the world is not the same."""
    journal = Journal.create(tmp_path, genesis)
    journal.add(
        JournalEntry(Stamp(1_000_000, 0, 1), REQUEST, Request("POST", "/write"), revision=9)
    )
    journal.commit(1_000_000, 0)
    driver = SimulationDriver(FakeWorld(), journal)

    with pytest.raises(SimulationError, match="diverged at command 1: revision 1 instead of 9"):
        driver.replay()
    journal.close()


def test_fault_of_a_handler_fails_its_request_only(driver, caplog):
    """A bug met by one request is reported to it, and the run goes on."""
    with pytest.raises(KeyError):
        post(driver, "/bug")

    assert post(driver, "/write", name="a").status_code == 201
    assert "/bug failed" in caplog.text


@pytest.mark.usefixtures("caplog")
def test_simulation_error_stops_the_run_and_answers_everybody(driver):
    """The simulator's own fault ends the run; the request under way and later ones are told why."""
    with pytest.raises(StoppedError, match="two Pods have the same address"):
        post(driver, "/fault")

    with pytest.raises(StoppedError, match="two Pods have the same address"):
        driver.read(Request("GET", "/"))
    assert driver.failure == "two Pods have the same address"


@pytest.mark.usefixtures("caplog")
def test_fault_in_the_running_world_stops_it_too(driver):
    """A component's fault between requests is not swallowed either."""
    post(driver, "/clock", speed="max")
    post(driver, "/later-fault")

    wait_until(lambda: driver.failure)

    assert driver.failure == "a component failed"


def test_requests_are_served_while_the_world_is_busy(driver, world):
    """Under a world that never rests, a read still gets its turn."""

    def again(_):
        world.sim.schedule(1, again)

    world.sim.schedule(1, again)
    post(driver, "/clock", speed="max")

    with gevent.Timeout(2):
        for number in range(20):
            post(driver, "/write", name=str(number))

    assert world.revision >= 20
