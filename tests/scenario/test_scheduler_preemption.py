"""In a whole cluster: important Pods make room for themselves, and say so."""

import pytest

from tests.world import World
from webapp.api.resources import POD_DISRUPTION_BUDGETS, PRIORITY_CLASSES


@pytest.fixture
def world():
    """One Node of four cores, and a priority class above the default."""
    world = World(nodes=1)
    world.settle()
    priority_class = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "high"},
        "value": 1000,
    }
    world.cluster.admin.create(PRIORITY_CLASSES, "", priority_class)
    return world


def pod(name, cpu, *, high=False, policy=None):
    """A Pod that asks for CPU; ``high`` ones may evict the others."""
    container = {"name": "app", "image": "nginx", "resources": {"requests": {"cpu": cpu}}}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 5}
    if high:
        spec["priorityClassName"] = "high"
    if policy:
        spec["preemptionPolicy"] = policy
    metadata = {"name": name, "namespace": "default", "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def room(world):
    """A CPU request of which exactly one fits on the Node."""
    allocatable = world.list("Node")[0]["status"]["allocatable"]["cpu"]
    millis = int(allocatable[:-1]) if allocatable.endswith("m") else int(allocatable) * 1000
    return f"{millis * 6 // 10}m"


def test_a_pod_evicts_a_less_important_one_and_takes_its_place(world):
    """The victim is marked, told, deleted with its grace; the Pod waits for its Node and gets it."""
    cpu = room(world)
    world.create(pod("low", cpu))
    world.settle()
    world.create(pod("vip", cpu, high=True))
    world.run_for(seconds=0.1)

    victim, vip = world.get("Pod", "low"), world.get("Pod", "vip")
    node = victim["spec"]["nodeName"]
    assert victim["metadata"]["deletionTimestamp"]
    (condition,) = [c for c in victim["status"]["conditions"] if c["type"] == "DisruptionTarget"]
    assert condition["reason"] == "PreemptionByScheduler"
    assert condition["message"] == (
        "default-scheduler: preempting to accommodate a higher priority pod"
    )
    assert vip["status"]["nominatedNodeName"] == node
    text = f"Preempted: Preempted by pod {vip['metadata']['uid']} on node {node}"
    assert text in world.events("low")
    assert (
        world.events("vip")[0] == "FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu."
    )

    world.run_for(seconds=15)

    assert world.get("Pod", "low") is None
    assert world.get("Pod", "vip")["spec"]["nodeName"] == node
    assert "nominatedNodeName" not in world.get("Pod", "vip")["status"]
    attempts = world.cluster.scheduler.explain(vip["metadata"]["uid"]).to_json()["attempts"]
    assert attempts[0]["preemption"] == {
        "chosen": node,
        "decidedBy": "only candidate",
        "candidates": [
            {"node": node, "victims": ["default/low"], "priorities": [0], "violations": 0}
        ],
        "candidatesLeftOut": 0,
    }


def test_room_made_for_one_pod_is_not_taken_by_another(world):
    """While the victim ends, a Pod without priority finds the Node full."""
    cpu = room(world)
    world.create(pod("low", cpu))
    world.settle()
    world.create(pod("vip", cpu, high=True))
    world.run_for(seconds=0.1)
    world.create(pod("sneak", cpu))
    world.run_for(seconds=30)

    assert world.get("Pod", "vip")["spec"].get("nodeName")
    assert not world.get("Pod", "sneak")["spec"].get("nodeName")


def test_equal_priorities_do_not_evict_one_another(world):
    """The message counts the Nodes without victims."""
    cpu = room(world)
    world.create(pod("first", cpu), pod("second", cpu))
    world.settle()

    assert world.events("second") == [
        "FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: "
        "0/1 nodes are available: 1 No preemption victims found for incoming pod."
    ]


def test_a_budget_makes_the_other_pod_the_victim(world):
    """Both would do; the one that its budget protects stays."""
    cpu = room(world)
    half = f"{int(cpu[:-1]) * 5 // 8}m"
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "keep", "namespace": "default"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "kept"}}},
    }
    world.cluster.admin.create(POD_DISRUPTION_BUDGETS, "default", budget)
    world.create(pod("kept", half), pod("other", half))
    world.settle()
    world.create(pod("vip", half, high=True))
    world.run_for(seconds=30)

    assert world.get("Pod", "kept")
    assert world.get("Pod", "other") is None
    assert world.get("Pod", "vip")["spec"].get("nodeName")
