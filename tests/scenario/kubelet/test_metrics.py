"""What Pods and Nodes use, as metrics-server tells it."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_pod
from webapp.api.resources import NODE_METRICS, POD_METRICS
from webapp.apimachinery.quantity import parse_quantity
from webapp.apimachinery.status import NotFound


def shell(script, **fields):
    """A container that runs a script."""
    return make_container("app", "busybox:1.36", command=["sh", "-c", script], **fields)


def pod_metrics(world, name):
    """One Pod's metrics."""
    return world.cluster.admin.get(POD_METRICS, "default", name)


def millicores(world, name):
    """Processor use of a Pod's first container."""
    return float(parse_quantity(pod_metrics(world, name)["containers"][0]["usage"]["cpu"]) * 1000)


def mebibytes(world, name):
    """Memory of a Pod's first container."""
    usage = pod_metrics(world, name)["containers"][0]["usage"]
    return float(parse_quantity(usage["memory"]) / (1 << 20))


def test_a_new_pod_has_no_metrics_until_two_scrapes_have_seen_it(world):
    """metrics-server's words, and after at most half a minute a value."""
    world.create(make_pod("p"))
    world.settle()

    with pytest.raises(NotFound) as refusal:
        pod_metrics(world, "p")
    assert refusal.value.message == 'podmetrics.metrics.k8s.io "default/p" not found'

    world.run_for(seconds=30)
    metrics = pod_metrics(world, "p")
    assert metrics["window"] in ("15s", f"{metrics['window'][:-1]}s")
    assert [container["name"] for container in metrics["containers"]] == ["app"]


def test_every_node_has_metrics_with_its_labels(world):
    """An empty Node already uses something for itself."""
    world.run_for(seconds=30)

    items = world.cluster.admin.list(NODE_METRICS)
    assert [item["metadata"]["name"] for item in items] == ["worker-1", "worker-2", "worker-3"]
    assert items[0]["metadata"]["labels"]["kubernetes.io/hostname"] == "worker-1"
    assert 0.03 < parse_quantity(items[0]["usage"]["cpu"]) < 0.2


def test_a_node_whose_kubelet_is_silent_has_no_metrics(world):
    """kubectl top shows it as unknown."""
    world.run_for(seconds=30)
    world.cluster._machines.stop_kubelet("worker-2")

    items = world.cluster.admin.list(NODE_METRICS)

    assert [item["metadata"]["name"] for item in items] == ["worker-1", "worker-3"]


def test_pods_can_be_selected_by_label(world):
    """As kubectl top pods -l does."""
    world.create(make_pod("a", labels={"tier": "x"}), make_pod("b", labels={"tier": "y"}))
    world.run_for(seconds=60)

    items = world.cluster.admin.list(POD_METRICS, "default", label_selector="tier=y")

    assert [item["metadata"]["name"] for item in items] == ["b"]


def test_a_busy_loop_uses_one_processor(world):
    """A shell cannot use more than one thread."""
    world.create(make_pod("p", containers=[shell("while true; do :; done")]))
    world.run_for(seconds=45)

    assert millicores(world, "p") == pytest.approx(1000, rel=0.1)


def test_a_limit_throttles_a_busy_loop(world):
    """It gets a tenth of a processor, and no more."""
    limits = {"limits": {"cpu": "100m"}}
    world.create(make_pod("p", containers=[shell("while true; do :; done", resources=limits)]))
    world.run_for(seconds=45)

    assert millicores(world, "p") == pytest.approx(100, rel=0.1)


def test_a_sleeping_shell_uses_nothing(world):
    """Neither processor time nor memory worth mentioning."""
    world.create(make_pod("p", containers=[shell("sleep 3600")]))
    world.run_for(seconds=60)

    assert millicores(world, "p") == 0
    assert mebibytes(world, "p") < 2


def test_reading_metrics_changes_nothing(world):
    """What is computed on read is the same however often it is read."""
    world.create(make_pod("p"))
    world.run_for(seconds=60)

    first = pod_metrics(world, "p")
    second = pod_metrics(world, "p")

    assert first["containers"] == second["containers"]
