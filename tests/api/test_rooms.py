"""Rooms over real connections: each its own stream and kubectl, and what viewers see when one goes."""

from __future__ import annotations

import pytest
import socketio

from tests.api.conftest import eventually

pytestmark = pytest.mark.api

PODS = "/api/v1/namespaces/default/pods"


class RoomViewer:
    """A browser's end of a room's stream."""

    def __init__(self, url, room):
        self.frames = []
        self.client = socketio.Client(reconnection=False)
        for name in ("hello", "snapshot", "delta", "stopped"):
            self.client.on(name, self._keep(name))
        self.path = f"rooms/{room}/socket.io"
        self.client.connect(url, socketio_path=self.path, transports=["websocket"], wait_timeout=10)

    def _keep(self, name):
        return lambda frame: self.frames.append((name, frame))

    def of(self, name):
        return [frame for kind, frame in list(self.frames) if kind == name]


def make_pod(name):
    container = {"name": "main", "image": "nginx"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container]},
    }


def test_viewer_of_a_room_sees_that_room_until_it_is_deleted(server):
    """Its hello names the prefix, its deltas are of its Pods only, and its end is told before it comes."""
    server.send("POST", "/rooms", {"name": "watched", "nodes": 1})
    viewer = RoomViewer(server.url, "watched")
    eventually(lambda: viewer.of("snapshot"))
    hello = viewer.of("hello")[0]
    assert (hello["room"], hello["apiPrefix"]) == ("watched", "/rooms/watched")

    server.send("POST", PODS, make_pod("in-main"))
    server.send("POST", "/rooms/watched" + PODS, make_pod("in-room"))
    eventually(lambda: any(delta["pods"] for delta in viewer.of("delta")))
    names = {pod["name"] for delta in viewer.of("delta") for pod in delta["pods"]}
    assert names == {"in-room"}

    server.send("DELETE", "/rooms/watched", {})
    eventually(lambda: viewer.of("stopped"))
    assert viewer.of("stopped")[0]["message"] == "The room watched was deleted."
    eventually(lambda: not viewer.client.connected)
    with pytest.raises(socketio.exceptions.ConnectionError):
        RoomViewer(server.url, "watched")


def test_kubectl_reads_the_past_and_cannot_change_it(server, newest_kubectl):
    """The prefix /at/MOMENT turns a server's URL into one of that moment."""
    newest_kubectl("create", "configmap", "note", "--from-literal=text=then")
    then = server.get("/history")["moment"]["revision"]
    newest_kubectl("create", "configmap", "later", "--from-literal=text=now")
    past = ["--server", f"{server.url}/at/{then}"]

    listed = newest_kubectl(*past, "get", "configmaps", "-o", "name")
    refused = newest_kubectl.run(*past, "delete", "configmap", "note")

    assert "configmap/note" in listed
    assert "configmap/later" not in listed
    assert refused.code != 0
    assert "is the past" in refused.err
