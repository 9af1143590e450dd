"""Rollouts on a whole cluster: bounds kept all the way, undo, pause, Recreate."""

from __future__ import annotations

import pytest

from tests.factories import make_deployment
from webapp.api.core.pods import is_pod_ready

REVISION = "deployment.kubernetes.io/revision"


def set_image(world, image):
    """What ``kubectl set image`` leaves in the template."""
    template = world.get("Deployment", "web")["spec"]["template"]
    [container] = template["spec"]["containers"]
    changed = {"spec": {**template["spec"], "containers": [{**container, "image": image}]}}
    world.patch("Deployment", "web", {"spec": {"template": changed}})


def live_pods(world):
    return [pod for pod in world.list("Pod") if "deletionTimestamp" not in pod["metadata"]]


def images(world):
    return {pod["spec"]["containers"][0]["image"] for pod in live_pods(world)}


@pytest.mark.parametrize(
    ("surge", "unavailable"),
    [
        pytest.param("25%", "25%", id="defaults"),
        pytest.param(0, 2, id="no surge"),
        pytest.param(3, 0, id="always all available"),
        pytest.param("100%", "0%", id="blue and green"),
    ],
)
def test_a_rolling_update_keeps_its_bounds_at_every_moment(world, surge, unavailable):
    """Looked at every 50 ms, there are never too many Pods and never too few ready ones."""
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    world.create(make_deployment("web", replicas=6, strategy=strategy))
    world.settle()
    most = {"25%": 8, 0: 6, 3: 9, "100%": 12}[surge]
    least = {"25%": 5, 2: 4, 0: 6, "0%": 6}[unavailable]

    set_image(world, "nginx:1.28")
    for _ in range(1200):
        world.run_for(seconds=0.05)
        pods = live_pods(world)
        assert len(pods) <= most
        assert sum(is_pod_ready(pod) for pod in pods) >= least
        status = world.get("Deployment", "web")["status"]
        if status.get("updatedReplicas") == status.get("availableReplicas") == 6 == len(pods):
            break

    assert images(world) == {"nginx:1.28"}
    assert len(live_pods(world)) == 6


def test_undo_brings_the_old_template_back_as_a_new_revision(world):
    """The old ReplicaSet is used again; history remembers both of its numbers."""
    world.create(make_deployment("web", replicas=2))
    world.settle()
    [first] = world.list("ReplicaSet")
    set_image(world, "nginx:1.28")
    world.settle()

    set_image(world, "nginx:1.27")
    world.settle()

    annotations = world.get("ReplicaSet", first["metadata"]["name"])["metadata"]["annotations"]
    assert annotations[REVISION] == "3"
    assert annotations["deployment.kubernetes.io/revision-history"] == "1"
    assert world.get("Deployment", "web")["metadata"]["annotations"][REVISION] == "3"
    assert images(world) == {"nginx:1.27"}


def test_restart_replaces_every_pod(world):
    """``kubectl rollout restart`` stamps the template; that is a new version."""
    world.create(make_deployment("web", replicas=2))
    world.settle()
    before = {pod["metadata"]["name"] for pod in live_pods(world)}

    stamp = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    world.patch("Deployment", "web", {"spec": {"template": {"metadata": {"annotations": stamp}}}})
    world.settle()

    after = {pod["metadata"]["name"] for pod in live_pods(world)}
    assert len(after) == 2
    assert not before & after


def test_a_paused_rollout_waits(world):
    """``kubectl rollout pause`` holds a new template back until ``resume``."""
    world.create(make_deployment("web", replicas=2))
    world.settle()

    world.patch("Deployment", "web", {"spec": {"paused": True}})
    set_image(world, "nginx:1.28")
    world.run_for(seconds=30)
    assert images(world) == {"nginx:1.27"}

    world.patch("Deployment", "web", {"spec": {"paused": None}})
    world.settle()
    assert images(world) == {"nginx:1.28"}


def test_recreate_never_runs_two_versions_together(world):
    """New Pods are created only when the last old one is gone."""
    world.create(make_deployment("web", replicas=3, strategy={"type": "Recreate"}))
    world.settle()

    set_image(world, "nginx:1.28")
    for _ in range(400):
        world.run_for(seconds=0.1)
        pods = world.list("Pod")
        assert len({pod["spec"]["containers"][0]["image"] for pod in pods}) <= 1

    assert images(world) == {"nginx:1.28"}


def test_scaling_tells_what_it_does(world):
    """Up and down, in the words of ``kubectl describe``."""
    world.create(make_deployment("web", replicas=1))
    world.settle()
    [rs] = world.list("ReplicaSet")
    name = rs["metadata"]["name"]

    for replicas in (4, 2):
        world.patch("Deployment", "web", {"spec": {"replicas": replicas}})
        world.settle()

    assert world.events("web") == [
        f"ScalingReplicaSet: Scaled up replica set {name} from 0 to 1",
        f"ScalingReplicaSet: Scaled up replica set {name} from 1 to 4",
        f"ScalingReplicaSet: Scaled down replica set {name} from 4 to 2",
    ]
    assert len(live_pods(world)) == 2


def test_a_rollout_that_cannot_finish_misses_its_deadline(world):
    """``kubectl rollout status`` then fails, and undo heals."""
    world.create(make_deployment("web", replicas=2, progressDeadlineSeconds=60))
    world.settle()

    set_image(world, "doesnotexist:1")
    world.run_for(seconds=90)
    conditions = {c["type"]: c for c in world.get("Deployment", "web")["status"]["conditions"]}
    assert conditions["Progressing"]["reason"] == "ProgressDeadlineExceeded"
    assert conditions["Available"]["status"] == "True"

    set_image(world, "nginx:1.27")
    world.run_for(seconds=60)
    conditions = {c["type"]: c for c in world.get("Deployment", "web")["status"]["conditions"]}
    assert conditions["Progressing"]["reason"] == "NewReplicaSetAvailable"
