"""Nodes that are removed, drained, given up for good, or that join."""

from __future__ import annotations

import pytest

from tests.factories import make_deployment, make_node, make_pod
from tests.scenario.faults.helpers import is_ending, make_fault, pods_of, seconds_until, taints
from tests.scenario.test_daemonset import make_daemon_set
from webapp.api.core.pods import get_pod_condition, is_pod_ready
from webapp.api.resources import LEASES, PODS
from webapp.apimachinery.status import TooManyRequests
from webapp.apimachinery.timestamps import parse_time

NODE = "worker-2"
UNREACHABLE = "node.kubernetes.io/unreachable"


@pytest.fixture
def populated(world):
    """A Deployment with a Pod on each machine, and a bare Pod on worker-2."""
    world.create(make_deployment("web", replicas=3))
    world.settle()
    world.create(make_pod("alone", nodeName=NODE))
    world.settle()
    return world


def evict(world, pod):
    """What `kubectl drain` asks for each Pod."""
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod, "namespace": "default"},
    }
    world.cluster.admin.create(PODS, "default", body, "eviction", pod)


def test_pods_of_a_removed_node_are_collected_within_a_minute(populated):
    """Missing at one look of every 20 s, and still 40 s later."""
    world = populated
    world.create(make_fault(node=NODE))
    world.run_for(seconds=1)
    seen = []
    world.delete("Node", NODE)

    def is_gone():
        pod = world.get("Pod", "alone")
        if pod is not None:
            seen.append(pod)
        return pod is None

    assert 40 <= seconds_until(world, is_gone) <= 60.2
    assert not is_ending(seen[-1])


def test_an_orphan_says_why_it_was_removed(populated):
    """Failed, with the condition DisruptionTarget, just before it is deleted."""
    world = populated
    world.delete("Node", NODE)
    world.run_for(seconds=70)

    told = [
        event.object
        for event in _pod_history(world, "alone")
        if (event.object.get("status") or {}).get("phase") == "Failed"
    ]
    condition = get_pod_condition(told[0], "DisruptionTarget")
    assert (condition["reason"], condition["message"]) == (
        "DeletionByPodGC",
        "PodGC: node no longer exists",
    )


def _pod_history(world, name):
    """What a watch since the beginning would have seen of a Pod."""
    events = []
    watcher = world.cluster.viewer.watch(PODS, events.extend, "1")
    watcher.stop()
    return [event for event in events if event.object["metadata"].get("name") == name]


def test_a_node_that_joins_gets_its_daemons_and_a_cordoned_one_keeps_them(world):
    """DaemonSet Pods tolerate what keeps others away."""
    world.create(make_daemon_set())
    world.settle()
    world.create(make_node("worker-4"))
    world.run_for(seconds=20)
    [joined] = pods_of(world, "agent", "worker-4")
    assert is_pod_ready(joined)

    world.patch("Node", "worker-4", {"spec": {"unschedulable": True}})
    world.run_for(seconds=5)
    assert ("node.kubernetes.io/unschedulable", "NoSchedule") in taints(world, "worker-4")
    assert len(pods_of(world, "agent", "worker-4")) == 1
    world.patch("Node", "worker-4", {"spec": {"unschedulable": None}})
    world.run_for(seconds=5)
    assert taints(world, "worker-4") == []


def test_evictions_wait_for_the_disruption_budget(world):
    """429 while one Pod more would be too many; as drain meets it."""
    world.create(make_deployment("web", replicas=3))
    world.create(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
        }
    )
    world.run_for(seconds=20)
    first, second, _ = [pod["metadata"]["name"] for pod in pods_of(world, "web")]
    evict(world, first)
    with pytest.raises(TooManyRequests, match="disruption budget"):
        evict(world, second)

    world.run_for(seconds=60)
    evict(world, second)


def test_a_returning_node_kills_its_deleted_pods(populated):
    """Stuck Terminating until somebody can say that they have stopped."""
    world = populated
    world.create(make_fault("NodePartition", NODE))
    world.run_for(seconds=1)
    world.delete("Pod", "alone")
    world.run_for(seconds=3_000)
    assert is_ending(world.get("Pod", "alone"))

    world.delete("Fault", "fault")
    world.run_for(seconds=60)
    assert world.get("Pod", "alone") is None


def test_a_pod_deleted_with_force_vanishes_while_its_container_may_run(populated):
    """`kubectl delete --force --grace-period=0`: the name is free, the kubelet ends it later."""
    world = populated
    world.create(make_fault("NodePartition", NODE))
    world.run_for(seconds=1)

    world.delete("Pod", "alone", grace_period_seconds=0)

    assert world.get("Pod", "alone") is None


def test_the_story_of_a_node_that_dies_under_a_bare_pod_and_a_deployment(populated):
    """Each moment, in seconds since the last heartbeat: 50 to 55, five more, 300 more."""
    world = populated
    [victim] = [pod["metadata"]["name"] for pod in pods_of(world, "web", NODE)]
    world.create(make_fault(node=NODE))
    world.run_for(seconds=0.2)
    lease = world.cluster.viewer.get(LEASES, "kube-node-lease", NODE)
    heartbeat_ms = parse_time(lease["spec"]["renewTime"])

    def since_heartbeat():
        return (world.cluster.sim.now_ms - heartbeat_ms) / 1000

    def ready():
        conditions = world.get("Node", NODE)["status"]["conditions"]
        return next(item for item in conditions if item["type"] == "Ready")["status"]

    seconds_until(world, lambda: ready() == "Unknown")
    unknown = since_heartbeat()
    assert 50 <= unknown <= 55.2
    seconds_until(world, lambda: (UNREACHABLE, "NoExecute") in taints(world, NODE))
    tainted = since_heartbeat()
    assert 4.8 <= tainted - unknown <= 5.2
    seconds_until(world, lambda: is_ending(world.get("Pod", victim)))
    assert 299.8 <= since_heartbeat() - tainted <= 300.3
    assert is_ending(world.get("Pod", "alone"))

    fresh = seconds_until(world, lambda: len(_ready(world)) == 3)
    assert fresh <= 10
    world.run_for(seconds=600)
    assert is_ending(world.get("Pod", "alone"))
    assert is_ending(world.get("Pod", victim))
    assert len(world.list("Pod")) == 5


def _ready(world):
    return [pod for pod in pods_of(world, "web") if is_pod_ready(pod) and not is_ending(pod)]
