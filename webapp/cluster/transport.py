"""The in-process transport: components' requests to ``APIServer.handle``, watches with travel time.

A request is answered at the instant it is sent; what it changes reaches each watcher only after
the travel time of that watcher's connection, which is drawn once, so that events keep their order.
Each delivery worth drawing leaves a ``WatchDelivered`` fact whose cause is the write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.wire import Response, WatchResponse
from webapp.client.rest import error_of
from webapp.sim.errors import SimulationError
from webapp.sim.latency import Latency
from webapp.trace.facts import ObjectStored, WatchDelivered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.watch import WatchEvent
    from webapp.apimachinery.wire import Request, Watcher
    from webapp.apiserver.server import APIServer
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams
    from webapp.trace.facts import ObjectRef
    from webapp.trace.recorder import FactRecord, Recorder


WATCH_LATENCY = Latency(median_ms=8, spread=0.35, floor_ms=3)
DRAWN_KINDS = frozenset(
    {
        "DaemonSet",
        "Deployment",
        "EndpointSlice",
        "Job",
        "Node",
        "Pod",
        "ReplicaSet",
        "Service",
        "StatefulSet",
    }
)
DRAWN_BATCH = 8
"""Larger batches leave one fact, for their last event: nobody can follow more."""
REMEMBERED_WRITES = 4096


def no_lag() -> int:
    """What is written can be seen at once."""
    return 0


class ImmediateTransport:
    """Carries requests without travel time or facts: for the page, which is not part of the world."""

    def __init__(self, apiserver: APIServer) -> None:
        self._apiserver = apiserver

    def send(self, request: Request) -> Response:
        """Send a request and return its answer."""
        answer = self._apiserver.handle(request)
        if not isinstance(answer, Response):
            raise SimulationError(f"{request.method} {request.path} was answered with a stream")
        return answer

    def watch(self, request: Request, deliver: Callable[[Sequence[WatchEvent]], None]) -> Watcher:
        """Open a watch whose events arrive as they are written.

        Raises:
            StatusError: The API server refuses the watch.
        """
        watcher = self._open(request)
        watcher.start(deliver)
        return watcher

    def _open(self, request: Request) -> Watcher:
        answer = self._apiserver.handle(request)
        if isinstance(answer, Response) and isinstance(answer.body, dict):
            raise error_of(answer.body)
        if not isinstance(answer, WatchResponse):
            raise SimulationError(f"{request.path} was not answered with a watch")
        return answer.watcher


class InProcessTransport(ImmediateTransport):
    """Carries the components' requests: watch events take their time, and leave facts."""

    def __init__(
        self,
        sim: Simulation,
        streams: RandomStreams,
        recorder: Recorder,
        apiserver: APIServer,
        write_lag_ms: Callable[[], int] = no_lag,
        *,
        writes: WriteLog | None = None,
    ) -> None:
        """Connect.

        Args:
            sim: Virtual time.
            streams: Each watch draws its travel time.
            recorder: Takes the facts.
            apiserver: Answers.
            write_lag_ms: How long a write of this instant takes before anybody can see it.
            writes: Which facts reported the writes; shared by the transports of one cluster.
        """
        super().__init__(apiserver)
        self._write_lag_ms = write_lag_ms
        self._sim = sim
        self._latencies = streams.stream("latency/watch")
        self._recorder = recorder
        self._writes = writes or WriteLog(recorder)

    def watch(self, request: Request, deliver: Callable[[Sequence[WatchEvent]], None]) -> Watcher:
        """Open a watch whose events arrive after their travel time.

        Raises:
            StatusError: The API server refuses the watch.
        """
        watcher = self._open(request)
        latency_ms = WATCH_LATENCY.draw(self._latencies)
        line = _DelayedLine(
            self._sim,
            self._recorder,
            self._writes,
            request.client,
            latency_ms,
            deliver,
            watcher,
            self._write_lag_ms,
        )
        watcher.start(line.receive)
        return line


class Write(NamedTuple):
    """A revision, the fact that reported it, and whom that is about."""

    revision: int
    seq: int
    subject: ObjectRef | None


class WriteLog:
    """Which fact reported which revision: the causes of deliveries."""

    def __init__(self, recorder: Recorder) -> None:
        # A ring, as revisions are consecutive: each write at revision modulo its length.
        self._ring = [Write(0, 0, None)] * REMEMBERED_WRITES
        recorder.subscribe(self._on_stored, (ObjectStored,))

    def _on_stored(self, record: FactRecord) -> None:
        fact = record.fact
        if isinstance(fact, ObjectStored):
            write = Write(fact.revision, record.seq, fact.subject)
            self._ring[fact.revision % REMEMBERED_WRITES] = write

    def find(self, revision: int) -> Write | None:
        """The write of a revision, if it is remembered."""
        held = self._ring[revision % REMEMBERED_WRITES]
        return held if held.revision == revision else None


class _DelayedLine:
    """One watcher's connection: events in at commit, out after the same delay each."""

    def __init__(
        self,
        sim: Simulation,
        recorder: Recorder,
        writes: WriteLog,
        receiver: str,
        latency_ms: int,
        deliver: Callable[[Sequence[WatchEvent]], None],
        watcher: Watcher,
        write_lag_ms: Callable[[], int],
    ) -> None:
        self._sim = sim
        self._recorder = recorder
        self._writes = writes
        self._receiver = receiver
        self._latency_ms = latency_ms
        self._deliver = deliver
        self._watcher = watcher
        self._write_lag_ms = write_lag_ms
        self._due_ms = 0
        self._batch: list[WatchEvent] = []
        self._batch_ms = -1
        self._stopped = False

    def start(self, deliver: Callable[[Sequence[WatchEvent]], None]) -> None:
        """Deliver to someone else from now on."""
        self._deliver = deliver

    def stop(self) -> None:
        """End the watch; what is still on its way is lost."""
        self._stopped = True
        self._watcher.stop()

    def receive(self, events: Sequence[WatchEvent]) -> None:
        """Events written just now set out on their way."""
        if self._batch_ms != self._sim.now_ms or not self._batch:
            self._batch = []
            self._batch_ms = self._sim.now_ms
            lag_ms = self._write_lag_ms()
            # Nothing overtakes what was written before, however fast writes have become.
            self._due_ms = max(self._due_ms, self._sim.now_ms + self._latency_ms + lag_ms)
            self._sim.schedule_at(self._due_ms, self._arrive, self._batch)
        self._batch.extend(events)

    def _arrive(self, batch: list[WatchEvent]) -> None:
        if batch is self._batch:
            self._batch = []
        if self._stopped:
            return
        before = self._recorder.cause
        self._recorder.cause = self._record(batch)
        self._deliver(batch)
        self._recorder.cause = before

    def _record(self, batch: list[WatchEvent]) -> int:
        shown = batch if len(batch) <= DRAWN_BATCH else batch[-1:]
        seq = 0
        for event in shown:
            obj = event.object
            if obj.get("kind") in DRAWN_KINDS:
                write = self._writes.find(event.revision)
                self._recorder.cause = write.seq if write is not None else 0
                seq = self._recorder.record(
                    WatchDelivered(
                        actor=_receiver_of(self._receiver, obj),
                        subject=write.subject if write is not None else object_ref(obj),
                        revision=event.revision,
                        operation=event.type,
                        duration_ms=self._latency_ms,
                    )
                )
        return seq


def _receiver_of(client: str, obj: JSONObject) -> str:
    """All kubelets share one connection here; each is told of its own Pods only."""
    if client == "kubelet" and obj.get("kind") == "Pod":
        node = obj.get("spec", {}).get("nodeName")
        return f"kubelet/{node}" if node else client
    return client
