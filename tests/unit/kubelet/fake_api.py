"""A bare API server for kubelet tests: objects in a dict, watches with a fixed delay, no rules."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from webapp.apimachinery.patch import merge_patch
from webapp.apimachinery.status import AlreadyExists, NotFound, StatusError
from webapp.apimachinery.watch import ADDED, DELETED, MODIFIED, WatchEvent
from webapp.apimachinery.wire import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webapp.apimachinery.wire import Request
    from webapp.sim.loop import Simulation

WATCH_MS = 5


class FakeWatcher:
    """One watch of a collection."""

    def __init__(self, deliver: Callable[[Sequence[WatchEvent]], None]) -> None:
        self.deliver = deliver

    def start(self, deliver: Callable[[Sequence[WatchEvent]], None]) -> None:
        self.deliver = deliver

    def stop(self) -> None:
        self.deliver = lambda _: None


class FakeAPI:
    """A transport that is its own server."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.revision = 0
        self.objects: dict[str, dict[str, Any]] = {}
        self.watchers: list[tuple[str, FakeWatcher]] = []
        self.writes: list[tuple[str, str]] = []

    def send(self, request: Request) -> Response:
        try:
            return Response(200, self._answer(request))
        except StatusError as error:
            return Response(error.code, error.status())

    def watch(
        self, request: Request, deliver: Callable[[Sequence[WatchEvent]], None]
    ) -> FakeWatcher:
        watcher = FakeWatcher(deliver)
        self.watchers.append((request.path.rsplit("/", 1)[1], watcher))
        return watcher

    def _answer(self, request: Request) -> Any:
        parts = request.path.split("/")[3 if request.path.startswith("/api/") else 4 :]
        namespace = ""
        if parts[0] == "namespaces" and len(parts) > 2:
            namespace, parts = parts[1], parts[2:]
        plural, name = parts[0], parts[1] if len(parts) > 1 else ""
        subresource = parts[2] if len(parts) > 2 else ""
        body: Any = copy.deepcopy(request.body)
        if request.method == "POST":
            name = body["metadata"]["name"]
        key = f"{plural}/{namespace}/{name}"
        if request.method != "GET":
            self.writes.append((request.method, f"{key}/{subresource}".rstrip("/")))
        if request.method == "GET" and not name:
            items = [obj for held, obj in self.objects.items() if held.startswith(f"{plural}/")]
            return {"metadata": {"resourceVersion": str(self.revision)}, "items": items}
        if request.method == "POST":
            if key in self.objects:
                raise AlreadyExists.of("", plural, name)
            body["metadata"].setdefault("uid", f"uid-{self.revision}")
            body["metadata"]["namespace"] = namespace
            body.setdefault("spec", {})
            return self._store(plural, key, body, ADDED)
        held = self.objects.get(key)
        if held is None:
            raise NotFound.of("", plural, name)
        if request.method == "GET":
            return held
        if request.method == "PUT":
            return self._store(plural, key, {**held, "status": body["status"]}, MODIFIED)
        if request.method == "PATCH":
            return self._store(plural, key, merge_patch(held, body), MODIFIED)
        return self._delete(plural, key, held, body)

    def _delete(self, plural: str, key: str, held: dict[str, Any], options: Any) -> Any:
        grace = options.get(
            "gracePeriodSeconds", held["spec"].get("terminationGracePeriodSeconds", 30)
        )
        if plural == "pods" and grace and held["spec"].get("nodeName"):
            marks = {
                "deletionTimestamp": "2027-01-01T00:00:00Z",
                "deletionGracePeriodSeconds": grace,
            }
            return self._store(
                plural, key, {**held, "metadata": {**held["metadata"], **marks}}, MODIFIED
            )
        self._store(plural, key, held, DELETED)
        return {"kind": "Status", "metadata": {}}

    def _store(self, plural: str, key: str, obj: dict[str, Any], type_: str) -> dict[str, Any]:
        self.revision += 1
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self.revision)}}
        if type_ == DELETED:
            del self.objects[key]
        else:
            self.objects[key] = obj
        event = WatchEvent(type_, obj, self.revision)
        for watched, watcher in self.watchers:
            if watched == plural:
                self.sim.schedule(WATCH_MS, lambda _, to=watcher: to.deliver([event]))
        return obj
