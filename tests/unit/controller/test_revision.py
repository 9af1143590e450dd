"""Template hashes, revisions and history."""

from __future__ import annotations

import pytest

from tests.unit.controller.fake_api import make_template
from webapp.controller.deployment.revision import (
    equal_ignoring_hash,
    find_new_replica_set,
    max_revision,
    new_replica_set_annotations,
    plan_history_cleanup,
    pod_template_hash,
    template_with_hash,
)

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"


def test_hash_is_of_upstreams_shape_and_follows_the_content():
    """Letters that spell no words; the order of keys does not matter, the content does."""
    template = make_template("web")
    reordered = {"spec": template["spec"], "metadata": template["metadata"]}

    assert set(pod_template_hash(template)) <= set("bcdfghjklmnpqrstvwxz2456789")
    assert pod_template_hash(template) == pod_template_hash(reordered)
    assert pod_template_hash(template) != pod_template_hash(make_template("web", "nginx:1.30"))
    assert pod_template_hash(template) != pod_template_hash(template, 1)


def test_the_hash_label_makes_no_new_version():
    """A ReplicaSet's template equals its Deployment's but for the label; the spec is shared."""
    template = make_template("web")
    labelled = template_with_hash(template, "abc")

    assert labelled["spec"] is template["spec"]
    assert equal_ignoring_hash(labelled, template)
    assert not equal_ignoring_hash(labelled, make_template("web", "nginx:1.30"))


def test_the_oldest_of_equal_replica_sets_is_the_new_one():
    """With two ReplicaSets of the same template the choice is the same at every sync."""
    template = make_template("web")

    def make_rs(name, created):
        return {
            "metadata": {"name": name, "creationTimestamp": created},
            "spec": {"template": template},
        }

    younger = make_rs("a", "2026-01-02T00:00:00Z")
    older = make_rs("b", "2026-01-01T00:00:00Z")
    assert find_new_replica_set({"spec": {"template": template}}, [younger, older]) is older


@pytest.mark.parametrize(
    ("own", "held", "revision", "expected"),
    [
        pytest.param({}, {}, 1, {REVISION: "1"}, id="new"),
        pytest.param(
            {"kubernetes.io/change-cause": "x", REVISION: "9"},
            {},
            2,
            {"kubernetes.io/change-cause": "x", REVISION: "2"},
            id="handed down, revision not",
        ),
        pytest.param({}, {REVISION: "1"}, 3, {REVISION: "3", HISTORY: "1"}, id="rolled back"),
        pytest.param(
            {},
            {REVISION: "3", HISTORY: "1"},
            10,
            {REVISION: "10", HISTORY: "1,3"},
            id="rolled back again",
        ),
        pytest.param({}, {REVISION: "10"}, 9, {REVISION: "10"}, id="never lowered"),
    ],
)
def test_annotations_of_the_new_replica_set(own, held, revision, expected):
    """Annotations are handed down, revisions counted and remembered."""
    deployment = {"metadata": {"annotations": own}}
    assert new_replica_set_annotations(deployment, held, revision) == expected


def make_old(name, revision, **changes):
    rs = {
        "metadata": {"name": name, "generation": 2, "annotations": {REVISION: str(revision)}},
        "spec": {"replicas": 0},
        "status": {"replicas": 0, "observedGeneration": 2},
    }
    return {**rs, **changes}


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        pytest.param(None, [], id="no limit"),
        pytest.param(3, [], id="within"),
        pytest.param(1, ["r1", "r2"], id="two too many"),
        pytest.param(0, ["r1", "r2", "r10"], id="no history"),
    ],
)
def test_history_goes_from_the_lowest_revision(limit, expected):
    """Revisions are compared as numbers."""
    old = [make_old("r10", 10), make_old("r2", 2), make_old("r1", 1)]
    deployment = {"spec": {"revisionHistoryLimit": limit}}

    assert [rs["metadata"]["name"] for rs in plan_history_cleanup(deployment, old)] == expected


def test_history_that_still_has_pods_stays():
    """Only empty ReplicaSets at rest are cleaned up."""
    old = [make_old("busy", 1, status={"replicas": 1, "observedGeneration": 2})]

    assert plan_history_cleanup({"spec": {"revisionHistoryLimit": 0}}, old) == []
    assert max_revision(old) == 1
