"""What the page is told when Nodes are lost and Faults are under way."""

from __future__ import annotations

import pytest

from tests.factories import make_deployment, make_pod
from tests.scenario.faults.helpers import condition, make_fault, seconds_until
from webapp.live.projector import Projector

NODE = "worker-2"


@pytest.fixture
def populated(world):
    """A Deployment with a Pod on each machine, and a bare Pod on worker-2."""
    world.create(make_deployment("web", replicas=3))
    world.settle()
    world.create(make_pod("alone", nodeName=NODE))
    world.settle()
    return world


def views(projector, kind):
    """Name → view, after taking what has changed."""
    return {view.name: view for view in getattr(projector.snapshot(), kind)}


def test_a_fault_is_shown_with_its_times_and_what_to_watch_for(world):
    """Since, until, target, and the sentences of its Events."""
    projector = Projector(world.cluster)
    start_ms = world.cluster.sim.now_ms
    world.create(make_fault(node=NODE, duration="10m", startAfter="5s"))
    world.run_for(seconds=1)
    [fault] = projector.take_delta().faults
    assert (fault.phase, fault.since, fault.until) == (
        "Pending",
        start_ms + 5_000,
        start_ms + 605_000,
    )

    world.run_for(seconds=5)
    [fault] = projector.take_delta().faults
    assert (fault.phase, fault.nodes, fault.target) == ("Active", [NODE], f"node/{NODE}")
    assert fault.does == "machines lose their power"
    assert fault.watch_for.startswith("Unknown 50s")
    world.delete("Fault", "fault")
    world.run_for(seconds=1)
    assert fault.uid in projector.take_delta().removed


def test_the_clocks_of_a_lost_node_run(populated):
    """First the grace period, then each Pod's tolerated seconds."""
    world = populated
    projector = Projector(world.cluster)
    healthy = views(projector, "nodes")[NODE]
    assert (healthy.silent, healthy.grace_ends, healthy.not_ready_since) == (False, None, None)

    world.create(make_fault(node=NODE))
    world.run_for(seconds=1)
    silent = views(projector, "nodes")[NODE]
    assert silent.silent
    assert silent.grace_ends == silent.heartbeat + 50_000
    seconds_until(world, lambda: condition(world, NODE)["status"] == "Unknown")
    assert 0 <= world.cluster.sim.now_ms - silent.grace_ends <= 5_200

    world.run_for(seconds=6)
    lost = views(projector, "nodes")[NODE]
    assert (lost.grace_ends, lost.not_ready_since is None) == (None, False)
    alone = views(projector, "pods")["alone"]
    assert (alone.lost, alone.state, alone.bare) == (True, "unknown", True)
    world.run_for(seconds=(alone.evicted_at - world.cluster.sim.now_ms) / 1000 - 1)
    assert "deletionTimestamp" not in world.get("Pod", "alone")["metadata"]
    world.run_for(seconds=2.5)
    assert "deletionTimestamp" in world.get("Pod", "alone")["metadata"]


def test_the_pods_of_a_node_change_their_look_when_it_is_lost(populated):
    """Their own objects may not have changed at all."""
    world = populated
    projector = Projector(world.cluster)
    projector.take_delta()
    world.create(make_fault(node=NODE))
    seconds_until(world, lambda: condition(world, NODE)["status"] == "Unknown")
    world.run_for(seconds=0.5)

    changed = {view.name: view.state for view in projector.take_delta().pods}
    assert changed["alone"] == "unknown"


def test_a_replacement_knows_whom_it_replaces(populated):
    """Another name, UID and address; the bare Pod has no successor."""
    world = populated
    projector = Projector(world.cluster)
    [victim] = [
        view
        for view in views(projector, "pods").values()
        if view.node == NODE and view.owner_kind == "ReplicaSet"
    ]
    world.create(make_fault(node=NODE))
    world.run_for(seconds=400)

    pods = views(projector, "pods").values()
    [fresh] = [view for view in pods if view.replaces]
    assert (fresh.replaces, fresh.replaces_name) == (victim.uid, victim.name)
    assert fresh.node != NODE
    assert fresh.uid != victim.uid


def test_scaling_up_later_replaces_nobody(world):
    """What was scaled down before is not what is made now."""
    world.create(make_deployment("web", replicas=3))
    world.settle()
    projector = Projector(world.cluster)
    world.patch("Deployment", "web", {"spec": {"replicas": 1}})
    world.run_for(seconds=60)
    world.patch("Deployment", "web", {"spec": {"replicas": 3}})
    world.run_for(seconds=10)

    assert not any(view.replaces for view in views(projector, "pods").values())


def test_a_workload_says_how_far_a_rollout_may_go(world):
    """25 % of ten: three more, two less."""
    world.create(make_deployment("web", replicas=10))
    world.run_for(seconds=1)
    projector = Projector(world.cluster)

    web = views(projector, "workloads")["web"]

    assert (web.strategy, web.max_surge, web.max_unavailable) == ("RollingUpdate", 3, 2)
    assert web.rollout_revision == "1"
