"""Where packets go."""

from __future__ import annotations

import pytest

from webapp.network.dataplane import DataPlane, Endpoint, PortKey, Route, RuleTable, ServiceRule
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

    assert plane.route("n1", "10.244.1.2", 8080) == Route("direct", "10.244.1.2", 8080)


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
    """The rules of the receiving Node apply."""
    plane = plane_with(ServiceRule("default/web:80", (A,), local_only=True))

    assert plane.route("n2", "10.0.0.11", 30080).ip == A.ip
    assert plane.route("n2", "10.0.0.12", 30080).kind == "rejected"


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
