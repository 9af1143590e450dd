"""The documentation's walk-through of autoscaling, from idle to load and back."""

from __future__ import annotations

from tests.factories import make_container, make_pod, make_service
from tests.scenario.controller.test_autoscaling import (
    conditions,
    cpu,
    make_autoscaler,
    make_php_apache,
    replicas,
)

LOAD = "while sleep 0.01; do wget -q -O- http://php-apache; done"


def percent(world, name="php-apache"):
    status = world.get("HorizontalPodAutoscaler", name)["status"]
    [metric] = status["currentMetrics"]
    return metric["resource"]["current"]["averageUtilization"]


def test_the_php_apache_walk_through(world):
    """Load raises the replicas within minutes; without it they fall five minutes later."""
    world.create(make_php_apache(), make_service("php-apache"), make_autoscaler(metrics=[cpu()]))
    world.run_for(seconds=90)
    assert replicas(world) == 1
    assert percent(world) < 10
    assert conditions(world)["ScalingActive"]["message"] == (
        "the HPA was able to successfully calculate a replica count from cpu resource utilization "
        "(percentage of request)"
    )

    shell = make_container("load", "busybox:1.28", command=["/bin/sh", "-c", LOAD])
    world.create(make_pod("load-generator", containers=[shell], restartPolicy="Never"))
    world.run_for(seconds=240)
    grown = replicas(world)
    assert 4 <= grown <= 10
    assert len([p for p in world.list("Pod") if "php-apache" in p["metadata"]["name"]]) == grown
    [first, *_] = [text for text in world.events("php-apache") if text.startswith("Successful")]
    assert first.endswith("reason: cpu resource utilization (percentage of request) above target")
    assert 25 <= percent(world) <= 75

    world.delete("Pod", "load-generator")
    world.run_for(seconds=270)
    assert replicas(world) > 1
    assert conditions(world)["AbleToScale"]["reason"] == "ScaleDownStabilized"

    world.run_for(seconds=180)
    assert replicas(world) == 1
    assert any(
        text.endswith("New size: 1; reason: All metrics below target")
        for text in world.events("php-apache")
    )
