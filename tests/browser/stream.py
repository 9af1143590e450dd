"""A made-up live stream for the page: Socket.IO by polling, answered by the test itself.

For rooms that would take a simulator long to fill. The page itself comes from a real server.
"""

from __future__ import annotations

import json
from typing import Any

NOW = 1_767_600_000_000
CLOCK = {"now": NOW, "speed": "1", "paused": False, "idle": False, "lagMs": 0}
HELLO = {
    "productVersion": "0",
    "kubernetesVersion": "v1.36.0",
    "room": "main",
    "seed": 0,
    "networkPlugin": "calico",
    "apiPrefix": "",
    "apiToken": "",
    "readOnly": False,
    "clock": CLOCK,
}
STATES = {
    "running": "Running",
    "progress": "ContainerCreating",
    "waiting": "Pending",
    "failing": "CrashLoopBackOff",
}


def node_view(number: int, zones: int = 3) -> dict[str, Any]:
    """A ready Node."""
    name = f"worker-{number}"
    return {
        "uid": f"node-{number}", "name": name, "ip": f"10.0.{number // 200}.{number % 200}",
        "ready": True, "status": "Ready", "unschedulable": False, "taints": [], "labels": {},
        "zone": f"eu-1{'abc'[number % zones]}", "cpuMillis": 64_000, "memoryBytes": 2**38,
        "maxPods": 250, "podCidr": "10.244.0.0/24", "kubeletVersion": "v1.36.0",
        "containerRuntime": "containerd://2", "heartbeat": NOW, "silent": False, "graceEnds": None,
        "notReadySince": None, "created": NOW - 600_000, "revision": 1,
    }  # fmt: skip


def pod_view(number: int, node: str, state: str = "running", **fields: Any) -> dict[str, Any]:
    """A Pod of a Deployment that does not matter."""
    ready = int(state == "running")
    container = {
        "name": "app", "role": "app", "image": "nginx", "state": "running" if ready else "waiting",
        "reason": "" if ready else STATES[state], "ready": bool(ready), "restarts": 0,
        "exitCode": None, "since": NOW, "mounts": [], "ports": [80], "started": bool(ready),
        "retryAt": None, "lastReason": "", "lastExitCode": None,
    }  # fmt: skip
    return {
        "uid": f"pod-{number}", "namespace": "default", "name": f"web-6d4b75cb6d-{number:05d}",
        "generateName": "web-6d4b75cb6d-", "ownerKind": "ReplicaSet", "ownerName": "web-6d4b75cb6d",
        "ownerUid": "rs", "node": node, "ip": f"10.244.{number // 250}.{number % 250}",
        "hostNetwork": False, "status": STATES[state], "state": state, "ready": ready, "total": 1,
        "restarts": 0, "created": NOW - 60_000, "deleted": None, "labels": {"app": "web"},
        "containers": [container], "volumes": [], "cpuMillis": 100, "memoryBytes": 2**27,
        "message": "", "nominatedNode": "", "step": 9, "qos": "Burstable", "priority": 0,
        "sandbox": "container", "lost": False, "evictedAt": None, "bare": False, "replaces": "",
        "replacesName": "", "resize": "", "isStatic": False, "reason": "", "system": False,
        "revision": 1, **fields,
    }  # fmt: skip


def snapshot(nodes: int, pods: int) -> dict[str, Any]:
    """A room of this size, nearly all of it well."""
    names = [f"worker-{1 + number % nodes}" for number in range(pods)]
    troubled = {7: "failing", 3: "progress", 5: "waiting"}
    return {
        "seq": 1, "revision": 10, "clock": CLOCK,
        "nodes": [node_view(number + 1) for number in range(nodes)],
        "pods": [
            pod_view(number, node, troubled.get(number % 40, "running"))
            for number, node in enumerate(names)
        ],
        "services": [], "workloads": [], "journeys": [], "faults": [], "guards": [],
        "namespaces": ["default"], "queue": None,
    }  # fmt: skip


def delta(seq: int, pods: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """Changed Pods."""
    return {
        "seq": seq, "revision": 10 + seq, "nodes": [], "pods": pods, "services": [],
        "workloads": [], "journeys": [], "faults": [], "guards": [], "namespaces": None, "queue": None,
        "removed": [], **fields,
    }  # fmt: skip


class Stream:
    """Answers the page's polling; frames are sent in order, as soon as it asks."""

    def __init__(self, page: Any) -> None:
        self._frames: list[str] = []
        self._polls: list[Any] = []
        self._opened = False
        page.route("**/socket.io/**", self._answer)

    def send(self, event: str, frame: dict[str, Any]) -> None:
        """Let the page hear of something."""
        self._frames.append("42" + json.dumps([event, frame]))
        self._flush()

    def _answer(self, route: Any) -> None:
        request = route.request
        if "sid=" not in request.url:
            handshake = {
                "sid": "s",
                "upgrades": [],
                "pingInterval": 600_000,
                "pingTimeout": 600_000,
            }
            route.fulfill(body="0" + json.dumps({**handshake, "maxPayload": 10**8}))
        elif request.method == "POST":
            if (request.post_data or "").startswith("40") and not self._opened:
                self._opened = True
                self._frames.insert(0, '40{"sid":"t"}')
            route.fulfill(body="ok")
            self._flush()
        else:
            self._polls.append(route)
            self._flush()

    def _flush(self) -> None:
        if self._opened and self._polls and self._frames:
            body, self._frames = "\x1e".join(self._frames), []
            self._polls.pop(0).fulfill(body=body)
