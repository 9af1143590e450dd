"""What watching, idling, looking back and durable writing cost; figures in CPU seconds where not said."""

from __future__ import annotations

import gc
from time import perf_counter, process_time

import gevent
import msgspec
import pytest

from tests.factories import make_deployment
from tests.world import World
from webapp.api.resources import CONFIG_MAPS
from webapp.apimachinery.wire import Request, Response, UserInfo, WatchResponse
from webapp.cluster.cluster import ADMIN
from webapp.driver.driver import SimulationDriver
from webapp.driver.journal import Genesis, Journal
from webapp.history.compare import compare
from webapp.history.timeline import TimelineLog
from webapp.http.watch_stream import WatchStream
from webapp.live.projector import Projector

PATH = "/api/v1/namespaces/default/configmaps"
WATCHERS = 200
WRITES = 500
IDLE_SECONDS = 3600
CLIENTS = 8


@pytest.fixture(autouse=True)
def _without_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def _fan_out():
    """Write while many streams watch; returns CPU seconds and lines delivered."""
    world = World(nodes=1)
    cluster = world.cluster
    config_map = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}}
    cluster.admin.create(CONFIG_MAPS, "default", config_map)
    streams = []
    for _ in range(WATCHERS):
        query = {"watch": ["true"], "resourceVersion": [str(cluster.revision)]}
        answer = cluster.handle(Request("GET", PATH, query, user=ADMIN, client="bench"))
        assert isinstance(answer, WatchResponse)
        streams.append(WatchStream(answer, {}))
    lines = [iter(stream) for stream in streams]
    written = 0
    start = process_time()
    for number in range(WRITES):
        cluster.admin.patch(CONFIG_MAPS, "default", "a", {"data": {"n": str(number)}})
        if number % 20 == 19:  # a stream writes what gathered since its last turn
            written += sum(next(line).count(b"\n") for line in lines)
    seconds = process_time() - start
    for stream in streams:
        stream.close()
    return seconds, written


@pytest.mark.benchmark(group="server")
def test_watch_fan_out(benchmark):
    """Each of many watchers gets every change as a line of its stream."""
    seconds, written = benchmark.pedantic(_fan_out, rounds=1)

    assert written == WATCHERS * WRITES
    benchmark.extra_info.update(deliveries_per_cpu_second=round(written / seconds))


def _idle(nodes):
    world = World(nodes=nodes)
    world.settle()
    world.run_for(seconds=60)
    sim = world.cluster.sim
    events, revision = sim.events_processed, world.cluster.revision
    start = process_time()
    world.run_for(seconds=IDLE_SECONDS)
    seconds = process_time() - start
    return seconds, sim.events_processed - events, world.cluster.revision - revision


@pytest.mark.parametrize(
    "nodes",
    [
        pytest.param(100, marks=pytest.mark.benchmark(group="server"), id="small"),
        pytest.param(5_000, marks=pytest.mark.benchmark(group="server-large"), id="large"),
    ],
)
def test_idle_cluster_at_top_speed(benchmark, nodes):
    """An hour without anything to do writes nothing but the end of each Node's first Events."""
    seconds, events, revisions = benchmark.pedantic(_idle, (nodes,), rounds=1)

    assert revisions <= 5 * nodes
    assert events <= 10 * nodes + IDLE_SECONDS
    benchmark.extra_info.update(
        virtual_seconds_per_cpu_second=round(IDLE_SECONDS / max(seconds, 1e-6)),
        events=events,
        revisions=revisions,
    )


class _NoCommands:
    def commands(self, *, after):
        assert after == 0
        return []


@pytest.mark.benchmark(group="server")
def test_looking_back_at_1000_pods(benchmark):
    """A moment in the midst of a rollout of 1,000 Pods, as the page gets it."""
    world = World(nodes=50)
    world.create(make_deployment("web", replicas=1000))
    world.run_for(seconds=3)
    moment = world.cluster.past.newest
    world.settle()
    past = world.cluster.past

    def look_back():
        found = past.find(str(moment.at_ms))
        snapshot = Projector(world.cluster.at(found)).snapshot()
        return snapshot, msgspec.json.encode(snapshot)

    snapshot, encoded = benchmark.pedantic(look_back, rounds=5, warmup_rounds=1)

    assert len(snapshot.pods) == 1000
    began = process_time()
    look_back()
    look_seconds = process_time() - began
    began = process_time()
    view = TimelineLog(past, _NoCommands()).view(past.oldest, past.newest, 200)
    timeline_seconds = process_time() - began
    assert sum(bucket.revisions for bucket in view.buckets) == past.newest.revision
    began = process_time()
    found = compare(past, moment, past.newest, sees_everything=True)
    compare_seconds = process_time() - began
    assert found.objects
    benchmark.extra_info.update(
        bytes=len(encoded),
        look_cpu_ms=round(look_seconds * 1000, 1),
        timeline_cpu_ms=round(timeline_seconds * 1000, 1),
        compare_cpu_ms=round(compare_seconds * 1000, 1),
    )


def _durable_writes(driver):
    """Eight clients, each waiting for its write to be on disk before the next; returns wall seconds."""
    body = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"generateName": "c-"}}

    def write():
        for _ in range(WRITES):
            request = Request(
                "POST", PATH, user=UserInfo("admin", ADMIN.groups), body=body, client="bench"
            )
            answer = driver.submit(request, durable=True)
            assert isinstance(answer, Response)
            assert answer.status_code == 201

    began = perf_counter()
    gevent.joinall([gevent.spawn(write) for _ in range(CLIENTS)], raise_error=True)
    return perf_counter() - began


@pytest.mark.benchmark(group="server")
def test_grouped_durable_writes(benchmark, tmp_path):
    """Writes of several clients share a commit; each is answered after it. HTTP is not in it."""
    world = World(nodes=1)
    genesis = Genesis(seed=0, start_ms=0, nodes=1, product_version="0")
    driver = SimulationDriver(world.cluster, Journal.create(tmp_path, genesis))
    driver.start()
    before = world.cluster.revision
    try:
        seconds = benchmark.pedantic(_durable_writes, (driver,), rounds=1)
    finally:
        driver.stop()

    assert world.cluster.revision - before >= CLIENTS * WRITES
    benchmark.extra_info.update(writes_per_second=round(CLIENTS * WRITES / seconds))
