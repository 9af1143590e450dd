"""Objects that two resources share."""

from __future__ import annotations

from typing import Any

from webapp.api.conversion import from_storage, to_storage
from webapp.apimachinery.scheme import ResourceInfo, Scheme


def info_of(group: str, version: str, kind: str) -> ResourceInfo:
    """A built-in kind."""
    info = Scheme().by_kind(group, version, kind)
    assert info is not None
    return info


def test_event_is_the_same_in_both_groups():
    """events.k8s.io calls some fields otherwise, and nothing is lost on the way."""
    info = info_of("events.k8s.io", "v1", "Event")
    core = {
        "apiVersion": "v1",
        "count": 2,
        "involvedObject": {"kind": "Pod"},
        "kind": "Event",
        "message": "Started",
        "metadata": {"name": "e"},
        "reportingComponent": "kubelet",
    }

    served = from_storage(info, core)

    assert served["apiVersion"] == "events.k8s.io/v1"
    assert (served["note"], served["deprecatedCount"]) == ("Started", 2)
    assert served["regarding"] == {"kind": "Pod"}
    assert to_storage(info, served) == core


def test_old_autoscaler_keeps_what_it_cannot_say():
    """Version 1 has one number; other metrics and the behavior travel in annotations."""
    info = info_of("autoscaling", "v1", "HorizontalPodAutoscaler")
    target = {"averageUtilization": 80, "type": "Utilization"}
    memory = {"type": "Resource", "resource": {"name": "memory", "target": target}}
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    stored: dict[str, Any] = {
        "apiVersion": "autoscaling/v2",
        "metadata": {"name": "web"},
        "spec": {"behavior": {"scaleUp": {}}, "maxReplicas": 3, "metrics": [memory, cpu]},
    }

    served = from_storage(info, stored)

    assert served["spec"] == {"maxReplicas": 3, "targetCPUUtilizationPercentage": 80}
    assert to_storage(info, served) == stored


def test_other_kinds_are_served_as_stored():
    """Nearly all objects have one form."""
    pod = {"metadata": {"name": "p"}}
    info = info_of("", "v1", "Pod")

    assert to_storage(info, pod) is pod
    assert from_storage(info, pod) is pod
