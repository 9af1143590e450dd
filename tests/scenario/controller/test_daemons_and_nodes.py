"""DaemonSets and their Nodes: joining, cordoned, tainted, lost; adoption; selectors."""

from __future__ import annotations

import pytest

from tests.factories import make_node
from tests.scenario.test_daemonset import live_pods, make_daemon_set, nodes_of, set_image
from tests.scenario.test_node_failure import make_fault
from webapp.api.core.pods import is_pod_ready
from webapp.api.resources import PODS
from webapp.apimachinery.status import Invalid

TOLERATED = {
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
}


def tolerations(pod):
    return {(item["key"], item["effect"]) for item in pod["spec"]["tolerations"]}


@pytest.mark.parametrize("host_network", [False, True])
def test_tolerations_are_added_as_upstream_adds_them(world, host_network):
    """Pods in the Node's network also stand a Node whose network is not set up."""
    world.create(make_daemon_set(pod={"hostNetwork": True} if host_network else None))
    world.settle()

    more = {("node.kubernetes.io/network-unavailable", "NoSchedule")} if host_network else set()
    for pod in live_pods(world):
        assert tolerations(pod) == TOLERATED | more
        [term] = pod["spec"]["affinity"]["nodeAffinity"][
            "requiredDuringSchedulingIgnoredDuringExecution"
        ]["nodeSelectorTerms"]
        assert term["matchFields"] == [
            {"key": "metadata.name", "operator": "In", "values": [pod["spec"]["nodeName"]]}
        ]


@pytest.mark.parametrize(
    ("pod", "early"),
    [
        pytest.param({}, 3, id="most wait for a ready Node"),
        pytest.param({"tolerations": [{"operator": "Exists"}]}, 4, id="network agents do not"),
    ],
)
def test_a_joining_node_gets_its_pod(world, pod, early):
    """A Node that is not ready carries a taint which daemons do not tolerate by themselves."""
    world.create(make_daemon_set(pod=pod))
    world.settle()

    world.create(make_node("worker-9"))
    world.run_for(seconds=0.5)
    assert len(live_pods(world)) == early
    world.run_for(seconds=60)
    assert nodes_of(world) == ["worker-1", "worker-2", "worker-3", "worker-9"]
    assert all(map(is_pod_ready, live_pods(world)))

    world.delete("Node", "worker-9")
    world.run_for(seconds=120)
    assert nodes_of(world) == ["worker-1", "worker-2", "worker-3"]


def test_a_no_execute_taint_drives_daemons_away_until_it_is_gone(world):
    """A taint of somebody's own, which nobody tolerates."""
    world.create(make_daemon_set())
    world.settle()

    taint = {"key": "gpu", "value": "yes", "effect": "NoExecute"}
    world.patch("Node", "worker-2", {"spec": {"taints": [taint]}})
    world.run_for(seconds=60)
    assert nodes_of(world) == ["worker-1", "worker-3"]

    world.patch("Node", "worker-2", {"spec": {"taints": None}})
    world.run_for(seconds=60)
    assert nodes_of(world) == ["worker-1", "worker-2", "worker-3"]


def test_a_lost_node_holds_an_update_up_until_it_is_back(world):
    """Its Pod cannot end and counts as the one that may be unavailable."""
    world.create(make_daemon_set())
    world.settle()
    world.create(make_fault("NodeDown", "worker-2"))
    world.run_for(seconds=90)

    set_image(world, "nginx:1.28")
    world.run_for(seconds=180)
    status = world.get("DaemonSet", "agent")["status"]
    assert (status["desiredNumberScheduled"], status["updatedNumberScheduled"]) == (2, 1)

    [fault] = world.list("Fault")
    world.delete("Fault", fault["metadata"]["name"])
    world.run_for(seconds=180)
    assert nodes_of(world) == ["worker-1", "worker-2", "worker-3"]
    assert {pod["spec"]["containers"][0]["image"] for pod in live_pods(world)} == {"nginx:1.28"}


def test_a_broken_update_leaves_all_but_one_node_served(world):
    """The correction replaces the broken Pod beside what may be unavailable, as upstream's does."""
    world.create(make_daemon_set())
    world.settle()
    least = 2

    def check():
        ready = {pod["spec"]["nodeName"] for pod in live_pods(world) if is_pod_ready(pod)}
        assert len(ready) >= least

    set_image(world, "doesnotexist:1")
    world.watch(seconds=180, check=check)
    least = 1
    set_image(world, "nginx:1.29")
    world.watch(seconds=180, check=check)

    assert all(map(is_pod_ready, live_pods(world)))
    assert {pod["spec"]["containers"][0]["image"] for pod in live_pods(world)} == {"nginx:1.29"}


def test_orphans_are_adopted_and_relabelled_pods_released(world):
    """One Pod a Node is its own, whatever came before."""
    world.create(make_daemon_set())
    world.settle()
    before = {pod["metadata"]["uid"] for pod in live_pods(world)}
    world.delete("DaemonSet", "agent", propagation_policy="Orphan")
    world.settle()
    world.create(make_daemon_set())
    world.settle()
    assert {pod["metadata"]["uid"] for pod in live_pods(world)} == before

    victim = live_pods(world)[0]["metadata"]["name"]
    labels = {"metadata": {"labels": {"app": "debug"}}}
    world.cluster.admin.patch(PODS, "default", victim, labels)
    world.run_for(seconds=60)
    assert "ownerReferences" not in world.get("Pod", victim)["metadata"]
    assert len(live_pods(world)) == 4


def test_a_selector_must_match_and_cannot_change(world):
    """Two refusals with upstream's words."""
    daemon_set = make_daemon_set()
    daemon_set["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    with pytest.raises(Invalid, match="`selector` does not match template `labels`"):
        world.create(daemon_set)

    world.create(make_daemon_set())
    changed = {
        "spec": {
            "selector": {"matchLabels": {"app": "other"}},
            "template": {"metadata": {"labels": {"app": "other"}}},
        }
    }
    with pytest.raises(Invalid, match="field is immutable"):
        world.patch("DaemonSet", "agent", changed)
