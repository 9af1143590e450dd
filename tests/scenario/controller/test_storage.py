"""Claims, volumes and classes on a whole cluster: bound, protected, kept or deleted, grown."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_pod
from webapp.apimachinery.status import Forbidden, Invalid


def make_claim(name="data", *, storage="1Gi", **spec):
    return {
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": storage}},
            **spec,
        },
    }


def make_class(name="fast", *, default=False, **fields):
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {
        "kind": "StorageClass",
        "apiVersion": "storage.k8s.io/v1",
        "metadata": {"name": name, "annotations": annotations},
        "provisioner": "example.com/disk",
        **fields,
    }


def make_volume(name="disk", *, storage="1Gi", **spec):
    return {
        "kind": "PersistentVolume",
        "apiVersion": "v1",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": storage},
            "hostPath": {"path": "/data"},
            "storageClassName": "manual",
            **spec,
        },
    }


def make_user(name="user", claim="data"):
    container = make_container(volumeMounts=[{"name": "v", "mountPath": "/data"}])
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": claim}}
    return make_pod(name, containers=[container], volumes=[volume])


def phase(world, kind, name):
    found = world.get(kind, name)
    return found["status"]["phase"] if found else None


def bound(world, **fields):
    """A class, and a bound claim of it; the name of its volume."""
    world.create(make_class(**fields), make_claim(storageClassName="fast"))
    world.settle()
    assert phase(world, "PersistentVolumeClaim", "data") == "Bound"
    return world.get("PersistentVolumeClaim", "data")["spec"]["volumeName"]


def test_a_claim_in_use_stays_until_its_pod_is_gone(world):
    """It is Terminating; the protection finalizer goes with the last user."""
    bound(world)
    world.create(make_user())
    world.settle()
    assert world.get("Pod", "user")["status"]["phase"] == "Running"

    world.delete("PersistentVolumeClaim", "data")
    world.run_for(seconds=60)
    claim = world.get("PersistentVolumeClaim", "data")
    assert claim["metadata"]["deletionTimestamp"]
    assert claim["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]

    world.delete("Pod", "user")
    world.settle()
    assert world.get("PersistentVolumeClaim", "data") is None


def test_a_claim_that_nobody_uses_goes_at_once(world):
    """With its volume, when the class says Delete."""
    volume = bound(world, reclaimPolicy="Delete")

    world.delete("PersistentVolumeClaim", "data")
    world.settle()

    assert world.get("PersistentVolumeClaim", "data") is None
    assert world.get("PersistentVolume", volume) is None


def test_a_retained_volume_is_released_and_not_given_to_others(world):
    """Its data may matter to somebody; a new claim of that name has to wait."""
    volume = bound(world, reclaimPolicy="Retain")

    world.delete("PersistentVolumeClaim", "data")
    world.settle()
    assert phase(world, "PersistentVolume", volume) == "Released"

    world.create(make_claim(storageClassName="fast"))
    world.settle()
    assert world.get("PersistentVolumeClaim", "data")["spec"]["volumeName"] != volume
    assert phase(world, "PersistentVolume", volume) == "Released"


def test_a_bound_volume_stays_until_its_claim_is_gone(world):
    """Deleting it first leaves it Terminating."""
    world.create(make_volume(), make_claim(storageClassName="manual"))
    world.settle()

    world.delete("PersistentVolume", "disk")
    world.run_for(seconds=30)
    assert world.get("PersistentVolume", "disk")["metadata"]["finalizers"] == [
        "kubernetes.io/pv-protection"
    ]

    world.delete("PersistentVolumeClaim", "data")
    world.settle()
    assert world.get("PersistentVolume", "disk") is None


def test_the_newest_default_class_is_given_to_claims_without_one(world):
    """At admission; a claim that says "" wants none."""
    world.create(make_class("old", default=True))
    world.run_for(seconds=5)
    world.create(make_class("new", default=True))

    world.create(make_claim("plain"), make_claim("classless", storageClassName=""))

    assert world.get("PersistentVolumeClaim", "plain")["spec"]["storageClassName"] == "new"
    assert world.get("PersistentVolumeClaim", "classless")["spec"]["storageClassName"] == ""


@pytest.mark.parametrize(
    ("volume", "claim"),
    [
        pytest.param({}, {"accessModes": ["ReadWriteMany"]}, id="access mode"),
        pytest.param({"storage": "500Mi"}, {}, id="size"),
        pytest.param({"storageClassName": "other"}, {}, id="class"),
        pytest.param({"volumeMode": "Block"}, {}, id="mode"),
    ],
)
def test_a_volume_that_does_not_suit_is_left_alone(world, volume, claim):
    """The claim waits and says so."""
    world.create(make_volume(**volume), make_claim(**{"storageClassName": "", **claim}))
    world.settle()

    assert phase(world, "PersistentVolumeClaim", "data") == "Pending"
    assert phase(world, "PersistentVolume", "disk") == "Available"
    assert (
        "FailedBinding: no persistent volumes available for this claim and no storage class is set"
        in world.events("data")
    )


def grow(world, storage):
    world.patch(
        "PersistentVolumeClaim", "data", {"spec": {"resources": {"requests": {"storage": storage}}}}
    )


def test_a_claim_grows_when_its_class_allows(world):
    """Volume and claim have the new size after a moment; Events tell it."""
    volume = bound(world, allowVolumeExpansion=True)

    grow(world, "2Gi")
    world.settle()

    assert world.get("PersistentVolume", volume)["spec"]["capacity"] == {"storage": "2Gi"}
    assert world.get("PersistentVolumeClaim", "data")["status"]["capacity"] == {"storage": "2Gi"}
    events = world.events("data")
    assert f"Resizing: External resizer is resizing volume {volume}" in events
    assert "VolumeResizeSuccessful: Resize volume succeeded" in events


def test_a_claim_does_not_grow_without_its_class(world):
    """Admission says why."""
    bound(world)

    with pytest.raises(Forbidden) as refusal:
        grow(world, "2Gi")

    assert refusal.value.message == (
        'persistentvolumeclaims "data" is forbidden: only dynamically provisioned pvc can be '
        "resized and the storageclass that provisions the pvc must support resize"
    )


def test_a_claim_never_shrinks(world):
    """Nor changes in any other way."""
    bound(world, allowVolumeExpansion=True)

    with pytest.raises(Invalid, match=r"field can not be less than status\.capacity"):
        grow(world, "500Mi")
    with pytest.raises(Invalid, match="spec is immutable after creation"):
        world.patch("PersistentVolumeClaim", "data", {"spec": {"accessModes": ["ReadWriteMany"]}})
