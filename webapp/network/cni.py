"""What a runtime asks of the network plugin: ADD when it makes a sandbox, DEL when it stops it.

Where addresses come from, and who can be found at one, depends on the plugin
(:mod:`webapp.network.plugins`).

Models:
    containernetworking/cni/libcni/api.go CNI
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from webapp.network.ipam import AddressesExhaustedError, BlockPool, PodAddresses, number
from webapp.network.plugins import PLUGINS
from webapp.sim.latency import Latency
from webapp.trace.facts import AddressAssigned

if TYPE_CHECKING:
    from webapp.sim.rng import RandomStream
    from webapp.trace.facts import ObjectRef
    from webapp.trace.recorder import Recorder

ADD_LATENCY = Latency(50, 0.2, 20)
MOST_BLOCKS = 1 << 14
"""Of one range; a million addresses are more than its Pods will see."""
_HOME_BITS = 6
"""Who is at home where is kept for blocks of 64 addresses, the smallest that any plugin hands out."""


class NetworkPlugin:
    """The cluster's network plugin with its part on every machine.

    Attributes:
        name: As people know it: calico, cilium, flannel, kindnet; ``none`` for no plugin.
        profile: In what it differs from others.
    """

    def __init__(self, recorder: Recorder, name: str) -> None:
        self._recorder = recorder
        self._nodes: dict[str, tuple[str, list[PodAddresses]]] = {}
        self._homes: dict[int, str] = {}
        self.name = name
        self.profile = PLUGINS[name]
        pool = self.profile.pool
        self._pool = BlockPool(pool, self.profile.block_prefix) if pool else None

    @property
    def installed(self) -> bool:
        """Whether there is a plugin at all; without one, Nodes do not become Ready."""
        return self.name != "none"

    def join(self, node: str, node_ip: str, cidr: str) -> None:
        """Serve a machine from now on; ``cidr`` is its spec.podCIDR, which not every plugin uses."""
        self._nodes[node] = (node_ip, [])
        self._open_range(node, self._pool.claim(node) if self._pool is not None else cidr)

    def leave(self, node: str) -> None:
        """A machine is gone; others still send packets for its addresses its way."""
        self._nodes.pop(node, None)
        if self._pool is not None:
            self._pool.give_back(node)

    def ranges(self, node: str) -> list[str]:
        """What a Node's Pods get their addresses from; empty for a machine that has not joined."""
        held = self._nodes.get(node)
        return [addresses.cidr for addresses in held[1]] if held is not None else []

    def pool_ranges(self, node: str) -> list[str]:
        """The same for a plugin with a pool of its own; empty for one that uses spec.podCIDR."""
        return self.ranges(node) if self._pool is not None else []

    def home_of(self, ip: str) -> str:
        """The Node that packets to an address of a Pod are sent to; "" for other addresses."""
        return self._homes.get(number(ip) >> _HOME_BITS, "")

    def add_ms(self, stream: RandomStream) -> int:
        """How long the next ADD takes."""
        return ADD_LATENCY.draw(stream)

    def add(self, node: str, sandbox_id: str, pod: ObjectRef, *, host_network: bool = False) -> str:
        """Connect a sandbox; return its address.

        Raises:
            AddressesExhaustedError: The Node's range is used up.
        """
        node_ip, _ = self._nodes[node]
        ip = node_ip if host_network else self._reserve(node, sandbox_id)
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
            any(addresses.release(sandbox_id) for addresses in held[1])

    def _reserve(self, node: str, sandbox_id: str) -> str:
        """An address of the Node's newest range, or of another one; a pool has more ranges to give."""
        ranges = self._nodes[node][1]
        for addresses in reversed(ranges):
            try:
                return addresses.reserve(sandbox_id)
            except AddressesExhaustedError:
                if self._pool is None:
                    raise
        if self._pool is None:
            raise AddressesExhaustedError(f"{node} has no range")
        self._open_range(node, self._pool.claim(node))
        return ranges[-1].reserve(sandbox_id)

    def _open_range(self, node: str, cidr: str) -> None:
        if ":" in cidr:  # Pods of this Node wait for an address that they do not get
            return
        profile = self.profile
        self._nodes[node][1].append(
            PodAddresses(cidr, reserved=profile.reserved, keeps_last=profile.keeps_last)
        )
        network = IPv4Network(cidr, strict=False)
        first = int(network.network_address) >> _HOME_BITS
        for block in range(min(MOST_BLOCKS, max(1, network.num_addresses >> _HOME_BITS))):
            self._homes[first + block] = node
