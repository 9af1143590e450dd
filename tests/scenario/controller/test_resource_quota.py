"""ResourceQuotas and LimitRanges on a whole cluster: use kept true, and what is refused."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_deployment, make_pod, make_service
from webapp.apimachinery.status import Forbidden


def make_quota(name="quota", **spec):
    return {
        "kind": "ResourceQuota",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


def make_limit_range(**limits):
    return {
        "kind": "LimitRange",
        "apiVersion": "v1",
        "metadata": {"name": "limits", "namespace": "default"},
        "spec": {"limits": [limits]},
    }


def make_claim(storage, **spec):
    return {
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "metadata": {"name": "data", "namespace": "default"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": storage}},
            **spec,
        },
    }


def used(world, name="quota"):
    return world.get("ResourceQuota", name)["status"]["used"]


def sized(cpu):
    """A container that states CPU, as request and limit."""
    return make_container(resources={"requests": {"cpu": cpu}, "limits": {"cpu": cpu}})


def test_use_follows_what_comes_and_goes(world):
    """What was there before the quota counts as well; what is deleted is given back."""
    world.create(make_pod("before", cpu="250m"))
    world.settle()
    hard = {"count/deployments.apps": "5", "pods": "10", "requests.cpu": "2", "services": "3"}
    world.create(make_quota(hard=hard))
    world.settle()
    assert world.get("ResourceQuota", "quota")["status"]["hard"] == hard
    assert used(world) == {
        "count/deployments.apps": "0",
        "pods": "1",
        "requests.cpu": "250m",
        "services": "1",
    }

    world.create(make_pod("after", cpu="1"), make_service("web"))
    world.settle()
    assert used(world)["requests.cpu"] == "1250m"
    assert used(world)["services"] == "2"

    world.delete("Pod", "before")
    world.settle()
    assert used(world)["requests.cpu"] == "1"
    assert used(world)["pods"] == "1"


def test_a_deployment_beyond_its_quota_tells_why_it_stays_small(world):
    """FailedCreate Events and the ReplicaFailure condition carry the API server's words."""
    world.create(make_quota(hard={"pods": "2"}))
    world.settle()
    world.create(make_deployment("web", replicas=4))
    world.run_for(seconds=30)

    assert len(world.list("Pod")) == 2
    [replica_set] = world.list("ReplicaSet")
    failures = [
        text
        for text in world.events(replica_set["metadata"]["name"])
        if text.startswith("FailedCreate")
    ]
    assert (
        "is forbidden: exceeded quota: quota, requested: pods=1, used: pods=2, limited: pods=2"
        in (failures[0])
    )
    conditions = {c["type"]: c for c in world.get("Deployment", "web")["status"]["conditions"]}
    assert conditions["ReplicaFailure"]["status"] == "True"
    assert used(world) == {"pods": "2"}


def test_a_larger_quota_lets_a_deployment_grow(world):
    """The controller goes on trying, ever more slowly."""
    world.create(make_quota(hard={"pods": "1"}))
    world.settle()
    world.create(make_deployment("web", replicas=3))
    world.run_for(seconds=5)

    world.patch("ResourceQuota", "quota", {"spec": {"hard": {"pods": "3"}}})
    world.run_for(seconds=60)

    assert len(world.list("Pod")) == 3
    assert used(world) == {"pods": "3"}


def test_a_quota_is_never_exceeded_while_many_come_and_go(world):
    """Deletions give back only what has gone: looked at all the time, there are never too many."""
    world.create(make_quota(hard={"pods": "6"}))
    world.settle()
    world.create(make_deployment("web", replicas=5), make_deployment("api", replicas=5))
    for step in range(120):
        world.run_for(seconds=0.25)
        pods = world.list("Pod")
        assert len(pods) <= 6
        if step % 10 == 5:
            world.delete("Pod", pods[step % len(pods)]["metadata"]["name"])

    world.run_for(seconds=60)
    assert used(world) == {"pods": str(len(world.list("Pod")))}


def test_ended_pods_count_as_objects_only(world):
    """``pods`` is about what runs; ``count/pods`` about what is stored."""
    world.create(make_quota(hard={"count/pods": "5", "pods": "5"}))
    world.settle()
    done = make_container(image="busybox", command=["true"])
    world.create(make_pod("done", containers=[done], restartPolicy="Never"))
    world.run_for(seconds=30)

    assert world.get("Pod", "done")["status"]["phase"] == "Succeeded"
    assert used(world) == {"count/pods": "1", "pods": "0"}


def test_priority_classes_have_quotas_of_their_own(world):
    """A scopeSelector counts the Pods of some classes only."""
    requirement = {
        "scopeName": "PriorityClass",
        "operator": "In",
        "values": ["system-cluster-critical"],
    }
    selector = {"matchExpressions": [requirement]}
    world.create(make_quota(hard={"pods": "1"}, scopeSelector=selector))
    world.settle()

    world.create(make_pod("plain"), make_pod("vip", priorityClassName="system-cluster-critical"))
    world.settle()

    assert used(world) == {"pods": "1"}
    with pytest.raises(Forbidden, match="exceeded quota: quota"):
        world.create(make_pod("vip-2", priorityClassName="system-cluster-critical"))


def test_storage_is_counted_by_class(world):
    """Claims count for what they ask for, in all and of their class."""
    by_class = "fast.storageclass.storage.k8s.io/requests.storage"
    world.create(make_quota(hard={"requests.storage": "10Gi", by_class: "5Gi"}))
    world.settle()

    world.create(make_claim("3Gi", storageClassName="fast"))
    world.settle()

    assert used(world) == {"requests.storage": "3Gi", by_class: "3Gi"}
    claim = make_claim("4Gi", storageClassName="fast")
    claim["metadata"]["name"] = "more"
    with pytest.raises(Forbidden) as refusal:
        world.create(claim)
    assert refusal.value.message.endswith(
        f"exceeded quota: quota, requested: {by_class}=4Gi, used: {by_class}=3Gi, "
        f"limited: {by_class}=5Gi"
    )


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        pytest.param(
            {"type": "Pod", "max": {"cpu": "1"}},
            "maximum cpu usage per Pod is 1, but limit is 1200m",
            id="containers together are too large",
        ),
        pytest.param(
            {"type": "Pod", "min": {"cpu": "2"}},
            "minimum cpu usage per Pod is 2, but request is 1200m",
            id="containers together are too small",
        ),
        pytest.param(
            {"type": "Pod", "max": {"memory": "1Gi"}},
            "maximum memory usage per Pod is 1Gi.  No limit is specified",
            id="nobody states a limit",
        ),
    ],
)
def test_a_limit_range_bounds_whole_pods(world, limits, problem):
    """The sum over the containers is what counts."""
    world.create(make_limit_range(**limits))
    containers = [sized("500m"), {**sized("700m"), "name": "other"}]

    with pytest.raises(Forbidden) as refusal:
        world.create(make_pod("web", containers=containers))

    assert refusal.value.message == f'pods "web" is forbidden: {problem}'


@pytest.mark.parametrize(
    ("storage", "problem"),
    [
        pytest.param(
            "500Mi",
            "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi",
            id="too small",
        ),
        pytest.param(
            "3Gi",
            "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi",
            id="too large",
        ),
    ],
)
def test_a_limit_range_bounds_claims(world, storage, problem):
    """Storage asked for must lie between the bounds."""
    bounds = {"min": {"storage": "1Gi"}, "max": {"storage": "2Gi"}}
    world.create(make_limit_range(type="PersistentVolumeClaim", **bounds))

    with pytest.raises(Forbidden) as refusal:
        world.create(make_claim(storage))

    assert refusal.value.message == f'persistentvolumeclaims "data" is forbidden: {problem}'
