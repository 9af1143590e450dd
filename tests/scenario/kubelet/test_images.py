"""Pulling images: policies, logins, one at a time or several, and what goes wrong."""

from __future__ import annotations

from base64 import b64encode
from itertools import pairwise

import orjson
import pytest

from tests.factories import make_container, make_pod
from webapp.api.resources import NODES, SECRETS
from webapp.trace.facts import ImagePulled, ImagePullStarted

PRIVATE = "registry.example.com/private/app:1.0"


def login(world, host="registry.example.com", name="regcred"):
    """A Secret as kubectl create secret docker-registry makes it."""
    auths = {"auths": {host: {"username": "ada", "password": "secret", "auth": "YWRhOnNlY3JldA=="}}}
    secret = {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "default"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": b64encode(orjson.dumps(auths)).decode()},
    }
    world.cluster.admin.create(SECRETS, "default", secret)


def pod(name, image, policy=None, **spec):
    """A Pod on the first Node."""
    fields = {"imagePullPolicy": policy} if policy else {}
    return make_pod(
        name, nodeName="worker-1", containers=[make_container(image=image, **fields)], **spec
    )


def waiting(world, name="p"):
    """Why the first container waits."""
    status = world.get("Pod", name)["status"]["containerStatuses"][0]
    return status["state"].get("waiting", {})


def test_a_private_image_cannot_be_pulled_without_a_login(world):
    """The registry's refusal in the status and in the Events."""
    world.create(pod("p", PRIVATE))
    world.run_for(seconds=20)

    assert waiting(world)["reason"] == "ImagePullBackOff"
    assert waiting(world)["message"].startswith(
        f'Back-off pulling image "{PRIVATE}": ErrImagePull: failed to pull and unpack image'
    )
    assert waiting(world)["message"].endswith("authorization failed: no basic auth credentials")


def test_a_pull_secret_opens_a_private_registry(world):
    """imagePullSecrets of the Pod."""
    login(world)
    world.create(pod("p", PRIVATE, imagePullSecrets=[{"name": "regcred"}]))
    world.settle()

    assert world.get("Pod", "p")["status"]["phase"] == "Running"


def test_a_login_for_another_registry_does_not_help(world):
    """Logins count for their host."""
    login(world, host="ghcr.io")
    world.create(pod("p", PRIVATE, imagePullSecrets=[{"name": "regcred"}]))
    world.run_for(seconds=20)

    assert waiting(world)["reason"] == "ImagePullBackOff"


def test_a_missing_pull_secret_is_told_and_the_pull_is_tried_all_the_same(world):
    """A public image comes anyway."""
    world.create(pod("p", "nginx:1.27", imagePullSecrets=[{"name": "nosuch"}]))
    world.settle()

    assert world.get("Pod", "p")["status"]["phase"] == "Running"
    assert (
        "FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (nosuch); "
        "attempting to pull the image may not succeed."
    ) in world.events("p")


def test_a_private_image_on_the_node_is_not_for_everybody(world):
    """A second Pod without a login cannot use what the first one pulled."""
    login(world)
    world.create(pod("first", PRIVATE, imagePullSecrets=[{"name": "regcred"}]))
    world.settle()
    world.create(pod("second", PRIVATE))
    world.run_for(seconds=20)

    assert waiting(world, "second")["reason"] == "ImagePullBackOff"


@pytest.mark.parametrize(("parallel", "overlaps"), [("", False), ("3", True)])
def test_pulls_happen_one_at_a_time_unless_the_node_says_otherwise(world, parallel, overlaps):
    """serializeImagePulls is the default; an annotation of the Node allows more."""
    if parallel:
        patch = {
            "metadata": {"annotations": {"sim.podarium.dev/max-parallel-image-pulls": parallel}}
        }
        world.cluster.admin.patch(NODES, "", "worker-1", patch)
        world.run_for(seconds=1)
    world.create(pod("a", "golang"), pod("b", "rust"))
    world.settle()

    log = [
        type(record.fact)
        for record in world.cluster.recorder.records
        if isinstance(record.fact, (ImagePulled, ImagePullStarted))
    ]
    assert (log[:2] == [ImagePullStarted, ImagePullStarted]) is overlaps


@pytest.mark.parametrize(
    ("policy", "pulls"), [("Always", 2), ("IfNotPresent", 1)], ids=["always", "if-not-present"]
)
def test_pull_policies_decide_about_an_image_that_is_there(world, policy, pulls):
    """Always asks the registry again, and finds every layer."""
    world.create(pod("a", "nginx:1.27"))
    world.settle()
    world.create(pod("b", "nginx:1.27", policy))
    world.settle()

    assert len(world.facts(ImagePullStarted)) == pulls


def test_never_means_never(world):
    """ErrImageNeverPull, until somebody else pulls the image."""
    world.create(pod("p", "nginx:1.27", "Never"))
    world.run_for(seconds=20)
    assert waiting(world) == {
        "reason": "ErrImageNeverPull",
        "message": 'Container image "nginx:1.27" is not present with pull policy of Never',
    }

    world.create(pod("other", "nginx:1.27"))
    world.run_for(seconds=60)
    assert world.get("Pod", "p")["status"]["phase"] == "Running"


def test_an_image_name_that_breaks_the_grammar_is_invalid(world):
    """InvalidImageName, with the parser's words."""
    world.create(pod("p", "Nginx:latest:extra"))
    world.run_for(seconds=20)

    assert waiting(world)["reason"] == "InvalidImageName"
    assert "couldn't parse image name" in waiting(world)["message"]


def test_back_off_of_pulls_doubles_up_to_five_minutes(world):
    """10 s, 20 s, 40 s … 300 s between attempts."""
    world.create(pod("p", "nginx:1.999"))
    world.run_for(seconds=1800)

    times = [
        record.at_ms
        for record in world.cluster.recorder.records
        if isinstance(record.fact, ImagePullStarted)
    ]
    gaps = [(after - before) / 1000 for before, after in pairwise(times)]
    assert gaps[0] < gaps[1] < gaps[2] < gaps[3]
    assert all(300 <= gap < 460 for gap in gaps[5:])
