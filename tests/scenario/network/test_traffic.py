"""Traffic objects: steady requests, every one counted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenario.network.net import make_pod, make_policy, make_service, routed
from webapp.apimachinery.status import Invalid


def make_traffic(name: str = "load", **spec: Any) -> Any:
    return {
        "apiVersion": "sim.podarium.dev/v1alpha1",
        "kind": "Traffic",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


def serve(world: Any, *names: str, **service: Any) -> None:
    world.create(*(make_pod(name) for name in names), make_service(**service))
    world.settle()
    world.run_for(seconds=3)


def finish(world: Any, name: str = "load") -> Any:
    world.settle()
    world.run_for(seconds=2)
    return world.get("Traffic", name)["status"]


def test_requests_from_outside_reach_a_node_port(world):
    """Every Pod gets its share, and the status counts."""
    serve(world, "web-1", "web-2", type="NodePort", ports=[{"port": 80, "nodePort": 30080}])
    world.create(make_traffic(to={"service": "web"}, requestsPerSecond=100, duration="5s"))

    status = finish(world)

    assert status["requests"] == 500
    assert status["outcomes"] == {"200": 500}
    assert [item["endpoint"] for item in status["endpoints"]] == ["default/web-1", "default/web-2"]
    assert sum(item["requests"] for item in status["endpoints"]) == 500
    assert status["conditions"][0]["status"] == "True"
    assert {way.via for way in routed(world)} == {"nodePort"}
    assert {way.client.kind for way in routed(world)} == {"outside"}


def test_pods_that_a_selector_finds_take_turns(world):
    """They look the name up themselves, and pass their policies."""
    serve(world, "web-1")
    world.create(make_pod("client-1", "true"), make_pod("client-2", "true"))
    world.settle()
    source = {"podSelector": {"matchLabels": {"app": "client"}}}
    url = {"url": "http://web/"}
    world.create(make_traffic(**{"from": source}, to=url, requestsPerSecond=10, duration="4s"))

    assert finish(world)["outcomes"] == {"200": 40}
    assert {way.client.name for way in routed(world)} == {"client-1", "client-2"}


@pytest.mark.parametrize(
    ("spec", "outcome"),
    [
        pytest.param({"to": {"url": "http://10.99.99.99/"}}, "Timeout", id="no such address"),
        pytest.param({"to": {"service": "web"}}, "Timeout", id="a ClusterIP from outside"),
        pytest.param({"to": {"service": "nobody"}}, "NoDestination", id="no such Service"),
        pytest.param(
            {"to": {"url": "http://web.default/"}}, "NameNotFound", id="a cluster name outside"
        ),
        pytest.param(
            {
                "from": {"podSelector": {"matchLabels": {"app": "nobody"}}},
                "to": {"url": "http://web/"},
            },
            "NoSource",
            id="a selector that matches nothing",
        ),
        pytest.param(
            {"from": {"podSelector": {}}, "to": {"pod": "web-1", "path": "/missing"}},
            "404",
            id="404",
        ),
        pytest.param(
            {"from": {"podSelector": {}}, "to": {"pod": "web-1", "port": 81}},
            "Refused",
            id="wrong port",
        ),
        pytest.param(
            {"from": {"podSelector": {}}, "to": {"service": "empty"}},
            "NoEndpoints",
            id="no endpoints",
        ),
    ],
)
def test_outcomes(world, spec, outcome):
    """What became of the requests."""
    serve(world, "web-1")
    world.create(make_service("empty"))
    world.run_for(seconds=3)
    world.create(make_traffic(requestsPerSecond=5, duration="2s", **spec))

    assert finish(world)["outcomes"] == {outcome: 10}


def test_denied_requests_are_told_from_slow_ones(world):
    """The status says PolicyDenied where clients see a timeout."""
    serve(world, "web-1")
    world.create(make_pod("client-1", "true"), make_policy("deny", policyTypes=["Ingress"]))
    world.settle()
    source = {"podSelector": {"matchLabels": {"app": "client"}}}
    to = {"service": "web"}
    world.create(make_traffic(**{"from": source}, to=to, requestsPerSecond=5, duration="2s"))

    assert finish(world)["outcomes"] == {"PolicyDenied": 10}


def test_traffic_without_end_does_not_keep_the_world_busy(world):
    """It goes on as long as time does, and ends with its object."""
    serve(world, "web-1", type="NodePort")
    world.create(make_traffic(to={"service": "web"}, requestsPerSecond=2))
    world.settle()
    world.run_for(seconds=10)
    assert 18 <= world.get("Traffic", "load")["status"]["requests"] <= 20

    world.delete("Traffic", "load")
    world.run_for(seconds=1)
    counted = world.cluster.flows.total
    world.run_for(seconds=10)
    assert world.cluster.flows.total == counted


def test_many_requests_are_all_counted_and_few_are_told(world):
    """Flows hold every request."""
    serve(world, "web-1", type="NodePort")
    world.create(make_traffic(to={"service": "web"}, requestsPerSecond=2_000, duration="3s"))

    assert finish(world)["requests"] == 6_000
    assert world.cluster.flows.total == 6_000
    assert 600 <= len(routed(world)) <= 800


def test_load_shows_in_the_servers_processor_time(world):
    """The image says what a request costs."""
    server = make_pod("web-1")
    server["spec"]["containers"][0]["image"] = "registry.k8s.io/hpa-example"
    world.create(server, make_service(type="NodePort"))
    world.settle()
    world.run_for(seconds=40)
    machine = world.cluster._machines.machine(world.get("Pod", "web-1")["spec"]["nodeName"])
    idle = machine.kubelet.pod_stats(world.get("Pod", "web-1")["metadata"]["uid"])[0].cpu_nanocores

    world.create(make_traffic(to={"service": "web"}, requestsPerSecond=20, timeout="10s"))
    world.run_for(seconds=60)

    busy = machine.kubelet.pod_stats(world.get("Pod", "web-1")["metadata"]["uid"])[0].cpu_nanocores
    assert busy > idle + 10_000_000


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "spec.to: Required value"),
        (
            {"to": {}},
            "spec.to: Required value: exactly one of `url`, `service` and `pod` is required",
        ),
        ({"to": {"url": "http://a", "pod": "b"}}, "exactly one of"),
        ({"to": {"url": "web"}}, "spec.to.url: Invalid value"),
        ({"to": {"pod": "b", "port": 70_000}}, "spec.to.port: Invalid value"),
        ({"to": {"pod": "b"}, "requestsPerSecond": 0}, "must be greater than 0 and at most 100000"),
        ({"to": {"pod": "b"}, "duration": "soon"}, "spec.duration: Invalid value"),
        ({"to": {"pod": "b"}, "duration": "-1s"}, "must be greater than 0"),
        (
            {"to": {"pod": "b"}, "from": {"external": True, "podSelector": {}}},
            "may not be set when",
        ),
    ],
)
def test_senseless_traffic_is_refused(world, spec, message):
    """With the field that is wrong."""
    with pytest.raises(Invalid) as refused:
        world.create(make_traffic(**spec))

    assert message in str(refused.value)
