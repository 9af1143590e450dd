"""Deletions on a whole cluster: foreground, orphan, Namespaces, Nodes."""

from __future__ import annotations

from tests.factories import make_deployment, make_pod, make_service
from webapp.api.resources import CONFIG_MAPS, ENDPOINT_SLICES, NAMESPACES, SERVICE_ACCOUNTS


def counts(world):
    return [len(world.list(kind)) for kind in ("Deployment", "ReplicaSet", "Pod")]


def test_foreground_deletion_ends_with_the_owner(world):
    """``kubectl delete --cascade=foreground``: the Deployment is there until its Pods are not."""
    world.create(make_deployment("web", replicas=2))
    world.settle()

    world.delete("Deployment", "web", propagation_policy="Foreground")
    while world.list("Pod"):
        assert world.get("Deployment", "web") is not None
        world.run_for(seconds=0.2)
    world.settle()

    assert counts(world) == [0, 0, 0]


def test_orphans_are_adopted_by_the_next_of_the_same_name(world):
    """``--cascade=orphan`` keeps ReplicaSet and Pods running; applying again takes them over."""
    world.create(make_deployment("web", replicas=2))
    world.settle()
    before = sorted(pod["metadata"]["uid"] for pod in world.list("Pod"))

    world.delete("Deployment", "web", propagation_policy="Orphan")
    world.settle()
    assert counts(world) == [0, 1, 2]

    world.create(make_deployment("web", replicas=2))
    world.settle()
    assert counts(world) == [1, 1, 2]
    assert sorted(pod["metadata"]["uid"] for pod in world.list("Pod")) == before


def test_a_deleted_service_takes_its_endpoints_along(world):
    """Endpoints and slices go; the Pods stay."""
    world.create(make_deployment("web", replicas=2), make_service("web"))
    world.settle()

    world.delete("Service", "web")
    world.settle()

    slices = world.cluster.admin.list(ENDPOINT_SLICES, "default")
    owned = [held for held in slices if held["metadata"].get("generateName") == "web-"]
    assert owned == []
    assert len(world.list("Pod")) == 2


def test_every_namespace_has_its_service_account_and_ca(world):
    """Also those made later; both come back when somebody deletes them."""
    admin = world.cluster.admin
    namespace = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "team"}}
    admin.create(NAMESPACES, "", namespace)
    world.settle()

    admin.delete(SERVICE_ACCOUNTS, "team", "default")
    admin.delete(CONFIG_MAPS, "team", "kube-root-ca.crt")
    world.settle()

    assert admin.get(SERVICE_ACCOUNTS, "team", "default")
    assert admin.get(CONFIG_MAPS, "team", "kube-root-ca.crt")


def test_an_ending_namespace_waits_for_its_pods(world):
    """Pods are stopped gracefully first; then the rest goes, then the Namespace."""
    admin = world.cluster.admin
    namespace = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "team"}}
    admin.create(NAMESPACES, "", namespace)
    world.settle()
    world.create(make_pod("web", namespace="team"))
    world.settle()

    admin.delete(NAMESPACES, "", "team")
    world.run_for(seconds=1)
    assert admin.get(NAMESPACES, "", "team")["status"]["phase"] == "Terminating"

    world.run_for(seconds=60)
    assert "team" not in [held["metadata"]["name"] for held in admin.list(NAMESPACES)]


def test_pods_of_a_removed_node_come_back_elsewhere(world):
    """A deleted Node's Pods are collected after a while and replaced on the others."""
    world.create(make_deployment("web", replicas=3))
    world.settle()
    gone = world.list("Pod")[0]["spec"]["nodeName"]

    world.delete("Node", gone)
    world.run_for(seconds=90)

    pods = world.list("Pod")
    assert len(pods) == 3
    assert gone not in [pod["spec"]["nodeName"] for pod in pods]


def test_objects_that_own_each_other_go_together(world):
    """A circle of owners, deleted in the foreground with one of them, leaves nothing that waits for ever."""
    for name in ("one", "two"):
        metadata = {"name": name, "namespace": "default"}
        world.create({"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata})
    for name, owner in (("one", "two"), ("two", "one")):
        reference = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": owner,
            "uid": world.get("ConfigMap", owner)["metadata"]["uid"],
            "blockOwnerDeletion": True,
        }
        world.patch("ConfigMap", name, {"metadata": {"ownerReferences": [reference]}})
    world.settle()

    world.delete("ConfigMap", "one", propagation_policy="Foreground")
    world.run_for(seconds=30)

    assert world.get("ConfigMap", "one") is None
    assert world.get("ConfigMap", "two") is None
