"""The ReplicaSet controller against an API server in memory."""

from __future__ import annotations

import pytest

from tests.unit.controller.fake_api import FakeAPI, make_pod, make_replica_set, make_template
from webapp.api.resources import EVENTS, PODS, REPLICA_SETS
from webapp.apimachinery.meta import controller_of
from webapp.apimachinery.status import Forbidden
from webapp.controller.replicaset.replica_set import ReplicaSetController


@pytest.fixture
def api():
    world = FakeAPI()
    world.run(ReplicaSetController)
    return world


def events(api, reason):
    return [event["message"] for event in api.list(EVENTS) if event["reason"] == reason]


def test_missing_pods_are_created_from_one_shared_template(api):
    """A new ReplicaSet gets its Pods; each is owned by it, and all share the template's spec."""
    replica_set = api.create(REPLICA_SETS, "default", make_replica_set(replicas=3))

    api.sim.run_until_idle()

    pods = api.list(PODS)
    assert len(pods) == 3
    assert all(controller_of(pod)["uid"] == replica_set["metadata"]["uid"] for pod in pods)
    assert all(pod["spec"] is replica_set["spec"]["template"]["spec"] for pod in pods)
    assert sorted(events(api, "SuccessfulCreate")) == [
        f"Created pod: {pod['metadata']['name']}" for pod in pods
    ]


def test_pods_not_seen_yet_are_not_created_twice(api):
    """Expectations bridge the time until the watch shows what was created."""
    api.create(REPLICA_SETS, "default", make_replica_set(replicas=1200))

    api.sim.run_until_idle()

    assert len(api.list(PODS)) == 1200
    created = [request for request in api.requests if request[:2] == ("create", "pods")]
    assert len(created) == 1200


def test_status_counts_replicas_ready_and_available(api):
    """Status follows the Pods, and carries the generation that was acted upon."""
    api.create(REPLICA_SETS, "default", make_replica_set(replicas=2))

    api.settle()

    assert api.get(REPLICA_SETS, "default", "web")["status"] == {
        "replicas": 2,
        "fullyLabeledReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "terminatingReplicas": 0,
        "observedGeneration": 1,
    }


def test_availability_waits_for_min_ready_seconds(api):
    """A Ready Pod is available only once it has been Ready for minReadySeconds."""
    api.create(REPLICA_SETS, "default", make_replica_set(replicas=1, minReadySeconds=10))
    api.sim.run_until_idle()
    api.run_pods()

    api.sim.run_for(1_000)
    status = api.get(REPLICA_SETS, "default", "web")["status"]
    assert (status["readyReplicas"], status.get("availableReplicas", 0)) == (1, 0)

    api.sim.run_for(10_000)
    assert api.get(REPLICA_SETS, "default", "web")["status"]["availableReplicas"] == 1


def test_surplus_pods_are_deleted_unready_ones_first(api):
    """Scaling down takes the Pod that is not Ready, and says so."""
    api.create(REPLICA_SETS, "default", make_replica_set(replicas=3))
    api.sim.run_until_idle()
    keep, *_, victim = api.list(PODS)
    for pod in api.list(PODS):
        if pod is not victim:
            api.run_pod(pod)
    api.sim.run_until_idle()

    api.patch(REPLICA_SETS, "default", "web", {"spec": {"replicas": 2}})
    api.sim.run_until_idle()

    assert victim["metadata"]["name"] not in [pod["metadata"]["name"] for pod in api.list(PODS)]
    assert api.find(PODS, "default", keep["metadata"]["name"])
    assert events(api, "SuccessfulDelete") == [f"Deleted pod: {victim['metadata']['name']}"]


def test_terminating_pods_are_replaced_and_counted(api):
    """A Pod on its way out no longer counts as a replica; its successor comes at once."""
    api.create(REPLICA_SETS, "default", make_replica_set(replicas=1))
    api.settle()
    [pod] = api.list(PODS)

    api.delete(PODS, "default", pod["metadata"]["name"])
    api.sim.run_until_idle()

    status = api.get(REPLICA_SETS, "default", "web")["status"]
    assert len(api.list(PODS)) == 2
    assert (status["replicas"], status["terminatingReplicas"]) == (1, 1)


def test_matching_orphans_are_adopted(api):
    """A bare Pod that the selector matches counts as a replica and gets an owner."""
    api.create(PODS, "default", make_pod("bare", {"app": "web"}))
    api.create(REPLICA_SETS, "default", make_replica_set(replicas=2))

    api.sim.run_until_idle()

    assert len(api.list(PODS)) == 2
    assert controller_of(api.get(PODS, "default", "bare"))["name"] == "web"


def test_relabelled_pods_are_released_and_replaced(api):
    """A Pod that the selector no longer matches loses its owner and stays."""
    api.create(REPLICA_SETS, "default", make_replica_set(replicas=1))
    api.sim.run_until_idle()
    [pod] = api.list(PODS)

    api.patch(PODS, "default", pod["metadata"]["name"], {"metadata": {"labels": {"app": "debug"}}})
    api.sim.run_until_idle()

    assert len(api.list(PODS)) == 2
    assert controller_of(api.get(PODS, "default", pod["metadata"]["name"])) is None


def test_refused_creations_are_reported_and_tried_again(api):
    """A quota's refusal costs one request of the first batch, is told, and heals later."""
    api.refuse["create", "pods"] = Forbidden('pods "web-" is forbidden: exceeded quota')
    api.create(REPLICA_SETS, "default", make_replica_set(replicas=8))
    api.sim.run_for(6)

    [condition] = api.get(REPLICA_SETS, "default", "web")["status"]["conditions"]
    assert (condition["type"], condition["reason"]) == ("ReplicaFailure", "FailedCreate")
    assert condition["message"] == 'pods "web-" is forbidden: exceeded quota'
    assert events(api, "FailedCreate") == [
        'Error creating: pods "web-" is forbidden: exceeded quota'
    ]
    assert len([request for request in api.requests if request[:2] == ("create", "pods")]) == 1

    api.refuse.clear()
    api.sim.run_for(1_000)
    assert len(api.list(PODS)) == 8
    assert "conditions" not in api.get(REPLICA_SETS, "default", "web")["status"]


def test_failed_pods_are_replaced(api):
    """A Pod that failed for good is no replica."""
    api.create(REPLICA_SETS, "default", make_replica_set(replicas=1))
    api.sim.run_until_idle()
    [pod] = api.list(PODS)

    api.set_status(PODS, "default", pod["metadata"]["name"], phase="Failed")
    api.sim.run_until_idle()

    assert len(api.list(PODS)) == 2


def test_template_labels_decide_who_is_fully_labelled(api):
    """After a change of the template's labels, Pods made before are no longer fully labelled."""
    api.create(REPLICA_SETS, "default", make_replica_set(replicas=1))
    api.settle()

    template = make_template("web")
    template["metadata"]["labels"]["tier"] = "front"
    api.patch(REPLICA_SETS, "default", "web", {"spec": {"template": template}})
    api.settle()

    assert "fullyLabeledReplicas" not in api.get(REPLICA_SETS, "default", "web")["status"]
