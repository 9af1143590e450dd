"""Faults by real kubectl: an API server that is gone, a Node that does not answer, explain and drain."""

from __future__ import annotations

import pytest

from tests.api.conftest import eventually
from tests.api.manifests import POD

pytestmark = [pytest.mark.api, pytest.mark.usefixtures("healed")]

FAULT = """\
apiVersion: sim.podarium.dev/v1alpha1
kind: Fault
metadata: {name: broken}
spec: %s
"""


@pytest.fixture
def healed(kubectl):
    """Whatever a test breaks is whole again after it."""
    yield
    kubectl("delete", "faults", "--all")
    eventually(lambda: kubectl("get", "nodes").count(" Ready ") == 3, seconds=60)


def test_without_an_api_server_the_connection_is_refused_until_the_fault_is_healed(kubectl):
    """kubectl says so; the simulation's own group goes on, so the Fault can be deleted."""
    kubectl("get", "faults")
    kubectl("apply", "-f", "-", manifest=FAULT % "{type: ApiServerDown}")

    complaint = kubectl.run("get", "pods").err
    assert "The connection to the server" in complaint
    assert "was refused - did you specify the right host or port?" in complaint

    kubectl("delete", "fault", "broken")
    eventually(lambda: "worker-1" in kubectl("get", "nodes"))


def test_a_fault_can_be_described_and_explained(kubectl):
    """What it does, what to watch for, and which fields there are."""
    kubectl("apply", "-f", "-", manifest=FAULT % "{type: KubeletDown, target: {node: worker-3}}")
    described = kubectl("describe", "fault", "broken")
    assert "KubeletDown on node/worker-3: kubelets are stopped; their containers go on" in described
    assert "Watch For:" in described
    explained = kubectl("explain", "fault.spec")
    for field in ("delay", "duration", "exitCode", "percent", "startAfter", "target", "type"):
        assert f"\n  {field}\t" in explained


def test_logs_of_a_silent_node_end_with_the_error_of_the_connection(kubectl):
    """As in a real cluster: the API server cannot dial the kubelet."""
    kubectl("apply", "-f", "-", manifest=POD)
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=30s")
    node = kubectl.json("get", "pod", "web")["spec"]["nodeName"]
    spec = f"{{type: KubeletDown, target: {{node: {node}}}}}"
    kubectl("apply", "-f", "-", manifest=FAULT % spec)

    complaint = kubectl.run("logs", "web").err
    assert complaint.startswith('Error from server: Get "https://10.')
    assert complaint.rstrip().endswith("connect: connection refused")
    complaint = kubectl.run("exec", "web", "--", "true").err
    assert "error dialing backend: dial tcp 10." in complaint
