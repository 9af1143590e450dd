"""The pod network of a world, put together: names, policies, ways, listeners, requests.

One object for all machines. Policies and namespaces' labels come through informers and hold from the
moment the plugin's agents hear of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.api.resources import NAMESPACES, NETWORK_POLICIES
from webapp.cluster.ends import Ends
from webapp.cluster.listeners import Listeners
from webapp.cluster.paths import Paths
from webapp.cluster.pod_network import PodNetwork
from webapp.cluster.requests import Requests
from webapp.network.dns import ClusterDNS
from webapp.network.policy.evaluator import PolicyEvaluator

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory
    from webapp.cluster.paths import Machinery
    from webapp.cri.api import Sandbox
    from webapp.network.policy.ends import End, Verdict
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
        self._follow(informers)

    def network(self, node: str, sandbox: Sandbox, container: str = "") -> PodNetwork:
        """The network as a container sees it."""
        return PodNetwork(self.requests, self.ends, node, sandbox, container)

    def reach(self, source: End, destination: End, port: int, protocol: str = "TCP") -> Reach:
        """Whether policies let one end reach a port of another."""
        return Reach(
            _name(source),
            _name(destination),
            port,
            protocol,
            self.policies.verdict(source, destination, port, protocol),
            self._machines.network.profile.enforces_policies,
        )

    def matrix(self, namespace: str, port: int = 80, protocol: str = "TCP") -> list[Reach]:
        """Every pair of different Pods of a namespace, by names of source and destination."""
        ends = [self.ends.of_pod(pod) for pod in self.ends.pods_in(namespace)]
        return [
            self.reach(source, destination, port, protocol)
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
