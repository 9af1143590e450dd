"""How fast the loop and the store are; each benchmark asserts that the work was done."""

import pytest

from webapp.etcd.mvcc import Store
from webapp.sim.loop import Simulation

WAITING = 150_000
EVENTS = 300_000
WRITES = 50_000


@pytest.mark.benchmark(group="loop")
def test_bare_loop_events_with_150000_waiting(benchmark):
    """Data events handed out while 150,000 timers wait."""

    def run():
        sim = Simulation()
        left = [EVENTS]

        def again(key):
            left[0] -= 1
            if left[0] >= WAITING:
                sim.schedule(1 + key % 997, again, key)

        for key in range(WAITING):
            sim.schedule(1 + key % 997, again, key)
        sim.run_until_idle()
        return sim.events_processed

    processed = benchmark.pedantic(run, rounds=3)

    assert processed >= EVENTS
    benchmark.extra_info["events_per_second"] = round(processed / benchmark.stats.stats.min)


@pytest.mark.benchmark(group="store")
def test_store_writes_in_memory(benchmark):
    """Puts over 10,000 keys, with history kept and one listener."""

    def run():
        store = Store()
        seen = []
        store.on_change(seen.append)
        for number in range(WRITES):
            store.put("/registry/pods", f"default/pod-{number % 10_000}", {"n": number})
        return store.revision, len(seen)

    revision, seen = benchmark.pedantic(run, rounds=3)

    assert (revision, seen) == (WRITES + 1, WRITES)
    benchmark.extra_info["writes_per_second"] = round(WRITES / benchmark.stats.stats.min)
