"""A world that stands still: what a cluster was at an earlier moment, for whoever draws clusters.

The live projector takes it in a cluster's place and draws the past with the very code that draws the
present. Objects come from the API server's lists at that revision, facts and journeys from the
recorder; nothing ever changes here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from webapp.api.resources import CLOCKS
from webapp.client.rest import RESTClient
from webapp.cluster.clock import ClockState, clock_state
from webapp.journey.past import journeys_at
from webapp.network.flows import FlowLog
from webapp.sim.clock import SimClock
from webapp.sim.loop import Simulation
from webapp.trace.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webapp.apimachinery.watch import WatchEvent
    from webapp.apimachinery.wire import Request, Response, UserInfo, Watcher
    from webapp.client.transport import Transport
    from webapp.cluster.past import Moment
    from webapp.journey.timeline import JourneyLog, PodJourney
    from webapp.network.cni import NetworkPlugin

FULL_JOURNEYS = 40
"""As many as a snapshot shows."""


@dataclass(frozen=True, slots=True)
class PastJourneys:
    """Journeys as they stood; Pod UID → journey, in order of their beginning."""

    journeys: dict[str, PodJourney]

    def take_changed(self) -> list[PodJourney]:
        """None: the past does not change."""
        return []


class PastWorld:
    """A cluster at one moment.

    Attributes:
        revision: The newest revision then.
        sim: A loop without work, at that virtual time.
        recorder: Tells nothing any more.
        journeys: Each Pod's way, as far as it had come.
        flows: None; traffic is not kept.
        network: The plugin as it is now; ranges of Nodes that are gone are not kept.
        clock: How time ran.
        viewer: Lists objects as they were.
    """

    def __init__(
        self,
        moment: Moment,
        transport: Transport,
        viewer: UserInfo,
        journeys: JourneyLog,
        network: NetworkPlugin,
    ) -> None:
        self.revision = moment.revision
        self.sim = Simulation(moment.at_ms)
        self.recorder = Recorder(SimClock(moment.at_ms), keep=0)
        self.flows = FlowLog()
        self.network = network
        self.viewer = RESTClient(
            _PastTransport(transport, moment.revision), viewer, "podarium-page"
        )
        self.clock = self._clock_then()
        self.journeys = PastJourneys(journeys_at(journeys, moment.seq, moment.at_ms, FULL_JOURNEYS))

    def _clock_then(self) -> ClockState:
        for obj in self.viewer.list(CLOCKS):
            return clock_state(obj, self.sim.now_ms)
        return ClockState()


class _PastTransport:
    """Carries lists to the API server, asking for one revision."""

    def __init__(self, transport: Transport, revision: int) -> None:
        self._transport = transport
        self._options = {
            "resourceVersion": (str(revision),),
            "resourceVersionMatch": ("Exact",),
        }

    def send(self, request: Request) -> Response:
        """Send a list."""
        return self._transport.send(replace(request, query={**request.query, **self._options}))

    def watch(self, _request: Request, _deliver: Callable[[Sequence[WatchEvent]], None]) -> Watcher:
        """A watch on which nothing happens."""
        return _Silence()


class _Silence:
    def start(self, deliver: Callable[[Sequence[WatchEvent]], None]) -> None:
        """Deliver nothing."""

    def stop(self) -> None:
        """Stop delivering nothing."""
