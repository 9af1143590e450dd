"""The live stream over a real connection: snapshot, deltas in sequence, and a resync on demand."""

from __future__ import annotations

import pytest
import socketio

from tests.api.conftest import eventually

pytestmark = pytest.mark.api

PODS = "/api/v1/namespaces/default/pods"


class Viewer:
    """A browser's end of the stream."""

    def __init__(self, url, transport, **headers):
        self.frames = []
        self.client = socketio.Client(reconnection=False)
        for name in ("hello", "snapshot", "delta", "facts", "clock"):
            self.client.on(name, self._keep(name))
        self.client.connect(url, transports=[transport], headers=headers, wait_timeout=10)

    def _keep(self, name):
        return lambda frame: self.frames.append((name, frame))

    def of(self, name):
        return [frame for kind, frame in list(self.frames) if kind == name]


@pytest.fixture(params=["websocket", "polling"])
def viewer(request, server):
    viewer = Viewer(server.url, request.param)
    yield viewer
    viewer.client.disconnect()


def make_pod(name):
    container = {"name": "main", "image": "nginx"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container]},
    }


def test_stream_begins_with_hello_and_snapshot(viewer):
    """The first two frames are enough to draw the whole picture."""
    eventually(lambda: viewer.of("snapshot"))

    assert [name for name, _ in viewer.frames[:2]] == ["hello", "snapshot"]
    assert viewer.of("hello")[0]["kubernetesVersion"] == "v1.36.0+podarium"
    nodes = viewer.of("snapshot")[0]["nodes"]
    assert [node["name"] for node in nodes] == ["worker-1", "worker-2", "worker-3"]


def test_new_pod_arrives_in_deltas_without_gaps(viewer, server, request):
    """A Pod written through the API comes to run in the deltas, whose numbers have no gap."""
    eventually(lambda: viewer.of("snapshot"))
    name = f"live-{request.node.callspec.params['viewer']}"
    server.send("POST", PODS, make_pod(name))

    def states():
        return [
            pod["status"]
            for delta in viewer.of("delta")
            for pod in delta["pods"]
            if pod["name"] == name
        ]

    eventually(lambda: "Running" in states())
    numbers = [delta["seq"] for delta in viewer.of("delta")]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    eventually(
        lambda: any(fact["name"] == name for facts in viewer.of("facts") for fact in facts["facts"])
    )


def test_viewer_that_asks_gets_another_snapshot(viewer):
    """``resync`` is the one thing that a viewer can say."""
    eventually(lambda: viewer.of("snapshot"))

    viewer.client.emit("resync")

    eventually(lambda: len(viewer.of("snapshot")) == 2)


def test_changed_clock_is_told_at_once(viewer, server):
    """Pausing shows in a clock frame."""
    clock = "/apis/sim.podarium.dev/v1alpha1/clocks/cluster"
    server.send("PATCH", clock, {"spec": {"paused": True}})
    try:
        eventually(lambda: any(frame["paused"] for frame in viewer.of("clock")))
    finally:
        server.send("PATCH", clock, {"spec": {"paused": False}})


def test_page_of_another_origin_gets_no_stream(server):
    """A foreign page can neither watch nor connect."""
    with pytest.raises(socketio.exceptions.ConnectionError):
        Viewer(server.url, "websocket", Origin="https://evil.example.com")


def test_explanation_of_a_pod_has_its_nine_steps(server):
    """``/explain`` tells the steps and the scheduler's verdicts of a Pod."""
    server.send("POST", PODS, make_pod("explained"))
    eventually(lambda: server.get(f"{PODS}/explained")["status"].get("phase") == "Running")

    explanation = server.get("/explain/pods/default/explained")

    assert len(explanation["journey"]["steps"]) == 9
    assert explanation["scheduling"] is not None
