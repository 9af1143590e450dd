"""A small world for kubelet tests: a bare API server, machines, and words to act on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.kubelet.fake_api import FakeAPI
from webapp.api.resources import NODES, PODS
from webapp.apimachinery.log_options import LogOptions
from webapp.apimachinery.wire import UserInfo
from webapp.client.informer import InformerFactory
from webapp.client.rest import RESTClient
from webapp.cluster.door import Door
from webapp.cluster.node import Machines
from webapp.sim.rng import RandomStreams
from webapp.trace.recorder import Recorder

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.sim.loop import Simulation


class World:
    """Machines around a bare API server."""

    def __init__(self, sim: Simulation, seed: int = 7, plugin: str = "kindnet") -> None:
        self.sim = sim
        self.api = FakeAPI(sim)
        self.recorder = Recorder(sim.clock)
        self.client = RESTClient(self.api, UserInfo("admin"), "test")
        streams = RandomStreams(seed)
        self.machines = Machines(
            sim,
            streams,
            self.recorder,
            lambda user, name, _: RESTClient(self.api, user, name),
            InformerFactory(self.client),
            plugin,
            Door(sim, streams.stream("etcd/latency")),
        )
        self.machines.start()

    def add_node(self, name: str = "n1", **status: Any) -> None:
        """Create a Node and wait until it is Ready."""
        number = len(self.machines.names())
        self.client.create(
            NODES,
            "",
            {
                "kind": "Node",
                "apiVersion": "v1",
                "metadata": {"name": name},
                "spec": {"podCIDR": f"10.244.{number}.0/24"},
                "status": status,
            },
        )
        self.sim.run_until_idle()

    def run(self, name: str = "p", **spec: Any) -> None:
        """Create a Pod bound to n1 and let the world come to rest."""
        self.create(name, **spec)
        self.sim.run_until_idle()

    def create(self, name: str = "p", **spec: Any) -> None:
        """Create a Pod bound to n1."""
        spec.setdefault("nodeName", "n1")
        spec.setdefault("containers", [container()])
        self.client.create(PODS, "default", make_pod(name, **spec))

    def pod(self, name: str = "p") -> JSONObject:
        """The Pod as the API server has it."""
        return self.client.get(PODS, "default", name)

    def exists(self, name: str = "p") -> bool:
        """Whether the API server has the Pod."""
        return f"pods/default/{name}" in self.api.objects

    def status(self, name: str = "p", container_name: str = "c") -> JSONObject:
        """A container's status."""
        status = self.pod(name)["status"]
        statuses = [*status.get("initContainerStatuses", ()), *status["containerStatuses"]]
        return next(item for item in statuses if item["name"] == container_name)

    def condition(self, kind: str, name: str = "p") -> JSONObject:
        """A condition of a Pod."""
        return next(item for item in self.pod(name)["status"]["conditions"] if item["type"] == kind)

    def delete(self, name: str = "p", grace: int | None = None) -> None:
        """Delete a Pod."""
        self.client.delete(PODS, "default", name, grace_period_seconds=grace)

    def events(self) -> list[tuple[str, str, str]]:
        """Type, reason and message of all Events about Pods, oldest first."""
        return [
            (obj["type"], obj["reason"], obj["message"])
            for key, obj in self.api.objects.items()
            if key.startswith("events/") and obj["involvedObject"]["kind"] == "Pod"
        ]

    def facts(self) -> list[str]:
        """Names of all facts about Pods, oldest first."""
        return [
            type(record.fact).__name__
            for record in self.recorder.records
            if record.fact.subject is not None and record.fact.subject.kind == "Pod"
        ]

    def log(self, container_name: str = "c", name: str = "p", **options: Any) -> str:
        """What a container printed."""
        chunks: list[bytes] = []
        answer = self.machines.container_log(
            "n1", self.pod(name), container_name, LogOptions(**options)
        )
        answer.subscribe(lambda chunk: chunks.append(chunk) if chunk else None)
        return b"".join(chunks).decode()


def container(name: str = "c", image: str = "nginx", **fields: Any) -> JSONObject:
    """A container's spec."""
    return {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", **fields}


def make_pod(name: str = "p", **spec: Any) -> JSONObject:
    """A Pod as the API server hands it to a kubelet."""
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}", "generation": 1},
        "spec": {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30, **spec},
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    }


@pytest.fixture
def world(sim: Simulation) -> World:
    """A world with one Ready Node, n1."""
    world = World(sim)
    world.add_node()
    return world
