"""What the driver drives, as it sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from webapp.apimachinery.wire import Answer, Request
    from webapp.cluster.clock import ClockState
    from webapp.sim.loop import Simulation
    from webapp.trace.recorder import Recorder


class World(Protocol):
    """What the driver drives: a ``webapp.cluster.cluster.Cluster``."""

    sim: Simulation
    recorder: Recorder
    clock: ClockState
    lag_ms: int

    @property
    def revision(self) -> int:
        """The store's newest revision."""

    def handle(self, request: Request) -> Answer:
        """Answer an API request at the present virtual instant."""

    def pause(self) -> None:
        """Let virtual time stand still."""
