"""How many Pods a second get a Node: decision, explanation record and assumption, in CPU time.

The workloads are named like upstream's scheduler benchmarks; figures are of one process.
"""

from time import process_time

import pytest

from tests.unit.scheduler.builders import (
    expression,
    make_node,
    make_pod,
    required_affinity,
)
from webapp.scheduler.cache import Cache
from webapp.scheduler.config import Profile
from webapp.scheduler.diagnosis import Attempt, DiagnosisLog
from webapp.scheduler.framework.interface import Handle
from webapp.scheduler.framework.listers import Listers
from webapp.scheduler.framework.nominator import Nominator
from webapp.scheduler.framework.types import PodInfo
from webapp.scheduler.schedule_pod import Algorithm
from webapp.sim.rng import RandomStreams

PODS = 5_000
HOSTNAME = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"
SELECTOR = {"matchLabels": {"app": "web"}}


def _spread(when):
    constraint = {"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": when}
    return {"topologySpreadConstraints": [{**constraint, "labelSelector": SELECTOR}]}


def _required(kind, key):
    term = {"topologyKey": key, "labelSelector": SELECTOR}
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def _preferred(key):
    term = {"weight": 1, "podAffinityTerm": {"topologyKey": key, "labelSelector": SELECTOR}}
    own = {"preferredDuringSchedulingIgnoredDuringExecution": [term]}
    return {"affinity": {"podAffinity": own}}


# name → (templates, fields of the Pods, least Pods a CPU second at 5,000 Nodes)
WORKLOADS = {
    "SchedulingBasic": (1, {}, 10_000),
    "SchedulingBasic-50-templates": (50, {}, 6_000),
    "SchedulingBasic-500-templates": (500, {}, 6_000),
    "DefaultTopologySpreading": (1, {"owner": "rs0"}, 10_000),
    "TopologySpreading": (1, _spread("DoNotSchedule"), 6_000),
    "PreferredTopologySpreading": (1, _spread("ScheduleAnyway"), 8_000),
    "SchedulingPodAntiAffinity": (1, _required("podAntiAffinity", HOSTNAME), 4_000),
    "SchedulingPodAffinity": (1, _required("podAffinity", ZONE), 5_000),
    "SchedulingPreferredPodAffinity": (1, _preferred(HOSTNAME), 5_000),
    "SchedulingNodeAffinity": (
        1,
        {"affinity": required_affinity(expression(ZONE, "In", "z1", "z2"))},
        6_000,
    ),
}


ONE_ZONE = {"SchedulingPodAffinity"}
"""As upstream's: all Nodes share a zone, else one zone would have to take all Pods."""


class _Bench:
    """A cluster of equal Nodes in some zones."""

    def __init__(self, node_count, cpu="32", zones=3):
        self.cache = Cache()
        self.listers = Listers()
        self.nominator = Nominator()
        self.evicted = []
        for number in range(node_count):
            zone = {ZONE: f"z{number % zones}"}
            self.cache.add_node(make_node(f"n{number}", cpu, "256Gi", labels=zone))
        self.cache.nodes.lay_out()
        stream = RandomStreams(1).stream("scheduler/tie-break")
        handle = Handle(
            None,
            self.cache.nodes,
            self.listers,
            self.nominator,
            evict=lambda victims, *_: self.evicted.extend(victims),
            chance=stream.keyed_bits64,
        )
        self.framework = Profile().build(handle)
        self.algorithm = Algorithm(self.cache, stream, nominator=self.nominator)
        self.log = DiagnosisLog()

    def schedule(self, pod):
        result = self.algorithm.schedule_pod(self.framework, pod)
        self.log.add(pod.uid, Attempt(1, 0, self.cache.nodes.names, result))
        if result.node_name:
            self.cache.assume_pod(pod, result.node_name)
        return result


def _schedule_all(workload, node_count):
    templates, spec, _ = WORKLOADS[workload]
    bench = _Bench(node_count, zones=1 if workload in ONE_ZONE else 3)
    selector = {"matchLabels": {"app": "web"}}
    metadata = {"name": "rs0", "namespace": "default"}
    bench.listers.put_owner("ReplicaSet", {"metadata": metadata, "spec": {"selector": selector}})
    pods = [
        PodInfo(make_pod(f"p{n}", f"{100 + n % templates}m", labels={"app": "web"}, **spec))
        for n in range(PODS)
    ]
    start = process_time()
    for pod in pods:
        bench.schedule(pod)
    return process_time() - start, int(bench.cache.nodes.pod_count.sum())


@pytest.mark.benchmark(group="scheduler")
@pytest.mark.parametrize("workload", WORKLOADS)
@pytest.mark.parametrize("node_count", [100, 1_000, 5_000])
def test_pods_scheduled_per_second(benchmark, node_count, workload):
    """All Pods that can get a Node do; at 5,000 Nodes at no less than the bar."""
    seconds, scheduled = min(
        benchmark.pedantic(lambda: [_schedule_all(workload, node_count) for _ in range(3)])
    )

    one_a_node = workload == "SchedulingPodAntiAffinity"
    assert scheduled == (min(PODS, node_count) if one_a_node else PODS)
    rate = round(PODS / seconds)
    benchmark.extra_info["pods_per_cpu_second"] = rate
    if node_count == 5_000:
        assert rate >= WORKLOADS[workload][2]


@pytest.mark.benchmark(group="scheduler")
@pytest.mark.parametrize("node_count", [100, 1_000, 5_000])
def test_unschedulable(benchmark, node_count):
    """Unschedulable: 200 Pods that fit nowhere are tried between those that do, and explained."""

    def run():
        bench = _Bench(node_count)
        pods = [PodInfo(make_pod(f"p{n}", "100m", labels={"app": "web"})) for n in range(PODS)]
        large = [PodInfo(make_pod(f"large{n}", "100")) for n in range(200)]
        start = process_time()
        for number, pod in enumerate(pods):
            bench.schedule(pod)
            if number % 25 == 0:
                bench.schedule(large[number // 25])
        return process_time() - start, int(bench.cache.nodes.pod_count.sum())

    seconds, scheduled = min(benchmark.pedantic(lambda: [run() for _ in range(3)]))

    assert scheduled == PODS
    rate = round((PODS + 200) / seconds)
    benchmark.extra_info["pods_per_cpu_second"] = rate
    if node_count == 5_000:
        assert rate >= 6_000


@pytest.mark.benchmark(group="scheduler")
@pytest.mark.parametrize("node_count", [100, 1_000, 5_000])
def test_preemptions_per_second(benchmark, node_count):
    """PreemptionBasic: full Nodes of four Pods each; every newcomer evicts on one Node."""

    def preempt():
        bench = _Bench(node_count, cpu="4")
        for number in range(node_count * 4):
            low = make_pod(f"low{number}", "900m")
            low["status"]["startTime"] = "2026-01-01T00:00:00Z"
            bench.schedule(PodInfo(low))
        newcomers = [PodInfo(make_pod(f"high{n}", "3", priority=10)) for n in range(100)]
        start = process_time()
        for pod in newcomers:
            result = bench.schedule(pod)
            for victim in bench.evicted:
                bench.cache.remove_pod(victim.uid)
            bench.evicted.clear()
            bench.cache.assume_pod(pod, result.post.nominated_node)
        return process_time() - start, int(bench.cache.nodes.pod_count.sum())

    seconds, left = benchmark.pedantic(preempt)

    assert left == node_count * 4 - 300 + 100
    benchmark.extra_info["preemptions_per_cpu_second"] = round(100 / seconds)
    assert 100 / seconds >= 400
