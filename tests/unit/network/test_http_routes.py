"""Which rule an HTTP request matches."""

from __future__ import annotations

import pytest

from webapp.network.gateway_routes import hosts
from webapp.network.http_routes import EXACT, PREFIX, Backend, Rule, backend_addresses, choose


def rule(source: str, host: str, path: str, type_: str = PREFIX, **more: object) -> Rule:
    return Rule(source, host, type_, path, (Backend("default", source, 80),), **more)  # type: ignore[arg-type]


RULES = (
    rule("all", "", "/"),
    rule("exact", "a.example", "/shop", EXACT),
    rule("prefix", "a.example", "/shop"),
    rule("longer", "a.example", "/shop/cart"),
    rule("posted", "a.example", "/shop/cart", method="POST"),
    rule("wild", "*.example", "/"),
    rule("later", "a.example", "/shop"),
)


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("a.example", "/shop", "exact"),
        ("A.example:8080", "/shop?x=1", "exact"),
        ("a.example", "/shop/", "prefix"),
        ("a.example", "/shop/cart/1", "longer"),
        ("a.example", "/shopping", None),
        ("b.example", "/any", "wild"),
        ("c.b.example", "/any", "all"),
        ("example", "/", "all"),
    ],
)
def test_the_most_specific_host_and_then_path_win(
    host: str, path: str, expected: str | None
) -> None:
    """Of equals the older one; a host whose paths do not match is not passed over."""
    found = choose(RULES, host, path, "GET", {})

    assert (found.source if found is not None else None) == expected


def test_a_method_makes_a_rule_more_specific() -> None:
    """It only counts for requests of that method."""
    found = choose(RULES, "a.example", "/shop/cart", "POST", {})

    assert found is not None
    assert found.source == "posted"


@pytest.mark.parametrize(
    ("listener", "names", "expected"),
    [
        ("", [], [""]),
        ("", ["a.example"], ["a.example"]),
        ("*.example", ["a.example", "b.other"], ["a.example"]),
        ("a.example", ["*.example"], ["a.example"]),
        ("a.example", ["b.example"], []),
    ],
)
def test_listener_and_route_share_hosts(
    listener: str, names: list[str], expected: list[str]
) -> None:
    """The narrower of two that cover one another counts."""
    route = {"spec": {"hostnames": names}}

    assert hosts({"hostname": listener}, route) == expected


def test_endpoints_that_are_not_ready_get_nothing() -> None:
    """A port is found by number or by name."""
    service = {"spec": {"ports": [{"name": "http", "port": 80}]}}
    piece = {
        "ports": [{"name": "http", "port": 8080}],
        "endpoints": [
            {"addresses": ["10.0.0.2"], "conditions": {"ready": True}},
            {"addresses": ["10.0.0.1"]},
            {"addresses": ["10.0.0.3"], "conditions": {"ready": False}},
        ],
    }

    expected = [("10.0.0.1", 8080), ("10.0.0.2", 8080)]
    assert backend_addresses(service, [piece], 80) == expected
    assert backend_addresses(service, [piece], "http") == expected
    assert backend_addresses(service, [piece], 81) == []
    assert backend_addresses(None, [piece], 80) == []
