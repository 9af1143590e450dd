"""Nodes: address ranges, taints by condition, and Pods whose Node is gone."""

from __future__ import annotations

import pytest

from tests.unit.controller.fake_api import FakeAPI, make_node, make_pod
from webapp.api.resources import NODES, PODS
from webapp.controller.nodeipam.cidr_set import CidrSet
from webapp.controller.nodeipam.node_ipam import NodeIpamController
from webapp.controller.nodelifecycle.node_lifecycle import NodeLifecycleController
from webapp.controller.nodelifecycle.taints import compute_taints
from webapp.controller.podgc.pod_gc import PodGCController


def test_ranges_are_given_out_in_turn():
    """A released range is not the next one; after the last comes the first free one."""
    cidrs = CidrSet("10.0.0.0/22", 24)
    first = cidrs.allocate()
    cidrs.occupy("10.0.2.0/24")
    cidrs.release(first)

    assert [cidrs.allocate() for _ in range(4)] == ["10.0.1.0/24", "10.0.3.0/24", first, None]


def test_ranges_beside_the_set_do_not_matter():
    """A Node may come with a podCIDR of its own choice."""
    cidrs = CidrSet("10.128.0.0/9", 24, "10.244.0.0")
    cidrs.occupy("192.168.0.0/24")
    assert cidrs.allocate() == "10.244.0.0/24"


def test_each_node_gets_its_own_pod_cidr():
    """Nodes that bring a range keep it, and nobody else gets it."""
    api = FakeAPI()
    taken = {**make_node("taken"), "spec": {"podCIDR": "10.244.1.0/24"}}
    api.create(NODES, "", taken)
    api.run(NodeIpamController)
    for name in ("a", "b"):
        api.create(NODES, "", make_node(name))

    api.sim.run_until_idle()

    specs = {node["metadata"]["name"]: node["spec"] for node in api.list(NODES)}
    assert specs["a"] == {"podCIDR": "10.244.0.0/24", "podCIDRs": ["10.244.0.0/24"]}
    assert specs["b"]["podCIDR"] == "10.244.2.0/24"


NOT_READY = "node.kubernetes.io/not-ready"


@pytest.mark.parametrize(
    ("conditions", "unschedulable", "keys"),
    [
        pytest.param([], False, [NOT_READY], id="not reported yet"),
        pytest.param([("Ready", "True")], False, [], id="ready"),
        pytest.param([("Ready", "False")], False, [NOT_READY], id="not ready"),
        pytest.param(
            [("Ready", "Unknown")], False, ["node.kubernetes.io/unreachable"], id="unknown"
        ),
        pytest.param(
            [("Ready", "True"), ("MemoryPressure", "True"), ("DiskPressure", "False")],
            False,
            ["node.kubernetes.io/memory-pressure"],
            id="pressure",
        ),
        pytest.param(
            [("Ready", "True")], True, ["node.kubernetes.io/unschedulable"], id="cordoned"
        ),
    ],
)
def test_taints_follow_conditions(conditions, unschedulable, keys):
    """Each trouble has its taint, of effect NoSchedule."""
    node = {
        "spec": {"unschedulable": unschedulable},
        "status": {"conditions": [{"type": t, "status": s} for t, s in conditions]},
    }
    taints = compute_taints(node, 0)
    assert [(taint["key"], taint["effect"]) for taint in taints] == [
        (key, "NoSchedule") for key in keys
    ]


def test_taints_of_others_stay():
    """Only NoSchedule taints of conditions are taken away."""
    held = [
        {"key": NOT_READY, "effect": "NoSchedule"},
        {"key": NOT_READY, "effect": "NoExecute"},
        {"key": "gpu", "value": "yes", "effect": "NoSchedule"},
    ]
    node = {
        "spec": {"taints": held},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    assert compute_taints(node, 0) == held[1:]


def test_a_node_is_untainted_once_it_is_ready():
    """The taint comes with the Node and goes when its kubelet reports Ready."""
    api = FakeAPI()
    api.run(NodeLifecycleController)
    api.create(NODES, "", make_node())
    api.sim.run_until_idle()
    assert [taint["key"] for taint in api.get(NODES, "", "n1")["spec"]["taints"]] == [NOT_READY]

    api.set_status(NODES, "", "n1", conditions=[{"type": "Ready", "status": "True"}])
    api.sim.run_until_idle()
    assert "taints" not in api.get(NODES, "", "n1")["spec"]


def test_pods_of_a_node_that_is_gone_are_removed():
    """The first look forty seconds after its Node went fails and deletes a Pod; others stay."""
    api = FakeAPI()
    for name in ("n1", "n2"):
        api.create(NODES, "", make_node(name))
        api.run_pod(api.create(PODS, "default", make_pod(f"on-{name}")), node=name)
    api.run(PodGCController)

    api.delete(NODES, "", "n1")
    api.sim.run_for(59_000)
    assert len(api.list(PODS)) == 2

    api.sim.run_for(2_000)
    assert [pod["metadata"]["name"] for pod in api.list(PODS)] == ["on-n2"]


def test_a_node_that_comes_back_keeps_its_pods():
    """A Node deleted and registered again within the quarantine loses nothing."""
    api = FakeAPI()
    api.create(NODES, "", make_node())
    api.run_pod(api.create(PODS, "default", make_pod("web")))
    api.run(PodGCController)
    api.delete(NODES, "", "n1")
    api.sim.run_for(10_000)

    api.create(NODES, "", make_node())
    api.sim.run_for(60_000)

    assert len(api.list(PODS)) == 1
