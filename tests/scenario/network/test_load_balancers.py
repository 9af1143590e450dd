"""Services of the type LoadBalancer: an address after a while, taken back when it is not wanted."""

from __future__ import annotations

from typing import Any

from tests.scenario.network.net import curl, make_pod, make_service
from tests.world import World


def ingress(world: World, name: str = "web") -> Any:
    return (world.get("Service", name)["status"].get("loadBalancer") or {}).get("ingress")


def test_a_load_balancer_gets_an_address_after_a_while() -> None:
    """Until then it is pending; Events say what happens, and a finalizer protects it."""
    world = World()
    world.create(make_pod("web"), make_service(type="LoadBalancer"))
    world.run_for(seconds=1)

    assert ingress(world) is None
    assert world.get("Service", "web")["metadata"]["finalizers"] == [
        "service.kubernetes.io/load-balancer-cleanup"
    ]

    world.settle()

    assert ingress(world) == [{"ip": "172.18.255.1", "ipMode": "VIP"}]
    assert [event for event in world.events("web") if "LoadBalancer" in event] == [
        "EnsuringLoadBalancer: Ensuring load balancer",
        "EnsuredLoadBalancer: Ensured load balancer",
    ]
    assert "simulated Pod <b>web</b>" in curl(world, "172.18.255.1")


def test_load_balancers_have_addresses_of_their_own() -> None:
    """An address is given out again once its Service is gone."""
    world = World()
    world.create(make_service("one", type="LoadBalancer"), make_service("two", type="LoadBalancer"))
    world.settle()
    addresses = {ingress(world, name)[0]["ip"] for name in ("one", "two")}
    assert addresses == {"172.18.255.1", "172.18.255.2"}

    world.delete("Service", "one")
    world.settle()
    assert world.get("Service", "one") is None
    assert world.events("one")[-2:] == [
        "DeletingLoadBalancer: Deleting load balancer",
        "DeletedLoadBalancer: Deleted load balancer",
    ]
    world.create(make_service("three", type="LoadBalancer"))
    world.settle()

    assert {ingress(world, name)[0]["ip"] for name in ("two", "three")} == addresses


def test_a_service_that_becomes_a_cluster_ip_loses_its_load_balancer() -> None:
    """Address and finalizer go."""
    world = World()
    world.create(make_service(type="LoadBalancer"))
    world.settle()

    world.patch("Service", "web", {"spec": {"type": "ClusterIP"}})
    world.settle()

    assert not ingress(world)
    assert "finalizers" not in world.get("Service", "web")["metadata"]


def test_a_class_of_somebody_else_stays_pending() -> None:
    """The cloud leaves Services with a loadBalancerClass alone."""
    world = World()
    world.create(make_service(type="LoadBalancer", loadBalancerClass="example.com/internal"))
    world.settle()

    assert ingress(world) is None
    assert "finalizers" not in world.get("Service", "web")["metadata"]


def test_an_address_that_cannot_be_had_is_a_warning() -> None:
    """It is asked for again later."""
    world = World()
    world.create(make_service(type="LoadBalancer", loadBalancerIP="203.0.113.9"))
    world.settle()

    assert ingress(world) is None
    assert world.events("web")[-1] == (
        "SyncLoadBalancerFailed: Error syncing load balancer: failed to ensure load balancer: "
        "the requested address 203.0.113.9 is not in the pool 172.18.255.0/24"
    )

    world.patch("Service", "web", {"spec": {"loadBalancerIP": "172.18.255.77"}})
    world.run_for(seconds=60)

    assert ingress(world)[0]["ip"] == "172.18.255.77"
