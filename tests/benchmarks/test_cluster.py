"""What a whole cluster costs, control plane and kubelets included; figures in CPU seconds.

The collector is off while it is measured, as in the server.
"""

import gc
from time import process_time

import orjson
import pytest

from tests.factories import make_deployment, make_pod
from tests.world import World
from webapp.api.resources import PODS
from webapp.apimachinery.wire import Request, UserInfo

KUBELET = UserInfo("system:node:worker-1", ("system:nodes", "system:authenticated"))
STATUS_WRITES = 10_000
CREATES = 1_000


@pytest.fixture(autouse=True)
def _without_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _run_deployment(nodes, pods):
    """Boot, apply, run until all is Ready: (boot's, run's CPU seconds, revisions, events, Ready Pods)."""
    start = process_time()
    world = World(nodes=nodes)
    boot_seconds = process_time() - start
    cluster = world.cluster
    revision, events = cluster.revision, cluster.sim.events_processed
    start = process_time()
    world.create(make_deployment("web", replicas=pods))
    world.settle()
    seconds = process_time() - start
    return (
        boot_seconds,
        seconds,
        cluster.revision - revision,
        cluster.sim.events_processed - events,
        world.get("Deployment", "web")["status"]["readyReplicas"],
    )


@pytest.mark.parametrize(
    ("nodes", "pods"),
    [
        pytest.param(100, 1_000, marks=pytest.mark.benchmark(group="cluster"), id="small"),
        pytest.param(5_000, 10_000, marks=pytest.mark.benchmark(group="cluster-large"), id="large"),
    ],
)
def test_a_deployment_from_apply_to_all_running(benchmark, nodes, pods):
    """Every Pod becomes Ready; each costs some nine revisions and two dozen events of the loop."""
    boot_seconds, seconds, revisions, events, ready = benchmark.pedantic(
        _run_deployment, (nodes, pods), rounds=1
    )

    assert ready == pods
    assert 8 * pods < revisions < 12 * pods
    assert events < 25 * pods
    benchmark.extra_info.update(
        boot_cpu_seconds=round(boot_seconds, 2),
        cpu_seconds=round(seconds, 2),
        cpu_us_per_pod=round(seconds / pods * 1e6),
        revisions_per_cpu_second=round(revisions / seconds),
    )


@pytest.mark.benchmark(group="apiserver")
def test_status_patches_of_a_component(benchmark):
    """Each is one revision, with every informer of the cluster told."""
    world = World(nodes=1)
    world.create(make_pod("web"))
    world.settle()
    cluster = world.cluster
    client = cluster.client_for(KUBELET, "kubelet/worker-1")
    first = cluster.revision

    def patch_all():
        start = process_time()
        for number in range(STATUS_WRITES):
            patch = {"status": {"nominatedNodeName": f"n{number}"}}
            client.patch(PODS, "default", "web", patch, subresource="status")
        return process_time() - start

    seconds = benchmark.pedantic(patch_all, rounds=1)

    assert cluster.revision == first + STATUS_WRITES
    benchmark.extra_info["revisions_per_cpu_second"] = round(STATUS_WRITES / seconds)


@pytest.mark.benchmark(group="apiserver")
def test_creating_a_pod_from_bytes(benchmark):
    """As kubectl sends it: decoded, defaulted, admitted, validated and stored."""
    world = World(nodes=1)
    body = make_pod("web", cpu="1m")
    del body["metadata"]["name"]
    body["metadata"]["generateName"] = "web-"
    headers = {"content-type": "application/json", "user-agent": "kubectl/v1.36.0"}
    request = Request(
        "POST", "/api/v1/namespaces/default/pods", {}, headers, orjson.dumps(body), client="kubectl"
    )
    codes = []

    benchmark.pedantic(
        lambda: codes.append(world.cluster.handle(request).status_code), rounds=CREATES
    )

    assert codes == [201] * CREATES
    assert len(world.list("Pod")) == CREATES
