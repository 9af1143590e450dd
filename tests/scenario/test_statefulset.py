"""StatefulSets on a whole cluster: order, names, claims, updates from the top."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_service
from webapp.api.core.pods import is_pod_ready


def make_stateful_set(name="web", *, replicas=3, image="nginx:1.27", **spec):
    """A StatefulSet of one container."""
    labels = {"app": name}
    return {
        "kind": "StatefulSet",
        "apiVersion": "apps/v1",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "serviceName": name,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [make_container(image=image)]},
            },
            **spec,
        },
    }


def claim_template(**spec):
    return {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            **spec,
        },
    }


def pods(world):
    """Name → Pod, those that are ending included."""
    return {pod["metadata"]["name"]: pod for pod in world.list("Pod")}


def images(world):
    return {name: pod["spec"]["containers"][0]["image"] for name, pod in pods(world).items()}


def set_image(world, image):
    template = make_stateful_set(image=image)["spec"]["template"]
    world.patch("StatefulSet", "web", {"spec": {"template": template}})


def test_pods_come_one_after_the_other_each_ready_first(world):
    """At no moment is there a Pod whose predecessors are not all Ready."""
    world.create(make_stateful_set())
    for _ in range(1200):
        world.run_for(seconds=0.05)
        found = pods(world)
        for name in found:
            ordinal = int(name.rsplit("-", 1)[1])
            assert all(is_pod_ready(found[f"web-{before}"]) for before in range(ordinal))
        if len(found) == 3 and is_pod_ready(found["web-2"]):
            break

    world.settle()
    status = world.get("StatefulSet", "web")["status"]
    revision = status["updateRevision"]
    assert status == {
        "observedGeneration": 1,
        "replicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "currentReplicas": 3,
        "updatedReplicas": 3,
        "collisionCount": 0,
        "currentRevision": revision,
        "updateRevision": revision,
    }
    assert world.events("web")[0] == (
        "SuccessfulCreate: create Pod web-0 in StatefulSet web successful"
    )


def test_pods_know_who_they_are(world):
    """Name, host name, subdomain and labels follow from the ordinal."""
    world.create(make_service("web", clusterIP="None"), make_stateful_set(ordinals={"start": 5}))
    world.run_for(seconds=60)

    assert sorted(pods(world)) == ["web-5", "web-6", "web-7"]
    pod = pods(world)["web-6"]
    assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == ("web-6", "web")
    labels = pod["metadata"]["labels"]
    assert labels["statefulset.kubernetes.io/pod-name"] == "web-6"
    assert labels["apps.kubernetes.io/pod-index"] == "6"
    status = world.get("StatefulSet", "web")["status"]
    assert labels["controller-revision-hash"] == status["updateRevision"]


def test_parallel_pods_come_all_at_once(world):
    """Nobody waits for anybody."""
    world.create(make_stateful_set(podManagementPolicy="Parallel"))
    world.run_for(seconds=0.5)

    assert sorted(pods(world)) == ["web-0", "web-1", "web-2"]


def test_scaling_down_takes_the_highest_first_one_at_a_time(world):
    """web-1 goes only when web-2 is gone."""
    world.create(make_stateful_set())
    world.settle()

    world.patch("StatefulSet", "web", {"spec": {"replicas": 1}})
    for _ in range(2400):
        world.run_for(seconds=0.05)
        found = pods(world)
        ending = [name for name, pod in found.items() if "deletionTimestamp" in pod["metadata"]]
        assert len(ending) <= 1
        assert ending != ["web-1"] or "web-2" not in found
        if sorted(found) == ["web-0"]:
            break

    assert sorted(pods(world)) == ["web-0"]


def test_a_deleted_pod_comes_back_under_its_name(world):
    """The same name and claims, another UID."""
    world.create(make_stateful_set(replicas=2))
    world.settle()
    before = pods(world)["web-0"]["metadata"]["uid"]

    world.delete("Pod", "web-0")
    world.run_for(seconds=60)

    assert pods(world)["web-0"]["metadata"]["uid"] != before
    assert is_pod_ready(pods(world)["web-0"])


def test_a_rolling_update_goes_from_the_top_and_waits_for_each(world):
    """Never is more than one Pod not Ready, and lower ordinals are never ahead."""
    world.create(make_stateful_set())
    world.settle()

    set_image(world, "nginx:1.28")
    for _ in range(4800):
        world.run_for(seconds=0.05)
        found = pods(world)
        ready = [name for name, pod in found.items() if is_pod_ready(pod)]
        assert len(ready) >= 2
        new = [name for name, image in images(world).items() if image == "nginx:1.28"]
        assert sorted(new) in ([], ["web-2"], ["web-1", "web-2"], ["web-0", "web-1", "web-2"])
        if len(new) == len(ready) == 3:
            break

    world.settle()
    status = world.get("StatefulSet", "web")["status"]
    assert status["currentRevision"] == status["updateRevision"]
    assert len(world.list("ControllerRevision")) == 2


def test_a_partition_keeps_lower_ordinals_as_they_are(world):
    """Even a Pod that is deleted comes back in the old version."""
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    world.create(make_stateful_set(updateStrategy=strategy))
    world.settle()

    set_image(world, "nginx:1.28")
    world.run_for(seconds=120)
    world.delete("Pod", "web-0")
    world.run_for(seconds=120)

    assert images(world) == {"web-0": "nginx:1.27", "web-1": "nginx:1.27", "web-2": "nginx:1.28"}


def test_on_delete_waits_for_people(world):
    """Only a Pod that somebody deletes comes back in the new version."""
    world.create(make_stateful_set(replicas=2, updateStrategy={"type": "OnDelete"}))
    world.settle()

    set_image(world, "nginx:1.28")
    world.run_for(seconds=60)
    world.delete("Pod", "web-1")
    world.run_for(seconds=60)

    assert images(world) == {"web-0": "nginx:1.27", "web-1": "nginx:1.28"}


def test_min_ready_seconds_slows_the_row_down(world):
    """The next Pod waits until the one before it has been Ready for so long."""
    world.create(make_stateful_set(replicas=2, minReadySeconds=20))
    world.run_for(seconds=15)
    assert sorted(pods(world)) == ["web-0"]

    world.run_for(seconds=60)
    assert world.get("StatefulSet", "web")["status"]["availableReplicas"] == 2


def test_containers_mount_what_the_claim_templates_add(world):
    """The volume of a claim template needs no entry in the template's own volumes."""
    stateful_set = make_stateful_set(replicas=1, volumeClaimTemplates=[claim_template()])
    stateful_set["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = [
        {"name": "data", "mountPath": "/data"}
    ]
    world.create(stateful_set)
    world.run_for(seconds=60)

    (volume,) = [
        volume for volume in pods(world)["web-0"]["spec"]["volumes"] if volume["name"] == "data"
    ]
    assert volume["persistentVolumeClaim"]["claimName"] == "data-web-0"
    assert is_pod_ready(pods(world)["web-0"])


def test_each_pod_has_its_own_claim_that_outlives_it(world):
    """Claims are bound to provisioned volumes and stay when the set is scaled down."""
    world.create(make_stateful_set(replicas=2, volumeClaimTemplates=[claim_template()]))
    world.run_for(seconds=60)

    claims = {claim["metadata"]["name"]: claim for claim in world.list("PersistentVolumeClaim")}
    assert sorted(claims) == ["data-web-0", "data-web-1"]
    assert {claim["status"]["phase"] for claim in claims.values()} == {"Bound"}
    assert {claim["spec"]["storageClassName"] for claim in claims.values()} == {"standard"}
    volumes = {item["metadata"]["name"]: item for item in world.list("PersistentVolume")}
    assert {claim["spec"]["volumeName"] for claim in claims.values()} == set(volumes)
    assert all(is_pod_ready(pod) for pod in pods(world).values())

    world.patch("StatefulSet", "web", {"spec": {"replicas": 1}})
    world.run_for(seconds=60)
    assert len(world.list("PersistentVolumeClaim")) == 2

    world.delete("PersistentVolumeClaim", "data-web-1")
    world.run_for(seconds=60)
    assert len(world.list("PersistentVolume")) == 1


@pytest.mark.parametrize(
    ("policy", "after_scaling", "after_deletion"),
    [
        pytest.param({}, 2, 2, id="retain"),
        pytest.param({"whenScaled": "Delete"}, 1, 1, id="scaled"),
        pytest.param({"whenDeleted": "Delete"}, 2, 0, id="deleted"),
        pytest.param({"whenScaled": "Delete", "whenDeleted": "Delete"}, 1, 0, id="both"),
    ],
)
def test_the_retention_policy_decides_what_goes_with_the_pods(
    world, policy, after_scaling, after_deletion
):
    """Through owner references on the claims."""
    world.create(
        make_stateful_set(
            replicas=2,
            volumeClaimTemplates=[claim_template()],
            persistentVolumeClaimRetentionPolicy=policy,
        )
    )
    world.run_for(seconds=60)

    world.patch("StatefulSet", "web", {"spec": {"replicas": 1}})
    world.run_for(seconds=60)
    assert len(world.list("PersistentVolumeClaim")) == after_scaling

    world.delete("StatefulSet", "web", propagation_policy="Background")
    world.run_for(seconds=60)
    assert len(world.list("PersistentVolumeClaim")) == after_deletion
    assert world.list("Pod") == []


def test_a_claim_of_an_unknown_class_says_why_its_pod_waits(world):
    """Pending with Events on the claim and on the Pod, not a silent hang."""
    template = claim_template(storageClassName="fast")
    world.create(make_stateful_set(replicas=1, volumeClaimTemplates=[template]))
    world.run_for(seconds=60)

    assert world.events("data-web-0") == [
        'ProvisioningFailed: storageclass.storage.k8s.io "fast" not found'
    ]
    assert pods(world)["web-0"]["status"]["phase"] == "Pending"
    assert any(
        'non-bound phase ("Pending")' in text or "unbound immediate" in text
        for text in world.events("web-0")
    )

    world.create(
        {
            "kind": "StorageClass",
            "apiVersion": "storage.k8s.io/v1",
            "metadata": {"name": "fast"},
            "provisioner": "example.com/fast",
            "volumeBindingMode": "WaitForFirstConsumer",
        }
    )
    world.run_for(seconds=200)
    assert is_pod_ready(pods(world)["web-0"])


def test_a_claim_takes_the_smallest_volume_that_suits(world):
    """Volumes made by people are matched by class, size and access."""
    for name, size in (("big", "10Gi"), ("fitting", "2Gi"), ("small", "500Mi")):
        world.create(
            {
                "kind": "PersistentVolume",
                "apiVersion": "v1",
                "metadata": {"name": name},
                "spec": {
                    "capacity": {"storage": size},
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": "manual",
                    "persistentVolumeReclaimPolicy": "Retain",
                    "hostPath": {"path": "/mnt"},
                },
            }
        )
    template = claim_template(storageClassName="manual")
    world.create(make_stateful_set(replicas=1, volumeClaimTemplates=[template]))
    world.run_for(seconds=30)

    phases = {
        item["metadata"]["name"]: item["status"]["phase"] for item in world.list("PersistentVolume")
    }
    assert phases == {"big": "Available", "fitting": "Bound", "small": "Available"}

    world.delete("StatefulSet", "web", propagation_policy="Background")
    world.delete("PersistentVolumeClaim", "data-web-0")
    world.run_for(seconds=60)
    assert world.get("PersistentVolume", "fitting")["status"]["phase"] == "Released"
