"""What controllers cost when much changes at once, and how long anybody has to wait for them.

The collector is off while it is measured, as in the server.
"""

import gc
from time import process_time

import pytest

from tests.factories import make_deployment
from tests.world import World
from webapp.api.resources import DEPLOYMENTS


@pytest.fixture(autouse=True)
def _without_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _steps(world):
    """CPU seconds of every step of the loop until nothing is in progress."""
    sim = world.cluster.sim
    found = []
    while sim._queue.foreground:
        start = process_time()
        sim.step()
        found.append(process_time() - start)
    return found


def _new_template(deployment):
    template = deployment["spec"]["template"]
    containers = [{**template["spec"]["containers"][0], "image": "nginx:1.28"}]
    return {
        "spec": {"template": {**template, "spec": {**template["spec"], "containers": containers}}}
    }


def _roll_all(nodes, deployments):
    """Roll so many Deployments of two Pods at once: (CPU seconds, longest step, revisions, states)."""
    world = World(nodes=nodes)
    world.create(*(make_deployment(f"web-{number}", replicas=2) for number in range(deployments)))
    world.settle()
    admin, revision = world.cluster.admin, world.cluster.revision
    for deployment in world.list("Deployment"):
        name = deployment["metadata"]["name"]
        admin.patch(DEPLOYMENTS, "default", name, _new_template(deployment))
    steps = _steps(world)
    states = [
        (item["status"].get("updatedReplicas"), item["status"].get("readyReplicas"))
        for item in world.list("Deployment")
    ]
    return sum(steps), max(steps), world.cluster.revision - revision, states


@pytest.mark.parametrize(
    ("nodes", "deployments"),
    [
        pytest.param(20, 100, marks=pytest.mark.benchmark(group="controllers"), id="small"),
        pytest.param(
            200, 1_000, marks=pytest.mark.benchmark(group="controllers-large"), id="large"
        ),
    ],
)
def test_many_deployments_roll_at_once(benchmark, nodes, deployments):
    """All get there, at a cost that grows with their number only; no step takes long."""
    seconds, longest, revisions, states = benchmark.pedantic(
        _roll_all, (nodes, deployments), rounds=1
    )

    assert states == [(2, 2)] * deployments
    assert revisions < 90 * deployments
    assert longest < 0.1
    benchmark.extra_info.update(
        cpu_seconds=round(seconds, 2),
        cpu_ms_per_deployment=round(seconds / deployments * 1e3, 2),
        longest_step_ms=round(longest * 1e3, 1),
    )


def _scale_up(nodes, pods):
    world = World(nodes=nodes)
    world.create(make_deployment("web", replicas=pods))
    steps = _steps(world)
    return sum(steps), max(steps), world.get("Deployment", "web")["status"]["readyReplicas"]


@pytest.mark.benchmark(group="controllers")
def test_a_burst_of_pods_keeps_nobody_waiting(benchmark):
    """A thousand Pods are created sixteen at a time."""
    seconds, longest, ready = benchmark.pedantic(_scale_up, (50, 1_000), rounds=1)

    assert ready == 1_000
    assert longest < 0.1
    benchmark.extra_info.update(
        cpu_seconds=round(seconds, 2), longest_step_ms=round(longest * 1e3, 1)
    )
