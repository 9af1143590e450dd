"""What would make a Pod fit is found by asking the filters, and holds when it is done."""

import pytest

from tests.unit.scheduler.builders import (
    expression,
    make_node,
    make_pod,
    required_affinity,
)
from tests.unit.scheduler.fake_api import SchedulerWorld
from tests.unit.scheduler.test_topology_plugins import WEB, near, spread
from tests.unit.scheduler.world import HOSTNAME


@pytest.fixture
def world(sim):
    """A scheduler that has not started yet."""
    return SchedulerWorld(sim)


def would_fit(world, name="web"):
    explained = world.scheduler.explain(f"uid-{name}").to_json()
    return {one["change"]: one["nodes"] for one in explained["wouldFit"]}


def test_a_pod_that_asks_for_too_much_is_told_how_much_less_would_do(world):
    """The Node with the most room decides; others need more."""
    busy = make_pod("busy", "1500m")
    busy["spec"]["nodeName"] = "n1"

    world.start(make_node("n1"), make_node("n2", cpu="2"), busy, make_pod("web", "3"))

    assert would_fit(world) == {"request 500m less cpu (at most 2500m)": ["n1"]}


def test_memory_is_told_in_whole_mebibytes(world):
    """The amount is rounded so that it fits."""
    world.start(make_node("n1", memory="1Gi"), make_pod("web", memory="1500Mi"))

    assert would_fit(world) == {"request 476Mi less memory (at most 1024Mi)": ["n1"]}


def test_each_node_offers_its_own_way_out(world):
    """One change a Node: tolerate, label, uncordon."""
    disk = {"disk": "ssd"}
    world.start(
        make_node("n1", labels=disk, taints=[("dedicated", "gpu", "NoSchedule")]),
        make_node("n2"),
        make_node("n3", labels=disk, unschedulable=True),
        make_node("n4", unschedulable=True),
        make_pod("web", nodeSelector=disk),
    )

    assert would_fit(world) == {
        "tolerate taint dedicated=gpu:NoSchedule": ["n1"],
        "uncordon the Node": ["n3"],
        "label the Node disk=ssd": ["n2"],
    }


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (expression("disk", "In", "ssd", "nvme"), "label the Node disk=ssd or nvme"),
        (expression("disk", "Exists"), "label the Node disk"),
        (expression("rank", "Gt", "5"), "label the Node rank with a number > 5"),
        (
            expression("kubernetes.io/hostname", "NotIn", "n1"),
            "change the Node's label kubernetes.io/hostname to another value than n1",
        ),
        (
            expression("kubernetes.io/hostname", "DoesNotExist"),
            "take the label kubernetes.io/hostname off the Node",
        ),
    ],
)
def test_node_affinity_is_turned_into_a_label(world, term, text):
    """Each expression stands for what the Node lacks."""
    world.start(make_node("n1"), make_pod("web", affinity=required_affinity(term)))

    assert would_fit(world) == {text: ["n1"]}


def test_rules_about_other_pods_can_be_loosened(world):
    """Spread, anti-affinity and host ports, each alone."""
    port = [("", "TCP", 80)]
    first = make_pod("first", labels=WEB, ports=port)
    first["spec"]["nodeName"] = "n1"
    world.start(
        make_node("n1"),
        make_node("n2", cpu="1"),
        first,
        make_pod("a", "2", affinity=near(HOSTNAME, "podAntiAffinity")),
        make_pod("s", "2", labels=WEB, topologySpreadConstraints=[spread(HOSTNAME)]),
        make_pod("p", "2", ports=port),
    )

    assert would_fit(world, "a") == {
        "request 1000m less cpu (at most 1000m)": ["n2"],
        f"prefer, not require, podAntiAffinity by {HOSTNAME}": ["n1"],
    }
    assert f"let the spread over {HOSTNAME} be ScheduleAnyway" in would_fit(world, "s")
    assert would_fit(world, "p")["give up host port 80/TCP"] == ["n1"]


def test_two_obstacles_at_once_have_no_single_way_out(world):
    """Nothing is promised that would not do."""
    world.start(
        make_node("n1", cpu="1", taints=[("a", "", "NoSchedule")]),
        make_pod("web", "2"),
    )

    assert would_fit(world) == {}


def test_trying_changes_nothing(world):
    """The table is as before, and a Pod that is bound has no wishes."""
    world.start(make_node("n1", cpu="1"), make_pod("web", "2"), make_pod("ok", "500m"))
    before = world.scheduler.cache.generation

    assert would_fit(world)

    assert world.scheduler.cache.generation == before
    assert would_fit(world, "ok") == {}
