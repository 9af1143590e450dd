"""Large frames reach a viewer whole, over the transport that once cut them off."""

from __future__ import annotations

import pytest

from tests.api.conftest import eventually
from tests.api.test_live import Viewer

pytestmark = pytest.mark.api


def test_snapshot_of_many_pods_arrives_whole(start_server):
    """A snapshot of several megabytes comes through a WebSocket in one piece."""
    server = start_server("--speed", "max", "--nodes", "1")
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "many"},
        "spec": {
            "replicas": 1500,
            "selector": {"matchLabels": {"app": "many"}},
            "template": {
                "metadata": {"labels": {"app": "many", "padding": "x" * 63}},
                "spec": {
                    "containers": [
                        {"name": f"c{n}", "image": f"registry.example.com/{'i' * 200}:{n}"}
                        for n in range(5)
                    ]
                },
            },
        },
    }
    server.send("POST", "/apis/apps/v1/namespaces/default/deployments", deployment)
    path = "/apis/apps/v1/namespaces/default/deployments/many"
    eventually(lambda: server.get(path)["status"].get("replicas") == 1500)

    viewer = Viewer(server.url, "websocket")
    eventually(lambda: viewer.of("snapshot"))
    viewer.client.disconnect()

    assert len(viewer.of("snapshot")[0]["pods"]) == 1500
