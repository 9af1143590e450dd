"""Reading Pods and Nodes."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.api.core.nodes import allocatable, internal_ip, kubectl_node_status, node_roles
from webapp.api.core.pods import (
    display,
    kubectl_status,
    pod_requests,
    qos_class,
    ready_column,
    restart_count,
)


def resources(**amounts: str) -> dict[str, Any]:
    """Requests of these amounts."""
    return {"resources": {"requests": amounts}}


def make_pod(
    status: dict[str, Any] | None = None, *, init: tuple[dict[str, Any], ...] = (), **metadata: Any
) -> dict[str, Any]:
    """A Pod with one container named c."""
    spec: dict[str, Any] = {"containers": [{"name": "c"}]}
    if init:
        spec["initContainers"] = list(init)
    return {"metadata": {"name": "p", **metadata}, "spec": spec, "status": status or {}}


def running(*, ready: bool = True, restarts: int = 0) -> dict[str, Any]:
    """The status of container c while it runs."""
    state = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    return {"name": "c", "ready": ready, "restartCount": restarts, "state": state}


def waiting(name: str, reason: str) -> dict[str, Any]:
    """The status of a container that waits."""
    return {"name": name, "restartCount": 0, "state": {"waiting": {"reason": reason}}}


def terminated(name: str, code: int, reason: str = "") -> dict[str, Any]:
    """The status of a container that ended."""
    state = {"terminated": {"exitCode": code, "reason": reason}}
    return {"name": name, "restartCount": 0, "state": state}


@pytest.mark.parametrize(
    ("pod", "word"),
    [
        pytest.param(make_pod({"phase": "Pending"}), "Pending", id="waits for a Node"),
        pytest.param(
            make_pod(
                {
                    "phase": "Pending",
                    "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}],
                }
            ),
            "SchedulingGated",
            id="gated",
        ),
        pytest.param(
            make_pod(
                {
                    "phase": "Pending",
                    "containerStatuses": [waiting("c", "ContainerCreating")],
                }
            ),
            "ContainerCreating",
            id="is being made",
        ),
        pytest.param(
            make_pod(
                {
                    "phase": "Pending",
                    "initContainerStatuses": [
                        terminated("a", 0, "Completed"),
                        waiting("b", "PodInitializing"),
                    ],
                    "containerStatuses": [waiting("c", "PodInitializing")],
                },
                init=({"name": "a"}, {"name": "b"}),
            ),
            "Init:1/2",
            id="second init container",
        ),
        pytest.param(
            make_pod(
                {
                    "phase": "Pending",
                    "initContainerStatuses": [terminated("a", 0, "Completed")],
                    "containerStatuses": [waiting("c", "PodInitializing")],
                },
                init=({"name": "a"},),
            ),
            "PodInitializing",
            id="init containers done",
        ),
        pytest.param(
            make_pod(
                {"phase": "Pending", "initContainerStatuses": [waiting("a", "CrashLoopBackOff")]},
                init=({"name": "a"},),
            ),
            "Init:CrashLoopBackOff",
            id="init container crashes",
        ),
        pytest.param(
            make_pod(
                {"phase": "Pending", "initContainerStatuses": [terminated("a", 1, "Error")]},
                init=({"name": "a"},),
            ),
            "Init:Error",
            id="init container failed",
        ),
        pytest.param(
            make_pod({"phase": "Running", "containerStatuses": [waiting("c", "CrashLoopBackOff")]}),
            "CrashLoopBackOff",
            id="crashes",
        ),
        pytest.param(
            make_pod({"phase": "Failed", "containerStatuses": [terminated("c", 137)]}),
            "ExitCode:137",
            id="ended without reason",
        ),
        pytest.param(
            make_pod(
                {"phase": "Succeeded", "containerStatuses": [terminated("c", 0, "Completed")]}
            ),
            "Completed",
            id="done",
        ),
        pytest.param(
            make_pod({"phase": "Running"}, deletionTimestamp="2026-01-01T00:00:00Z"),
            "Terminating",
            id="is being deleted",
        ),
        pytest.param(
            make_pod(
                {"phase": "Running", "reason": "NodeLost"},
                deletionTimestamp="2026-01-01T00:00:00Z",
            ),
            "Unknown",
            id="deleted on a lost Node",
        ),
        pytest.param(make_pod({"phase": "Failed", "reason": "Evicted"}), "Evicted", id="evicted"),
    ],
)
def test_status_column_is_one_word(pod, word):
    """The STATUS column says the most telling thing about a Pod."""
    assert kubectl_status(pod) == word


def test_sidecars_count_as_containers():
    """A started sidecar is part of READY, and its restarts count."""
    pod = make_pod(
        {
            "phase": "Running",
            "initContainerStatuses": [
                {"name": "s", "started": True, "ready": True, "restartCount": 2, "state": {}}
            ],
            "containerStatuses": [running(restarts=1)],
        },
        init=({"name": "s", "restartPolicy": "Always"},),
    )

    assert ready_column(pod) == "2/2"
    assert restart_count(pod) == 3
    assert kubectl_status(pod) == "Running"


def test_restarts_remember_the_last_end():
    """The time of the last end before a restart is shown beside the count."""
    ended = {"terminated": {"finishedAt": "2026-01-01T00:00:00Z"}}
    pod = make_pod({"containerStatuses": [{**running(restarts=1), "lastState": ended}]})

    assert display(pod).last_restart == "2026-01-01T00:00:00Z"


def test_requests_are_the_largest_need_at_any_time():
    """Init containers run one by one beside the sidecars started before; overhead comes on top."""
    spec = {
        "containers": [resources(cpu="200m", memory="100Mi"), resources(cpu="100m")],
        "initContainers": [
            resources(cpu="1"),
            {**resources(cpu="300m"), "restartPolicy": "Always"},
            resources(cpu="500m", memory="1Gi"),
        ],
        "overhead": {"cpu": "10m"},
    }

    requests = pod_requests({"metadata": {}, "spec": spec})

    assert requests.cpu_millis == 1000 + 10
    assert requests.memory_bytes == 1024**3
    assert requests.ephemeral_bytes == 0


def test_pod_level_requests_take_the_place_of_the_sum():
    """What a Pod asks for as a whole counts instead of its containers' requests."""
    spec = {"containers": [resources(cpu="2")], "resources": {"requests": {"cpu": "500m"}}}

    assert pod_requests({"metadata": {}, "spec": spec}).cpu_millis == 500


def test_extended_resources_are_counted_by_name():
    """Devices are counted in whole units."""
    pod = {"metadata": {}, "spec": {"containers": [resources(**{"example.com/gpu": "2"})]}}

    assert pod_requests(pod).extended == {"example.com/gpu": 2}


@pytest.mark.parametrize(
    ("limits", "requests", "expected"),
    [
        ({}, {}, "BestEffort"),
        ({}, {"cpu": "1"}, "Burstable"),
        ({"cpu": "1", "memory": "1Gi"}, {"cpu": "1", "memory": "1Gi"}, "Guaranteed"),
        ({"cpu": "1", "memory": "1Gi"}, {}, "Guaranteed"),
        ({"cpu": "1", "memory": "1Gi"}, {"cpu": "500m"}, "Burstable"),
        ({"cpu": "1"}, {"cpu": "1"}, "Burstable"),
    ],
)
def test_qos_class_follows_from_requests_and_limits(limits, requests, expected):
    """All limits met by equal requests, none at all, or anything between."""
    container = {"name": "c", "resources": {"limits": limits, "requests": requests}}

    assert qos_class({"metadata": {}, "spec": {"containers": [container]}}) == expected


def make_node(ready: str | None, *, unschedulable: bool = False) -> dict[str, Any]:
    """A worker Node."""
    conditions = [{"type": "Ready", "status": ready}] if ready else []
    labels = {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/edge": ""}
    return {
        "metadata": {"name": "n", "labels": labels},
        "spec": {"unschedulable": unschedulable},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
            "capacity": {"cpu": "4"},
            "conditions": conditions,
        },
    }


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (make_node("True"), "Ready"),
        (make_node("False"), "NotReady"),
        (make_node("Unknown"), "NotReady"),
        (make_node(None), "Unknown"),
        (make_node("True", unschedulable=True), "Ready,SchedulingDisabled"),
    ],
)
def test_node_status_tells_readiness_and_cordon(node, text):
    """The STATUS column of ``kubectl get nodes``."""
    assert kubectl_node_status(node) == text


def test_node_tells_address_roles_and_room():
    """What others ask a Node for."""
    node = make_node("True")

    assert internal_ip(node) == "10.0.0.1"
    assert node_roles(node) == ["edge", "worker"]
    assert allocatable(node) == {"cpu": "4"}
