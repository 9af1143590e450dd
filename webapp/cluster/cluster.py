"""One world: control plane, machines and virtual time, wired together.

Requests from outside enter at :meth:`Cluster.handle`, called by the driver only; virtual time is
moved by whoever runs ``cluster.sim``. Components meet nowhere but in the API server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import CLOCKS, LEASES, NODE_METRICS, NODES, POD_METRICS, PODS, SERVICES
from webapp.apimachinery.scheme import BUILTIN_KINDS, Scheme
from webapp.apimachinery.status import BadRequest
from webapp.apimachinery.wire import Request, StreamResponse, UserInfo, WatchResponse
from webapp.apiserver.config import APIServerConfig
from webapp.apiserver.server import APIServer
from webapp.client.informer import InformerFactory
from webapp.client.record import EventRecorder
from webapp.client.rest import RESTClient
from webapp.cluster.addons.install import install, install_gateway_class
from webapp.cluster.clock import CLOCK_NAME, ClockState, clock_object, clock_state, clock_status
from webapp.cluster.control_plane import ControlPlane
from webapp.cluster.dial import PREFIX as DIAL_PREFIX
from webapp.cluster.dial import open_dial
from webapp.cluster.door import Door, DoorTransport, LineTransport
from webapp.cluster.faults.families import make_families
from webapp.cluster.faults.injector import FaultInjector
from webapp.cluster.node import Machines
from webapp.cluster.past import Past
from webapp.cluster.past_world import PastWorld
from webapp.cluster.reach import ReachExplainer
from webapp.cluster.streams import PREFIX as STREAMS_PREFIX
from webapp.cluster.streams import StreamHub
from webapp.cluster.traffic import TrafficGenerator
from webapp.cluster.transport import ImmediateTransport, InProcessTransport, WriteLog, no_lag
from webapp.etcd.mvcc import Store
from webapp.journey.timeline import JourneyLog
from webapp.metrics_server.server import NodeMetrics, PodMetrics
from webapp.scheduler.live_configuration import LiveConfiguration
from webapp.sim.errors import SimulationError
from webapp.sim.loop import Simulation
from webapp.sim.rng import RandomStreams
from webapp.trace.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.watch import WatchEvent
    from webapp.apimachinery.wire import Answer
    from webapp.cluster.config import ClusterConfig
    from webapp.cluster.door import Line
    from webapp.cluster.fabric import OutsideConnection, Reach
    from webapp.cluster.past import Moment
    from webapp.cri.programs.network import Stopped
    from webapp.network.cni import NetworkPlugin
    from webapp.network.flows import FlowLog
    from webapp.scheduler.scheduler import Scheduler

ADMIN = UserInfo("kubernetes-admin", ("system:masters", "system:authenticated"))
SCHEDULER = UserInfo("system:kube-scheduler", ("system:authenticated",))
FAULTS = UserInfo("system:podarium-faults", ("system:masters", "system:authenticated"))
NODE_COMPONENTS = UserInfo("system:nodes", ("system:nodes", "system:masters"))
TRAFFIC = UserInfo("system:podarium-traffic", ("system:masters", "system:authenticated"))
VIEWER = UserInfo("system:podarium-page", ("system:masters", "system:authenticated"))


class Cluster:
    """A simulated Kubernetes cluster.

    Attributes:
        config: What it was built from.
        sim: Virtual time.
        recorder: The facts.
        journeys: Each Pod's way through the nine steps.
        scheduler_configuration: What the scheduler works by.
        past: The moments that can be looked back at.
        clock: How time is meant to run, as the Clock object says.
        lag_ms: How far virtual time trails the speed asked for, as the driver last saw it.
    """

    def __init__(self, config: ClusterConfig) -> None:
        self.config = config
        self.sim = Simulation(config.start_ms)
        self.streams = RandomStreams(config.seed)
        self.recorder = Recorder(self.sim.clock)
        self.journeys = JourneyLog(self.recorder)
        self.clock = ClockState(speed=config.speed)
        self.lag_ms = 0
        self._streams = StreamHub()
        store = Store()
        self.past = Past(self.sim, store, self.recorder)
        self._apiserver = APIServer(
            self.sim,
            self.recorder,
            self.streams,
            store,
            Scheme(BUILTIN_KINDS),
            APIServerConfig(
                anonymous=config.anonymous,
                anonymous_user=ADMIN,
                tokens=dict(config.tokens),
                kept_revisions=config.kept_revisions,
            ),
        )
        self._door = Door(self.sim, self.streams.stream("etcd/latency"))
        self._writes = WriteLog(self.recorder)
        self._transport = self._make_transport(self._door.lag_ms)
        self.admin = RESTClient(DoorTransport(self._transport, self._door), ADMIN, "podarium")
        self._viewers_transport = ImmediateTransport(self._apiserver)
        self.viewer = RESTClient(self._viewers_transport, VIEWER, "podarium-page")
        self._control_plane = ControlPlane(
            self.sim, self.streams, self.recorder, self._transport, self._door
        )
        self.scheduler_configuration = self._make_scheduler_configuration()
        self._node_informers = InformerFactory(self.client_for(NODE_COMPONENTS, "kubelet"))
        self._machines = self._make_machines()
        self._faults = self._make_faults()
        self._traffic = self._make_traffic()
        self._apiserver.node_proxy = self._machines
        self._serve_metrics()
        self._apiserver.show_living(CLOCKS, self._living_clock)
        self._apiserver.show_living(LEASES, self._machines.living_lease)
        self._boot()

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler that runs, or ran last."""
        return self._control_plane.scheduler

    @property
    def revision(self) -> int:
        """The store's newest revision."""
        return self._apiserver.revision

    @property
    def flows(self) -> FlowLog:
        """Every request of the pod network, counted."""
        return self._machines.plane.flows

    @property
    def network(self) -> NetworkPlugin:
        """The network plugin: what it is, and each Node's ranges."""
        return self._machines.network

    def reach(self, source: str, destination: str, port: int, protocol: str = "TCP") -> list[Reach]:
        """Whether NetworkPolicies let one end reach another: see :meth:`Fabric.reach`.

        Raises:
            LookupError: There is no such end.
        """
        return self._machines.fabric.reach(source, destination, port, protocol)

    def dial(
        self, ip: str, port: int, on_data: Callable[[bytes | None], None], summary: str = ""
    ) -> OutsideConnection | Stopped:
        """Connect from outside to an address of the cluster: see :meth:`Fabric.dial`."""
        return self._machines.fabric.dial(ip, port, on_data, summary)

    def reach_matrix(self, namespace: str, port: int = 80, protocol: str = "TCP") -> list[Reach]:
        """The same for every pair of different Pods of a namespace."""
        return self._machines.fabric.matrix(namespace, port, protocol)

    def handle(self, request: Request) -> Answer:
        """Answer an API request from outside, or take a stream's input, at the present virtual instant."""
        if request.path.startswith(STREAMS_PREFIX):
            return self._streams.handle(request)
        if request.path.startswith(DIAL_PREFIX):
            answer: Answer = open_dial(self._machines.fabric, request)
        else:
            answer = self._door.answer(request, self._apiserver.handle)
        if isinstance(answer, StreamResponse):
            self._streams.admit(answer.stream)
        return answer

    def open_streams(self) -> list[int]:
        """Streams into containers that are open; after a replay, their clients are gone."""
        return self._streams.open_ids()

    def pause(self) -> None:
        """Let virtual time stand still, as the Clock object then says."""
        self.admin.patch(CLOCKS, "", CLOCK_NAME, {"spec": {"paused": True, "runUntil": None}})

    def explain_pod(self, namespace: str, name: str) -> JSONObject | None:
        """The newest Pod of this name: its nine steps and the scheduler's verdicts; ``None`` if unknown."""
        journey = self.journeys.find(namespace, name)
        if journey is None:
            return None
        diagnosis = self._control_plane.explain(journey.ref.uid)
        return {
            "pod": {"namespace": namespace, "name": name, "uid": journey.ref.uid},
            "journey": journey.to_json(),
            "scheduling": diagnosis.to_json() if diagnosis is not None else None,
        }

    def look_inside(self, node: str, uid: str) -> JSONObject | None:
        """What goes on inside a Pod at this moment; ``None`` if its Node does not know it."""
        return self._machines.look_inside(node, uid)

    def explain_reach(
        self, source: str, destination: str, namespace: str, port: int, protocol: str
    ) -> JSONObject:
        """Whether ends can talk to one another; without them, the matrix of a namespace.

        Raises:
            StatusError: There is no such end.
        """
        explainer = ReachExplainer(self.viewer, self.network, self.reach)
        if source and destination:
            return explainer.pairs(source, destination, namespace, port, protocol)
        if source or destination:
            raise BadRequest("from and to are needed both, or neither for a namespace's matrix")
        return explainer.matrix(namespace, port, protocol)

    def at(self, moment: Moment) -> PastWorld:
        """The world as it was."""
        return PastWorld(
            moment, self._viewers_transport, VIEWER, self.journeys, self._machines.network
        )

    def client_for(self, user: UserInfo, name: str) -> RESTClient:
        """A client of the API server for a component."""
        return RESTClient(self._transport, user, name)

    def _node_client(self, user: UserInfo, name: str, line: Line) -> RESTClient:
        return RESTClient(LineTransport(self._transport, self._door, line), user, name)

    def _make_scheduler_configuration(self) -> LiveConfiguration:
        """Its ConfigMap reaches the scheduler as a mounted file would, so not through its own client."""
        mounted = self.client_for(VIEWER, "kubelet")
        client = self.client_for(SCHEDULER, "kube-scheduler")
        return LiveConfiguration(
            InformerFactory(mounted),
            EventRecorder(client, self.sim, "default-scheduler"),
            self._control_plane.configure_scheduler,
        )

    def _make_machines(self) -> Machines:
        machines = Machines(
            self.sim,
            self.streams,
            self.recorder,
            self._node_client,
            self._node_informers,
            self.config.network_plugin,
            self._door,
        )
        machines.plane.mode = self.config.proxy_mode
        machines.fabric.requests.paths.has_own_dns = not self.config.addons
        return machines

    def _serve_metrics(self) -> None:
        # Sees the Pods and Nodes that the kubelets see: one more watch would tell nothing else.
        nodes, pods = self._node_informers.informer(NODES), self._node_informers.informer(PODS)
        self._apiserver.compute(NODE_METRICS, NodeMetrics(self.sim, nodes, self._machines))
        self._apiserver.compute(POD_METRICS, PodMetrics(self.sim, pods, self._machines))

    def _make_transport(self, lag_ms: Callable[[], int] = no_lag) -> InProcessTransport:
        parts = (self.sim, self.streams, self.recorder, self._apiserver)
        return InProcessTransport(*parts, lag_ms, writes=self._writes)

    def _make_faults(self) -> FaultInjector:
        # Whoever heals is not slowed by what is to be healed.
        transport = self._make_transport()
        client = RESTClient(transport, FAULTS, "podarium-faults")
        families = make_families(
            self.sim, self.streams, self.recorder, self._machines, self._control_plane
        )
        return FaultInjector(self.sim, self.recorder, client, InformerFactory(client), families)

    def _make_traffic(self) -> TrafficGenerator:
        transport = self._make_transport()
        client = RESTClient(transport, TRAFFIC, "podarium-traffic")
        services = self._node_informers.informer(SERVICES)
        return TrafficGenerator(self.sim, client, InformerFactory(client), self._machines, services)

    def _boot(self) -> None:
        self.admin.create(CLOCKS, "", clock_object(self.clock))
        self._watch_clock()
        self._control_plane.start(self._machines)
        self.scheduler_configuration.start()
        self._machines.start()
        self._faults.start()
        self._traffic.start()
        if self.config.addons:
            install(self.admin, self.config.network_plugin, self.config.proxy_mode)
        for number in range(1, self.config.nodes + 1):
            self.admin.create(NODES, "", node_object(f"worker-{number}"))
        self.sim.run_until(self.config.start_ms + self.config.boot_ms // 2)
        if self.config.addons:
            install_gateway_class(self.admin)
        self.sim.run_until(self.config.start_ms + self.config.boot_ms)

    def _living_clock(self, obj: JSONObject) -> JSONObject:
        if obj["metadata"]["name"] != CLOCK_NAME:
            return obj
        return {**obj, "status": clock_status(self.sim, self.lag_ms)}

    def _watch_clock(self) -> None:
        request = Request(
            "GET", f"{CLOCKS.path}/clocks", {"watch": ("true",)}, user=VIEWER, client="podarium"
        )
        answer = self._apiserver.handle(request)
        if not isinstance(answer, WatchResponse):
            raise SimulationError("the Clock cannot be watched")
        answer.watcher.start(self._on_clock)

    def _on_clock(self, events: Sequence[WatchEvent]) -> None:
        for event in events:
            if (
                event.object.get("kind") == "Clock"
                and event.object["metadata"]["name"] == CLOCK_NAME
            ):
                self.clock = clock_state(event.object, self.sim.now_ms)


def node_object(name: str) -> JSONObject:
    """A Node manifest: creating it adds a machine."""
    return {"kind": "Node", "apiVersion": "v1", "metadata": {"name": name}}
