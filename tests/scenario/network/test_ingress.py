"""Ingresses: a controller whose Pod passes requests on by host and path."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenario.network.net import (
    curl,
    ended,
    last_way,
    make_pod,
    make_policy,
    make_service,
    run,
)
from tests.world import World

ADDRESS = "172.18.255.1"


def make_ingress(name: str, *paths: tuple[str, str, str, str], **spec: Any) -> Any:
    """``paths`` are host, path, type of path and Service."""
    rules = [
        {
            "host": host,
            "http": {
                "paths": [
                    {
                        "path": path,
                        "pathType": type_,
                        "backend": {"service": {"name": service, "port": {"number": 80}}},
                    }
                ]
            },
        }
        for host, path, type_, service in paths
    ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"ingressClassName": "nginx", "rules": rules, **spec},
    }


@pytest.fixture
def world() -> World:
    world = World(addons=True, boot_ms=40_000)
    for name in ("shop", "blog"):
        world.create(make_pod(name), make_service(name))
    return world


def test_hosts_and_paths_lead_to_services(world: World) -> None:
    """The longest path of the right host wins; what no rule names is not found."""
    world.create(
        make_ingress(
            "site",
            ("example.com", "/", "Prefix", "shop"),
            ("example.com", "/blog", "Prefix", "blog"),
            ("*.example.org", "/", "Prefix", "blog"),
        )
    )
    world.settle()

    assert "<b>shop</b>" in curl(world, ADDRESS, "/", "example.com")
    curl(world, ADDRESS, "/blog/today", "example.com")
    assert last_way(world).endpoint.name == "blog"
    curl(world, ADDRESS, "/blogger", "example.com")
    assert last_way(world).endpoint.name == "shop"
    assert "<b>blog</b>" in curl(world, ADDRESS, "/", "de.example.org")
    assert curl(world, ADDRESS, "/", "example.net").startswith("HTTP/1.1 404 Not Found")


def test_an_ingress_tells_where_it_can_be_reached(world: World) -> None:
    """The address is that of the controller's load balancer."""
    world.create(make_ingress("site", ("example.com", "/", "Prefix", "shop")))
    world.settle()

    ingress = world.get("Ingress", "site")
    assert ingress["status"]["loadBalancer"] == {"ingress": [{"ip": ADDRESS}]}
    assert world.events("site") == ["Sync: Scheduled for sync"]


def test_an_ingress_of_another_class_is_left_alone(world: World) -> None:
    """No address, no requests."""
    ingress = make_ingress("site", ("example.com", "/", "Prefix", "shop"))
    ingress["spec"]["ingressClassName"] = "traefik"
    world.create(ingress)
    world.settle()

    assert not world.get("Ingress", "site")["status"].get("loadBalancer")
    assert curl(world, ADDRESS, "/", "example.com").startswith("HTTP/1.1 404")


def test_a_service_without_endpoints_is_unavailable(world: World) -> None:
    """503 comes from the controller itself, as long as nothing is ready behind the Service."""
    world.create(make_ingress("site", ("example.com", "/", "Prefix", "shop")))
    world.settle()
    world.delete("Pod", "shop")
    world.settle()

    assert curl(world, ADDRESS, "/", "example.com").startswith("HTTP/1.1 503 Service")


def test_the_controllers_pod_is_who_dials(world: World) -> None:
    """A policy that does not let it in stops what comes from outside."""
    world.create(
        make_ingress("site", ("example.com", "/", "Prefix", "shop")),
        make_policy("closed", policyTypes=["Ingress"]),
    )
    world.settle()

    assert curl(world, ADDRESS, "/", "example.com").startswith("HTTP/1.1 504 Gateway")
    assert ended(world)[-1].actor.startswith("pod/ingress-nginx/ingress-nginx-controller-")


def test_the_default_backend_takes_the_rest(world: World) -> None:
    """Without rules, everything goes there."""
    backend = {"service": {"name": "blog", "port": {"number": 80}}}
    world.create(make_ingress("rest", defaultBackend=backend))
    world.settle()

    assert "<b>blog</b>" in curl(world, ADDRESS, "/", "anything.example")


def test_pods_reach_an_ingress_by_its_service(world: World) -> None:
    """Inside the cluster the controller's ClusterIP takes the same requests."""
    world.create(make_ingress("site", ("example.com", "/", "Prefix", "shop")))
    world.settle()

    url = "http://ingress-nginx-controller.ingress-nginx"
    output = run(world, f"wget -qO- --header 'Host: example.com' {url}")

    assert "Welcome to nginx!" in output


def test_without_a_controller_pod_nothing_answers(world: World) -> None:
    """The rules are the controller's: scaled to nothing, its address refuses."""
    world.create(make_ingress("site", ("example.com", "/", "Prefix", "shop")))
    world.cluster.admin.patch(
        world.resource("Deployment"),
        "ingress-nginx",
        "ingress-nginx-controller",
        {"spec": {"replicas": 0}},
    )
    world.settle()

    assert curl(world, ADDRESS, "/", "example.com") == "refused"
