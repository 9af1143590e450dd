"""The Deployment controller, with the ReplicaSet controller, against an API server in memory."""

from __future__ import annotations

import pytest

from tests.unit.controller.fake_api import FakeAPI, make_deployment, make_template, sizes
from webapp.api.resources import DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS
from webapp.controller.deployment.deployment_controller import DeploymentController
from webapp.controller.replicaset.replica_set import ReplicaSetController

REVISION = "deployment.kubernetes.io/revision"


@pytest.fixture
def api():
    world = FakeAPI()
    world.run(DeploymentController, ReplicaSetController)
    return world


def deployment(api):
    return api.get(DEPLOYMENTS, "default", "web")


def condition(api, type_):
    for found in deployment(api)["status"].get("conditions", ()):
        if found["type"] == type_:
            return found["status"], found["reason"], found["message"]
    return None


def scaling_events(api):
    return [e["message"] for e in api.list(EVENTS) if e["reason"] == "ScalingReplicaSet"]


def set_image(api, image):
    api.patch(DEPLOYMENTS, "default", "web", {"spec": {"template": make_template("web", image)}})


def test_a_new_deployment_creates_its_replica_set(api):
    """The ReplicaSet carries hash, revision and owner; the Deployment says what is going on."""
    api.create(DEPLOYMENTS, "default", make_deployment(replicas=3))

    api.sim.run_until_idle()

    [rs] = api.list(REPLICA_SETS)
    hash_value = rs["metadata"]["labels"]["pod-template-hash"]
    assert rs["metadata"]["name"] == f"web-{hash_value}"
    assert rs["spec"]["selector"]["matchLabels"] == {"app": "web", "pod-template-hash": hash_value}
    assert rs["metadata"]["annotations"] == {
        REVISION: "1",
        "deployment.kubernetes.io/desired-replicas": "3",
        "deployment.kubernetes.io/max-replicas": "4",
    }
    assert deployment(api)["metadata"]["annotations"] == {REVISION: "1"}
    assert scaling_events(api) == [f"Scaled up replica set web-{hash_value} from 0 to 3"]
    assert condition(api, "Available")[:2] == ("False", "MinimumReplicasUnavailable")
    assert condition(api, "Progressing")[:2] == ("True", "ReplicaSetUpdated")


def test_a_complete_deployment_says_so(api):
    """Once all Pods are available, counts and conditions are those of a finished rollout."""
    api.create(DEPLOYMENTS, "default", make_deployment(replicas=3))

    api.settle()

    [rs] = api.list(REPLICA_SETS)
    status = deployment(api)["status"]
    assert {key: value for key, value in status.items() if key != "conditions"} == {
        "observedGeneration": 1,
        "replicas": 3,
        "updatedReplicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "terminatingReplicas": 0,
    }
    assert condition(api, "Available") == (
        "True",
        "MinimumReplicasAvailable",
        "Deployment has minimum availability.",
    )
    assert condition(api, "Progressing") == (
        "True",
        "NewReplicaSetAvailable",
        f'ReplicaSet "{rs["metadata"]["name"]}" has successfully progressed.',
    )


def test_a_rolling_update_replaces_all_pods(api):
    """A new image gets a new ReplicaSet at revision 2; the old one is kept, empty."""
    api.create(DEPLOYMENTS, "default", make_deployment(replicas=4))
    api.settle()
    [old] = sizes(api)

    set_image(api, "nginx:1.30")
    api.settle()

    after = sizes(api)
    assert after.pop(old) == 0
    assert list(after.values()) == [4]
    assert deployment(api)["metadata"]["annotations"][REVISION] == "2"
    assert {pod["spec"]["containers"][0]["image"] for pod in api.list(PODS)} == {"nginx:1.30"}


def test_undo_reuses_the_old_replica_set(api):
    """Going back to an old template gives its ReplicaSet revision 3 and remembers revision 1."""
    api.create(DEPLOYMENTS, "default", make_deployment(replicas=2))
    api.settle()
    [old] = sizes(api)
    set_image(api, "nginx:1.30")
    api.settle()

    set_image(api, "nginx:1.29")
    api.settle()

    annotations = api.get(REPLICA_SETS, "default", old)["metadata"]["annotations"]
    assert sizes(api)[old] == 2
    assert annotations[REVISION] == "3"
    assert annotations["deployment.kubernetes.io/revision-history"] == "1"
    assert deployment(api)["metadata"]["annotations"][REVISION] == "3"


def test_a_paused_deployment_scales_but_does_not_roll(api):
    """While paused a new template waits, a new size does not; resumed, the rollout goes on."""
    api.create(DEPLOYMENTS, "default", make_deployment(replicas=2))
    api.settle()

    api.patch(DEPLOYMENTS, "default", "web", {"spec": {"paused": True}})
    set_image(api, "nginx:1.30")
    api.patch(DEPLOYMENTS, "default", "web", {"spec": {"replicas": 3}})
    api.settle()
    assert list(sizes(api).values()) == [3]
    assert condition(api, "Progressing") == ("Unknown", "DeploymentPaused", "Deployment is paused")

    api.patch(DEPLOYMENTS, "default", "web", {"spec": {"paused": None}})
    api.settle()
    assert sorted(sizes(api).values()) == [0, 3]
    assert condition(api, "Progressing")[1] == "NewReplicaSetAvailable"


def test_recreate_waits_until_the_last_old_pod_is_gone(api):
    """With Recreate no new Pod is created while an old one still stops."""
    api.create(DEPLOYMENTS, "default", make_deployment(replicas=2, strategy={"type": "Recreate"}))
    api.settle()

    set_image(api, "nginx:1.30")
    api.sim.run_until_idle()
    assert list(sizes(api).values()) == [0]
    assert {pod["spec"]["containers"][0]["image"] for pod in api.list(PODS)} == {"nginx:1.29"}

    api.settle()
    assert sorted(sizes(api).values()) == [0, 2]
    assert {pod["spec"]["containers"][0]["image"] for pod in api.list(PODS)} == {"nginx:1.30"}


def test_a_rollout_without_progress_times_out(api):
    """Pods that never become ready: after progressDeadlineSeconds the Deployment says so."""
    api.create(DEPLOYMENTS, "default", make_deployment(replicas=1, progressDeadlineSeconds=60))
    api.sim.run_until_idle()
    [name] = sizes(api)

    api.sim.run_for(70_000)

    assert condition(api, "Progressing") == (
        "False",
        "ProgressDeadlineExceeded",
        f'ReplicaSet "{name}" has timed out progressing.',
    )


def test_history_is_cut_to_its_limit(api):
    """Empty old ReplicaSets beyond revisionHistoryLimit are deleted, lowest revision first."""
    api.create(DEPLOYMENTS, "default", make_deployment(replicas=1, revisionHistoryLimit=1))
    api.settle()

    for image in ("nginx:1.30", "nginx:1.31", "nginx:1.32"):
        set_image(api, image)
        api.settle()

    revisions = [rs["metadata"]["annotations"][REVISION] for rs in api.list(REPLICA_SETS)]
    assert sorted(revisions) == ["3", "4"]


def test_scaling_in_mid_rollout_is_shared_by_size(api):
    """Ten replicas stuck in a rollout, scaled to twenty: both ReplicaSets grow."""
    api.create(DEPLOYMENTS, "default", make_deployment(replicas=10))
    api.settle()
    set_image(api, "nginx:broken")
    api.sim.run_until_idle()
    before = sizes(api)
    assert sorted(before.values()) == [5, 8]

    api.patch(DEPLOYMENTS, "default", "web", {"spec": {"replicas": 20}})
    api.sim.run_until_idle()

    after = sizes(api)
    assert sum(after.values()) == 25
    assert all(after[name] > before[name] for name in before)


def test_an_existing_replica_set_of_that_template_is_adopted(api):
    """A ReplicaSet that lost its Deployment (deleted with orphaning) is found and kept."""
    api.create(DEPLOYMENTS, "default", make_deployment(replicas=1))
    api.settle()
    [rs] = api.list(REPLICA_SETS)
    api.patch(
        REPLICA_SETS, "default", rs["metadata"]["name"], {"metadata": {"ownerReferences": None}}
    )

    api.settle()

    [after] = api.list(REPLICA_SETS)
    assert after["metadata"]["uid"] == rs["metadata"]["uid"]
    assert after["metadata"]["ownerReferences"][0]["name"] == "web"
