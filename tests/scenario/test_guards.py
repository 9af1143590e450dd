"""What the page is told of autoscalers, disruption budgets, quotas and CronJobs."""

from __future__ import annotations

import pytest

from tests.factories import make_deployment, make_pod
from webapp.apimachinery.status import TooManyRequests
from webapp.live.projector import Projector
from webapp.trace.facts import EvictionRefused


def budget(name, least, **labels):
    """A budget for the Pods with these labels."""
    spec = {"minAvailable": least, "selector": {"matchLabels": labels}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


def guards(projector):
    """Name → view of all that stand beside workloads."""
    return {view.name: view for view in projector.snapshot().guards}


def test_a_budget_tells_how_many_pods_may_go(world):
    """Three are healthy, two must be: one may go."""
    world.create(make_deployment("web", replicas=3), budget("keep", 2, app="web"))
    world.settle()

    view = guards(Projector(world.cluster))["keep"]

    assert (view.most, view.current, view.desired, view.allowed) == (3, 3, 2, 1)
    assert view.selector == {"app": "web"}


def test_a_refused_eviction_is_a_fact_with_the_budgets_name(world):
    """The moment can be shown where it happened."""
    world.create(make_pod("a", labels={"app": "a"}), budget("keep", 1, app="a"))
    world.settle()
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "a", "namespace": "default"},
    }

    with pytest.raises(TooManyRequests):
        world.cluster.admin.create(world.resource("Pod"), "default", eviction, "eviction", "a")

    [fact] = world.facts(EvictionRefused)
    assert fact.subject.name == "a"
    assert fact.message == "The disruption budget keep needs 1 healthy pods and has 1 currently"


def test_a_quota_tells_what_is_used_of_what(world):
    """One text a resource."""
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "few", "namespace": "default"},
        "spec": {"hard": {"pods": "2"}},
    }
    world.create(quota, make_pod("a"))
    world.settle()

    assert guards(Projector(world.cluster))["few"].measures == ["pods 1 of 2"]


def test_an_autoscaler_tells_its_bounds_and_what_it_measures(world):
    """Before there are metrics it says so."""
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 2,
            "maxReplicas": 5,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {"type": "Utilization", "averageUtilization": 50},
                    },
                }
            ],
        },
    }
    world.create(make_deployment("web", replicas=1), scaler)
    world.run_for(seconds=40)

    view = guards(Projector(world.cluster))["web"]

    assert (view.target_kind, view.target_name, view.least, view.most) == (
        "Deployment",
        "web",
        2,
        5,
    )
    assert view.measures[0].startswith("cpu: ")
    assert view.measures[0].endswith("/50%")


def test_a_cronjob_tells_when_its_next_job_is_due(world):
    """Its next minute; nothing while it is suspended."""
    template = {
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}
    }
    cron_job = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "hello", "namespace": "default"},
        "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}},
    }
    world.create(cron_job)
    projector = Projector(world.cluster)
    [view] = [one for one in projector.snapshot().workloads if one.kind == "CronJob"]

    assert view.schedule == "* * * * *"
    assert view.next_run is not None
    assert 0 < view.next_run - world.cluster.sim.now_ms <= 60_000

    world.patch("CronJob", "hello", {"spec": {"suspend": True}})
    [view] = [one for one in projector.snapshot().workloads if one.kind == "CronJob"]
    assert view.next_run is None
    assert view.paused
