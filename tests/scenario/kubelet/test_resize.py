"""In-place resize of a Pod's containers through the resize subresource."""

from __future__ import annotations

from tests.factories import make_container, make_pod
from webapp.api.resources import POD_METRICS, PODS


def sized(cpu, memory="200Mi", **fields):
    """A container whose requests are its limits."""
    amounts = {"cpu": cpu, "memory": memory}
    resources = {"requests": amounts, "limits": amounts}
    return make_container("app", resources=resources, **fields)


def start(world, name="p", cpu="500m", **fields):
    """A running Pod on the first Node."""
    world.create(make_pod(name, nodeName="worker-1", containers=[sized(cpu, **fields)]))
    world.settle()


def resize(world, cpu, memory="200Mi", name="p"):
    """What kubectl patch --subresource resize sends."""
    patch = {"spec": {"containers": [sized(cpu, memory)]}}
    world.cluster.admin.patch(
        PODS, "default", name, patch, "application/strategic-merge-patch+json", "resize"
    )


def status(world, name="p"):
    """The first container's status."""
    return world.get("Pod", name)["status"]["containerStatuses"][0]


def conditions(world, name="p"):
    """Resize conditions by type."""
    return {
        item["type"]: item
        for item in world.get("Pod", name)["status"]["conditions"]
        if item["type"].startswith("PodResize")
    }


def test_a_resize_takes_effect_without_a_restart(world):
    """Granted, in progress, then in force; the container runs on."""
    start(world)
    container_id = status(world)["containerID"]

    resize(world, "800m")
    world.run_for(seconds=0.3)
    assert set(conditions(world)) == {"PodResizeInProgress"}
    world.settle()

    assert status(world)["allocatedResources"]["cpu"] == "800m"
    assert status(world)["resources"]["limits"]["cpu"] == "800m"
    assert (status(world)["containerID"], status(world)["restartCount"]) == (container_id, 0)
    assert conditions(world) == {}
    events = [text.partition(":")[0] for text in world.events("p")]
    assert events[-2:] == ["ResizeStarted", "ResizeCompleted"]


def test_a_resize_that_the_node_can_never_hold_is_infeasible(world):
    """The documentation's thousand cores; what is in force stays."""
    start(world)

    resize(world, "1000")
    world.settle()

    pending = conditions(world)["PodResizePending"]
    assert pending["reason"] == "Infeasible"
    assert pending["message"] == (
        "Node didn't have enough capacity: cpu, requested: 1000000, capacity: 4000"
    )
    assert status(world)["resources"]["limits"]["cpu"] == "500m"


def test_a_resize_waits_until_the_node_has_room(world):
    """Deferred beside a large neighbour, granted once that is gone."""
    start(world)
    start(world, "neighbour", "3")

    resize(world, "2")
    world.settle()
    pending = conditions(world)["PodResizePending"]
    assert (pending["reason"], pending["message"]) == (
        "Deferred",
        "Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000",
    )

    world.delete("Pod", "neighbour", grace_period_seconds=0)
    world.run_for(seconds=40)
    assert conditions(world) == {}
    assert status(world)["resources"]["limits"]["cpu"] == "2"


def test_a_container_that_asks_for_it_is_restarted_by_a_resize(world):
    """resizePolicy RestartContainer for memory."""
    policy = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    start(world, resizePolicy=policy)

    resize(world, "500m", "300Mi")
    world.run_for(seconds=30)

    assert status(world)["restartCount"] == 1
    assert status(world)["resources"]["limits"]["memory"] == "300Mi"
    assert "Killing: Container app resize requires restart" in world.events("p")


def test_memory_cannot_be_taken_from_who_holds_it(world):
    """The resize stays in progress with the reason Error."""
    amounts = {"cpu": "100m", "memory": "200Mi"}
    container = make_container(
        "app",
        "vish/stress",
        args=["-mem-total", "150Mi", "-mem-alloc-size", "10Mi"],
        resources={"requests": amounts, "limits": amounts},
    )
    world.create(make_pod("p", nodeName="worker-1", containers=[container]))
    world.run_for(seconds=30)

    resize(world, "100m", "100Mi")
    world.run_for(seconds=30)

    progress = conditions(world)["PodResizeInProgress"]
    assert progress["reason"] == "Error"
    assert "memory limit (104857600) below current usage" in progress["message"]
    assert status(world)["resources"]["limits"]["memory"] == "200Mi"


def test_a_granted_limit_throttles_at_once(world):
    """The meter of a busy container follows."""
    amounts = {"cpu": "1", "memory": "200Mi"}
    container = make_container(
        "app",
        "vish/stress",
        args=["-cpus", "2"],
        resources={"requests": amounts, "limits": amounts},
    )
    world.create(make_pod("p", nodeName="worker-1", containers=[container]))
    world.run_for(seconds=60)

    resize(world, "500m")
    world.run_for(seconds=45)

    metrics = world.cluster.admin.get(POD_METRICS, "default", "p")
    assert metrics["containers"][0]["usage"]["cpu"] == "500000000n"
