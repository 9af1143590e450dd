"""EndpointSlices: a hundred addresses each, hints, and slices for Endpoints made by hand."""

from __future__ import annotations

from typing import Any

from tests.scenario.network.net import make_pod, make_service, run
from tests.world import World
from webapp.api.resources import ENDPOINTS, NODES


def slices(world: World, name: str = "web") -> Any:
    return world.list("EndpointSlice", label_selector=f"kubernetes.io/service-name={name}")


def make_endpoints(name: str, *addresses: str, port: int = 80) -> Any:
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": name, "namespace": "default"},
        "subsets": [{"addresses": [{"ip": ip} for ip in addresses], "ports": [{"port": port}]}],
    }


def make_deployment(replicas: int) -> Any:
    labels = {"app": "web"}
    container = {"name": "c", "image": "nginx", "ports": [{"name": "http", "containerPort": 80}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def test_a_slice_holds_a_hundred_endpoints_at_most() -> None:
    """Two hundred and fifty Pods need three slices, which the rules of every Node put together."""
    world = World()
    world.create(make_deployment(250), make_service())
    world.settle()

    sizes = [len(piece["endpoints"]) for piece in slices(world)]
    assert (sum(sizes), max(sizes), len(sizes)) == (250, 100, 3)


def test_a_named_target_port_is_what_each_pod_calls_so() -> None:
    """Pods of two versions may listen on different ports under one name."""
    world = World()
    old = make_pod("old", labels={"app": "web"})
    new = make_pod("new", labels={"app": "web"})
    old["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 80}]
    new["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 8080}]
    service = make_service(ports=[{"name": "web", "port": 80, "targetPort": "http"}])
    world.create(old, new, service)
    world.settle()

    assert sorted(piece["ports"][0]["port"] for piece in slices(world)) == [80, 8080]


def test_traffic_distribution_leaves_hints_in_the_slices() -> None:
    """With PreferSameNode an endpoint is meant for its Node, and else for its zone."""
    world = World()
    for number in (1, 2, 3):
        zone = {"metadata": {"labels": {"topology.kubernetes.io/zone": f"zone-{number}"}}}
        world.cluster.admin.patch(NODES, "", f"worker-{number}", zone)
    pod = make_pod("web", nodeSelector={"kubernetes.io/hostname": "worker-2"})
    world.create(pod, make_service(trafficDistribution="PreferSameNode"))
    world.settle()

    (piece,) = slices(world)
    assert piece["endpoints"][0]["hints"] == {
        "forZones": [{"name": "zone-2"}],
        "forNodes": [{"name": "worker-2"}],
    }

    world.patch("Service", "web", {"spec": {"trafficDistribution": None}})
    world.settle()
    assert "hints" not in slices(world)[0]["endpoints"][0]


def test_endpoints_made_by_hand_are_mirrored_and_reached() -> None:
    """A Service without selector leads to whatever addresses people write into its Endpoints."""
    world = World()
    world.create(make_pod("db"))
    world.settle()
    address = world.get("Pod", "db")["status"]["podIP"]
    world.create(make_service("legacy", selector=None))
    world.cluster.admin.create(ENDPOINTS, "default", make_endpoints("legacy", address))
    world.settle()

    (piece,) = slices(world, "legacy")
    assert piece["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] == (
        "endpointslicemirroring-controller.k8s.io"
    )
    assert piece["endpoints"] == [{"addresses": [address], "conditions": {"ready": True}}]
    assert piece["metadata"]["ownerReferences"][0]["kind"] == "Endpoints"
    assert "Welcome to nginx!" in run(world, "wget -qO- http://legacy")


def test_a_mirror_follows_its_endpoints_and_ends_with_them() -> None:
    """Changes arrive; without Endpoints, or with the label that says so, there is no slice."""
    world = World()
    world.create(make_service("legacy", selector=None))
    world.cluster.admin.create(ENDPOINTS, "default", make_endpoints("legacy", "10.9.9.1"))
    world.settle()

    changed = make_endpoints("legacy", "10.9.9.2", "10.9.9.3", port=5432)
    world.cluster.admin.update(ENDPOINTS, changed)
    world.settle()
    (piece,) = slices(world, "legacy")
    assert [endpoint["addresses"] for endpoint in piece["endpoints"]] == [
        ["10.9.9.2"],
        ["10.9.9.3"],
    ]
    assert piece["ports"] == [{"name": "", "port": 5432, "protocol": "TCP"}]

    label = {"metadata": {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}}}
    world.cluster.admin.patch(ENDPOINTS, "default", "legacy", label)
    world.settle()
    assert slices(world, "legacy") == []


def test_pods_that_are_not_ready_are_published_when_asked() -> None:
    """Their endpoint counts as ready though it does not serve."""
    world = World()
    pod = make_pod("web")
    pod["spec"]["containers"][0]["readinessProbe"] = {"tcpSocket": {"port": 9}}
    world.create(pod, make_service(publishNotReadyAddresses=True))
    world.run_for(seconds=30)

    (piece,) = slices(world)
    conditions = {"ready": True, "serving": False, "terminating": False}
    assert piece["endpoints"][0]["conditions"] == conditions
