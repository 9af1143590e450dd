"""The pod network of a world, put together: names, policies, ways, listeners, requests.

One object for all machines. Policies and namespaces' labels come through informers and hold from the
moment the plugin's agents hear of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.api.resources import NAMESPACES, NETWORK_POLICIES
from webapp.cluster.ends import OUTSIDE, Ends
from webapp.cluster.gateways import GatewayRules
from webapp.cluster.http_proxy import HTTPProxies
from webapp.cluster.ingresses import IMAGE as INGRESS_IMAGE
from webapp.cluster.ingresses import IngressRules
from webapp.cluster.listeners import Listeners
from webapp.cluster.paths import FROM_OUTSIDE, Paths
from webapp.cluster.pod_network import PodNetwork
from webapp.cluster.requests import Requests
from webapp.cri.programs.network import ANSWERED, RESET, Stopped
from webapp.network.dns import ClusterDNS
from webapp.network.gateway_routes import IMAGE as GATEWAY_IMAGE
from webapp.network.ipam import number
from webapp.network.outside import NAMES
from webapp.network.policy.evaluator import PolicyEvaluator
from webapp.network.resolver import NODE_RESOLVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory
    from webapp.cluster.paths import Machinery
    from webapp.cluster.requests import PodRequest
    from webapp.cri.api import Sandbox
    from webapp.cri.programs.network import Conversation
    from webapp.network.policy.ends import End, Verdict
    from webapp.network.rules import ServiceRule
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams
    from webapp.trace.recorder import Recorder


class Reach(NamedTuple):
    """Whether one end can reach a port of another.

    Attributes:
        source, destination: ``namespace/name`` of a Pod, or an address.
        port: The port.
        protocol: TCP, UDP or SCTP.
        verdict: What the policies say, with policy and rule.
        enforced: Whether the cluster's plugin enforces policies; if not, nothing is stopped.
    """

    source: str
    destination: str
    port: int
    protocol: str
    verdict: Verdict
    enforced: bool

    @property
    def allowed(self) -> bool:
        """Whether a packet gets through."""
        return self.verdict.allowed or not self.enforced


class OutsideConnection:
    """A connection that somebody outside has opened; it is counted when it is closed."""

    __slots__ = ("_conversation", "_request")

    def __init__(self, conversation: Conversation, request: PodRequest) -> None:
        self._conversation = conversation
        self._request: PodRequest | None = request

    def send(self, data: bytes | None) -> None:
        """Send bytes; ``None`` says that there are no more."""
        self._conversation.send(data)

    def cancel(self) -> None:
        """Close it."""
        self._conversation.cancel()
        if self._request is not None:
            self._request.end(ANSWERED, 0, "closed")
            self._request = None


class Fabric:
    """The pod network.

    Attributes:
        ends: Pods as ends of connections.
        policies: NetworkPolicies, compiled.
        requests: Every request.
    """

    def __init__(
        self,
        sim: Simulation,
        streams: RandomStreams,
        recorder: Recorder,
        informers: InformerFactory,
        machines: Machinery,
    ) -> None:
        self._machines = machines
        self.ends = Ends(informers)
        profile = machines.network.profile
        self.policies = PolicyEvaluator(blocks_match_pods=profile.blocks_match_pods)
        listeners = Listeners(sim)
        paths = Paths(machines, self.ends, self.policies, streams.stream("network/packets"))
        self.requests = Requests(
            sim, recorder, paths, ClusterDNS(informers), listeners, machines.plane.flows
        )
        listeners.proxies = HTTPProxies(
            self.requests, informers, streams.stream("network/http-proxy")
        )
        listeners.proxies.makers[INGRESS_IMAGE] = IngressRules(informers)
        listeners.proxies.makers[GATEWAY_IMAGE] = GatewayRules(informers)
        self._follow(informers)

    def network(self, node: str, sandbox: Sandbox, container: str = "") -> PodNetwork:
        """The network as a container sees it."""
        return PodNetwork(self.requests, self.ends, node, sandbox, container)

    def reach(self, source: str, destination: str, port: int, protocol: str = "TCP") -> list[Reach]:
        """Whether policies let one end reach a port of another.

        Args:
            source: ``namespace/name`` of a Pod, ``outside``, an address, or a name outside.
            destination: The same, or ``svc/namespace/name`` for every ready endpoint of a Service.
            port: The port dialled; of a Service its own port, which is translated.
            protocol: TCP, UDP or SCTP.

        Returns:
            One answer, or one an endpoint of the Service, sorted by address.

        Raises:
            LookupError: There is no such Pod, Service or name; the message says which.
        """
        client = self._end(source)
        return [
            self._judge(client, end, number, protocol)
            for end, number in self._destinations(destination, port, protocol)
        ]

    def _judge(self, source: End, destination: End, port: int, protocol: str) -> Reach:
        return Reach(
            _name(source),
            _name(destination),
            port,
            protocol,
            self.policies.verdict(source, destination, port, protocol),
            self._machines.network.profile.enforces_policies,
        )

    def _end(self, text: str) -> End:
        if text == "outside":
            return OUTSIDE
        if "/" in text:
            namespace, _, name = text.partition("/")
            pod = self.ends.pod(namespace, name)
            if pod is None:
                raise LookupError(f'pod "{text}" not found')
            return self.ends.of_pod(pod)
        address = text if number(text) >= 0 else NAMES.get(text, "")
        if not address:
            raise LookupError(f'host "{text}" not found')
        return self._at(address)

    def _at(self, ip: str) -> End:
        """Whoever has an address: a machine, a Pod, or the outside."""
        machines = self._machines
        node = machines.plane.node_at(ip)
        if node:
            return self.ends.of_machine(node, ip)
        home = machines.network.home_of(ip)
        runtime = machines.runtime_of(home) if home else None
        sandboxes = runtime.sandboxes_at(ip) if runtime is not None else ()
        return self.ends.of_sandbox(sandboxes[0], home) if sandboxes else self.ends.of_outside(ip)

    def _destinations(self, text: str, port: int, protocol: str) -> list[tuple[End, int]]:
        if not text.startswith("svc/"):
            return [(self._end(text), port)]
        rule = self._rule(text.removeprefix("svc/"), port, protocol)
        return [(self._at(endpoint.ip), endpoint.port) for endpoint in rule.endpoints]

    def _rule(self, service: str, port: int, protocol: str) -> ServiceRule:
        plane = self._machines.plane
        for node in plane.nodes():
            for key, rule in plane.table(node).rules.items():
                matches = key.ip and (key.port, key.protocol) == (port, protocol)
                if matches and rule.service.rpartition(":")[0] == service:
                    return rule
        raise LookupError(f'service "{service}" has no {protocol} port {port}')

    def any_machine(self) -> str:
        """The address of the first machine that runs, "" when none does."""
        for node in self._machines.plane.nodes():
            if self._machines.runtime_of(node) is not None:
                return self._machines.address_of(node)
        return ""

    def dial(
        self, ip: str, port: int, on_data: Callable[[bytes | None], None], summary: str = ""
    ) -> OutsideConnection | Stopped:
        """Connect from outside to an address of the cluster: a NodePort, a load balancer, an external IP.

        For published ports: real bytes in, real bytes out, through the same rules and policies as others.

        Args:
            ip: Address dialled.
            port: Port dialled.
            on_data: Gets what the server sends, and ``None`` at its end.
            summary: What facts say it is.

        Returns:
            The connection, or how and when it fails.
        """
        request = self.requests.begin(FROM_OUTSIDE, NODE_RESOLVER, summary or f"tcp {ip}:{port}")
        found = request.connect(ip, port)
        if isinstance(found, Stopped):
            request.end(found.kind, 0, "")
            return found
        conversation = found.server.converse(on_data)
        if conversation is None:
            request.end(RESET, 0, "")
            return Stopped(RESET, found.latency_ms)
        return OutsideConnection(conversation, request)

    def matrix(self, namespace: str, port: int = 80, protocol: str = "TCP") -> list[Reach]:
        """Every pair of different Pods of a namespace, by names of source and destination."""
        ends = [self.ends.of_pod(pod) for pod in self.ends.pods_in(namespace)]
        return [
            self._judge(source, destination, port, protocol)
            for source in ends
            for destination in ends
            if source is not destination
        ]

    def _follow(self, informers: InformerFactory) -> None:
        policies = informers.informer(NETWORK_POLICIES)
        policies.add_handler(
            on_add=self.policies.put_policy,
            on_update=lambda _, policy: self.policies.put_policy(policy),
            on_delete=self.policies.remove_policy,
        )
        namespaces = informers.informer(NAMESPACES)
        namespaces.add_handler(
            on_add=self._on_namespace,
            on_update=lambda _, namespace: self._on_namespace(namespace),
            on_delete=lambda namespace: self.policies.remove_namespace(
                namespace["metadata"]["name"]
            ),
        )

    def _on_namespace(self, namespace: JSONObject) -> None:
        metadata = namespace["metadata"]
        self.policies.put_namespace(metadata["name"], metadata.get("labels") or {})


def _name(end: End) -> str:
    return f"{end.namespace}/{end.name}" if end.namespace else end.ip
