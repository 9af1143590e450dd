"""Machines: one kubelet, runtime and kube-proxy for each Node object.

:class:`Machines` watches Nodes: a Node that is created gets a machine, which boots, registers and
becomes Ready; a Node that is deleted loses it, with all that ran there. A machine can lose its power
or its kubelet for a while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    dial_problem,
    log_failure,
    stream_failure,
)
from webapp.cluster.door import Line
from webapp.cluster.fabric import Fabric
from webapp.cluster.machine import REGISTER_LATENCY, Machine
from webapp.cluster.machine_faults import MachineFaults
from webapp.cluster.proxied import kubelet_page, pass_on
from webapp.cri.images import ImageStore
from webapp.cri.runtime import ContainerRuntime
from webapp.kubelet.kubelet import Kubelet
from webapp.kubelet.node_status import LEASE_NAMESPACE, MachineInfo, NodeStatusManager
from webapp.kubelet.surroundings import Surroundings
from webapp.metrics_server.scrape import RESOLUTION_MS, Use, last_scrape_ms
from webapp.network.ipam import node_address
from webapp.proxy.proxier import Proxier
from webapp.sim.latency import Latency

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.apimachinery.log_options import LogOptions
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.proxied import ProxiedRequest, ProxyTarget
    from webapp.apimachinery.streams import ExecOptions, ExecSession, PortForwarder
    from webapp.apimachinery.wire import LogResponse
    from webapp.client.informer import InformerFactory
    from webapp.client.rest import RESTClient
    from webapp.cluster.door import Door
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams
    from webapp.trace.recorder import Recorder

READY_LATENCY = Latency(1_500, 0.3, 500)


class Machines(MachineFaults):
    """All machines of a world.

    Attributes:
        fabric: The pod network: names, policies, requests.
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
        super().__init__(sim, streams, recorder, client_for, informers, network_plugin, door)
        self.fabric = Fabric(sim, streams, recorder, informers, self)

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

    def pass_on(self, target: ProxyTarget, sent: ProxiedRequest) -> tuple[int, str, bytes] | str:
        """Pass an HTTP request on to an address by way of a Node, or to the Node's kubelet.

        Raises:
            NotFound: The Node has no machine.
        """
        if target.port:
            return pass_on(self.fabric, target, sent, self.address_of(target.node))
        machine, problem = self._called(target.node)
        if problem:
            return dial_problem(node_address(machine.index), problem)
        return kubelet_page(sent.path, list(self._pods.pods(target.node)))

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
            machine.status.on_node_updated(node)

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
