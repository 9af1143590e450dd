"""Durability: a process killed at random moments loses no acknowledged write, and restores its world."""

from __future__ import annotations

import random
import threading
import urllib.error
import urllib.request
from http.client import HTTPException

import pytest

from tests.api.conftest import eventually

pytestmark = [pytest.mark.api, pytest.mark.timeout(120)]

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
ROUNDS = 4
WRITERS = 3


class Writer(threading.Thread):
    """Creates ConfigMaps until the server is gone; remembers what was acknowledged."""

    def __init__(self, server, prefix):
        super().__init__()
        self.acknowledged: dict[str, str] = {}
        self._server = server
        self._prefix = prefix

    def run(self):
        for number in range(10_000):
            name = f"{self._prefix}-{number}"
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
            try:
                stored = self._server.send("POST", CONFIG_MAPS, body)
            except (OSError, HTTPException):
                return
            self.acknowledged[name] = stored["metadata"]["resourceVersion"]


def pod_states(server):
    """What makes up each Pod: identity, place, address and running containers."""
    return {
        pod["metadata"]["name"]: (
            pod["metadata"]["uid"],
            pod["spec"].get("nodeName"),
            pod["status"].get("podIP"),
            [status.get("containerID") for status in pod["status"].get("containerStatuses", ())],
        )
        for pod in server.get(PODS)["items"]
    }


def test_no_acknowledged_write_is_lost_by_kill_9(start_server, tmp_path):
    """Killed again and again while several clients write, the server keeps all that it acknowledged."""
    chance = random.Random(20260422)
    kept: dict[str, str] = {}
    for round_number in range(ROUNDS):
        server = start_server("--data-dir", str(tmp_path))
        stored = {
            item["metadata"]["name"]: item["metadata"]["resourceVersion"]
            for item in server.get(CONFIG_MAPS)["items"]
        }
        assert kept.items() <= stored.items()
        writers = [Writer(server, f"r{round_number}-w{number}") for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        threading.Event().wait(chance.uniform(0.05, 0.5))
        server.kill()
        for writer in writers:
            writer.join()
            kept |= writer.acknowledged

    assert len(kept) > ROUNDS


def test_running_containers_are_running_after_a_kill(start_server, tmp_path):
    """After a kill the same Pods run in the same containers, with the same addresses."""
    server = start_server("--data-dir", str(tmp_path), "--speed", "max")
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 4,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "nginx", "image": "nginx:1.27"}]},
            },
        },
    }
    server.send("POST", "/apis/apps/v1/namespaces/default/deployments", deployment)
    path = "/apis/apps/v1/namespaces/default/deployments/web"
    eventually(lambda: server.get(path)["status"].get("readyReplicas") == 4)
    # A second acknowledged write notes how far virtual time has come.
    marker = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "marker"}}
    server.send("POST", CONFIG_MAPS, marker)
    before = pod_states(server)
    server.kill()

    again = start_server("--data-dir", str(tmp_path))

    assert pod_states(again) == before
    assert again.get(path)["status"]["readyReplicas"] == 4
    assert again.stop() == 0


def test_watchers_leave_no_trace_in_the_run(start_server, tmp_path):
    """Readers are not journalled, so whatever they ask for must not change what happens."""
    server = start_server("--data-dir", str(tmp_path), "--speed", "1000")
    watch = f"{server.url}{PODS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=20"
    with urllib.request.urlopen(watch, timeout=5):
        server.send("POST", CONFIG_MAPS, {"metadata": {"name": "first"}})
        # Some minutes of virtual time pass while the watch is open.
        threading.Event().wait(0.5)
        server.send("POST", CONFIG_MAPS, {"metadata": {"name": "second"}})
        server.kill()

    again = start_server("--data-dir", str(tmp_path))

    names = {item["metadata"]["name"] for item in again.get(CONFIG_MAPS)["items"]}
    assert {"first", "second"} <= names


def test_same_directory_cannot_be_served_twice(start_server, tmp_path):
    """A second process is told in one line that the journal is in use."""
    server = start_server("--data-dir", str(tmp_path))

    with pytest.raises(
        AssertionError, match=r"podarium: .* is in use by another podarium process\n$"
    ):
        start_server("--data-dir", str(tmp_path))

    assert server.stop() == 0


def test_options_that_contradict_the_directory_are_refused(start_server, tmp_path):
    """A kept cluster keeps its seed and its Nodes."""
    start_server("--data-dir", str(tmp_path), "--nodes", "2").stop()

    with pytest.raises(AssertionError, match="made with --nodes 2; leave --nodes out"):
        start_server("--data-dir", str(tmp_path), "--nodes", "5")


def test_refusal_is_an_http_error(start_server, tmp_path):
    """A restored server answers as a new one does."""
    start_server("--data-dir", str(tmp_path)).stop()
    server = start_server("--data-dir", str(tmp_path))

    with pytest.raises(urllib.error.HTTPError) as caught:
        server.get(PODS + "/missing")
    caught.value.close()

    assert caught.value.code == 404
    server.stop()
