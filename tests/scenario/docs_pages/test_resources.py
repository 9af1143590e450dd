"""Tasks: assign memory and CPU, quality of service, extended resources, Pod-level resources."""

from __future__ import annotations

import pytest

from tests.scenario.docs_pages.hands import condition, container, events, pod, run, sh, status
from webapp.api.resources import NODES


def stress(memory, **resources):
    """A container that asks for memory."""
    return {
        "name": "stress",
        "image": "polinux/stress",
        "command": ["stress"],
        "args": ["--vm", "1", "--vm-bytes", memory, "--vm-hang", "1"],
        "resources": {field: {"memory": amount} for field, amount in resources.items()},
    }


def test_memory_within_the_limit_is_given(world):
    """150M of 200Mi: the Pod goes on running."""
    run(world, pod("memory", stress("150M", requests="100Mi", limits="200Mi")), seconds=120)

    assert status(world, "memory")["phase"] == "Running"
    assert container(world, "memory")["restartCount"] == 0


def test_memory_above_the_limit_is_killed_again_and_again(world):
    """250M of 100Mi: OOMKilled with 137, started again, backed off."""
    run(world, pod("greedy", stress("250M", requests="50Mi", limits="100Mi")), seconds=60)

    found = container(world, "greedy")
    ended = found["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)
    assert found["restartCount"] >= 2
    assert found["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert any(
        "Back-off restarting failed container" in text
        for text in events(world, "greedy", "BackOff")
    )


@pytest.mark.parametrize(("resource", "amount"), [("memory", "1000Gi"), ("cpu", "100")])
def test_a_request_that_no_node_can_meet_stays_pending(world, resource, amount):
    """FailedScheduling says which resource is short."""
    wish = {"requests": {resource: amount}, "limits": {resource: amount}}
    run(world, pod("huge", sh("sleep 1d", resources=wish)))

    assert status(world, "huge")["phase"] == "Pending"
    assert f"3 Insufficient {resource}" in events(world, "huge", "FailedScheduling")[0]
    assert condition(world, "huge", "PodScheduled")["reason"] == "Unschedulable"


def test_cpu_above_the_limit_is_throttled_not_killed(world):
    """Two busy workers under a limit of one core go on running."""
    wish = {"limits": {"cpu": "1"}, "requests": {"cpu": "0.5"}}
    busy = {"name": "c", "image": "vish/stress", "args": ["-cpus", "2"], "resources": wish}
    run(world, pod("busy", busy), seconds=60)

    assert status(world, "busy")["phase"] == "Running"
    assert container(world, "busy")["restartCount"] == 0


@pytest.mark.parametrize(
    ("resources", "qos"),
    [
        (
            {
                "limits": {"memory": "200Mi", "cpu": "700m"},
                "requests": {"memory": "200Mi", "cpu": "700m"},
            },
            "Guaranteed",
        ),
        ({"limits": {"memory": "200Mi", "cpu": "700m"}}, "Guaranteed"),
        ({"limits": {"memory": "200Mi"}, "requests": {"memory": "100Mi"}}, "Burstable"),
        ({}, "BestEffort"),
    ],
)
def test_resources_decide_the_class(world, resources, qos):
    """The class stands in the status."""
    run(world, pod("qos", {"name": "c", "image": "nginx", "resources": resources}))

    assert status(world, "qos")["qosClass"] == qos


def test_one_container_with_a_request_makes_the_whole_pod_burstable(world):
    """The other has none at all."""
    wish = {"requests": {"memory": "200Mi"}}
    run(
        world,
        pod(
            "two",
            {"name": "a", "image": "nginx", "resources": wish},
            {"name": "b", "image": "redis"},
        ),
    )

    assert status(world, "two")["qosClass"] == "Burstable"


def test_resources_of_a_whole_pod_decide_its_class(world):
    """Pod-level requests and limits; the containers share them."""
    limits = {"cpu": "1", "memory": "200Mi"}
    run(
        world,
        pod(
            "shared",
            sh("sleep 1d"),
            sh("sleep 1d", "d"),
            resources={"limits": limits, "requests": limits},
        ),
    )

    assert status(world, "shared")["qosClass"] == "Guaranteed"
    assert status(world, "shared")["phase"] == "Running"


def test_an_extended_resource_is_counted_in_whole_pieces(world):
    """A Node tells of four dongles; three are taken, and two more do not fit."""
    room = {"example.com/dongle": "4"}
    patch = {"status": {"capacity": room, "allocatable": room}}
    world.cluster.admin.patch(NODES, "", "worker-1", patch, subresource="status")
    world.settle()

    def wish(count):
        return {"requests": {"example.com/dongle": count}, "limits": {"example.com/dongle": count}}

    run(world, pod("first", {"name": "c", "image": "nginx", "resources": wish("3")}))
    run(world, pod("second", {"name": "c", "image": "nginx", "resources": wish("2")}), seconds=5)

    assert status(world, "first")["phase"] == "Running"
    assert status(world, "second")["phase"] == "Pending"
    assert "Insufficient example.com/dongle" in events(world, "second", "FailedScheduling")[0]
