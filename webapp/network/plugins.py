"""The network plugins that a cluster can be built with, and in what they differ.

Models:
    kubernetes-sigs/kind/images/kindnetd/cmd/kindnetd/main.go
    flannel-io/flannel/Documentation/kube-flannel.yml
    projectcalico/calico/libcalico-go/lib/ipam/ipam.go
    cilium/cilium/pkg/ipam/allocator/clusterpool/clusterpool.go
"""

from __future__ import annotations

from dataclasses import dataclass

ROUTE = "route"
VXLAN = "VXLAN"
IP_IN_IP = "IP-in-IP"

LATE = "late"
AT_ONCE = "atOnce"
SILENT = "silent"


@dataclass(frozen=True, slots=True)
class PluginProfile:
    """One plugin.

    Attributes:
        name: As people know it; ``none`` for no plugin.
        encapsulation: What carries packets from Node to Node: ``route`` (nothing around them), ``VXLAN`` or
            ``IP-in-IP``; "" for no plugin.
        wire_us: Microseconds from Node to Node.
        enforces_policies: Whether NetworkPolicies have any effect.
        blocks_match_pods: Whether an ipBlock also means Pods.
        pool: Range that it hands out blocks of by itself; "" when each Node's spec.podCIDR is used.
        block_prefix: Length of those blocks' prefix.
        reserved: Addresses at a block's beginning that Pods do not get.
        keeps_last: Whether a block's last address is for a Pod too.
        stale: What dialling an address in a block that no Pod has comes to: ``late`` (no route to host after
            about three seconds), ``atOnce`` (no route to host) or ``silent`` (no answer).
        remark: What the page says of it.
    """

    name: str
    encapsulation: str
    wire_us: int
    enforces_policies: bool
    blocks_match_pods: bool = True
    pool: str = ""
    block_prefix: int = 24
    reserved: int = 2
    keeps_last: bool = False
    stale: str = LATE
    remark: str = ""


PLUGINS: dict[str, PluginProfile] = {
    profile.name: profile
    for profile in (
        PluginProfile(
            "calico",
            IP_IN_IP,
            230,
            enforces_policies=True,
            pool="192.168.0.0/16",
            block_prefix=26,
            reserved=1,
            keeps_last=True,
            stale=AT_ONCE,
            remark="Blocks of 64 addresses out of a pool of its own; IP-in-IP between Nodes; enforces NetworkPolicies.",
        ),
        PluginProfile(
            "cilium",
            VXLAN,
            250,
            enforces_policies=True,
            blocks_match_pods=False,
            pool="10.128.0.0/9",
            reserved=3,
            stale=SILENT,
            remark="A range of its own for each Node; VXLAN between Nodes; enforces NetworkPolicies, in which ipBlock never means a Pod.",
        ),
        PluginProfile(
            "flannel",
            VXLAN,
            260,
            enforces_policies=False,
            remark="Each Node's podCIDR; VXLAN between Nodes; NetworkPolicies are stored and have no effect.",
        ),
        PluginProfile(
            "kindnet",
            ROUTE,
            180,
            enforces_policies=True,
            remark="Each Node's podCIDR; plain routes between Nodes; enforces NetworkPolicies.",
        ),
        PluginProfile(
            "none",
            "",
            180,
            enforces_policies=False,
            remark="No plugin: Nodes stay NotReady, and Pods wait for addresses.",
        ),
    )
}
"""By name, sorted."""
