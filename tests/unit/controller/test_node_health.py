"""How long silence is borne, how many lost Nodes stop evictions, and how long Pods may stay."""

from __future__ import annotations

import pytest

from tests.unit.controller.fake_api import START_MS
from webapp.apimachinery.timestamps import micro_time_text
from webapp.controller.nodelifecycle.health import (
    RENEWAL_ANNOTATION,
    next_tick_ms,
    silent_since_ms,
    with_unknown_conditions,
)
from webapp.controller.nodelifecycle.taints import with_no_execute
from webapp.controller.nodelifecycle.zones import (
    Zones,
    ZoneState,
    eviction_gap_ms,
    zone_of,
    zone_state,
)
from webapp.controller.tainteviction.taint_eviction import tolerated_seconds

UNREACHABLE = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}
GPU = {"key": "gpu", "value": "yes", "effect": "NoExecute"}


def test_a_lease_that_renews_itself_is_never_silent():
    """Only without the annotation is its time the last one."""
    spec = {"renewTime": micro_time_text(START_MS)}
    assert silent_since_ms(None) is None
    running = {"metadata": {"annotations": {RENEWAL_ANNOTATION: "computed"}}, "spec": spec}
    assert silent_since_ms(running) is None
    assert silent_since_ms({"metadata": {}, "spec": spec}) == START_MS


@pytest.mark.parametrize(
    ("at", "tick"), [(0, 0), (1, 5_000), (4_999, 5_000), (5_000, 5_000), (5_001, 10_000)]
)
def test_nodes_are_looked_at_every_five_seconds(at, tick):
    """Counted from the controller's start."""
    assert next_tick_ms(START_MS + at, START_MS) == START_MS + tick


@pytest.mark.parametrize(
    ("not_ready", "nodes", "state"),
    [
        pytest.param(0, 3, ZoneState.NORMAL, id="all well"),
        pytest.param(2, 3, ZoneState.NORMAL, id="two are too few to judge"),
        pytest.param(3, 3, ZoneState.FULL_DISRUPTION, id="all lost"),
        pytest.param(3, 5, ZoneState.PARTIAL_DISRUPTION, id="most lost"),
        pytest.param(5, 10, ZoneState.NORMAL, id="half lost"),
    ],
)
def test_the_zone_is_judged_by_its_lost_nodes(not_ready, nodes, state):
    """From 55 % on, if more than two, it is disrupted."""
    assert zone_state(not_ready, nodes) is state


def test_evictions_slow_down_or_stop_in_a_disrupted_zone():
    """Small clusters stop at once, large ones go on slowly."""
    assert eviction_gap_ms(ZoneState.NORMAL, 3) == 10_000
    assert eviction_gap_ms(ZoneState.PARTIAL_DISRUPTION, 50) is None
    assert eviction_gap_ms(ZoneState.PARTIAL_DISRUPTION, 51) == 100_000
    assert eviction_gap_ms(ZoneState.FULL_DISRUPTION, 1000) == 10_000


def in_zone(name, zone, **labels):
    """A Node of a zone."""
    return {"metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone, **labels}}}


def test_nodes_are_in_the_zone_of_their_region():
    """Zones of equal names in two regions are two."""
    region = {"topology.kubernetes.io/region": "eu"}
    assert zone_of(in_zone("n1", "a")) == "/a"
    assert zone_of(in_zone("n1", "a", **region)) == "eu/a"
    assert zone_of({"metadata": {"name": "n1"}}) == "/"


def test_each_zone_has_a_pace_of_its_own():
    """A Node of another zone need not wait; when the last zone is lost all are judged anew."""
    zones = Zones()
    for name, zone in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        zones.put(in_zone(name, zone), ready=True)
    assert zones.changed() == []

    zones.put(in_zone("a1", "a"), ready=False)
    zones.note_eviction("a1", START_MS)
    assert zones.wait_ms("a2", START_MS + 4_000) == 6_000
    assert zones.wait_ms("b1", START_MS + 4_000) == 0

    zones.put(in_zone("a2", "a"), ready=False)
    assert zones.changed() == ["a1", "a2"]
    assert not zones.all_lost
    zones.put(in_zone("b1", "b"), ready=False)
    assert zones.changed() == ["a1", "a2", "b1"]
    assert zones.all_lost
    zones.remove("b1")
    zones.put(in_zone("a1", "a"), ready=True)
    assert zones.changed() == ["a2"]
    assert not zones.all_lost


def test_a_node_that_never_reported_says_so():
    """Its conditions have another reason than those that were reported once."""
    node = {
        "metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
        "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]},
    }
    conditions = with_unknown_conditions(node, START_MS)["conditions"]
    assert [(item["type"], item["reason"]) for item in conditions] == [
        ("Ready", "NodeStatusUnknown"),
        ("MemoryPressure", "NodeStatusNeverUpdated"),
        ("DiskPressure", "NodeStatusNeverUpdated"),
        ("PIDPressure", "NodeStatusNeverUpdated"),
    ]


def test_one_no_execute_taint_takes_the_place_of_the_other():
    """Taints of others stay."""
    not_ready = {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}
    node = {"spec": {"taints": [GPU, not_ready]}}
    keys = [taint["key"] for taint in with_no_execute(node, UNREACHABLE["key"], 0)]
    assert keys == ["gpu", "node.kubernetes.io/unreachable"]
    assert with_no_execute(node, "", 0) == [GPU]


@pytest.mark.parametrize(
    ("tolerations", "taints", "seconds"),
    [
        pytest.param([], [], None, id="no taints"),
        pytest.param([], [GPU], 0, id="not tolerated"),
        pytest.param([{"operator": "Exists"}], [GPU], None, id="for ever"),
        pytest.param(
            [{"key": "gpu", "operator": "Exists", "tolerationSeconds": 60}], [GPU], 60, id="a while"
        ),
        pytest.param(
            [
                {"key": "gpu", "operator": "Exists", "tolerationSeconds": 60},
                {"key": UNREACHABLE["key"], "operator": "Exists", "tolerationSeconds": 20},
            ],
            [GPU, UNREACHABLE],
            20,
            id="the shortest counts",
        ),
        pytest.param(
            [{"key": "gpu", "operator": "Exists"}], [GPU, UNREACHABLE], 0, id="one of two"
        ),
        pytest.param([{"operator": "Exists", "tolerationSeconds": -5}], [GPU], 0, id="negative"),
    ],
)
def test_tolerations_say_how_long_a_pod_may_stay(tolerations, taints, seconds):
    """Each taint must be tolerated."""
    assert tolerated_seconds({"spec": {"tolerations": tolerations}}, taints) == seconds
