"""A world small enough to read: a counter of revisions that reacts to writes after a while."""

from __future__ import annotations

from dataclasses import replace

from webapp.apimachinery.wire import Answer, Request, Response
from webapp.cluster.clock import ClockState
from webapp.sim.errors import SimulationError
from webapp.sim.loop import Simulation
from webapp.trace.facts import ObjectRef, ObjectStored, PodBound
from webapp.trace.recorder import Recorder


class FakeWorld:
    """POST /write adds a revision, and another one 50 virtual ms later."""

    def __init__(self, start_ms: int = 1_000_000) -> None:
        self.sim = Simulation(start_ms)
        self.recorder = Recorder(self.sim.clock)
        self.lag_ms = 0
        self.clock = ClockState()
        self.revision = 0
        self.log: list[tuple[int, str]] = []

    def handle(self, request: Request) -> Answer:
        match request.path:
            case "/write":
                self._write(request.parameter("name"))
                self.sim.schedule(50, self._react, request.parameter("name"))
                return Response(201, {"revision": self.revision})
            case "/clock":
                speed = request.parameter("speed", "1")
                until = request.parameter("until")
                self.clock = ClockState(
                    None if speed == "max" else float(speed),
                    request.parameter("paused") == "true",
                    int(until) if until.isdecimal() else until or None,
                )
                return Response(200, {})
            case "/bug":
                raise KeyError("spec")
            case "/fault":
                raise SimulationError("two Pods have the same address")
            case "/later-fault":
                self.sim.schedule(10, self._fault)
                return Response(200, {})
            case _:
                return Response(200, {"now": self.sim.now_ms, "revision": self.revision})

    def pause(self) -> None:
        self.clock = replace(self.clock, paused=True, run_until=None)

    def _write(self, text: str) -> None:
        self.revision += 1
        self.log.append((self.sim.now_ms, text))
        self.recorder.record(
            ObjectStored(
                actor="kube-apiserver",
                subject=ObjectRef("Pod", "default", text),
                revision=self.revision,
                operation="ADDED",
                resource="pods",
            )
        )

    def _react(self, name: str) -> None:
        self._write(f"{name}-reaction")
        self.sim.schedule(50, self._bind, name)

    def _bind(self, name: str) -> None:
        self.recorder.record(
            PodBound(actor="scheduler", subject=ObjectRef("Pod", "default", name), node="n1")
        )

    def _fault(self, _: object) -> None:
        raise SimulationError("a component failed")
