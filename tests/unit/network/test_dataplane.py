"""Where packets go."""

from __future__ import annotations

import pytest

from webapp.network.dataplane import DataPlane
from webapp.network.rules import NODE_PORT, Endpoint, PortKey, RuleTable, ServiceRule
from webapp.sim.rng import RandomStreams

A, B = Endpoint("10.244.0.2", 8080, "n1"), Endpoint("10.244.1.2", 8080, "n2")


def plane_with(rule: ServiceRule) -> DataPlane:
    plane = DataPlane(RandomStreams(1).stream("t"))
    plane.join("n1", "10.0.0.11")
    plane.join("n2", "10.0.0.12")
    rules = {PortKey("10.96.0.9", 80, "TCP"): rule, PortKey("", 30080, "TCP"): rule}
    for node in ("n1", "n2"):
        plane.install(node, RuleTable(rules, 1))
    return plane


def test_a_pod_address_is_reached_directly() -> None:
    """No rule matches it."""
    plane = plane_with(ServiceRule("default/web:80", (A,)))

    route = plane.route("n1", "10.244.1.2", 8080)
    assert (route.kind, route.ip, route.port) == ("direct", "10.244.1.2", 8080)


def test_a_cluster_ip_is_spread_over_its_endpoints() -> None:
    """Both backends get their share."""
    plane = plane_with(ServiceRule("default/web:80", (A, B)))

    chosen = [plane.route("n1", "10.96.0.9", 80).ip for _ in range(100)]

    assert 20 < chosen.count(A.ip) < 80


def test_a_service_without_endpoints_refuses() -> None:
    """Connection refused."""
    plane = plane_with(ServiceRule("default/web:80", ()))

    assert plane.route("n1", "10.96.0.9", 80).kind == "rejected"


def test_a_node_port_works_on_every_machine() -> None:
    """With externalTrafficPolicy Local the receiving Node needs a backend of its own, for clients outside."""
    plane = plane_with(ServiceRule("default/web:80", (A,), local_only=True, via=NODE_PORT))

    assert plane.route("n1", "10.0.0.11", 30080, outside=True).ip == A.ip
    assert plane.route("n2", "10.0.0.12", 30080, outside=True).kind == "dropped"
    assert plane.route("n2", "10.0.0.12", 30080).ip == A.ip


def test_internal_traffic_stays_on_the_node_when_it_must() -> None:
    """A Node without a backend drops it; without any backend at all it is refused."""
    plane = plane_with(ServiceRule("default/web:80", (A,), local_only=True))

    assert plane.route("n1", "10.96.0.9", 80).ip == A.ip
    assert plane.route("n2", "10.96.0.9", 80).kind == "dropped"


def test_outside_clients_are_masqueraded_unless_traffic_stays_local() -> None:
    """The backend sees the Node's address."""
    cluster = plane_with(ServiceRule("default/web:80", (A, B), via=NODE_PORT))
    local = plane_with(ServiceRule("default/web:80", (A, B), local_only=True, via=NODE_PORT))

    assert cluster.route("n1", "10.0.0.11", 30080, outside=True).masqueraded
    assert not local.route("n1", "10.0.0.11", 30080, outside=True).masqueraded


def test_ipvs_takes_turns() -> None:
    """Round robin, each Node for itself."""
    plane = plane_with(ServiceRule("default/web:80", (A, B)))
    plane.mode = "ipvs"

    chosen = [plane.route("n1", "10.96.0.9", 80).ip for _ in range(4)]

    assert chosen == [A.ip, B.ip, A.ip, B.ip]


@pytest.mark.parametrize(
    ("node", "addresses"),
    [
        pytest.param("n1", {A.ip}, id="a backend in its zone"),
        pytest.param("n2", {B.ip}, id="another zone"),
        pytest.param("n3", {A.ip, B.ip}, id="a zone without backends"),
    ],
)
def test_hints_keep_traffic_in_its_zone(node: str, addresses: set[str]) -> None:
    """Clients use backends meant for their zone, all where there is none."""
    a, b = A._replace(zones=("z1",)), B._replace(zones=("z2",))
    plane = plane_with(ServiceRule("default/web:80", (a, b)))
    for name, zone in (("n1", "z1"), ("n2", "z2"), ("n3", "z3")):
        plane.join(name, name)
        plane.set_zone(name, zone)
        plane.install(name, plane.table("n1"))

    assert {plane.route(node, "10.96.0.9", 80).ip for _ in range(40)} == addresses


def test_hints_may_name_the_node() -> None:
    """PreferSameNode beats the zone."""
    a = A._replace(zones=("z1",), nodes=("n1",))
    b = B._replace(zones=("z1",), nodes=("n2",))
    plane = plane_with(ServiceRule("default/web:80", (a, b)))
    plane.set_zone("n2", "z1")

    assert {plane.route("n2", "10.96.0.9", 80).ip for _ in range(20)} == {B.ip}


def test_ending_backends_serve_a_node_without_ready_ones() -> None:
    """With Local, even while ready ones are elsewhere."""
    rule = ServiceRule("default/web:80", (A,), local_only=True, ending=(B,))

    assert plane_with(rule).route("n2", "10.96.0.9", 80).ip == B.ip


def test_a_load_balancer_enters_where_a_backend_is() -> None:
    """With externalTrafficPolicy Local, health checks leave the other Nodes out."""
    plane = DataPlane(RandomStreams(1).stream("t"))
    rule = ServiceRule("default/web:80", (B,), local_only=True, via="loadBalancer")
    for node in ("n1", "n2"):
        plane.join(node, node)
        plane.install(node, RuleTable({PortKey("203.0.113.1", 80, "TCP"): rule}, 1))

    assert {plane.entrance("203.0.113.1", 80, "TCP") for _ in range(20)} == {"n2"}
    assert plane.entrance("203.0.113.2", 80, "TCP") == ""


def test_a_client_with_affinity_stays_until_the_time_is_over() -> None:
    """ClientIP affinity sticks to the first choice."""
    plane = plane_with(ServiceRule("default/web:80", (A, B), affinity_seconds=10))

    chosen = {
        plane.route("n1", "10.96.0.9", 80, client="x", now_ms=at).ip for at in range(0, 9000, 500)
    }

    assert len(chosen) == 1


@pytest.mark.parametrize("protocol", ["UDP", "SCTP"])
def test_protocols_are_kept_apart(protocol: str) -> None:
    """A TCP rule says nothing about other protocols."""
    plane = plane_with(ServiceRule("default/web:80", (A,)))

    assert plane.route("n1", "10.96.0.9", 80, protocol).kind == "direct"
