"""What every controller is built from.

The manager makes one :class:`ControllerContext` and hands it to each controller's constructor.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.client.record import EventRecorder

if TYPE_CHECKING:
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.client.informer import InformerFactory
    from webapp.client.rest import RESTClient
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams
    from webapp.trace.recorder import Recorder


@dataclass(frozen=True, slots=True)
class ControllerContext:
    """The world as a controller may reach it.

    Attributes:
        sim: Virtual time.
        streams: Named streams of chance.
        recorder: The fact log.
        client: Requests to the API server.
        informers: One shared informer a resource.
        resources: All kinds that the API server serves; for those controllers that treat objects
            of every kind alike.
        root_ca: PEM text of the cluster's certificate authority.
        cluster_cidr: Address range that Nodes' podCIDRs are cut from.
        first_pod_cidr: Address of the podCIDR given out first.
    """

    sim: Simulation
    streams: RandomStreams
    recorder: Recorder
    client: RESTClient
    informers: InformerFactory
    resources: tuple[ResourceInfo, ...] = ()
    root_ca: str = ""
    cluster_cidr: str = "10.128.0.0/9"
    first_pod_cidr: str = "10.244.0.0"
    _event_recorders: dict[str, EventRecorder] = field(default_factory=dict)

    def events(self, component: str) -> EventRecorder:
        """Where ``component`` tells people what it did, as Kubernetes Events."""
        found = self._event_recorders.get(component)
        if found is None:
            found = self._event_recorders[component] = EventRecorder(
                self.client, self.sim, component
            )
        return found
