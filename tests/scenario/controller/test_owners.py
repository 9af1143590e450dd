"""Owners and dependents: order of foreground deletion, finalizers, several owners, owners elsewhere."""

from __future__ import annotations

from tests.factories import make_deployment
from tests.scenario.test_statefulset import claim_template, make_stateful_set


def make_config_map(name, *owners, **metadata):
    """A ConfigMap; owners are objects or finished references."""
    references = [
        owner
        if "uid" in owner
        else {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
        }
        for owner in owners
    ]
    return {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "namespace": "default",
            **({"ownerReferences": references} if references else {}),
            **metadata,
        },
    }


def names(world, kind):
    return {held["metadata"]["name"] for held in world.list(kind)}


def test_foreground_deletion_goes_from_the_bottom_up(world):
    """At every revision: no ReplicaSet without Deployment, no Pod without ReplicaSet."""
    world.create(make_deployment("web", replicas=3))
    world.settle()
    order = []

    def check():
        left = [len(world.list(kind)) for kind in ("Deployment", "ReplicaSet", "Pod")]
        deployments, replica_sets, pods = left
        assert replica_sets <= deployments
        assert not pods or replica_sets
        if not order or order[-1] != left:
            order.append(left)

    world.delete("Deployment", "web", propagation_policy="Foreground")
    world.watch(seconds=90, check=check)

    assert order[0] == [1, 1, 3]
    assert [1, 1, 0] in order
    assert order[-1] == [0, 0, 0]


def test_what_blocks_nothing_is_not_waited_for(world):
    """Without blockOwnerDeletion a dependent goes after its owner."""
    world.create(make_config_map("owner"))
    owner = world.get("ConfigMap", "owner")
    world.create(make_config_map("child", owner, finalizers=["example.com/hold"]))
    world.settle()

    world.delete("ConfigMap", "owner", propagation_policy="Foreground")
    world.run_for(seconds=10)

    assert world.get("ConfigMap", "owner") is None
    assert "deletionTimestamp" in world.get("ConfigMap", "child")["metadata"]


def test_a_finalizer_below_holds_everything_above(world):
    """Foreground deletion waits for as long as somebody's finalizer is there, visibly."""
    world.create(make_config_map("owner"))
    metadata = world.get("ConfigMap", "owner")["metadata"]
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": metadata["uid"],
        "blockOwnerDeletion": True,
    }
    world.create(make_config_map("child", reference, finalizers=["example.com/hold"]))
    world.settle()

    world.delete("ConfigMap", "owner", propagation_policy="Foreground")
    world.run_for(seconds=600)
    assert world.get("ConfigMap", "owner")["metadata"]["finalizers"] == ["foregroundDeletion"]

    world.patch("ConfigMap", "child", {"metadata": {"finalizers": None}})
    world.run_for(seconds=10)
    assert names(world, "ConfigMap") == {"kube-root-ca.crt"}


def test_one_owner_of_two_is_enough_to_stay(world):
    """The reference to the one that is gone is taken away."""
    world.create(make_config_map("one"), make_config_map("two"))
    one, two = world.get("ConfigMap", "one"), world.get("ConfigMap", "two")
    world.create(make_config_map("child", one, two))
    world.settle()

    world.delete("ConfigMap", "one")
    world.run_for(seconds=10)
    [left] = world.get("ConfigMap", "child")["metadata"]["ownerReferences"]
    assert left["name"] == "two"

    world.delete("ConfigMap", "two")
    world.run_for(seconds=10)
    assert world.get("ConfigMap", "child") is None


def test_an_owner_that_never_was_takes_its_dependent_along(world):
    """A reference with a wrong UID is to something gone, even when the name exists."""
    world.create(make_config_map("owner"))
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "no-such-uid"}
    world.create(make_config_map("child", reference))
    world.run_for(seconds=10)

    assert world.get("ConfigMap", "child") is None
    assert world.get("ConfigMap", "owner") is not None


def test_an_owner_in_a_namespace_cannot_own_what_is_in_none(world):
    """It is kept, and an Event says why."""
    world.create(make_config_map("owner"))
    uid = world.get("ConfigMap", "owner")["metadata"]["uid"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    world.create(
        {
            "kind": "PersistentVolume",
            "apiVersion": "v1",
            "metadata": {"name": "volume", "ownerReferences": [reference]},
            "spec": {
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteOnce"],
                "hostPath": {"path": "/data"},
            },
        }
    )
    world.delete("ConfigMap", "owner")
    world.run_for(seconds=60)

    assert world.get("PersistentVolume", "volume") is not None
    assert any(
        event["reason"] == "OwnerRefInvalidNamespace"
        for event in world.list("Event", field_selector="involvedObject.name=volume")
    )


def test_orphaned_pods_of_a_stateful_set_keep_running_and_are_taken_over(world):
    """Claims, names and containers stay the same."""
    stateful_set = make_stateful_set(replicas=2, volumeClaimTemplates=[claim_template()])
    world.create(stateful_set)
    world.run_for(seconds=60)
    before = {pod["metadata"]["uid"] for pod in world.list("Pod")}

    world.delete("StatefulSet", "web", propagation_policy="Orphan")
    world.run_for(seconds=10)
    assert all("ownerReferences" not in pod["metadata"] for pod in world.list("Pod"))

    world.create(stateful_set)
    world.run_for(seconds=60)
    assert {pod["metadata"]["uid"] for pod in world.list("Pod")} == before
    assert all(pod["metadata"]["ownerReferences"] for pod in world.list("Pod"))
