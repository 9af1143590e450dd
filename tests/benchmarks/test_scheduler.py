"""How many Pods a second get a Node: decision, explanation record and assumption, in CPU time."""

from time import process_time

import pytest

from tests.unit.scheduler.builders import make_node, make_pod
from webapp.scheduler.cache import Cache
from webapp.scheduler.config import Profile
from webapp.scheduler.diagnosis import Attempt, DiagnosisLog
from webapp.scheduler.framework.interface import Handle
from webapp.scheduler.framework.types import PodInfo
from webapp.scheduler.schedule_pod import Algorithm
from webapp.sim.rng import RandomStreams

PODS = 5_000
BAR_AT_5000_NODES = 10_000


def _cluster(node_count):
    cache = Cache()
    for number in range(node_count):
        zone = {"topology.kubernetes.io/zone": f"z{number % 3}"}
        cache.add_node(make_node(f"n{number}", "32", "256Gi", labels=zone))
    cache.nodes.lay_out()
    framework = Profile().build(Handle(None, cache.nodes))
    algorithm = Algorithm(cache, RandomStreams(1).stream("scheduler/tie-break"))
    return cache, framework, algorithm


def _pods(template_count):
    return [
        PodInfo(make_pod(f"p{n}", f"{100 + n % template_count}m", "200Mi")) for n in range(PODS)
    ]


def _schedule_all(node_count, template_count):
    cache, framework, algorithm = _cluster(node_count)
    pods = _pods(template_count)
    log = DiagnosisLog()
    start = process_time()
    for pod in pods:
        result = algorithm.schedule_pod(framework, pod)
        log.add(pod.uid, Attempt(1, 0, cache.nodes.names, result))
        cache.assume_pod(pod, result.node_name)
    return process_time() - start, int(cache.nodes.pod_count.sum())


@pytest.mark.benchmark(group="scheduler")
@pytest.mark.parametrize("template_count", [1, 50], ids=["plain", "50-templates"])
@pytest.mark.parametrize("node_count", [100, 1_000, 5_000])
def test_pods_scheduled_per_second(benchmark, node_count, template_count):
    """All Pods get a Node; at 5,000 Nodes the plain ones at no less than the bar."""
    seconds, scheduled = min(
        benchmark.pedantic(lambda: [_schedule_all(node_count, template_count) for _ in range(3)])
    )

    assert scheduled == PODS
    rate = round(PODS / seconds)
    benchmark.extra_info["pods_per_cpu_second"] = rate
    if node_count == 5_000 and template_count == 1:
        assert rate >= BAR_AT_5000_NODES
