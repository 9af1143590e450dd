"""cordon, drain and uncordon by real kubectl, with a budget in the way."""

from __future__ import annotations

import pytest

from tests.api.conftest import eventually

pytestmark = pytest.mark.api

WORKLOADS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      nodeSelector: {kubernetes.io/os: linux}
      containers: [{name: web, image: nginx}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  minAvailable: %d
  selector: {matchLabels: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: alone}
spec:
  nodeName: %s
  terminationGracePeriodSeconds: 1
  containers: [{name: app, image: nginx}]
"""


@pytest.fixture
def node(kubectl):
    """A Node that takes Pods again after the test."""
    name = "worker-2"
    yield name
    kubectl("uncordon", name)
    # Draining is about a Node, whatever Namespace its Pods are in.
    kubectl("delete", "pdb,deploy,pods", "--all", "--wait=false")


def test_a_cordoned_node_takes_no_pods(kubectl, node):
    """The words of kubectl, the taint, and SchedulingDisabled."""
    assert kubectl("cordon", node) == f"node/{node} cordoned\n"
    assert "Ready,SchedulingDisabled" in kubectl("get", "node", node)
    assert kubectl("uncordon", node) == f"node/{node} uncordoned\n"
    assert "SchedulingDisabled" not in kubectl("get", "node", node)


def test_drain_spares_bare_pods_unless_forced_and_waits_for_budgets(kubectl, node):
    """A bare Pod stops it; with --force it is deleted for good, and the Deployment's Pods move."""
    kubectl("apply", "-f", "-", manifest=WORKLOADS % (1, node))
    kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=30s")
    selector = "--pod-selector=app notin (other)"
    arguments = ("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", selector)

    refused = kubectl.run(*arguments, "--timeout=5s")
    assert refused.code != 0
    assert "cannot delete" in refused.err
    assert "declare no controller (use --force to override)" in refused.err

    drained = kubectl(*arguments, "--force", "--timeout=60s")
    assert f"node/{node} drained" in drained
    assert kubectl.run("get", "pod", "alone").code != 0
    eventually(lambda: kubectl.json("get", "deploy", "web")["status"].get("readyReplicas") == 2)
    pods = kubectl.json("get", "pods", "-l", "app=web")["items"]
    assert node not in {pod["spec"]["nodeName"] for pod in pods}


def test_drain_gives_up_when_a_budget_never_allows_it(kubectl, node):
    """Two of two must stay: 429 each five seconds, until the timeout."""
    kubectl("apply", "-f", "-", manifest=WORKLOADS % (2, node))
    kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=30s")
    pods = kubectl.json("get", "pods", "-l", "app=web")["items"]
    busy = pods[0]["spec"]["nodeName"]
    try:
        outcome = kubectl.run(
            "drain",
            busy,
            "--ignore-daemonsets",
            "--force",
            "--pod-selector=app=web",
            "--timeout=3s",
        )
    finally:
        kubectl("uncordon", busy)

    assert outcome.code != 0
    assert "Cannot evict pod as it would violate the pod's disruption budget." in outcome.err
    assert "global timeout reached: 3s" in outcome.err
