"""What a runtime asks of the network plugin: ADD when it makes a sandbox, DEL when it stops it.

Models:
    containernetworking/cni/libcni/api.go CNI
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.network.ipam import PodAddresses
from webapp.sim.latency import Latency
from webapp.trace.facts import AddressAssigned

if TYPE_CHECKING:
    from webapp.sim.rng import RandomStream
    from webapp.trace.facts import ObjectRef
    from webapp.trace.recorder import Recorder

ADD_LATENCY = Latency(50, 0.2, 20)


class NetworkPlugin:
    """The cluster's network plugin with its part on every machine.

    Attributes:
        name: As people know it: calico, cilium, flannel, kindnet; ``none`` for no plugin.
    """

    def __init__(self, recorder: Recorder, name: str) -> None:
        self._recorder = recorder
        self._nodes: dict[str, tuple[str, PodAddresses]] = {}
        self.name = name

    @property
    def installed(self) -> bool:
        """Whether there is a plugin at all; without one, Nodes do not become Ready."""
        return self.name != "none"

    def join(self, node: str, node_ip: str, cidr: str) -> None:
        """Serve a machine from now on."""
        self._nodes[node] = (node_ip, PodAddresses(cidr))

    def leave(self, node: str) -> None:
        """A machine is gone."""
        self._nodes.pop(node, None)

    def add_ms(self, stream: RandomStream) -> int:
        """How long the next ADD takes."""
        return ADD_LATENCY.draw(stream)

    def add(self, node: str, sandbox_id: str, pod: ObjectRef, *, host_network: bool = False) -> str:
        """Connect a sandbox; return its address.

        Raises:
            AddressesExhaustedError: The Node's range is used up.
        """
        node_ip, addresses = self._nodes[node]
        ip = node_ip if host_network else addresses.reserve(sandbox_id)
        self._recorder.record(
            AddressAssigned(
                actor=f"{self.name}/{node}",
                subject=pod,
                node=node,
                ip=ip,
                plugin="host" if host_network else self.name,
            )
        )
        return ip

    def delete(self, node: str, sandbox_id: str) -> None:
        """Disconnect a sandbox; its address may be used again."""
        held = self._nodes.get(node)
        if held is not None:
            held[1].release(sandbox_id)
