"""Tasks are generators that sleep and wait in virtual time."""

from webapp.sim.task import Task, Waiter


def test_a_task_sleeps_in_virtual_time_and_hands_over_its_result(sim):
    """Yielded milliseconds pass; the return value reaches ``on_done``."""
    start, results = sim.now_ms, []

    def program():
        yield 250
        yield 750
        return sim.now_ms - start

    Task(sim, program(), results.append, background=False)
    sim.run_until_idle()

    assert results == [1000]


def test_a_task_waits_until_it_is_woken_with_a_value(sim):
    """A Waiter carries a value from whoever wakes it."""
    door, results = Waiter(), []

    def program():
        return (yield door)

    Task(sim, program(), results.append, background=False)
    sim.schedule(40, lambda _: door.wake("open"))
    sim.run_until_idle()

    assert results == ["open"]


def test_a_cancelled_task_cleans_up_and_never_reports(sim):
    """Cancelling closes the generator where it stands."""
    results, cleaned = [], []

    def program():
        try:
            yield 1000
        finally:
            cleaned.append(True)

    task = Task(sim, program(), results.append)
    sim.run_for(10)
    task.cancel()
    sim.run_for(5000)

    assert cleaned == [True]
    assert results == []
