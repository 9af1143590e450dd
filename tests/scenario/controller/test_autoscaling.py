"""HorizontalPodAutoscalers on a whole cluster: bounds, conditions, and what goes wrong."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_deployment


def make_autoscaler(name="php-apache", *, least=1, most=10, target=None, **spec):
    return {
        "kind": "HorizontalPodAutoscaler",
        "apiVersion": "autoscaling/v2",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "minReplicas": least,
            "maxReplicas": most,
            "scaleTargetRef": target
            or {"kind": "Deployment", "apiVersion": "apps/v1", "name": name},
            **spec,
        },
    }


def cpu(percent=50):
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def make_php_apache(**fields):
    resources = {"limits": {"cpu": "500m"}, "requests": {"cpu": "200m"}}
    container = make_container(
        "php-apache",
        "registry.k8s.io/hpa-example",
        resources=resources,
        ports=[{"containerPort": 80}],
    )
    deployment = make_deployment("php-apache", replicas=1, **fields)
    deployment["spec"]["template"]["spec"]["containers"] = [container]
    return deployment


def conditions(world, name="php-apache"):
    status = world.get("HorizontalPodAutoscaler", name).get("status") or {}
    return {item["type"]: item for item in status.get("conditions") or ()}


def replicas(world, name="php-apache"):
    return world.get("Deployment", name)["spec"]["replicas"]


def test_the_first_look_comes_after_fifteen_seconds(world):
    """Nothing is said about an autoscaler before."""
    world.create(make_deployment("web"), make_autoscaler("web", metrics=[cpu()]))

    world.run_for(seconds=14)
    assert conditions(world, "web") == {}

    world.run_for(seconds=2)
    assert conditions(world, "web")["AbleToScale"]["reason"] == "SucceededGetScale"


def test_a_target_without_requests_is_told_in_conditions_and_events(world):
    """Utilization is a share of the request, so there has to be one."""
    world.create(make_deployment("web", replicas=1), make_autoscaler("web", metrics=[cpu()]))
    world.run_for(seconds=90)

    [pod] = world.list("Pod")
    problem = (
        "failed to get cpu utilization: missing request for cpu in container app of Pod "
        + pod["metadata"]["name"]
    )
    condition = conditions(world, "web")["ScalingActive"]
    assert (condition["status"], condition["reason"]) == ("False", "FailedGetResourceMetric")
    assert condition["message"] == f"the HPA was unable to compute the replica count: {problem}"
    events = world.events("web")
    assert f"FailedGetResourceMetric: {problem}" in events
    assert (
        "FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: "
        f"failed to get cpu resource metric value: {problem}"
    ) in events


def test_metrics_that_are_not_there_yet_are_told(world):
    """Pods that have not started have no metrics; that heals by itself."""
    deployment = make_php_apache()
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    container["image"] = "doesnotexist:1"
    world.create(deployment, make_autoscaler(metrics=[cpu()]))
    world.run_for(seconds=20)
    condition = conditions(world)["ScalingActive"]
    assert condition["reason"] == "FailedGetResourceMetric"
    assert condition["message"].endswith(
        "failed to get cpu utilization: unable to get metrics for resource cpu: no metrics "
        "returned from resource metrics API"
    )

    template = {"spec": {"containers": [{**container, "image": "registry.k8s.io/hpa-example"}]}}
    world.patch("Deployment", "php-apache", {"spec": {"template": template}})
    world.run_for(seconds=90)
    assert conditions(world)["ScalingActive"]["reason"] == "ValidMetricFound"


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        pytest.param(
            {"kind": "Deployment", "apiVersion": "apps/v1", "name": "gone"},
            'deployments.apps "gone" not found',
            id="no such object",
        ),
        pytest.param(
            {"kind": "Rocket", "apiVersion": "example.com/v1", "name": "gone"},
            'no matches for kind "Rocket" in group "example.com"',
            id="no such kind",
        ),
    ],
)
def test_a_target_that_cannot_be_scaled_is_told(world, target, problem):
    """FailedGetScale in condition and Event."""
    world.create(make_autoscaler("web", target=target, metrics=[cpu()]))
    world.run_for(seconds=20)

    condition = conditions(world, "web")["AbleToScale"]
    assert (condition["status"], condition["reason"]) == ("False", "FailedGetScale")
    assert condition["message"].endswith(f"unable to get the target's current scale: {problem}")
    assert f"FailedGetScale: {problem}" in world.events("web")


def test_replicas_are_brought_between_the_bounds_without_metrics(world):
    """Too few and too many are corrected at the first look."""
    world.create(
        make_deployment("few", replicas=1), make_autoscaler("few", least=3, metrics=[cpu()])
    )
    world.create(
        make_deployment("many", replicas=6), make_autoscaler("many", most=4, metrics=[cpu()])
    )
    world.run_for(seconds=20)

    assert (replicas(world, "few"), replicas(world, "many")) == (3, 4)
    assert (
        "SuccessfulRescale: New size: 3; reason: Current number of replicas below Spec.MinReplicas"
    ) in world.events("few")
    assert (
        "SuccessfulRescale: New size: 4; reason: Current number of replicas above Spec.MaxReplicas"
    ) in world.events("many")


def test_zero_replicas_switch_autoscaling_off(world):
    """Whoever scales to zero wants peace."""
    world.create(make_deployment("web", replicas=0), make_autoscaler("web", metrics=[cpu()]))
    world.run_for(seconds=40)

    assert replicas(world, "web") == 0
    assert conditions(world, "web")["ScalingActive"]["reason"] == "ScalingDisabled"


def test_two_autoscalers_of_the_same_pods_stand_still(world):
    """Neither acts while both claim the Pods."""
    target = {"kind": "Deployment", "apiVersion": "apps/v1", "name": "php-apache"}
    world.create(
        make_php_apache(),
        make_autoscaler("one", target=target, metrics=[cpu()]),
        make_autoscaler("two", target=target, metrics=[cpu()]),
    )
    world.run_for(seconds=60)

    condition = conditions(world, "two")["ScalingActive"]
    assert condition["reason"] == "AmbiguousSelector"
    assert condition["message"] == (
        "pods by selector app=php-apache are controlled by multiple HPAs: [default/one default/two]"
    )


def test_metrics_of_unknown_kinds_are_refused_by_the_missing_adapter(world):
    """Only resource metrics have an API in this cluster."""
    metric = {
        "type": "Pods",
        "pods": {
            "metric": {"name": "requests-per-second"},
            "target": {"type": "AverageValue", "averageValue": "1k"},
        },
    }
    world.create(make_php_apache(), make_autoscaler(metrics=[metric]))
    world.run_for(seconds=20)

    assert conditions(world)["ScalingActive"]["reason"] == "FailedGetPodsMetric"
