"""ReplicationControllers on a whole cluster."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_pod
from webapp.apimachinery.status import Invalid


def make_controller(name="web", *, replicas=3, labels=None):
    labels = labels or {"app": name}
    return {
        "kind": "ReplicationController",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [make_container()]},
            },
        },
    }


def owners(world):
    return {
        pod["metadata"]["name"]: (pod["metadata"].get("ownerReferences") or [{}])[0].get("kind")
        for pod in world.list("Pod")
    }


def test_a_controller_keeps_its_number_of_pods(world):
    """Created, replaced when deleted, scaled by its scale, reported in status and Events."""
    world.create(make_controller())
    world.settle()
    assert list(owners(world).values()) == ["ReplicationController"] * 3
    status = world.get("ReplicationController", "web")["status"]
    assert status["readyReplicas"] == status["availableReplicas"] == 3

    first = next(iter(owners(world)))
    world.delete("Pod", first)
    world.settle()
    assert len(owners(world)) == 3
    assert first not in owners(world)

    resource = world.resource("ReplicationController")
    scale = {"spec": {"replicas": 1}}
    world.cluster.admin.patch(resource, "default", "web", scale, subresource="scale")
    world.settle()
    assert len(owners(world)) == 1
    events = [text.split(":")[0] for text in world.events("web")]
    assert {"SuccessfulCreate", "SuccessfulDelete"} == set(events)


def test_a_controller_adopts_what_it_selects_and_lets_go_of_what_it_does_not(world):
    """Labels decide, in both directions."""
    world.create(make_pod("mine", labels={"app": "web"}))
    world.create(make_controller(replicas=2))
    world.settle()
    assert len(owners(world)) == 2
    assert owners(world)["mine"] == "ReplicationController"

    world.patch("Pod", "mine", {"metadata": {"labels": {"app": "other"}}})
    world.settle()
    assert owners(world)["mine"] is None
    assert len(owners(world)) == 3


def test_deleting_a_controller_deletes_its_pods_in_the_background(world):
    """Unless it is told to leave them as orphans."""
    world.create(make_controller("one", replicas=2), make_controller("two", replicas=2))
    world.settle()

    world.delete("ReplicationController", "one", propagation_policy="Background")
    world.delete("ReplicationController", "two", propagation_policy="Orphan")
    world.run_for(seconds=60)

    assert list(owners(world).values()) == [None, None]
    assert all(name.startswith("two-") for name in owners(world))


def test_a_controller_that_would_never_own_its_pods_is_refused(world):
    """The selector has to match the template."""
    controller = make_controller()
    controller["spec"]["selector"] = {"app": "other"}
    with pytest.raises(Invalid, match="`selector` does not match template `labels`"):
        world.create(controller)
