"""Garbage collection against an API server in memory: background, foreground, orphan."""

from __future__ import annotations

import pytest

from tests.unit.controller.fake_api import FakeAPI, make_deployment, make_pod
from webapp.api.resources import CONFIG_MAPS, DEPLOYMENTS, NODES, PODS, REPLICA_SETS
from webapp.controller.deployment.deployment_controller import DeploymentController
from webapp.controller.garbagecollector.garbage_collector import GarbageCollector
from webapp.controller.replicaset.replica_set import ReplicaSetController


@pytest.fixture
def api():
    world = FakeAPI()
    world.run(DeploymentController, GarbageCollector, ReplicaSetController)
    world.create(DEPLOYMENTS, "default", make_deployment(replicas=3))
    world.settle()
    return world


def counts(api):
    return [len(api.list(resource)) for resource in (DEPLOYMENTS, REPLICA_SETS, PODS)]


def reference(owner, **fields):
    metadata = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        **fields,
    }


def make_config_map(name, *owners):
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", "ownerReferences": list(owners)},
    }


def test_background_deletion_takes_the_dependents_after_the_owner(api):
    """The Deployment goes at once, then its ReplicaSet, then the Pods."""
    api.delete(DEPLOYMENTS, "default", "web", propagation_policy="Background")
    assert counts(api) == [0, 1, 3]

    api.settle()
    assert counts(api) == [0, 0, 0]


def test_foreground_deletion_takes_the_owner_last(api):
    """The Deployment waits until the last Pod has stopped."""
    api.delete(DEPLOYMENTS, "default", "web", propagation_policy="Foreground")

    api.sim.run_until_idle()
    assert counts(api) == [1, 1, 3]
    assert all("deletionTimestamp" in pod["metadata"] for pod in api.list(PODS))

    api.settle()
    assert counts(api) == [0, 0, 0]


def test_orphaning_leaves_the_dependents_alone(api):
    """The ReplicaSet stays with its Pods, without an owner."""
    api.delete(DEPLOYMENTS, "default", "web", propagation_policy="Orphan")

    api.settle()

    assert counts(api) == [0, 1, 3]
    [rs] = api.list(REPLICA_SETS)
    assert "ownerReferences" not in rs["metadata"]


def test_an_object_with_an_absent_owner_is_deleted(api):
    """A reference to a UID that never was, or is no longer, keeps nothing alive."""
    absent = {"apiVersion": "v1", "kind": "Pod", "name": "ghost", "uid": "no-such-uid"}
    api.create(CONFIG_MAPS, "default", make_config_map("lost", absent))

    api.settle()

    assert api.find(CONFIG_MAPS, "default", "lost") is None


def test_one_solid_owner_is_enough(api):
    """An object lives while one owner does; the reference to the other is removed."""
    alive = api.create(PODS, "default", make_pod("alive"))
    other = api.create(PODS, "default", make_pod("other"))
    api.create(CONFIG_MAPS, "default", make_config_map("kept", reference(alive), reference(other)))
    api.sim.run_until_idle()

    api.delete(PODS, "default", "other", 0)
    api.sim.run_until_idle()

    kept = api.get(CONFIG_MAPS, "default", "kept")
    assert [owner["name"] for owner in kept["metadata"]["ownerReferences"]] == ["alive"]


def test_an_owner_of_an_unknown_kind_keeps_its_dependents(api):
    """What cannot be looked up is never taken for gone."""
    custom = {"apiVersion": "example.com/v1", "kind": "Widget", "name": "w", "uid": "w-1"}
    api.create(CONFIG_MAPS, "default", make_config_map("kept", custom))

    api.settle()

    assert api.find(CONFIG_MAPS, "default", "kept") is not None


def test_only_blocking_dependents_hold_a_foreground_deletion(api):
    """A dependent that does not block may outlive its owner for a moment."""
    owner = api.create(PODS, "default", make_pod("owner"))
    blocking = make_config_map("holds", reference(owner, blockOwnerDeletion=True))
    blocking["metadata"]["finalizers"] = ["example.com/wait"]
    api.create(CONFIG_MAPS, "default", blocking)
    api.create(CONFIG_MAPS, "default", make_config_map("free", reference(owner)))
    api.sim.run_until_idle()

    api.delete(PODS, "default", "owner", 0, propagation_policy="Foreground")
    api.sim.run_until_idle()
    assert api.find(PODS, "default", "owner") is not None

    api.patch(CONFIG_MAPS, "default", "holds", {"metadata": {"finalizers": None}})
    api.settle()
    assert api.find(PODS, "default", "owner") is None
    assert api.list(CONFIG_MAPS) == []


def test_what_a_controller_before_us_left_is_collected_at_start():
    """Dependents whose owners vanished while nobody watched go when the collector starts."""
    api = FakeAPI()
    absent = {"apiVersion": "v1", "kind": "Node", "name": "n9", "uid": "gone"}
    api.create(CONFIG_MAPS, "default", make_config_map("lost", absent))
    api.create(NODES, "", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}})

    api.run(GarbageCollector)
    api.sim.run_until_idle()

    assert api.list(CONFIG_MAPS) == []
    assert len(api.list(NODES)) == 1
