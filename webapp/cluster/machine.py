"""One machine, and what all parts that see to machines share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from webapp.api.resources import NODES, SERVICES
from webapp.cri.images import Registry
from webapp.kubelet.config import PodSource
from webapp.kubelet.host_files import StorageFiles
from webapp.kubelet.sabotage import Sabotage
from webapp.network.cni import NetworkPlugin
from webapp.network.dataplane import DataPlane
from webapp.network.ipam import IndexPool
from webapp.sim.latency import Latency

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.wire import UserInfo
    from webapp.client.informer import InformerFactory
    from webapp.client.rest import RESTClient
    from webapp.cluster.door import Door, Line
    from webapp.cri.runtime import ContainerRuntime
    from webapp.kubelet.kubelet import Kubelet
    from webapp.kubelet.node_status import NodeStatusManager
    from webapp.proxy.proxier import Proxier
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams
    from webapp.trace.recorder import Recorder


REGISTER_LATENCY = Latency(400, 0.3, 100)


class Machine:
    """One machine.

    Attributes:
        kubelet: Its kubelet.
        runtime: Its container runtime.
        status: Writes the Node's own status.
        index: Its place in the ranges of addresses.
        timer: Its boot, while it boots.
        registered: Whether its kubelet has written its status.
        joined: Whether it is part of the pod network.
        powered: Whether it has power.
        halted: Whether its kubelet has stopped.
        line: Its way to the API server.
        runtime_down: Whether its container runtime does not answer.
        shutting_down: Whether it goes down in good order.
        waiting: Whether its kubelet cannot begin until line and runtime work.
        runtime_timer: The kubelet's next look at a runtime that is down, or has come back.
    """

    __slots__ = (
        "halted",
        "index",
        "joined",
        "kubelet",
        "line",
        "powered",
        "registered",
        "runtime",
        "runtime_down",
        "runtime_timer",
        "shutting_down",
        "status",
        "timer",
        "waiting",
    )

    def __init__(
        self,
        kubelet: Kubelet,
        runtime: ContainerRuntime,
        status: NodeStatusManager,
        index: int,
        line: Line,
    ) -> None:
        self.kubelet = kubelet
        self.runtime = runtime
        self.status = status
        self.index = index
        self.timer: Timer | None = None
        self.joined = False
        self.registered = False
        self.powered = True
        self.halted = False
        self.line = line
        self.runtime_down = False
        self.shutting_down = False
        self.runtime_timer: Timer | None = None
        self.waiting = False


class MachineTable(ABC):
    """All machines of a world.

    Attributes:
        network: The network plugin.
        plane: The data plane.
        sabotage: What Faults make go wrong inside kubelets.
    """

    def __init__(
        self,
        sim: Simulation,
        streams: RandomStreams,
        recorder: Recorder,
        client_for: Callable[[UserInfo, str, Line], RESTClient],
        informers: InformerFactory,
        network_plugin: str,
        door: Door,
    ) -> None:
        self._sim = sim
        self._streams = streams
        self._recorder = recorder
        self._client_for = client_for
        self._door = door
        self._informers = informers
        self._storage_files = StorageFiles()
        self._machines: dict[str, Machine] = {}
        self._indexes = IndexPool()
        self._registry = Registry(streams)
        self._pods = PodSource(informers)
        self._nodes = informers.informer(NODES)
        self._services = informers.informer(SERVICES)
        self._services.add_index("namespace", _namespace)
        self._proxier: Proxier | None = None
        self.network = NetworkPlugin(recorder, network_plugin)
        self.plane = DataPlane(streams.stream("network/dataplane"))
        self.sabotage = Sabotage()

    def names(self) -> list[str]:
        """Names of all machines, sorted."""
        return sorted(self._machines)

    @abstractmethod
    def _register(self, name: str) -> None:
        """A kubelet begins, and writes its Node's status."""


def _namespace(obj: JSONObject) -> tuple[str, ...]:
    return (obj["metadata"].get("namespace", ""),)
