"""What a world is built from; the same configuration and commands give the same run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.apimachinery.wire import UserInfo

NETWORK_PLUGINS = ("calico", "cilium", "flannel", "kindnet", "none")
PROXY_MODES = ("iptables", "ipvs")
BOOT_MS = 10_000
BOOT_WITH_ADDONS_MS = 30_000
"""Until CoreDNS answers, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterConfig:
    """One world's beginning.

    Attributes:
        seed: Seeds every random stream.
        start_ms: Virtual time at which the control plane starts, in milliseconds since the Unix epoch.
        nodes: How many Nodes join at boot, named worker-1, worker-2 …
        boot_ms: Virtual time given to the machines to join before the first command.
        network_plugin: Which pod network is installed.
        proxy_mode: How kube-proxy chooses endpoints: ``iptables`` by chance, ``ipvs`` in turn.
        addons: Whether CoreDNS, kube-proxy and the plugin's agents run as Pods; without them, a name server of the
            simulation's own answers at their address.
        speed: Virtual seconds a wall second; ``None`` for as fast as possible.
        anonymous: Whether requests without credentials act as cluster admin (loopback's default).
        tokens: Bearer token → who holds it.
        kept_revisions: How many of the newest revisions stay readable.
    """

    seed: int = 0
    start_ms: int = 0
    nodes: int = 3
    boot_ms: int = BOOT_MS
    network_plugin: str = "kindnet"
    proxy_mode: str = PROXY_MODES[0]
    addons: bool = False
    speed: float | None = 1.0
    anonymous: bool = True
    tokens: Mapping[str, UserInfo] = field(default_factory=dict)
    kept_revisions: int = 100_000
