"""Machines: one kubelet, runtime and kube-proxy for each Node object.

:class:`Machines` watches Nodes: a Node that is created gets a machine, which boots, registers and
becomes Ready; a Node that is deleted loses it, with all that ran there. A machine can lose its power
or its kubelet for a while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import NODES, SERVICES
from webapp.apimachinery.meta import with_fields
from webapp.apimachinery.status import NotFound
from webapp.apimachinery.streams import NodeRefused
from webapp.apimachinery.timestamps import micro_time_text
from webapp.apimachinery.wire import UserInfo
from webapp.client.record import EventRecorder
from webapp.cluster.dialing import (
    NO_ROUTE,
    NO_RUNTIME,
    REFUSED,
    TIMEOUT,
    PassedOnError,
    log_failure,
    stream_failure,
)
from webapp.cluster.door import Line
from webapp.cluster.fabric import Fabric
from webapp.cri.images import ImageStore, Registry
from webapp.cri.runtime import ContainerRuntime
from webapp.kubelet.backoff import go_duration
from webapp.kubelet.config import PodSource
from webapp.kubelet.host_files import StorageFiles
from webapp.kubelet.kubelet import Kubelet, Surroundings
from webapp.kubelet.node_status import LEASE_NAMESPACE, MachineInfo, NodeStatusManager
from webapp.kubelet.nodeshutdown import NODE_PROBLEM
from webapp.kubelet.sabotage import Sabotage
from webapp.metrics_server.scrape import RESOLUTION_MS, Use, last_scrape_ms
from webapp.network.cni import NetworkPlugin
from webapp.network.dataplane import DataPlane
from webapp.network.ipam import IndexPool, node_address
from webapp.proxy.proxier import Proxier
from webapp.sim.latency import Latency

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.apimachinery.log_options import LogOptions
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.streams import ExecOptions, ExecSession, PortForwarder
    from webapp.apimachinery.wire import LogResponse
    from webapp.client.informer import InformerFactory
    from webapp.client.rest import RESTClient
    from webapp.cluster.door import Door
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams
    from webapp.trace.recorder import Recorder

REGISTER_LATENCY = Latency(400, 0.3, 100)
READY_LATENCY = Latency(1_500, 0.3, 500)
BOOT_LATENCY = Latency(20_000, 0.2, 10_000)
"""From power to a kubelet that registers."""
RECONNECT_LATENCY = Latency(1_500, 0.4, 200)
"""From a line that works again to watches and requests that do."""
RUNTIME_THRESHOLD_MS = 30_000
"""How long a runtime may not answer before its kubelet calls it down."""
RUNTIME_IS_DOWN = "container runtime is down"
PLEG_THRESHOLD_MS = 180_000
"""How long a kubelet may not have seen its containers before it says so."""
SHUTDOWN_MS = 2_000
"""From the last Pod's end to a machine without power."""
RUNTIME_LATENCY = Latency(2_500, 0.3, 500)
"""From a runtime that answers again to a kubelet that has noticed: it asks every five seconds."""


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


class Machines:
    """All machines of a world.

    Attributes:
        network: The network plugin.
        plane: The data plane.
        fabric: The pod network: names, policies, requests.
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
        self.fabric = Fabric(sim, streams, recorder, informers, self)
        self.sabotage = Sabotage()

    def start(self) -> None:
        """Watch Nodes, Pods, Services and EndpointSlices from now on."""
        self._proxier = Proxier(
            self._sim,
            self._recorder,
            self._streams.stream("kube-proxy"),
            self._informers,
            self.plane,
        )
        self._nodes.add_handler(
            on_add=self._on_node_added,
            on_update=self._on_node_updated,
            on_delete=self._on_node_deleted,
        )
        self._informers.start()

    def names(self) -> list[str]:
        """Names of all machines, sorted."""
        return sorted(self._machines)

    def _services_in(self, namespace: str) -> list[JSONObject]:
        return self._services.by_index("namespace", namespace)

    def runtimes(self) -> Iterator[ContainerRuntime]:
        """The runtimes of all machines, in order of the machines' names."""
        for name in self.names():
            yield self._machines[name].runtime

    def runtime_of(self, node: str) -> ContainerRuntime | None:
        """A machine's runtime; ``None`` when the machine has no power or does not exist."""
        machine = self._machines.get(node)
        return machine.runtime if machine is not None and machine.powered else None

    def address_of(self, node: str) -> str:
        """A machine's own address, "" for one that does not exist."""
        machine = self._machines.get(node)
        return node_address(machine.index) if machine is not None else ""

    def machine(self, node_name: str) -> Machine | None:
        """A Node's machine, or ``None``."""
        return self._machines.get(node_name)

    def container_log(
        self, node_name: str, pod: JSONObject, container: str, options: LogOptions
    ) -> LogResponse:
        """A container's log, asked of the kubelet on its Node.

        Raises:
            NotFound: The Node has no machine.
            StatusError: As the kubelet answers, or as the connection to it fails.
        """
        machine, problem = self._called(node_name)
        if problem:
            raise log_failure(node_address(machine.index), pod, container, options, problem)
        if machine.runtime_down:
            raise PassedOnError(NO_RUNTIME)
        return machine.kubelet.container_log(pod, container, options)

    def container_exec(
        self, node_name: str, pod: JSONObject, container: str, options: ExecOptions
    ) -> ExecSession:
        """A command in a container, or the container itself, asked of the kubelet on its Node.

        Raises:
            NotFound: The Node has no machine.
            StatusError: As the kubelet answers, or as the connection to it fails.
        """
        return self._kubelet_for_stream(node_name).container_exec(pod, container, options)

    def port_forwarder(self, node_name: str, pod: JSONObject) -> PortForwarder:
        """The way to a Pod's ports, asked of the kubelet on its Node.

        Raises:
            NotFound: The Node has no machine.
            StatusError: As the kubelet answers, or as the connection to it fails.
        """
        return self._kubelet_for_stream(node_name).port_forwarder(pod)

    def node_use(self, node: str) -> Use | None:
        """What a Node uses; ``None`` when its kubelet does not answer, or has not been scraped twice."""
        machine = self._scraped(node)
        return Use(node, *machine.kubelet.node_stats(), RESOLUTION_MS) if machine else None

    def pod_use(self, node: str, uid: str) -> list[Use]:
        """What the running containers of a Pod use; empty while that is not known."""
        machine = self._scraped(node)
        if machine is None:
            return []
        return [
            Use(stats.name, stats.cpu_nanocores, stats.memory_bytes, stats.window_ms)
            for stats in machine.kubelet.pod_stats(uid)
        ]

    def look_inside(self, node: str, uid: str) -> JSONObject | None:
        """What goes on inside a Pod; ``None`` when its machine has no power or does not know it."""
        machine = self._machines.get(node)
        if machine is None or not machine.powered:
            return None
        return machine.kubelet.look_inside(uid)

    def _scraped(self, node: str) -> Machine | None:
        machine = self._machines.get(node)
        since_ms = machine.status.renewing_since_ms if machine is not None else None
        if since_ms is None or last_scrape_ms(self._sim.now_ms) - since_ms < RESOLUTION_MS:
            return None
        return machine

    def _called(self, node_name: str) -> tuple[Machine, str]:
        """A machine whose kubelet is called, and why it does not answer, if it does not."""
        machine = self._machines.get(node_name)
        if machine is None:
            raise NotFound.of("", "nodes", node_name)
        if not machine.powered:
            return machine, NO_ROUTE
        if not machine.line.is_up:
            return machine, TIMEOUT
        return machine, REFUSED if machine.halted or machine.waiting else ""

    def _kubelet_for_stream(self, node_name: str) -> Kubelet:
        machine, problem = self._called(node_name)
        if problem:
            raise stream_failure(node_address(machine.index), problem)
        if machine.runtime_down:
            raise NodeRefused(NO_RUNTIME)
        return machine.kubelet

    def living_lease(self, lease: JSONObject) -> JSONObject:
        """A Node's Lease as people read it: renewed up to now, if its kubelet runs."""
        metadata = lease["metadata"]
        machine = self._machines.get(metadata["name"])
        renewed_ms = machine.status.renewed_ms() if machine is not None else None
        if renewed_ms is None or metadata.get("namespace") != LEASE_NAMESPACE:
            return lease
        return with_fields(lease, ("spec", "renewTime"), micro_time_text(renewed_ms))

    # Faults

    def power_off(self, node_name: str) -> None:
        """A machine loses its power: all that runs there stops, and nobody is told."""
        machine = self._machines.get(node_name)
        if machine is None or not machine.powered:
            return
        machine.powered = False
        machine.shutting_down = False
        self._halt(machine, boot_id=self._streams.stream(f"kubelet/{node_name}").uid())
        self._pods.remove(node_name)
        machine.kubelet.lose_power()
        machine.registered = False
        if machine.joined:
            machine.joined = False
            self.network.leave(node_name)
            self.plane.leave(node_name, node_address(machine.index))
            if self._proxier is not None:
                self._proxier.remove(node_name)

    def power_on(self, node_name: str) -> None:
        """A machine gets its power back and boots; its disk is as it was."""
        machine = self._machines.get(node_name)
        if machine is None:
            return
        if machine.shutting_down:  # nobody stops a machine that goes down: it does, and boots
            self.power_off(node_name)
        if machine.powered:
            return
        machine.powered = True
        delay_ms = BOOT_LATENCY.draw(self._streams.stream(f"kubelet/{node_name}"))
        machine.timer = self._sim.schedule(delay_ms, self._register, node_name)

    def shut_down(self, node_name: str) -> None:
        """A machine goes down in good order, if its kubelet can see to it."""
        machine = self._machines.get(node_name)
        if machine is None or not machine.powered or machine.shutting_down:
            return
        if machine.halted or machine.runtime_down:
            self.power_off(node_name)
            return
        machine.shutting_down = True
        machine.status.set_ready(ready=False, problem=NODE_PROBLEM)
        machine.kubelet.shut_down(lambda: self._finish_shutdown(node_name, machine))

    def _finish_shutdown(self, node_name: str, machine: Machine) -> None:
        def go_down(_: None) -> None:
            if machine.shutting_down:
                self.power_off(node_name)

        self._sim.schedule(SHUTDOWN_MS, go_down)

    def stop_kubelet(self, node_name: str) -> None:
        """A machine's kubelet stops; its containers go on."""
        machine = self._machines.get(node_name)
        if machine is None or not machine.powered:
            return
        self._halt(machine)
        self._pods.remove(node_name)
        machine.kubelet.pause()

    def start_kubelet(self, node_name: str) -> None:
        """A machine's kubelet begins again and finds what is there; one that boots does so anyway."""
        machine = self._machines.get(node_name)
        if machine is None or not machine.powered or not machine.halted:
            return
        if machine.timer is not None or machine.waiting:
            return
        delay_ms = REGISTER_LATENCY.draw(self._streams.stream(f"kubelet/{node_name}"))
        machine.timer = self._sim.schedule(delay_ms, self._register, node_name)

    def _halt(self, machine: Machine, *, boot_id: str = "") -> None:
        self._sim.cancel(machine.timer)
        machine.timer = None
        machine.waiting = False
        machine.halted = True
        machine.status.stop(boot_id=boot_id)

    def disconnect(self, node_name: str) -> None:
        """A machine reaches the API server no more; all that runs there goes on."""
        machine = self._machines.get(node_name)
        if machine is None or not machine.line.is_up:
            return
        machine.status.fall_silent()
        machine.line.is_up = False
        self._lose_contact(node_name, machine)

    def connect(self, node_name: str) -> None:
        """A machine reaches the API server again, and tells what it has to tell."""
        machine = self._machines.get(node_name)
        if machine is None or machine.line.is_up:
            return
        machine.line.is_up = True
        self._regain_contact(node_name, machine)

    def lose_api_server(self) -> None:
        """No machine reaches the API server: it is not there."""
        for name in self.names():
            self._lose_contact(name, self._machines[name])

    def find_api_server(self) -> None:
        """The API server is there again."""
        for name in self.names():
            self._regain_contact(name, self._machines[name])

    def _reaches_api_server(self, machine: Machine) -> bool:
        return machine.line.is_up and self._door.is_open

    def _lose_contact(self, name: str, machine: Machine) -> None:
        self._pods.remove(name)
        if not machine.halted:
            machine.kubelet.disconnect()

    def _regain_contact(self, name: str, machine: Machine) -> None:
        if not self._reaches_api_server(machine):
            return
        if machine.waiting:
            self._begin_if_possible(name, machine)
        else:
            delay_ms = RECONNECT_LATENCY.draw(self._streams.stream(f"kubelet/{name}"))
            self._sim.schedule(delay_ms, self._reconnect, name)

    def _reconnect(self, name: str) -> None:
        machine = self._machines.get(name)
        if machine is None or machine.halted or not self._reaches_api_server(machine):
            return
        if not machine.registered:  # it is still on its way to become a Node
            return
        if machine.status.renewed_ms() is None:
            try:
                machine.status.resume()
            except NotFound:  # the watch will take the machine away
                return
        if not machine.runtime_down:
            machine.kubelet.resume(self._pods.pods(name))
            self._pods.add(name, machine.kubelet)

    def _begin_if_possible(self, name: str, machine: Machine) -> None:
        if machine.waiting and not machine.runtime_down and self._reaches_api_server(machine):
            machine.waiting = False
            delay_ms = REGISTER_LATENCY.draw(self._streams.stream(f"kubelet/{name}"))
            machine.timer = self._sim.schedule(delay_ms, self._register, name)

    def stop_runtime(self, node_name: str) -> None:
        """A machine's container runtime does not answer: what runs goes on, nothing begins or ends."""
        machine = self._machines.get(node_name)
        if machine is None or machine.runtime_down:
            return
        machine.runtime_down = True
        self._pods.remove(node_name)
        if not machine.halted:
            machine.kubelet.pause()
        self._sim.cancel(machine.runtime_timer)
        now_ms = self._sim.now_ms
        machine.runtime_timer = self._sim.schedule(
            RUNTIME_THRESHOLD_MS + machine.status.until_report_ms(RUNTIME_THRESHOLD_MS),
            self._report_runtime,
            (node_name, now_ms),
            background=True,
        )

    def start_runtime(self, node_name: str) -> None:
        """A machine's container runtime answers again."""
        machine = self._machines.get(node_name)
        if machine is None or not machine.runtime_down:
            return
        machine.runtime_down = False
        self._sim.cancel(machine.runtime_timer)
        machine.runtime_timer = None
        self._begin_if_possible(node_name, machine)
        delay_ms = RUNTIME_LATENCY.draw(self._streams.stream(f"kubelet/{node_name}"))
        machine.runtime_timer = self._sim.schedule(delay_ms, self._find_runtime, node_name)

    def _report_runtime(self, key: tuple[str, int]) -> None:
        """The kubelet tells that its runtime is down; later, that it has not seen its Pods for long."""
        name, since_ms = key
        machine = self._machines.get(name)
        if machine is None or machine.halted:
            return
        silent_ms = self._sim.now_ms - since_ms
        problem = RUNTIME_IS_DOWN
        if silent_ms >= PLEG_THRESHOLD_MS:
            seen = go_duration(silent_ms)
            problem = f"[{RUNTIME_IS_DOWN}, PLEG is not healthy: pleg was last seen active {seen} ago; threshold is 3m0s]"
        else:
            wait_ms = PLEG_THRESHOLD_MS - silent_ms
            machine.runtime_timer = self._sim.schedule(
                wait_ms + machine.status.until_report_ms(wait_ms),
                self._report_runtime,
                key,
                background=True,
            )
        machine.status.set_ready(ready=False, problem=problem)

    def _find_runtime(self, name: str) -> None:
        machine = self._machines.get(name)
        if machine is None:
            return
        machine.runtime_timer = None
        if machine.halted or machine.runtime_down or not machine.registered:
            return
        if not machine.status.ready and self.network.installed and machine.timer is None:
            machine.status.set_ready(ready=True)
        if self._reaches_api_server(machine):
            machine.kubelet.resume(self._pods.pods(name))
            self._pods.add(name, machine.kubelet)

    # Nodes come and go

    def _on_node_added(self, node: JSONObject) -> None:
        name = node["metadata"]["name"]
        if name not in self._machines:
            machine = self._machines[name] = self._build(name)
            delay_ms = REGISTER_LATENCY.draw(self._streams.stream(f"kubelet/{name}"))
            machine.timer = self._sim.schedule(delay_ms, self._register, name)

    def _on_node_deleted(self, node: JSONObject) -> None:
        name = node["metadata"]["name"]
        machine = self._machines.pop(name, None)
        if machine is None:
            return
        self._sim.cancel(machine.timer)
        self._sim.cancel(machine.runtime_timer)
        self._pods.remove(name)
        machine.status.power_off()
        machine.kubelet.power_off()
        self.network.leave(name)
        self.plane.leave(name, node_address(machine.index))
        if self._proxier is not None:
            self._proxier.remove(name)
        self._indexes.give_back(machine.index)

    def _build(self, name: str) -> Machine:
        stream = self._streams.stream(f"kubelet/{name}")
        ids = self._streams.stream(f"containerd/{name}")
        index = self._indexes.take()
        user = UserInfo(f"system:node:{name}", ("system:nodes", "system:authenticated"))
        line = Line()
        client = self._client_for(user, f"kubelet/{name}", line)
        events = EventRecorder(client, self._sim, "kubelet", name)
        images = ImageStore(self._registry, stream)
        runtime = ContainerRuntime(
            self._sim,
            self._recorder,
            ids,
            node=name,
            images=images,
            network=self.network,
            network_of=lambda sandbox, container: self.fabric.network(name, sandbox, container),
        )
        info = MachineInfo(name, node_address(index), stream.hex(32), stream.uid(), stream.uid())
        status = NodeStatusManager(self._sim, self._recorder, client, events, info, images)
        kubelet = Kubelet(
            Surroundings(
                self._sim,
                self._recorder,
                stream,
                client,
                events,
                runtime,
                name,
                info.address,
                lambda: self._nodes.get(name),
                status.mark_images,
                self._services_in,
                lambda condition, holds: status.set_pressure(condition, holds=holds),
                self.network.installed,
                self.sabotage,
                self._storage_files,
            )
        )
        return Machine(kubelet, runtime, status, index, line)

    def _register(self, name: str) -> None:
        machine = self._machines[name]
        machine.timer = None
        if machine.runtime_down or not self._reaches_api_server(machine):
            machine.waiting = True
            return
        try:
            node = machine.status.register()
        except NotFound:  # the Node was deleted just now: the watch will take the machine away
            return
        machine.registered = True
        if machine.joined:  # only the kubelet was away
            self._get_ready(name, machine)
        else:
            self._join_network(name, node)

    def _on_node_updated(self, _old: JSONObject, node: JSONObject) -> None:
        name = node["metadata"]["name"]
        self._join_network(name, node)
        machine = self._machines.get(name)
        if machine is not None and machine.registered:
            machine.kubelet.on_node_updated(node)

    def _join_network(self, name: str, node: JSONObject) -> None:
        """Install the network plugin's part once the Node has its Pod CIDR."""
        machine = self._machines.get(name)
        cidr = (node.get("spec") or {}).get("podCIDR")
        if machine is None or machine.joined or not machine.registered or not cidr:
            return
        machine.joined = True
        address = node_address(machine.index)
        self.network.join(name, address, cidr)
        self.plane.join(name, address)
        self.plane.set_zone(name, _zone(node))
        if self._proxier is not None:
            self._proxier.add(name)
        self._get_ready(name, machine)

    def _get_ready(self, name: str, machine: Machine) -> None:
        if not self.network.installed:
            self._run_pods(name, machine)
            return
        delay_ms = READY_LATENCY.draw(self._streams.stream(f"kubelet/{name}"))
        machine.timer = self._sim.schedule(delay_ms, self._become_ready, name)

    def _become_ready(self, name: str) -> None:
        machine = self._machines[name]
        machine.timer = None
        if machine.runtime_down or not self._reaches_api_server(machine):
            machine.waiting = True
            return
        machine.status.set_ready(ready=True)
        self._run_pods(name, machine)

    def _run_pods(self, name: str, machine: Machine) -> None:
        if machine.halted:
            machine.halted = False
            machine.kubelet.resume(self._pods.pods(name))
        self._pods.add(name, machine.kubelet)


def _zone(node: JSONObject) -> str:
    labels = node["metadata"].get("labels") or {}
    return str(labels.get("topology.kubernetes.io/zone", ""))


def _namespace(obj: JSONObject) -> tuple[str, ...]:
    return (obj["metadata"].get("namespace", ""),)
