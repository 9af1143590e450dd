"""The arithmetic of rolling updates."""

from __future__ import annotations

import pytest

from webapp.controller.deployment.rolling import (
    Resize,
    find_active_or_latest,
    max_surge,
    max_unavailable,
    plan_new_replica_set,
    plan_old_replica_sets,
    plan_proportional,
    resolve_fenceposts,
)


def make_rs(name, replicas, available=None, max_replicas=None, created="2026-01-01T00:00:00Z"):
    annotations = {}
    if max_replicas is not None:
        annotations["deployment.kubernetes.io/max-replicas"] = str(max_replicas)
    return {
        "metadata": {
            "name": name,
            "uid": name,
            "creationTimestamp": created,
            "annotations": annotations,
        },
        "spec": {"replicas": replicas},
        "status": {"availableReplicas": replicas if available is None else available},
    }


def make_deployment(replicas, surge="25%", unavailable="25%", kind="RollingUpdate"):
    strategy = {"type": kind}
    if kind == "RollingUpdate":
        strategy["rollingUpdate"] = {"maxSurge": surge, "maxUnavailable": unavailable}
    return {"spec": {"replicas": replicas, "strategy": strategy}, "status": {"replicas": replicas}}


@pytest.mark.parametrize(
    ("surge", "unavailable", "desired", "expected"),
    [
        pytest.param("25%", "25%", 10, (3, 2), id="surge rounds up, unavailable down"),
        pytest.param("25%", "25%", 1, (1, 0), id="one replica surges"),
        pytest.param(0, "25%", 3, (0, 1), id="never both zero"),
        pytest.param(0, 0, 3, (0, 1), id="zero and zero"),
        pytest.param(2, 1, 100, (2, 1), id="numbers stay"),
        pytest.param("100%", "0%", 4, (4, 0), id="all at once"),
        pytest.param(None, None, 4, (0, 1), id="missing"),
    ],
)
def test_fenceposts(surge, unavailable, desired, expected):
    """Percentages become Pods, and something can always move."""
    assert resolve_fenceposts(surge, unavailable, desired) == expected


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        pytest.param(make_deployment(10), (3, 2), id="defaults"),
        pytest.param(make_deployment(0), (0, 0), id="no replicas"),
        pytest.param(make_deployment(2, 1, 5), (1, 2), id="unavailable is capped"),
        pytest.param(make_deployment(5, kind="Recreate"), (0, 0), id="recreate"),
    ],
)
def test_bounds_of_a_deployment(deployment, expected):
    """What a strategy allows."""
    assert (max_surge(deployment), max_unavailable(deployment)) == expected


@pytest.mark.parametrize(
    ("desired", "new", "old", "expected"),
    [
        pytest.param(10, 0, 10, 3, id="first step is the surge"),
        pytest.param(10, 3, 8, 5, id="grows as old ones shrink"),
        pytest.param(10, 10, 0, 10, id="complete"),
        pytest.param(4, 10, 0, 4, id="shrinks at once"),
        pytest.param(10, 2, 15, 2, id="no room"),
    ],
)
def test_size_of_the_new_replica_set(desired, new, old, expected):
    """The new ReplicaSet never takes the total above desired plus surge."""
    new_rs, old_rs = make_rs("new", new), make_rs("old", old)
    assert plan_new_replica_set(make_deployment(desired), [old_rs, new_rs], new_rs) == expected


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        pytest.param((3, 0), [("a", 10, 10)], [("a", 8)], id="unavailable ones are given up"),
        pytest.param((3, 3), [("a", 8, 8)], [("a", 5)], id="available new ones replace old ones"),
        pytest.param((5, 0), [("a", 8, 8)], [], id="a crashing version does not eat the old one"),
        pytest.param((3, 0), [("a", 10, 7)], [("a", 8)], id="unhealthy ones first"),
        pytest.param(
            (10, 10), [("a", 2, 0), ("b", 1, 1)], [("a", 0), ("b", 0)], id="all old ones at the end"
        ),
        pytest.param((0, 0), [("a", 0, 0)], [], id="nothing left"),
        pytest.param(
            (6, 4),
            [("a", 5, 7)],
            [("a", 4)],
            id="a status from before the last step is not trusted",
        ),
    ],
)
def test_steps_of_the_old_replica_sets(new, old, expected):
    """Old ReplicaSets of ten desired replicas shrink as far as availability allows."""
    new_rs = make_rs("new", *new)
    old_rss = [make_rs(*entry) for entry in old]

    steps = plan_old_replica_sets(make_deployment(10), old_rss, new_rs)

    assert steps == [Resize(*step) for step in expected]


@pytest.mark.parametrize(
    ("desired", "sets", "expected"),
    [
        pytest.param(20, [("a", 8), ("b", 5)], {"a": 15, "b": 10}, id="grow"),
        pytest.param(5, [("a", 8), ("b", 5)], {"a": 4, "b": 3}, id="shrink"),
        pytest.param(0, [("a", 8), ("b", 5)], {"a": 0, "b": 0}, id="to nothing"),
        pytest.param(10, [("a", 8), ("b", 5)], {"a": 8, "b": 5}, id="unchanged"),
    ],
)
def test_proportional_scaling(desired, sets, expected):
    """Several active ReplicaSets share a change of scale by their sizes."""
    replica_sets = [make_rs(name, size, max_replicas=13) for name, size in sets]

    steps = plan_proportional(make_deployment(desired), replica_sets)

    assert dict(steps) == expected


def test_a_single_active_replica_set_takes_the_whole_change():
    """Only with several active ReplicaSets is there something to share."""
    new, old, empty = make_rs("new", 3), make_rs("old", 2), make_rs("empty", 0)

    assert find_active_or_latest(new, [empty]) is new
    assert find_active_or_latest(new, [old]) is None
    assert find_active_or_latest(None, [empty]) is empty
    assert find_active_or_latest(None, []) is None
