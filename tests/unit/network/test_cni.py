"""How the plugins differ."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from webapp.network.cni import NetworkPlugin
from webapp.network.ipam import AddressesExhaustedError, BlockPool
from webapp.sim.clock import SimClock
from webapp.trace.facts import ObjectRef
from webapp.trace.recorder import Recorder

POD = ObjectRef("Pod", "default", "web")


def plugin(name: str) -> NetworkPlugin:
    made = NetworkPlugin(Recorder(SimClock(0)), name)
    made.join("n1", "10.0.0.11", "10.244.0.0/24")
    made.join("n2", "10.0.0.12", "10.244.1.0/24")
    return made


@pytest.mark.parametrize("name", ["flannel", "kindnet"])
def test_pod_cidrs_are_used_as_they_are(name: str) -> None:
    """Addresses come from the Node's spec.podCIDR."""
    assert plugin(name).add("n2", "s", POD) == "10.244.1.2"


@pytest.mark.parametrize(("name", "prefix"), [("calico", 26), ("cilium", 24)])
def test_pools_ignore_pod_cidrs(name: str, prefix: int) -> None:
    """Each Node gets a block of the plugin's own."""
    made = plugin(name)

    address = ip_address(made.add("n1", "s", POD))

    (block,) = made.ranges("n1")
    assert address in ip_network(block)
    assert address in ip_network(made.profile.pool)
    assert ip_network(block).prefixlen == prefix
    assert made.ranges("n2") != [block]


def test_a_node_that_fills_its_block_gets_another_one() -> None:
    """Calico's blocks hold 64 addresses, one of which is the tunnel's."""
    made = plugin("calico")

    addresses = [made.add("n1", str(count), POD) for count in range(100)]

    assert len(set(addresses)) == 100
    assert len(made.ranges("n1")) == 2
    assert {made.home_of(address) for address in addresses} == {"n1"}


def test_pod_cidrs_run_out() -> None:
    """The 254th Pod of a Node finds nothing."""
    made = plugin("kindnet")
    for count in range(253):
        made.add("n1", str(count), POD)

    with pytest.raises(AddressesExhaustedError, match="no IP addresses available in range set"):
        made.add("n1", "late", POD)


def test_packets_still_go_to_where_a_node_was() -> None:
    """Nobody tells the others' routes."""
    made = plugin("kindnet")
    made.leave("n2")

    assert made.home_of("10.244.1.7") == "n2"
    assert made.home_of("10.244.9.7") == ""
    assert made.home_of("no address") == ""


def test_a_pool_can_be_used_up() -> None:
    """Then blocks are missing, not addresses."""
    pool = BlockPool("10.0.0.0/25", 26)
    assert {pool.claim("a"), pool.claim("b")} == {"10.0.0.0/26", "10.0.0.64/26"}

    with pytest.raises(AddressesExhaustedError, match="no more free blocks"):
        pool.claim("c")
    pool.give_back("a")
    assert pool.claim("c")
