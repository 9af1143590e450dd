"""Admission on the machine."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.api.core.pods import pod_requests
from webapp.kubelet.lifecycle import NodeUse, admit_pod

NODE = {
    "metadata": {"name": "n1", "labels": {"disk": "ssd", "size": "7"}},
    "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "2"}},
}


def judge(used: NodeUse | None = None, requests: Any = None, **spec: Any) -> Any:
    container = {"name": "c", "image": "nginx", "resources": {"requests": requests or {}}}
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [container], **spec}}
    return admit_pod(pod, pod_requests(pod), NODE, used or NodeUse())


def test_a_pod_that_fits_is_welcome() -> None:
    """Room for everything: no rejection."""
    assert judge(requests={"cpu": "4", "memory": "8Gi"}) is None


def test_too_little_cpu_is_out_of_cpu() -> None:
    """The message carries millicores asked, used and there."""
    rejection = judge(NodeUse(1, 3000, 0), {"cpu": "2"})

    assert rejection.reason == "OutOfcpu"
    assert rejection.message == (
        "Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000"
    )


def test_too_little_memory_is_out_of_memory() -> None:
    """Memory is counted in bytes."""
    assert judge(NodeUse(1, 0, 8 << 30), {"memory": "1"}).reason == "OutOfmemory"


def test_too_many_pods_is_out_of_pods() -> None:
    """Even a Pod without requests takes one place."""
    assert judge(NodeUse(2, 0, 0)).reason == "OutOfpods"


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ({"key": "disk", "operator": "In", "values": ["ssd"]}, True),
        ({"key": "disk", "operator": "NotIn", "values": ["ssd"]}, False),
        ({"key": "gpu", "operator": "Exists"}, False),
        ({"key": "gpu", "operator": "DoesNotExist"}, True),
        ({"key": "size", "operator": "Gt", "values": ["6"]}, True),
        ({"key": "size", "operator": "Lt", "values": ["6"]}, False),
    ],
)
def test_required_node_affinity_is_checked_again(expression: Any, *, matches: bool) -> None:
    """Labels may have changed since the scheduler looked."""
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}

    rejection = judge(affinity=affinity)

    assert (rejection is None) is matches


def test_a_wrong_node_selector_is_a_node_affinity_rejection() -> None:
    """The reason is NodeAffinity for selectors too."""
    assert judge(nodeSelector={"disk": "hdd"}).reason == "NodeAffinity"
