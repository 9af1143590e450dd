"""Deployments in detail: scaling amid a rollout, history, waiting to be available, ownership, refusals."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_deployment
from tests.scenario.controller.test_resource_quota import make_quota
from tests.scenario.controller.test_rollout import REVISION, images, live_pods, set_image
from webapp.api.core.pods import is_pod_ready
from webapp.apimachinery.status import Invalid

BROKEN = "doesnotexist:1"


def sizes(world):
    """Image → how many Pods its ReplicaSet asks for."""
    return {
        held["spec"]["template"]["spec"]["containers"][0]["image"]: held["spec"]["replicas"]
        for held in world.list("ReplicaSet")
    }


def condition(world, type_):
    conditions = world.get("Deployment", "web")["status"]["conditions"]
    return next((held for held in conditions if held["type"] == type_), None)


def test_scaling_amid_a_rollout_is_shared_in_proportion(world):
    """The example of the documentation: 8 old and 5 new of 10 become 11 old and 7 new of 15."""
    rolling = {"maxSurge": 3, "maxUnavailable": 2}
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    world.create(make_deployment("web", replicas=10, strategy=strategy))
    world.settle()
    set_image(world, BROKEN)
    world.run_for(seconds=60)
    assert sizes(world) == {"nginx:1.27": 8, BROKEN: 5}

    world.patch("Deployment", "web", {"spec": {"replicas": 15}})
    world.run_for(seconds=60)
    assert sizes(world) == {"nginx:1.27": 11, BROKEN: 7}
    assert sum(map(is_pod_ready, live_pods(world))) == 11


@pytest.mark.parametrize(("limit", "kept"), [(0, 0), (1, 1), (3, 3)])
def test_history_keeps_as_many_as_it_should(world, limit, kept):
    """Old ReplicaSets beyond the limit go, the oldest first, once a rollout is complete."""
    world.create(make_deployment("web", replicas=1, revisionHistoryLimit=limit))
    for image in ("nginx:1.28", "nginx:1.29", "nginx:1.30", "nginx:1.31"):
        world.settle()
        set_image(world, image)
    world.run_for(seconds=60)

    revisions = sorted(
        int(held["metadata"]["annotations"][REVISION]) for held in world.list("ReplicaSet")
    )
    assert revisions == list(range(5 - kept, 6))


def test_history_is_not_shortened_while_a_rollout_is_stuck(world):
    """Nobody loses the way back before the new version serves."""
    world.create(make_deployment("web", replicas=1, revisionHistoryLimit=1))
    for image in ("nginx:1.28", "nginx:1.29"):
        world.settle()
        set_image(world, image)
    world.settle()
    assert set(sizes(world)) == {"nginx:1.28", "nginx:1.29"}

    set_image(world, BROKEN)
    world.run_for(seconds=60)
    assert set(sizes(world)) == {"nginx:1.28", "nginx:1.29", BROKEN}


def test_pods_must_be_ready_for_a_while_to_count_as_available(world):
    """With minReadySeconds a rollout takes the next step that much later."""
    rolling = {"maxSurge": 1, "maxUnavailable": 0}
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    world.create(make_deployment("web", replicas=2, minReadySeconds=20, strategy=strategy))
    world.run_for(seconds=10)
    status = world.get("Deployment", "web")["status"]
    assert (status["readyReplicas"], status.get("availableReplicas", 0)) == (2, 0)
    world.run_for(seconds=20)
    assert condition(world, "Available")["status"] == "True"

    set_image(world, "nginx:1.28")
    world.run_for(seconds=15)
    assert len(live_pods(world)) == 3
    world.run_for(seconds=60)
    assert images(world) == {"nginx:1.28"}


def test_a_paused_deployment_scales_and_says_that_it_is_paused(world):
    """Only the template waits; resuming starts the deadline anew."""
    world.create(make_deployment("web", replicas=2, progressDeadlineSeconds=30))
    world.settle()
    world.patch("Deployment", "web", {"spec": {"paused": True}})
    world.settle()
    assert condition(world, "Progressing")["reason"] == "DeploymentPaused"

    set_image(world, "nginx:1.28")
    world.patch("Deployment", "web", {"spec": {"replicas": 4}})
    world.run_for(seconds=120)
    assert sizes(world) == {"nginx:1.27": 4}
    assert condition(world, "Progressing")["reason"] == "DeploymentPaused"

    world.patch("Deployment", "web", {"spec": {"paused": None}})
    world.run_for(seconds=60)
    assert images(world) == {"nginx:1.28"}
    assert condition(world, "Progressing")["reason"] == "NewReplicaSetAvailable"


def test_a_relabelled_pod_is_released_and_taken_back(world):
    """Taken out of the set for debugging it is replaced; put back it is one too many."""
    world.create(make_deployment("web", replicas=2))
    world.settle()
    victim = live_pods(world)[0]["metadata"]["name"]

    world.patch("Pod", victim, {"metadata": {"labels": {"app": "debug"}}})
    world.settle()
    assert "ownerReferences" not in world.get("Pod", victim)["metadata"]
    assert len(live_pods(world)) == 3

    world.patch("Pod", victim, {"metadata": {"labels": {"app": "web"}}})
    world.settle()
    assert len(live_pods(world)) == 2
    assert all("ownerReferences" in pod["metadata"] for pod in live_pods(world))


def test_a_replica_set_that_lost_its_deployment_is_adopted_by_labels(world):
    """Owner reference taken away by hand: it is back at once, and nothing restarts."""
    world.create(make_deployment("web", replicas=2))
    world.settle()
    before = {pod["metadata"]["uid"] for pod in live_pods(world)}
    [replica_set] = world.list("ReplicaSet")
    name = replica_set["metadata"]["name"]

    world.patch("ReplicaSet", name, {"metadata": {"ownerReferences": None}})
    world.settle()

    [owner] = world.get("ReplicaSet", name)["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("Deployment", "web", True)
    assert {pod["metadata"]["uid"] for pod in live_pods(world)} == before


def test_refused_pods_are_tried_in_growing_batches_and_with_back_off(world):
    """One request shows that a template is refused; ReplicaFailure and Events tell why."""
    world.create(make_quota(hard={"pods": "0"}))
    world.settle()
    world.create(make_deployment("web", replicas=100, progressDeadlineSeconds=60))
    world.run_for(seconds=30)

    [replica_set] = world.list("ReplicaSet")
    events = world.list(
        "Event", field_selector=f"involvedObject.name={replica_set['metadata']['name']}"
    )
    tries = sum(event.get("count", 1) for event in events)
    assert 8 <= tries <= 16
    assert all(event["reason"] == "FailedCreate" for event in events)
    assert all("exceeded quota: quota" in event["message"] for event in events)
    failure = condition(world, "ReplicaFailure")
    assert (failure["status"], failure["reason"]) == ("True", "FailedCreate")
    world.run_for(seconds=60)
    assert condition(world, "Progressing")["reason"] == "ProgressDeadlineExceeded"

    world.patch("ResourceQuota", "quota", {"spec": {"hard": {"pods": "200"}}})
    world.run_for(seconds=400)
    assert sum(map(is_pod_ready, live_pods(world))) == 100
    assert condition(world, "ReplicaFailure") is None


def test_deployments_with_one_selector_do_not_fight_over_pods(world):
    """The template hash keeps their ReplicaSets apart."""
    one = make_deployment("one", replicas=2)
    two = make_deployment("two", replicas=3, image="httpd:2.4")
    labels = {"app": "same"}
    for deployment in (one, two):
        deployment["spec"]["selector"] = {"matchLabels": labels}
        deployment["spec"]["template"]["metadata"] = {"labels": labels}
    world.create(one, two)
    world.run_for(seconds=120)

    counts = {}
    for pod in live_pods(world):
        image = pod["spec"]["containers"][0]["image"]
        counts[image] = counts.get(image, 0) + 1
    assert counts == {"nginx:1.27": 2, "httpd:2.4": 3}
    assert len(world.list("Pod")) == 5


def wrong_selector(deployment):
    deployment["spec"]["selector"] = {"matchLabels": {"app": "other"}}


def empty_selector(deployment):
    deployment["spec"]["selector"] = {}


def no_surge_at_all(deployment):
    rolling = {"maxSurge": 0, "maxUnavailable": 0}
    deployment["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": rolling}


def once_only(deployment):
    deployment["spec"]["template"]["spec"]["restartPolicy"] = "Never"


def short_deadline(deployment):
    deployment["spec"] |= {"minReadySeconds": 60, "progressDeadlineSeconds": 60}


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (wrong_selector, "`selector` does not match template `labels`"),
        (
            empty_selector,
            "spec.selector: Invalid value: {}: empty selector is invalid for deployment",
        ),
        (no_surge_at_all, "may not be 0 when `maxSurge` is 0"),
        (once_only, 'spec.template.spec.restartPolicy: Unsupported value: "Never"'),
        (short_deadline, "must be greater than minReadySeconds"),
    ],
)
def test_a_deployment_that_cannot_work_is_refused(world, spoil, problem):
    """With upstream's words."""
    deployment = make_deployment("web")
    spoil(deployment)
    with pytest.raises(Invalid) as refused:
        world.create(deployment)
    assert problem in refused.value.message


def test_the_selector_cannot_change(world):
    """Not even together with the template."""
    world.create(make_deployment("web"))
    labels = {"app": "other"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [make_container()]}}
    change = {"spec": {"selector": {"matchLabels": labels}, "template": template}}
    with pytest.raises(Invalid, match="field is immutable"):
        world.patch("Deployment", "web", change)
