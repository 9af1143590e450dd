"""The tables of kubectl get."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.apimachinery.scheme import BUILTIN_KINDS
from webapp.apimachinery.timestamps import parse_time
from webapp.apiserver.printers.tables import printer_of

CREATED = "2026-01-01T00:00:00Z"
NOW_MS = parse_time("2026-01-01T00:05:00Z")


def make(**fields: Any) -> dict[str, Any]:
    """An object made five minutes ago."""
    return {"metadata": {"name": "web", "creationTimestamp": CREATED}, **fields}


def headings(group: str, resource: str, *, wide: bool = False) -> list[str]:
    """Headings as kubectl prints them."""
    return [
        column.name.upper()
        for column in printer_of(group, resource).columns
        if wide or column.priority == 0
    ]


def shown(group: str, resource: str, obj: dict[str, Any], *, wide: bool = False) -> list[Any]:
    """Cells as kubectl prints them."""
    cells = printer_of(group, resource).row(obj, NOW_MS)
    columns = printer_of(group, resource).columns
    return [
        cell for cell, column in zip(cells, columns, strict=True) if wide or not column.priority
    ]


@pytest.mark.parametrize(
    "info", [info for info in BUILTIN_KINDS if info.is_stored], ids=lambda info: info.resource
)
def test_every_kind_prints_an_almost_empty_object(info):
    """Whatever is missing, there is a cell for each column."""
    cells = printer_of(info.group, info.resource).row(make(spec={}), NOW_MS)

    assert len(cells) == len(printer_of(info.group, info.resource).columns)


@pytest.mark.parametrize(
    ("group", "resource", "line"),
    [
        ("", "pods", "NAME READY STATUS RESTARTS AGE"),
        ("", "nodes", "NAME STATUS ROLES AGE VERSION"),
        ("", "services", "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE"),
        ("", "events", "LAST SEEN TYPE REASON OBJECT MESSAGE"),
        ("", "serviceaccounts", "NAME AGE"),
        ("apps", "deployments", "NAME READY UP-TO-DATE AVAILABLE AGE"),
        ("apps", "replicasets", "NAME DESIRED CURRENT READY AGE"),
        (
            "apps",
            "daemonsets",
            "NAME DESIRED CURRENT READY UP-TO-DATE AVAILABLE NODE SELECTOR AGE",
        ),
        ("batch", "jobs", "NAME STATUS COMPLETIONS DURATION AGE"),
        ("batch", "cronjobs", "NAME SCHEDULE TIMEZONE SUSPEND ACTIVE LAST SCHEDULE AGE"),
        (
            "autoscaling",
            "horizontalpodautoscalers",
            "NAME REFERENCE TARGETS MINPODS MAXPODS REPLICAS AGE",
        ),
        ("rbac.authorization.k8s.io", "roles", "NAME CREATED AT"),
        ("rbac.authorization.k8s.io", "rolebindings", "NAME ROLE AGE"),
    ],
)
def test_headings_are_those_of_kubectl(group, resource, line):
    """The columns that are shown without ``-o wide``."""
    assert " ".join(headings(group, resource)) == line


def test_wide_pods_tell_address_and_node():
    """``-o wide`` adds four columns."""
    assert headings("", "pods", wide=True)[5:] == [
        "IP",
        "NODE",
        "NOMINATED NODE",
        "READINESS GATES",
    ]


def test_pod_row_tells_when_it_last_restarted():
    """RESTARTS has the count and how long ago the last end was."""
    ended = {"terminated": {"finishedAt": "2026-01-01T00:04:50Z"}}
    status = {
        "phase": "Running",
        "podIPs": [{"ip": "10.1.0.2"}],
        "containerStatuses": [
            {
                "name": "c",
                "ready": True,
                "restartCount": 3,
                "state": {"running": {}},
                "lastState": ended,
            }
        ],
    }
    pod = make(spec={"containers": [{"name": "c"}], "nodeName": "n1"}, status=status)

    assert shown("", "pods", pod, wide=True) == [
        "web",
        "1/1",
        "Running",
        "3 (10s ago)",
        "5m",
        "10.1.0.2",
        "n1",
        "<none>",
        "<none>",
    ]


def test_deployment_row_counts_pods():
    """READY is ready over wanted; the rest are numbers."""
    deployment = make(
        spec={"replicas": 3},
        status={"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 2},
    )

    assert shown("apps", "deployments", deployment) == ["web", "2/3", 3, 2, "5m"]


@pytest.mark.parametrize(
    ("spec", "status", "external", "ports"),
    [
        ({"type": "ClusterIP", "clusterIP": "10.0.0.1"}, {}, "<none>", "<none>"),
        (
            {
                "type": "NodePort",
                "ports": [
                    {"port": 80, "nodePort": 30080, "protocol": "TCP"},
                    {"port": 53, "protocol": "UDP"},
                ],
            },
            {},
            "<none>",
            "80:30080/TCP,53/UDP",
        ),
        ({"type": "LoadBalancer"}, {}, "<pending>", "<none>"),
        (
            {"type": "LoadBalancer"},
            {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}},
            "203.0.113.7",
            "<none>",
        ),
        ({"type": "ExternalName", "externalName": "example.com"}, {}, "example.com", "<none>"),
    ],
)
def test_service_row_follows_its_type(spec, status, external, ports):
    """EXTERNAL-IP and PORT(S) of each type of Service."""
    cells = shown("", "services", make(spec=spec, status=status))

    assert (cells[3], cells[4]) == (external, ports)


def test_event_row_names_its_object():
    """An Event tells when, what and about whom."""
    event = make(
        type="Warning",
        reason="BackOff",
        message=" Back-off restarting \n",
        involvedObject={"kind": "Pod", "name": "web"},
        lastTimestamp="2026-01-01T00:04:00Z",
    )

    assert shown("", "events", event) == [
        "60s",
        "Warning",
        "BackOff",
        "pod/web",
        "Back-off restarting",
    ]


def test_endpoints_beyond_three_are_counted():
    """A long list is cut and counted."""
    addresses = [{"addresses": [f"10.1.0.{number}"]} for number in range(5)]
    endpoint_slice = make(addressType="IPv4", endpoints=addresses, ports=[{"port": 80}])

    cells = shown("discovery.k8s.io", "endpointslices", endpoint_slice)

    assert cells[2:4] == ["80", "10.1.0.0,10.1.0.1,10.1.0.2 + 2 more..."]


def test_autoscaler_row_tells_now_and_wanted():
    """Each metric as it is, over as it should be."""
    target = {"type": "Utilization", "averageUtilization": 80}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    spec = {
        "maxReplicas": 5,
        "metrics": [metric],
        "minReplicas": 1,
        "scaleTargetRef": {"kind": "Deployment", "name": "web"},
    }

    cells = shown("autoscaling", "horizontalpodautoscalers", make(spec=spec))

    assert cells == ["web", "Deployment/web", "cpu: <unknown>/80%", "1", 5, 0, "5m"]


def test_default_storage_class_is_marked():
    """The class that claims get when they name none."""
    storage_class = make(provisioner="sim.podarium.dev/disk")
    storage_class["metadata"]["annotations"] = {
        "storageclass.kubernetes.io/is-default-class": "true"
    }

    assert shown("storage.k8s.io", "storageclasses", storage_class)[0] == "web (default)"


def test_role_row_tells_when_it_was_made():
    """Kinds without columns of their own have a time instead of an age."""
    assert shown("rbac.authorization.k8s.io", "roles", make()) == ["web", CREATED]


def test_old_autoscaler_tells_its_cpu_target():
    """Version 1 knows CPU only, and prints it alike."""
    autoscaler = make(spec={"maxReplicas": 5, "targetCPUUtilizationPercentage": 70})

    assert shown("autoscaling", "horizontalpodautoscalers", autoscaler)[2] == "cpu: <unknown>/70%"
