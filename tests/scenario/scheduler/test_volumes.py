"""In a whole cluster: Pods go where their volumes are, and volumes are bound with their Pods' Nodes."""

import pytest

from tests.world import World
from webapp.api.resources import CSI_NODES

NO_PREEMPTION = "no new claims to deallocate, preemption: 0/3 nodes are available: 3"


@pytest.fixture
def world():
    """Three Nodes, settled."""
    world = World()
    world.settle()
    return world


def storage_class(name, mode, provisioner="kubernetes.io/no-provisioner", **more):
    """A StorageClass."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": provisioner,
        "volumeBindingMode": mode,
        **more,
    }


def claim(name, class_name, *, size="1Gi", mode="ReadWriteOnce", volume=None):
    """A PersistentVolumeClaim."""
    spec = {
        "accessModes": [mode],
        "storageClassName": class_name,
        "resources": {"requests": {"storage": size}},
    }
    if volume:
        spec["volumeName"] = volume
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


def volume(name, class_name, node=None, *, size="1Gi", labels=None, csi=None, mode="ReadWriteOnce"):
    """A PersistentVolume, local to a Node if one is named."""
    spec = {
        "accessModes": [mode],
        "capacity": {"storage": size},
        "storageClassName": class_name,
        "persistentVolumeReclaimPolicy": "Retain",
    }
    if csi:
        spec["csi"] = {"driver": csi, "volumeHandle": name}
    else:
        spec["hostPath"] = {"path": f"/mnt/{name}"}
    if node:
        expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
        terms = [{"matchExpressions": [expression]}]
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": terms}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": spec,
    }


def pod(name, *claims, **spec):
    """A Pod that mounts claims."""
    volumes = [
        {"name": f"v{n}", "persistentVolumeClaim": {"claimName": one}}
        for n, one in enumerate(claims)
    ]
    mounts = [{"name": one["name"], "mountPath": f"/{one['name']}"} for one in volumes]
    container = {"name": "app", "image": "nginx", "volumeMounts": mounts}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [container], "volumes": volumes, **spec},
    }


def message(world, name):
    """What PodScheduled says of a Pod that waits."""
    conditions = world.get("Pod", name)["status"]["conditions"]
    (found,) = [one for one in conditions if one["type"] == "PodScheduled"]
    return found.get("message", "")


def test_a_pod_waits_for_a_claim_that_is_not_there_and_starts_when_it_is(world):
    """The first message names the claim, the next one that it has no volume yet."""
    world.create(pod("web", "data"))
    world.run_for(seconds=1)

    expected = '0/3 nodes are available: persistentvolumeclaim "data" not found. not found'
    assert message(world, "web") == expected
    (change,) = world.cluster.explain_pod("default", "web")["scheduling"]["wouldFit"]
    assert change["change"] == (
        "have the PersistentVolumeClaim data there, with a volume free for the Node"
    )

    world.create(storage_class("manual", "Immediate"), claim("data", "manual"))
    world.run_for(seconds=5)
    expected = (
        "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    )
    assert message(world, "web") == expected

    world.create(volume("disk", "manual"))
    world.run_for(seconds=20)
    assert world.get("PersistentVolumeClaim", "data")["status"]["phase"] == "Bound"
    assert world.get("Pod", "web")["status"]["phase"] == "Running"


def test_a_pod_goes_where_the_volume_of_its_claim_is(world):
    """The Nodes that the volume cannot be reached from refuse it."""
    world.create(
        storage_class("manual", "Immediate"),
        volume("disk", "manual", "worker-2"),
        claim("data", "manual"),
    )
    world.run_for(seconds=5)
    world.create(pod("web", "data"))
    world.run_for(seconds=10)

    assert world.get("Pod", "web")["spec"]["nodeName"] == "worker-2"

    world.patch("Node", "worker-2", {"spec": {"unschedulable": True}})
    world.run_for(seconds=1)
    world.create(pod("late", "data"))
    world.run_for(seconds=1)
    assert message(world, "late") == (
        "0/3 nodes are available: 1 node(s) were unschedulable, "
        "2 node(s) didn't match PersistentVolume's node affinity. "
        f"{NO_PREEMPTION} Preemption is not helpful for scheduling."
    )


def test_the_smallest_local_volume_is_bound_together_with_the_pods_node(world):
    """Volumes wait until a Pod is there; the Pod can only go where one is."""
    world.create(
        storage_class("local", "WaitForFirstConsumer"),
        volume("large", "local", "worker-3", size="5Gi"),
        volume("small", "local", "worker-3", size="2Gi"),
        volume("tiny", "local", "worker-1", size="512Mi"),
        claim("data", "local"),
    )
    world.run_for(seconds=5)
    assert world.get("PersistentVolumeClaim", "data")["status"]["phase"] == "Pending"

    world.create(pod("web", "data"))
    world.run_for(seconds=15)

    assert world.get("Pod", "web")["spec"]["nodeName"] == "worker-3"
    assert world.get("PersistentVolumeClaim", "data")["spec"]["volumeName"] == "small"
    assert world.get("Pod", "web")["status"]["phase"] == "Running"

    world.create(claim("more", "local", size="10Gi"), pod("big", "more"))
    world.run_for(seconds=5)
    assert message(world, "big") == (
        "0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind. "
        f"{NO_PREEMPTION} Preemption is not helpful for scheduling."
    )


def test_two_pods_do_not_count_on_the_same_volume(world):
    """Each gets the volume of another Node, though both are scheduled before either is bound."""
    world.create(
        storage_class("local", "WaitForFirstConsumer"),
        volume("one", "local", "worker-1"),
        volume("two", "local", "worker-2"),
        claim("a", "local"),
        claim("b", "local"),
    )
    world.run_for(seconds=5)
    world.create(pod("first", "a"), pod("second", "b"))
    world.run_for(seconds=20)

    nodes = {world.get("Pod", name)["spec"].get("nodeName") for name in ("first", "second")}
    assert nodes == {"worker-1", "worker-2"}


def test_a_provisioner_makes_the_volume_for_the_node_that_was_chosen(world):
    """The claim carries the Node's name before the Pod does; the Pod is bound when the volume is."""
    world.create(
        storage_class("fast", "WaitForFirstConsumer", "example.com/disks"), claim("data", "fast")
    )
    world.run_for(seconds=5)
    world.create(pod("web", "data", nodeSelector={"kubernetes.io/hostname": "worker-2"}))
    world.run_for(seconds=0.2)

    annotations = world.get("PersistentVolumeClaim", "data")["metadata"]["annotations"]
    assert annotations["volume.kubernetes.io/selected-node"] == "worker-2"
    assert not world.get("Pod", "web")["spec"].get("nodeName")

    world.run_for(seconds=20)
    assert world.get("PersistentVolumeClaim", "data")["status"]["phase"] == "Bound"
    assert world.get("Pod", "web")["status"]["phase"] == "Running"


def test_volumes_are_made_in_the_topologies_of_their_class_only(world):
    """The other Nodes have no volume to bind."""
    world.patch("Node", "worker-3", {"metadata": {"labels": {"rack": "r3"}}})
    terms = [{"matchLabelExpressions": [{"key": "rack", "values": ["r3"]}]}]
    world.create(
        storage_class(
            "racked", "WaitForFirstConsumer", "example.com/disks", allowedTopologies=terms
        ),
        claim("data", "racked"),
        pod("web", "data"),
    )
    world.run_for(seconds=20)

    assert world.get("Pod", "web")["spec"]["nodeName"] == "worker-3"


def test_a_volume_of_a_zone_keeps_its_pod_in_that_zone(world):
    """Zone labels of the volume are compared with those of the Nodes."""
    for node, zone in (("worker-1", "a"), ("worker-2", "b")):
        labels = {"topology.kubernetes.io/zone": zone}
        world.patch("Node", node, {"metadata": {"labels": labels}})
    world.create(
        storage_class("manual", "Immediate"),
        volume("disk", "manual", labels={"topology.kubernetes.io/zone": "c__d"}),
        claim("data", "manual"),
    )
    world.run_for(seconds=5)
    selector = {"kubernetes.io/hostname": "worker-1"}
    world.create(pod("web", "data", nodeSelector=selector))
    world.run_for(seconds=1)
    assert "1 node(s) had no available volume zone" in message(world, "web")

    labels = {"topology.kubernetes.io/zone": "a"}
    world.patch("PersistentVolume", "disk", {"metadata": {"labels": labels}})
    world.run_for(seconds=20)
    assert world.get("Pod", "web")["spec"]["nodeName"] == "worker-1"


def test_a_claim_for_one_pod_lets_the_next_pod_wait_until_the_first_has_gone(world):
    """Nobody else in the cluster uses it meanwhile."""
    world.create(
        storage_class("manual", "Immediate"),
        volume("disk", "manual", mode="ReadWriteOncePod"),
        claim("data", "manual", mode="ReadWriteOncePod"),
    )
    world.run_for(seconds=5)
    world.create(pod("first", "data"))
    world.run_for(seconds=5)
    world.create(pod("second", "data"))
    world.run_for(seconds=5)
    assert message(world, "second") == (
        "0/3 nodes are available: 3 node has pod using PersistentVolumeClaim with the same name "
        f"and ReadWriteOncePod access mode. {NO_PREEMPTION} "
        "No preemption victims found for incoming pod."
    )

    world.delete("Pod", "first")
    world.run_for(seconds=60)
    assert world.get("Pod", "second")["spec"]["nodeName"]


def test_a_disk_named_in_pods_is_mounted_by_one_of_them_a_node(world):
    """Unless all of them only read."""
    disk = {"name": "disk", "gcePersistentDisk": {"pdName": "d1"}}
    selector = {"kubernetes.io/hostname": "worker-1"}
    first, second = pod("first", nodeSelector=selector), pod("second", nodeSelector=selector)
    for one in (first, second):
        one["spec"]["volumes"] = [disk]
    world.create(first)
    world.run_for(seconds=5)
    world.create(second)
    world.run_for(seconds=2)

    assert "1 node(s) had no available disk" in message(world, "second")


def test_a_node_takes_as_many_volumes_as_its_driver_attaches(world):
    """The CSINode says how many."""
    driver = {"name": "disks", "nodeID": "w1", "allocatable": {"count": 1}}
    csi_node = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSINode",
        "metadata": {"name": "worker-1"},
        "spec": {"drivers": [driver]},
    }
    world.cluster.admin.create(CSI_NODES, "", csi_node)
    world.create(
        storage_class("manual", "Immediate"),
        volume("one", "manual", csi="disks"),
        volume("two", "manual", csi="disks"),
        claim("a", "manual"),
        claim("b", "manual"),
    )
    world.run_for(seconds=5)
    selector = {"kubernetes.io/hostname": "worker-1"}
    world.create(pod("first", "a", nodeSelector=selector))
    world.run_for(seconds=5)
    world.create(pod("second", "b", nodeSelector=selector))
    world.run_for(seconds=2)

    assert world.get("Pod", "first")["spec"]["nodeName"] == "worker-1"
    assert "1 node(s) exceed max volume count" in message(world, "second")
