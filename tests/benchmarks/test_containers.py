"""What containers cost: starting them, keeping them idle, and bearing those that misbehave."""

from __future__ import annotations

import gc
from pathlib import Path
from time import perf_counter, process_time

import pytest

from tests.factories import make_container, make_pod
from tests.world import World
from webapp.apimachinery.wire import Request
from webapp.cluster.cluster import ADMIN
from webapp.driver.driver import EVENTS_BETWEEN_CHECKS, SLICE_SECONDS
from webapp.driver.pacing import SliceBudget
from webapp.trace.facts import ContainerStarted

STARTED = 500
IDLE_PODS, CONTAINERS_A_POD = 500, 10
TROUBLEMAKERS = 50
READS = 400
SCRIPTS = (
    "while true; do :; done",
    "f() { f | f & }; f; sleep 1000",
    "yes",
    "i=0; while true; do i=$((i+1)); echo $i; done",
    "while true; do ls / > /dev/null; done",
)


@pytest.fixture(autouse=True)
def _without_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def _shell(script):
    return make_container("app", "busybox:1.36", command=["sh", "-c", script])


@pytest.mark.benchmark(group="containers")
def test_containers_started_per_second(benchmark):
    """Shell programs in Pods of one container, from creation to their first line."""
    world = World(nodes=10)

    def start():
        began = process_time()
        for number in range(STARTED):
            node = f"worker-{number % 10 + 1}"
            pod = make_pod(f"p{number}", nodeName=node, containers=[_shell("echo on; sleep 3600")])
            world.create(pod)
        world.settle()
        return process_time() - began

    seconds = benchmark.pedantic(start, rounds=1)

    assert len(world.facts(ContainerStarted)) == STARTED
    benchmark.extra_info.update(containers_per_cpu_second=round(STARTED / seconds))


@pytest.mark.benchmark(group="containers")
def test_memory_of_idle_containers(benchmark):
    """Containers in Pods of ten; what 150,000 of them would need is extrapolated from these."""
    world = World(nodes=10)
    containers = [make_container(f"c{number}", "pause") for number in range(CONTAINERS_A_POD)]

    def grow():
        before = _resident_bytes()
        for number in range(IDLE_PODS):
            node = f"worker-{number % 10 + 1}"
            world.create(make_pod(f"p{number}", nodeName=node, containers=containers))
        world.settle()
        return _resident_bytes() - before

    grown = benchmark.pedantic(grow, rounds=1)

    assert len(world.facts(ContainerStarted)) == IDLE_PODS * CONTAINERS_A_POD
    before = world.cluster.sim.events_processed
    world.run_for(seconds=600)
    idle_events = world.cluster.sim.events_processed - before
    assert idle_events < 10 * IDLE_PODS
    each = grown / (IDLE_PODS * CONTAINERS_A_POD)
    benchmark.extra_info.update(
        kilobytes_a_container=round(each / 1024, 1),
        extrapolated_gigabytes_of_150_000=round(each * 150_000 / 1e9, 2),
        events_in_ten_idle_minutes=idle_events,
    )


@pytest.mark.benchmark(group="containers")
def test_reads_while_containers_misbehave(benchmark):
    """Fifty endless loops, fork bombs and floods of output: the world goes on and reads are answered."""
    world = World(nodes=5)
    for number in range(TROUBLEMAKERS):
        world.create(make_pod(f"p{number}", containers=[_shell(SCRIPTS[number % len(SCRIPTS)])]))
    while len(world.facts(ContainerStarted)) < TROUBLEMAKERS:
        world.run_for(seconds=0.2)
    sim, budget = world.cluster.sim, SliceBudget(SLICE_SECONDS)
    request = Request("GET", "/api/v1/namespaces/default/pods/p0", user=ADMIN, client="bench")

    def read():
        waits = []
        for _ in range(READS):
            began = perf_counter()
            budget.restart()
            sim.run_slice(sim.now_ms + 3_600_000, budget, EVENTS_BETWEEN_CHECKS)
            answer = world.cluster.handle(request)
            waits.append(perf_counter() - began)
            assert answer.status_code == 200
        return sorted(waits)

    before = sim.events_processed
    waits = benchmark.pedantic(read, rounds=1)

    assert len(waits) == READS
    assert sim.events_processed - before > READS
    p99 = waits[READS * 99 // 100]
    benchmark.extra_info.update(p99_ms=round(p99 * 1000, 1), max_ms=round(waits[-1] * 1000, 1))
    assert p99 < 0.1
