"""Which Pods go first."""

from __future__ import annotations

import pytest

from webapp.apimachinery.timestamps import time_text
from webapp.controller.replicaset.pod_ranking import plan_deletions

NOW = 1_760_000_000_000


def make_pod(name, *, node="n1", phase="Running", ready_s=100, cost=None, restarts=0, age_s=100):
    pod = {
        "metadata": {
            "name": name,
            "uid": name,
            "creationTimestamp": time_text(NOW - age_s * 1000),
            "annotations": {"controller.kubernetes.io/pod-deletion-cost": cost} if cost else {},
        },
        "spec": {"nodeName": node},
        "status": {"phase": phase, "containerStatuses": [{"restartCount": restarts}]},
    }
    if ready_s is not None:
        since = time_text(NOW - ready_s * 1000)
        pod["status"]["conditions"] = [
            {"type": "Ready", "status": "True", "lastTransitionTime": since}
        ]
    return pod


@pytest.mark.parametrize(
    ("keep", "go"),
    [
        pytest.param(
            {"phase": "Pending", "ready_s": None},
            {"node": "", "phase": "Pending", "ready_s": None},
            id="not on a Node yet",
        ),
        pytest.param({"ready_s": None}, {"phase": "Pending", "ready_s": None}, id="pending"),
        pytest.param({}, {"ready_s": None}, id="not ready"),
        pytest.param({"cost": "10"}, {"cost": "-5"}, id="cheap to delete"),
        pytest.param({"cost": "1"}, {"cost": "many"}, id="a cost that is no number is 0"),
        pytest.param({"ready_s": 10_000}, {"ready_s": 10}, id="ready for a short time"),
        pytest.param({}, {"restarts": 3}, id="many restarts"),
        pytest.param({"age_s": 100_000}, {"age_s": 200}, id="young"),
    ],
)
def test_the_less_useful_pod_goes(keep, go):
    """One difference decides."""
    pods = [make_pod("keep", **keep), make_pod("go", **go)]
    for order in (pods, pods[::-1]):
        [victim] = plan_deletions(order, order, 1, NOW)
        assert victim["metadata"]["name"] == "go"


def test_pods_with_siblings_on_their_node_go_first():
    """Siblings of other ReplicaSets of the same Deployment count as well."""
    pods = [make_pod("alone", node="n1"), make_pod("crowded", node="n2")]
    siblings = [make_pod("other", node="n2")]

    [victim] = plan_deletions(pods, [*pods, *siblings], 1, NOW)

    assert victim["metadata"]["name"] == "crowded"


def test_ages_of_the_same_magnitude_are_decided_by_uid():
    """Not always the newest Pod goes."""
    pods = [make_pod("b", ready_s=100), make_pod("a", ready_s=110)]
    [victim] = plan_deletions(pods, pods, 1, NOW)
    assert victim["metadata"]["name"] == "a"


def test_all_of_them():
    """When all have to go there is nothing to rank."""
    pods = [make_pod("a"), make_pod("b")]
    assert plan_deletions(pods, pods, 2, NOW) == pods
