"""The official Python client lists, watches and creates."""

from __future__ import annotations

import kubernetes
import pytest

pytestmark = [pytest.mark.api, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture
def core(server):
    configuration = kubernetes.client.Configuration()
    configuration.host = server.url
    with kubernetes.client.ApiClient(configuration) as client:
        yield kubernetes.client.CoreV1Api(client)


def make_pod(name):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"made-by": "client"}},
        "spec": {"containers": [{"name": "main", "image": "nginx"}]},
    }


def test_client_lists_creates_and_watches(core):
    """A created Pod is seen by a watch until it runs, then listed by its label."""
    assert len(core.list_node().items) == 3
    before = core.list_namespaced_pod("default").metadata.resource_version
    core.create_namespaced_pod("default", make_pod("by-client"))

    watch = kubernetes.watch.Watch()
    stream = watch.stream(
        core.list_namespaced_pod, "default", resource_version=before, timeout_seconds=20
    )
    phases = []
    for event in stream:
        if event["object"].metadata.name == "by-client":
            phases.append(event["object"].status.phase)
            if phases[-1] == "Running":
                watch.stop()

    assert phases[0] == "Pending"
    assert phases[-1] == "Running"
    listed = core.list_namespaced_pod("default", label_selector="made-by=client").items
    assert [pod.metadata.name for pod in listed] == ["by-client"]
    core.delete_namespaced_pod("by-client", "default", grace_period_seconds=0)


def test_client_sees_conflicts_as_exceptions(core):
    """Creating twice is a conflict that names the object."""
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "twice"}}
    core.create_namespaced_config_map("default", config_map)

    with pytest.raises(
        kubernetes.client.ApiException, match='configmaps \\\\"twice\\\\" already exists'
    ):
        core.create_namespaced_config_map("default", config_map)
