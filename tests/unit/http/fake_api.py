"""An API server that remembers what it was asked."""

from __future__ import annotations

import orjson

from webapp.apimachinery.status import NotFound
from webapp.apimachinery.streams import ExecOptions, ExecStream, PortForwardStream, Stream
from webapp.apimachinery.watch import WatchEvent
from webapp.apimachinery.wire import (
    Answer,
    LogResponse,
    Request,
    Response,
    StreamResponse,
    WatchResponse,
)
from webapp.cluster.clock import ClockState
from webapp.cluster.streams import PREFIX, StreamHub
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


class FakeSession:
    """Prints in capitals what it reads; ends with the input, by the exit code that it read last."""

    def __init__(self):
        self.sizes = []
        self.cancelled = False
        self._last = b""

    def stdin(self, data):
        if data is None:
            self.on_stderr(b"the end\n")
            self.on_exit(int(self._last) if self._last.isdigit() else 0)
        else:
            self._last = data
            self.on_stdout(data.upper())

    def resize(self, width, height):
        self.sizes.append((width, height))

    def cancel(self):
        self.cancelled = True


class FakeConnection:
    """Sends back what it gets."""

    def __init__(self, on_data):
        self.on_data = on_data
        self.cancelled = False

    def send(self, data):
        self.on_data(data)

    def cancel(self):
        self.cancelled = True


class FakeForwarder:
    """Listens on port 80."""

    def __init__(self):
        self.connections = []

    def connect(self, port, on_data):
        if port != 80:
            return f"nobody listens on {port}"
        self.connections.append(FakeConnection(on_data))
        return self.connections[-1]


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
        self.hub = StreamHub()
        self.session: FakeSession | None = None
        self.forwarder = FakeForwarder()

    def handle(self, request: Request) -> Answer:
        self.requests.append(request)
        if request.path.startswith(PREFIX):
            return self.hub.handle(request)
        if request.path.endswith(("/exec", "/portforward")):
            return self._open_stream(request)
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

    def _open_stream(self, request: Request) -> StreamResponse:
        stream: Stream = PortForwardStream(self.forwarder)
        if request.path.endswith("/exec"):
            self.session = FakeSession()
            options = ExecOptions(("cat",), stdin=True, stdout=True, stderr=True)
            stream = ExecStream(self.session, options)
        self.hub.admit(stream)
        return StreamResponse(stream)

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
