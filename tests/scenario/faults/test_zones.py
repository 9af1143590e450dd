"""Nodes lost in one zone, in several, or in all."""

from __future__ import annotations

import pytest

from tests.factories import make_node
from tests.scenario.faults.helpers import condition, make_fault, seconds_until, taints
from tests.world import World

UNREACHABLE = ("node.kubernetes.io/unreachable", "NoExecute")


def make_zones(**nodes_by_zone):
    """A world whose Nodes are in zones: zone → how many."""
    world = World(nodes=0)
    for zone, count in nodes_by_zone.items():
        for number in range(count):
            labels = {"topology.kubernetes.io/zone": zone, "zone": zone}
            world.create(make_node(f"{zone}-{number}", labels=labels))
    world.run_for(seconds=20)
    return world


def make_zone_fault(zone):
    """All machines of a zone lose their power."""
    fault = make_fault(name=f"{zone}-down")
    fault["spec"]["target"] = {"nodeSelector": {"matchLabels": {"zone": zone}}}
    return fault


def evicted(world, zone, count):
    """How many of a zone's Nodes have their NoExecute taint."""
    return sum(UNREACHABLE in taints(world, f"{zone}-{number}") for number in range(count))


def test_a_zone_that_is_lost_alone_is_emptied_one_node_each_ten_seconds():
    """0.1 a second, as for single Nodes: other zones can take the Pods."""
    world = make_zones(a=4, b=2)
    world.create(make_zone_fault("a"))
    seconds_until(world, lambda: evicted(world, "a", 4))
    world.run_for(seconds=1)

    counts = []
    for _ in range(4):
        counts.append(evicted(world, "a", 4))
        world.run_for(seconds=10)
    assert counts == [1, 2, 3, 4]
    assert evicted(world, "b", 2) == 0


def test_a_small_zone_that_is_mostly_lost_is_not_emptied():
    """Three of five: partial disruption of fewer than 50 Nodes stops evictions there."""
    world = make_zones(a=5, b=2)
    for number in range(3):
        world.create(make_fault(node=f"a-{number}", name=f"fault-{number}"))
    world.run_for(seconds=200)

    assert condition(world, "a-0")["status"] == "Unknown"
    assert evicted(world, "a", 5) == 0


def test_what_happens_in_one_zone_does_not_slow_another():
    """Zone a is disrupted, a Node of zone b is emptied all the same."""
    world = make_zones(a=5, b=3)
    for number in range(3):
        world.create(make_fault(node=f"a-{number}", name=f"fault-{number}"))
    world.create(make_fault(node="b-0", name="fault-b"))
    world.run_for(seconds=70)

    assert (evicted(world, "a", 5), evicted(world, "b", 3)) == (0, 1)


def test_when_all_zones_are_lost_taints_are_taken_back_and_evictions_go_on_afterwards():
    """Zone a is given up; then b is lost too: all are spared until one Node is back."""
    world = make_zones(a=1, b=1)
    world.create(make_zone_fault("a"))
    world.run_for(seconds=70)
    assert evicted(world, "a", 1) == 1

    world.create(make_zone_fault("b"))
    world.run_for(seconds=70)
    assert (evicted(world, "a", 1), evicted(world, "b", 1)) == (0, 0)

    world.delete("Fault", "b-down")
    world.run_for(seconds=60)
    assert (evicted(world, "a", 1), evicted(world, "b", 1)) == (1, 0)


@pytest.mark.parametrize("count", [3])
def test_a_node_that_recovers_loses_its_taints_at_the_next_look(count):
    """Within five seconds of its first report; both taints."""
    world = make_zones(a=count, b=1)
    world.create(make_fault(node="a-0", duration="100s"))
    world.run_for(seconds=90)
    assert UNREACHABLE in taints(world, "a-0")

    world.run_for(seconds=60)
    assert taints(world, "a-0") == []
    assert condition(world, "a-0")["status"] == "True"


def test_nodes_are_registered_and_removed_in_events():
    """As `kubectl describe node` and `kubectl get events` show them."""
    world = make_zones(a=2)
    assert "RegisteredNode: Node a-0 event: Registered Node a-0 in Controller" in world.events(
        "a-0"
    )
    world.delete("Node", "a-0")
    world.run_for(seconds=10)
    assert "RemovingNode: Node a-0 event: Removing Node a-0 from Controller" in world.events("a-0")
