"""Services of every kind, as clients meet them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenario.network.net import (
    ended,
    last_way,
    make_fault,
    make_pod,
    make_service,
    pod_ip,
    routed,
    run,
)
from tests.scenario.network.test_traffic import finish, make_traffic
from tests.world import World
from webapp.api.resources import PODS

LOOP = "for i in $(seq 20); do wget -T 1 -qO- http://web >/dev/null; sleep 0.1; done"


def serve(world: Any, *pods: Any, **service: Any) -> None:
    world.create(*pods, make_service(**service))
    world.settle()
    world.run_for(seconds=3)


def names(world: Any) -> set[str]:
    return {way.endpoint.name for way in routed(world) if way.endpoint is not None}


def test_session_affinity_keeps_a_client_where_it_was(world):
    """Until its time is over."""
    pods = [make_pod(f"web-{n}") for n in range(1, 5)]
    config = {"clientIP": {"timeoutSeconds": 10}}
    serve(world, *pods, sessionAffinity="ClientIP", sessionAffinityConfig=config)

    run(world, LOOP, seconds=10)

    assert len(names(world)) == 1


def test_ipvs_takes_turns():
    """Round robin instead of chance."""
    world = World(proxy_mode="ipvs")
    serve(world, *(make_pod(f"web-{n}") for n in range(1, 5)))

    run(world, LOOP, seconds=10)

    assert sorted(flow.count for flow in world.cluster.flows.flows.values()) == [5, 5, 5, 5]


def test_internal_traffic_policy_local_stays_or_is_dropped(world):
    """A Node without a backend gets no answer."""
    serve(world, make_pod("web-1", nodeName="worker-1"), internalTrafficPolicy="Local")

    assert "web-1" in run(world, "wget -T 2 -qO- http://web", name="near", nodeName="worker-1")
    assert run(world, "wget -T 2 -qO- http://web", name="far", nodeName="worker-2") == (
        "wget: download timed out\n"
    )
    assert last_way(world).reason == "noLocalEndpoints"


def test_a_node_port_answers_on_every_machine(world):
    """Also from inside the cluster, at any machine's address."""
    ports = [{"port": 80, "nodePort": 30080}]
    serve(world, make_pod("web-1", nodeName="worker-1"), type="NodePort", ports=ports)

    output = run(world, "wget -qO- http://10.0.0.12:30080", nodeName="worker-3")

    assert "web-1" in output
    kinds = [(hop.kind, hop.node) for hop in last_way(world).hops]
    assert kinds == [
        ("egress", "worker-3"),
        ("wire", "worker-2"),
        ("rules", "worker-2"),
        ("wire", "worker-1"),
        ("ingress", "worker-1"),
        ("server", "worker-1"),
    ]


def test_external_traffic_policy_local_uses_only_machines_with_a_backend(world):
    """From outside, a NodePort elsewhere is silent."""
    ports = [{"port": 80, "nodePort": 30080}]
    serve(
        world,
        make_pod("web-1", nodeName="worker-1"),
        type="NodePort",
        ports=ports,
        externalTrafficPolicy="Local",
    )
    for number, address in ((1, "10.0.0.11"), (2, "10.0.0.12")):
        to = {"url": f"http://{address}:30080/"}
        world.create(make_traffic(f"to-{number}", to=to, requestsPerSecond=5, duration="2s"))

    assert finish(world, "to-1")["outcomes"] == {"200": 10}
    assert finish(world, "to-2")["outcomes"] == {"NoEndpoints": 10}


def test_traffic_distribution_prefers_the_same_node(world):
    """PreferSameNode, with the rest as a fallback."""
    pods = [make_pod(f"web-{n}", nodeName=f"worker-{n}") for n in (1, 2)]
    serve(world, *pods, trafficDistribution="PreferSameNode")

    run(world, LOOP, name="near", nodeName="worker-2", seconds=10)
    assert names(world) == {"web-2"}

    run(world, LOOP, name="far", nodeName="worker-3", seconds=10)
    assert names(world) == {"web-1", "web-2"}


def test_an_unready_pod_gets_nothing(world):
    """A failing readiness probe takes the endpoint out."""
    pods = [make_pod("web-1"), make_pod("web-2")]
    pods[1]["spec"]["containers"][0]["readinessProbe"] = {
        "httpGet": {"path": "/missing", "port": 80},
        "periodSeconds": 1,
    }
    serve(world, *pods)

    run(world, LOOP, seconds=10)

    assert names(world) == {"web-1"}


def test_headless_services_lead_straight_to_pods(world):
    """No rules on the way, and a StatefulSet's names are names."""
    world.create(
        make_pod("db-1", hostname="db-one", subdomain="db"), make_service("db", clusterIP="None")
    )
    world.settle()
    world.run_for(seconds=3)

    output = run(world, "wget -qO- http://db-one.db; nslookup db.default.svc.cluster.local")

    assert "db-1" in output
    assert f"Name:\tdb.default.svc.cluster.local\nAddress: {pod_ip(world, 'db-1')}\n" in output
    assert (last_way(world).via, last_way(world).service) == ("pod", "")


@pytest.mark.parametrize(
    ("target", "output"),
    [
        pytest.param("example.com", "<h1>example.com</h1>", id="outside"),
        pytest.param("web.default.svc.cluster.local", "web-1", id="another Service"),
        pytest.param("ext.default.svc.cluster.local", "wget: bad address 'ext'", id="itself"),
        pytest.param("nobody.invalid", "wget: bad address 'ext'", id="nothing"),
    ],
)
def test_external_names(world, target, output):
    """A CNAME, followed as far as it leads; one that leads back to itself leads nowhere."""
    serve(world, make_pod("web-1"))
    world.create(
        make_service("ext", type="ExternalName", externalName=target, selector=None, ports=[])
    )
    world.run_for(seconds=3)

    assert output in run(world, "wget -qO- http://ext")


def test_names_break_with_coredns(world):
    """A cluster that runs its own CoreDNS needs it."""
    labels = {"k8s-app": "kube-dns"}
    coredns = make_pod("coredns-1", namespace="kube-system", labels=labels)
    coredns["spec"]["containers"] = [
        {
            "name": "coredns",
            "image": "registry.k8s.io/coredns/coredns:v1.12.0",
            "ports": [{"containerPort": 53, "protocol": "UDP"}],
        }
    ]
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}]
    service = make_service(
        "kube-dns", namespace="kube-system", clusterIP="10.96.0.10", selector=labels, ports=ports
    )
    world.create(coredns, service)
    serve(world, make_pod("web-1"))

    assert "web-1" in run(world, "wget -qO- http://web")

    world.cluster.admin.delete(PODS, "kube-system", "coredns-1", grace_period_seconds=0)
    world.run_for(seconds=5)
    assert (
        run(world, "wget -qO- http://web", name="late", seconds=20) == "wget: bad address 'web'\n"
    )
    assert ended(world)[-1].outcome == "noName"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param({"type_": "NodePartition"}, "partition", id="partition"),
        pytest.param({"type_": "PacketLoss", "percent": 100}, "packetLoss", id="everything lost"),
    ],
)
def test_broken_wires_stop_requests(world, fault, reason):
    """Pods on the same Node still reach each other."""
    serve(world, make_pod("web-1", nodeName="worker-1"))
    ip = pod_ip(world, "web-1")
    script = f"sleep 3; wget -T 2 -qO- http://{ip}"
    world.create(
        make_pod("near", script, nodeName="worker-1"), make_pod("far", script, nodeName="worker-2")
    )
    world.settle()
    world.create(make_fault("cut", target={"node": "worker-1"}, **fault))
    world.run_for(seconds=8)

    ways = {way.client.name: way.reason for way in routed(world)}
    assert ways == {"near": "", "far": reason}


def test_a_slow_wire_shows_in_the_answer(world):
    """Added latency counts both ways."""
    serve(world, make_pod("web-1", nodeName="worker-1"))
    world.create(make_fault("slow", "Latency", delay="200ms", target={"node": "worker-1"}))
    world.run_for(seconds=1)

    run(world, f"wget -qO- http://{pod_ip(world, 'web-1')}", nodeName="worker-2")

    assert 400 <= ended(world)[-1].took_ms < 420


def test_a_connection_from_outside_speaks_to_a_pod(world):
    """For published ports: bytes in, bytes out."""
    ports = [{"port": 80, "nodePort": 30080}]
    serve(world, make_pod("web-1"), type="NodePort", ports=ports)
    got: list[bytes | None] = []

    connection = world.cluster.dial("10.0.0.12", 30080, got.append)
    connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    world.run_for(seconds=1)
    connection.cancel()

    assert b"<b>web-1</b>" in b"".join(chunk for chunk in got if chunk)
    assert last_way(world).client.kind == "outside"
    assert ended(world)[-1].outcome == "answered"
    refused = world.cluster.dial("10.0.0.12", 30081, got.append)
    assert refused.kind == "refused"
