"""What a kubelet is given by its machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.kubelet.sabotage import Sabotage

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.record import EventRecorder
    from webapp.client.rest import RESTClient
    from webapp.cri.runtime import ContainerRuntime
    from webapp.kubelet.host_files import StorageFiles
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStream
    from webapp.trace.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a kubelet is given by its machine.

    Attributes:
        sim: Virtual time.
        recorder: Takes the facts.
        stream: Chance, this machine's own.
        client: Speaks to the API server as this Node.
        events: Writes Events as this kubelet.
        runtime: The machine's container runtime.
        node: The Node's name.
        host_ip: The machine's address.
        get_node: The Node object as last seen.
        on_image_pulled: Told when the machine has one image more.
        services_in: Services of a namespace as last seen, sorted by name.
        on_pressure: Told whether a condition of the Node holds.
        network_ready: Whether a network plugin is installed.
        sabotage: What Faults make go wrong here.
        storage: What the cluster's storage systems hold; ``None`` for some of its own.
    """

    sim: Simulation
    recorder: Recorder
    stream: RandomStream
    client: RESTClient
    events: EventRecorder
    runtime: ContainerRuntime
    node: str
    host_ip: str
    get_node: Callable[[], JSONObject | None]
    on_image_pulled: Callable[[], None]
    services_in: Callable[[str], list[JSONObject]]
    on_pressure: Callable[[str, bool], None]
    network_ready: bool = True
    sabotage: Sabotage = field(default_factory=Sabotage)
    storage: StorageFiles | None = None
