"""Work queues deduplicate, delay and back off in virtual time."""

from webapp.client.workqueue import WorkQueue


def make_queue(sim, processed):
    return WorkQueue(sim, processed.append, "test", service_ms=1)


def test_a_key_waiting_already_is_not_processed_twice(sim):
    """Many changes of one object cost one sync."""
    processed = []
    queue = make_queue(sim, processed)

    for key in ("a", "b", "a", "a"):
        queue.add(key)
    sim.run_until_idle()

    assert processed == ["a", "b"]


def test_a_key_added_while_it_is_processed_is_processed_once_more(sim):
    """Nothing that changes during a sync is lost."""
    processed = []

    def process(key):
        processed.append(key)
        if len(processed) == 1:
            queue.add(key)

    queue = WorkQueue(sim, process, "test")
    queue.add("a")
    sim.run_until_idle()

    assert processed == ["a", "a"]


def test_the_earlier_of_two_delays_counts(sim):
    """A later wish does not put off an earlier one."""
    start, seen = sim.now_ms, []
    queue = WorkQueue(sim, lambda _: seen.append(sim.now_ms - start), "test", service_ms=1)

    queue.add_after("a", 500)
    queue.add_after("a", 100)
    queue.add_after("a", 900)
    sim.run_until_idle()

    assert seen == [101]


def test_retries_back_off_and_forgetting_starts_anew(sim):
    """5 ms, doubling with each retry."""
    start, seen = sim.now_ms, []

    def process(_):
        seen.append(sim.now_ms - start)
        if len(seen) < 4:
            queue.add_rate_limited("a")
        else:
            queue.forget("a")

    queue = WorkQueue(sim, process, "test", service_ms=1)
    queue.add("a")
    sim.run_until_idle()

    assert seen == [1, 7, 18, 39]
    assert queue.retries("a") == 0
