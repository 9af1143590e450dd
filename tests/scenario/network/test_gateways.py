"""The Gateway API: a proxy for each Gateway, routes with weights, and what their status says."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.scenario.network.net import curl, last_way, make_pod, make_service, routed
from tests.world import World
from webapp.api.resources import GATEWAY_CLASSES, GATEWAYS, HTTP_ROUTES
from webapp.apimachinery.status import Invalid

API = "gateway.networking.k8s.io/v1"


def make_gateway(name: str = "front", **listener: Any) -> Any:
    listener = {"name": "http", "port": 80, "protocol": "HTTP", **listener}
    return {
        "apiVersion": API,
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"gatewayClassName": "podarium", "listeners": [listener]},
    }


def make_route(name: str, *rules: Any, **spec: Any) -> Any:
    return {
        "apiVersion": API,
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"parentRefs": [{"name": "front"}], "rules": list(rules), **spec},
    }


def to(**weights: int) -> list[Any]:
    return [{"name": name, "port": 80, "weight": weight} for name, weight in weights.items()]


def add(world: World, *objects: Any) -> None:
    for obj in objects:
        resource = GATEWAYS if obj["kind"] == "Gateway" else HTTP_ROUTES
        world.cluster.admin.create(resource, "default", obj)
    world.settle()


def gateway(world: World) -> Any:
    return world.cluster.admin.get(GATEWAYS, "default", "front")


def conditions(obj: Any) -> dict[str, tuple[str, str]]:
    return {entry["type"]: (entry["status"], entry["reason"]) for entry in obj["conditions"]}


def address(world: World) -> str:
    return str(gateway(world)["status"]["addresses"][0]["value"])


@pytest.fixture
def world() -> World:
    world = World(addons=True, boot_ms=40_000)
    for name in ("stable", "canary"):
        world.create(make_pod(name), make_service(name))
    return world


def test_the_built_in_class_is_accepted(world: World) -> None:
    """It is there from the beginning."""
    class_ = world.cluster.admin.get(GATEWAY_CLASSES, "", "podarium")

    assert conditions(class_["status"])["Accepted"] == ("True", "Accepted")


def test_a_gateway_is_programmed_once_it_has_an_address(world: World) -> None:
    """Until its load balancer is there it waits."""
    world.cluster.admin.create(GATEWAYS, "default", make_gateway())
    world.run_for(seconds=1)
    assert conditions(gateway(world)["status"]) == {
        "Accepted": ("True", "Accepted"),
        "Programmed": ("False", "AddressNotAssigned"),
    }

    world.settle()

    assert conditions(gateway(world)["status"])["Programmed"] == ("True", "Programmed")
    assert address(world) == "172.18.255.2"
    assert world.get("Deployment", "front-podarium")["status"]["readyReplicas"] == 1


def test_a_canary_gets_its_share(world: World) -> None:
    """Nine in ten requests go to the old version."""
    add(world, make_gateway(), make_route("split", {"backendRefs": to(stable=90, canary=10)}))

    for _ in range(100):
        assert curl(world, address(world)).startswith("HTTP/1.1 200")
    chosen = Counter(
        way.endpoint.name for way in routed(world) if way.endpoint.name in ("stable", "canary")
    )

    assert sum(chosen.values()) == 100
    assert 3 <= chosen["canary"] <= 20

    patch = {"spec": {"rules": [{"backendRefs": to(stable=0, canary=1)}]}}
    world.cluster.admin.patch(HTTP_ROUTES, "default", "split", patch)
    world.settle()
    curl(world, address(world))
    assert last_way(world).endpoint.name == "canary"


def test_hosts_paths_and_headers_choose_a_backend(world: World) -> None:
    """The more a match says, the more it counts."""
    beta = {
        "matches": [{"headers": [{"name": "X-Beta", "value": "1"}]}],
        "backendRefs": to(canary=1),
    }
    path = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/new"}}],
        "backendRefs": to(canary=1),
    }
    rest = {"backendRefs": to(stable=1)}
    add(world, make_gateway(), make_route("shop", beta, path, rest, hostnames=["shop.example"]))

    curl(world, address(world), "/", "shop.example")
    assert last_way(world).endpoint.name == "stable"
    curl(world, address(world), "/new/things", "shop.example")
    assert last_way(world).endpoint.name == "canary"
    assert curl(world, address(world), "/", "other.example").startswith("HTTP/1.1 404")


def test_a_redirect_is_answered_by_the_proxy(world: World) -> None:
    """No backend is asked."""
    redirect = {"type": "RequestRedirect", "requestRedirect": {"hostname": "new.example"}}
    add(world, make_gateway(), make_route("moved", {"filters": [redirect]}))

    answer = curl(world, address(world))
    assert answer.startswith("HTTP/1.1 302")
    assert "location: http://new.example/" in answer.lower()


def test_a_routes_status_says_what_became_of_it(world: World) -> None:
    """Attached routes are counted; missing Services and wrong listeners have their reasons."""
    add(
        world,
        make_gateway(hostname="*.example.com"),
        make_route("good", {"backendRefs": to(stable=1)}, hostnames=["a.example.com"]),
        make_route("lost", {"backendRefs": to(nobody=1)}),
        make_route("elsewhere", {"backendRefs": to(stable=1)}, hostnames=["example.org"]),
        make_route(
            "misnamed",
            {"backendRefs": to(stable=1)},
            parentRefs=[{"name": "front", "sectionName": "https"}],
        ),
    )

    found = {}
    for route in world.cluster.admin.list(HTTP_ROUTES, "default"):
        (parent,) = route["status"]["parents"]
        found[route["metadata"]["name"]] = conditions(parent)
    assert found["good"] == {
        "Accepted": ("True", "Accepted"),
        "ResolvedRefs": ("True", "ResolvedRefs"),
    }
    assert found["lost"]["ResolvedRefs"] == ("False", "BackendNotFound")
    assert found["elsewhere"]["Accepted"] == ("False", "NoMatchingListenerHostname")
    assert found["misnamed"]["Accepted"] == ("False", "NoMatchingParent")
    (listener,) = gateway(world)["status"]["listeners"]
    assert (listener["attachedRoutes"], conditions(listener)["Programmed"][0]) == (2, "True")


def test_a_deleted_gateway_takes_its_proxy_with_it(world: World) -> None:
    """Deployment, Service and address are collected."""
    add(world, make_gateway())

    world.cluster.admin.delete(GATEWAYS, "default", "front")
    world.settle()
    world.run_for(seconds=60)

    assert world.get("Deployment", "front-podarium") is None
    assert world.get("Service", "front-podarium") is None


def test_what_a_route_may_not_say_is_refused_or_told(world: World) -> None:
    """Malformed filters do not pass the schema; regular expressions are not supported."""
    pattern = {"matches": [{"path": {"type": "RegularExpression", "value": "(a+)+$"}}]}
    strange = {"type": "RequestRedirect", "requestRedirect": {"hostname": "a\r\nX: y"}}
    add(
        world,
        make_gateway(),
        make_route("pattern", {**pattern, "backendRefs": to(stable=1)}),
        make_route("strange", {"filters": [strange]}, hostnames=["b.example"]),
    )

    with pytest.raises(Invalid):
        add(world, make_route("junk", {"filters": [{"type": "x", "requestRedirect": "text"}]}))
    pattern_route = world.cluster.admin.get(HTTP_ROUTES, "default", "pattern")
    (parent,) = pattern_route["status"]["parents"]
    assert conditions(parent)["Accepted"] == ("False", "UnsupportedValue")
    assert "\r\nX: y" not in curl(world, address(world), "/", "b.example")
