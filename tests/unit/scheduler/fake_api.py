"""An API server of a few lines: stores objects, binds, patches conditions, tells one watcher each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api.resources import (
    NAMESPACES,
    NODES,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    SERVICES,
)
from webapp.apimachinery.meta import namespaced_name, with_fields
from webapp.apimachinery.status import Conflict
from webapp.apimachinery.watch import ADDED, DELETED, MODIFIED, WatchEvent
from webapp.client.informer import InformerFactory
from webapp.scheduler.config import SchedulerConfiguration
from webapp.scheduler.scheduler import Scheduler
from webapp.sim.rng import RandomStreams
from webapp.trace.recorder import Recorder

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.sim.loop import Simulation


RESOURCES = {
    "Namespace": NAMESPACES,
    "Node": NODES,
    "Pod": PODS,
    "PodDisruptionBudget": POD_DISRUPTION_BUDGETS,
    "ReplicaSet": REPLICA_SETS,
    "Service": SERVICES,
}


class _NoWatcher:
    def stop(self) -> None:
        pass


class FakeAPI:
    """What the scheduler needs of a client, an informer factory's client and an event recorder.

    Attributes:
        events: (type, reason, message) of all Events, in order.
        refuse_bindings: Set to let bindings fail.
    """

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._objects: dict[Any, dict[str, JSONObject]] = {NODES: {}, PODS: {}}
        self._deliver: dict[Any, Any] = {}
        self.events: list[tuple[str, str, str]] = []
        self.patches: list[JSONObject] = []
        self.refuse_bindings = False

    def put(self, resource: Any, obj: JSONObject) -> None:
        known = self._objects.setdefault(resource, {})
        key = namespaced_name(obj)
        type_ = MODIFIED if key in known else ADDED
        known[key] = obj
        self._tell(resource, type_, obj)

    def remove(self, resource: Any, key: str) -> None:
        self._tell(resource, DELETED, self._objects[resource].pop(key))

    def pod(self, name: str) -> JSONObject:
        return self._objects[PODS][f"default/{name}"]

    def node_of(self, name: str) -> str:
        return self.pod(name)["spec"].get("nodeName", "")

    def condition(self, name: str) -> JSONObject:
        return self.pod(name)["status"]["conditions"][0]

    def _tell(self, resource: Any, type_: str, obj: JSONObject) -> None:
        if resource in self._deliver:
            self._sim.schedule(1, self._deliver[resource], [WatchEvent(type_, obj, 0)])

    # --- the client's side ------------------------------------------------------------------

    def list_with_version(self, resource: Any, **_: Any) -> tuple[list[JSONObject], str]:
        return list(self._objects.setdefault(resource, {}).values()), "1"

    def watch(self, resource: Any, deliver: Any, *_: Any) -> _NoWatcher:
        self._deliver[resource] = deliver
        return _NoWatcher()

    def create(
        self, _resource: Any, namespace: str, obj: JSONObject, subresource: str = "", name: str = ""
    ) -> JSONObject:
        assert subresource == "binding"
        assert obj["kind"] == "Binding"
        if self.refuse_bindings:
            raise Conflict.of("", "pods/binding", name, "not today")
        pod = self._objects[PODS][f"{namespace}/{name}"]
        bound = with_fields(pod, ("spec", "nodeName"), obj["target"]["name"])
        self.put(PODS, bound)
        return {"kind": "Status"}

    def patch(
        self, _resource: Any, namespace: str, name: str, patch: JSONObject, *_: Any, **__: Any
    ) -> JSONObject:
        self.patches.append(patch)
        pod = self._objects[PODS][f"{namespace}/{name}"]
        patched = with_fields(pod, ("status", "conditions"), patch["status"]["conditions"])
        self.put(PODS, patched)
        return patched

    def event(self, _obj: JSONObject, type_: str, reason: str, message: str) -> None:
        self.events.append((type_, reason, message))


class SchedulerWorld:
    """A scheduler at a fake API."""

    def __init__(self, sim: Simulation, seed: int = 1) -> None:
        self.sim = sim
        self.api = FakeAPI(sim)
        self.recorder = Recorder(sim.clock)
        client: Any = self.api
        self.scheduler = Scheduler(
            sim,
            RandomStreams(seed),
            self.recorder,
            client,
            InformerFactory(client),
            client,
            SchedulerConfiguration(),
        )

    def start(self, *objects: JSONObject) -> SchedulerWorld:
        self.put(*objects)
        self.scheduler.start()
        self.sim.run_until_idle()
        return self

    def put(self, *objects: JSONObject) -> None:
        for obj in objects:
            self.api.put(RESOURCES[obj["kind"]], obj)

    def facts(self) -> list[str]:
        return [type(record.fact).__name__ for record in self.recorder.records]
