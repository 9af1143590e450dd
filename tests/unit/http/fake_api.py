"""An API server that remembers what it was asked."""

from __future__ import annotations

import orjson

from webapp.apimachinery.status import NotFound
from webapp.apimachinery.watch import WatchEvent
from webapp.apimachinery.wire import Answer, LogResponse, Request, Response, WatchResponse
from webapp.cluster.clock import ClockState
from webapp.sim.errors import SimulationError
from webapp.sim.loop import Simulation
from webapp.trace.recorder import Recorder


class FakeWatcher:
    """Delivers what the test tells it to."""

    def __init__(self):
        self.deliver = None
        self.stopped = False

    def start(self, deliver):
        self.deliver = deliver

    def stop(self):
        self.stopped = True

    def bookmark(self, revision):
        return WatchEvent("BOOKMARK", {"bookmark": revision}, revision)

    def send(self, *names):
        self.deliver([WatchEvent("ADDED", {"name": name}, 1) for name in names])


class FakeAPI:
    """Stands for a cluster behind the driver."""

    def __init__(self):
        self.sim = Simulation(1_000_000)
        self.recorder = Recorder(self.sim.clock)
        self.clock = ClockState()
        self.lag_ms = 0
        self.revision = 1
        self.requests: list[Request] = []
        self.watchers: list[FakeWatcher] = []
        self.log_sinks = []
        self.log_ended = False

    def handle(self, request: Request) -> Answer:
        self.requests.append(request)
        if request.parameter("watch") == "true":
            return self._watch()
        if request.path.endswith("/log"):
            return LogResponse(self._subscribe)
        if request.method == "POST" and request.path.endswith("/pods"):
            return Response(201, {"kind": "Pod"})
        if request.path.endswith("/pods"):
            count = int(request.parameter("limit", "1"))
            items = [
                {"metadata": {"name": f"p{n}", "labels": {"a": "b" * 300}}} for n in range(count)
            ]
            return Response(
                200, {"kind": "PodList", "items": items}, warnings=('use "v1", please',)
            )
        if request.path.endswith("/fault"):
            raise SimulationError("two Pods have the same address")
        if request.path.endswith("/boom"):
            raise KeyError("spec")
        return Response(404, NotFound.of_path().status())

    def pause(self) -> None:
        self.clock = ClockState(paused=True)

    def _watch(self) -> WatchResponse:
        watcher = FakeWatcher()
        self.watchers.append(watcher)
        return WatchResponse(watcher, lambda event: orjson.dumps(event.object) + b"\n")

    def _subscribe(self, sink):
        self.log_sinks.append(sink)
        sink(b"first line\n")

        def end():
            self.log_ended = True

        return end
