"""Custom resources with a scale: autoscalers and budgets treat them as any other owner of Pods."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_pod
from tests.scenario.apiextensions.test_custom_resources import (
    CRON_TABS,
    create,
    define,
    make_cron_tab,
    make_definition,
)
from tests.scenario.controller.test_autoscaling import conditions, cpu, make_autoscaler
from webapp.api.resources import PODS
from webapp.apimachinery.status import TooManyRequests

TARGET = {"kind": "CronTab", "apiVersion": "stable.example.com/v1", "name": "mine"}


def make_owned_pod(name, owner):
    """A busy Pod that a CronTab controls."""
    resources = {"requests": {"cpu": "200m"}, "limits": {"cpu": "500m"}}
    pod = make_pod(name, labels={"app": "mine"})
    pod["spec"]["containers"] = [
        make_container(
            "busy",
            "busybox:1.37",
            command=["sh", "-c", "while true; do :; done"],
            resources=resources,
        )
    ]
    pod["metadata"]["ownerReferences"] = [
        {**TARGET, "uid": owner["metadata"]["uid"], "controller": True}
    ]
    return pod


def make_budget(**spec):
    return {
        "kind": "PodDisruptionBudget",
        "apiVersion": "policy/v1",
        "metadata": {"name": "mine", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": "mine"}}, **spec},
    }


def prepare(world, *, replicas, pods):
    """A CronTab with Pods and the selector in its status."""
    define(world)
    owner = create(world, make_cron_tab(replicas=replicas))
    for number in range(pods):
        world.create(make_owned_pod(f"mine-{number}", owner))
    status = {"status": {"replicas": pods, "labelSelector": "app=mine"}}
    world.cluster.admin.patch(CRON_TABS, "default", "mine", status, subresource="status")
    world.settle()


def test_an_autoscaler_scales_a_custom_resource(world):
    """Through spec, status and selector of its scale subresource."""
    prepare(world, replicas=1, pods=1)
    world.create(make_autoscaler("mine", target=TARGET, metrics=[cpu()]))
    world.run_for(seconds=120)

    assert conditions(world, "mine")["AbleToScale"]["status"] == "True"
    assert conditions(world, "mine")["ScalingActive"]["reason"] == "ValidMetricFound"
    scaled = world.cluster.admin.get(CRON_TABS, "default", "mine")
    assert scaled["spec"]["replicas"] > 1


def test_a_kind_without_scale_cannot_be_autoscaled(world):
    """FailedGetScale, as for DaemonSets."""
    [version] = make_definition()["spec"]["versions"]
    define(world, versions=[{**version, "subresources": {"status": {}}}])
    create(world, make_cron_tab())
    daemons = {"kind": "DaemonSet", "apiVersion": "apps/v1", "name": "agent"}
    world.create(make_autoscaler("mine", target=TARGET, metrics=[cpu()]))
    world.create(make_autoscaler("daemons", target=daemons, metrics=[cpu()]))
    world.run_for(seconds=20)

    for name in ("mine", "daemons"):
        condition = conditions(world, name)["AbleToScale"]
        assert condition["reason"] == "FailedGetScale"
        assert condition["message"].endswith("the server could not find the requested resource")


def test_a_budget_counts_against_the_scale_of_a_custom_resource(world):
    """Half of four may be missing: of the three Pods there are, one."""
    prepare(world, replicas=4, pods=3)
    world.create(make_budget(maxUnavailable="50%"))
    world.settle()
    status = world.get("PodDisruptionBudget", "mine")["status"]
    assert (status["expectedPods"], status["desiredHealthy"]) == (4, 2)
    assert status["disruptionsAllowed"] == 1

    eviction = {"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "mine-0"}}
    world.cluster.admin.create(PODS, "default", eviction, "eviction", "mine-0")
    eviction = {**eviction, "metadata": {"name": "mine-1"}}
    with pytest.raises(TooManyRequests):
        world.cluster.admin.create(PODS, "default", eviction, "eviction", "mine-1")
