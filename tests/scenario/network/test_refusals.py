"""Mistakes in Services and policies, in the API server's words; and those that it cannot see."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenario.network.net import make_pod, make_policy, make_service, run
from tests.world import World
from webapp.apimachinery.status import Invalid

LOOPBACK = "may not be in the loopback range (127.0.0.0/8, ::1/128)"


@pytest.fixture(scope="module")
def world() -> World:
    world = World(nodes=1)
    world.create(
        make_service(
            "taken", clusterIP="10.96.7.7", type="NodePort", ports=[{"port": 80, "nodePort": 30080}]
        )
    )
    return world


def refusal(world: World, obj: Any) -> str:
    with pytest.raises(Invalid) as refused:
        world.create(obj)
    return str(refused.value.message).partition(" is invalid: ")[2]


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        pytest.param(
            {"clusterIP": "10.96.7.7"},
            'spec.clusterIPs: Invalid value: ["10.96.7.7"]: failed to allocate IP 10.96.7.7: '
            "provided IP is already allocated",
            id="address in use",
        ),
        pytest.param(
            {"clusterIP": "10.200.0.1"},
            'spec.clusterIPs: Invalid value: ["10.200.0.1"]: failed to allocate IP 10.200.0.1: '
            "the provided IP (10.200.0.1) is not in the valid range. "
            "The range of valid IPs is 10.96.0.0/12",
            id="address out of range",
        ),
        pytest.param(
            {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]},
            "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated",
            id="node port in use",
        ),
        pytest.param(
            {"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]},
            "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. "
            "The range of valid ports is 30000-32767",
            id="node port out of range",
        ),
        pytest.param(
            {"externalIPs": ["127.0.0.1"]},
            f'spec.externalIPs[0]: Invalid value: "127.0.0.1": {LOOPBACK}',
            id="loopback as external address",
        ),
        pytest.param(
            {"loadBalancerClass": "example.com/lb"},
            "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
            id="class without a balancer",
        ),
        pytest.param(
            {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/33"]},
            'spec.loadBalancerSourceRanges[0]: Invalid value: "10.0.0.0/33": must be a valid CIDR '
            "value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
            id="range of sources",
        ),
        pytest.param(
            {"ipFamilyPolicy": "RequireDualStack"},
            'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured '
            "for dual-stack services",
            id="dual stack",
        ),
    ],
)
def test_a_service_is_refused(world: World, spec: Any, problem: str) -> None:
    """Each mistake has upstream's message."""
    assert refusal(world, make_service("wrong", **spec)) == problem


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        pytest.param(
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/16", "except": ["10.0.0.0/16"]}}]},
            'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.0.0.0/16": must be a '
            "strict subset of `cidr`",
            id="an exception as large as the block",
        ),
        pytest.param(
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/16", "except": ["10.1.0.0/24"]}}]},
            'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.1.0.0/24": must be a '
            "strict subset of `cidr`",
            id="an exception outside the block",
        ),
        pytest.param(
            {"from": [{"ipBlock": {"cidr": "10.0.0.300/16"}}]},
            'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.300/16": must be a valid '
            "CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
            id="no range",
        ),
        pytest.param(
            {"ports": [{"port": 70000}]},
            "spec.ingress[0].ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive",
            id="port too large",
        ),
        pytest.param(
            {"ports": [{"port": 90, "endPort": 80}]},
            "spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`",
            id="ports the wrong way round",
        ),
        pytest.param(
            {"ports": [{"port": 53, "protocol": "ICMP"}]},
            'spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: '
            '"SCTP", "TCP", "UDP"',
            id="unknown protocol",
        ),
        pytest.param(
            {"from": [{}]},
            "spec.ingress[0].from[0]: Required value: must specify a peer",
            id="nobody",
        ),
    ],
)
def test_a_policy_is_refused(world: World, rule: Any, problem: str) -> None:
    """Each mistake has upstream's message."""
    assert refusal(world, make_policy("wrong", ingress=[rule])) == problem


def test_a_selector_that_matches_nothing_is_no_mistake() -> None:
    """The Service has an empty slice, and its clients are refused."""
    world = World()
    world.create(make_service("web", selector={"app": "wbe"}), make_pod("web"))
    world.settle()

    (piece,) = world.list("EndpointSlice", label_selector="kubernetes.io/service-name=web")
    assert not piece.get("endpoints")
    assert "Connection refused" in run(world, "wget -qO- http://web")


def test_a_load_balancers_class_stays() -> None:
    """Who makes it cannot be changed later."""
    world = World(nodes=1)
    world.create(make_service(type="LoadBalancer", loadBalancerClass="example.com/one"))

    with pytest.raises(
        Invalid, match=r"spec.loadBalancerClass: Invalid value: .*field is immutable"
    ):
        world.patch("Service", "web", {"spec": {"loadBalancerClass": "example.com/two"}})


@pytest.mark.parametrize(
    ("cidr", "address"),
    [
        pytest.param("fd00::/64", None, id="IPv6"),
        pytest.param("10.244.0.0/24", "10.244.0.2", id="another Node's"),
        pytest.param("0.0.0.0/0", "0.0.0.2", id="everything"),
        pytest.param("10.244.9.0/31", None, id="too small"),
    ],
)
def test_a_node_with_an_odd_range_harms_only_its_own_pods(cidr: str, address: str | None) -> None:
    """Two Nodes with one range have Pods with one address, as in any cluster; no range, no address."""
    world = World(nodes=1)
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "odd"}}
    world.create({**node, "spec": {"podCIDR": cidr, "podCIDRs": [cidr]}})
    world.settle()
    world.create(make_pod("there", nodeName="odd"), make_pod("here", nodeName="worker-1"))
    world.run_for(seconds=30)

    assert world.get("Pod", "there")["status"].get("podIP") == address
    assert world.get("Pod", "here")["status"]["podIP"] == "10.244.0.2"


def test_an_address_that_is_none_is_not_given_to_a_load_balancer() -> None:
    """The API server does not look at loadBalancerIP; the cloud does."""
    world = World(nodes=1)
    world.create(make_service(type="LoadBalancer", loadBalancerIP="nonsense"))
    world.settle()

    assert "SyncLoadBalancerFailed" in world.events("web")[-1]
