"""A request from the name to the answer, and everything that can stop it."""

from __future__ import annotations

from tests.scenario.network.net import (
    ended,
    last_way,
    log,
    make_fault,
    make_pod,
    make_service,
    pod_ip,
    routed,
    run,
)
from webapp.trace.facts import NameLookedUp


def serve(world, *names, **service):
    world.create(*(make_pod(name) for name in names), make_service(**service))
    world.settle()
    world.run_for(seconds=3)


def test_a_request_leaves_its_whole_way(world):
    """Look-up, Service, endpoint, hops and answer are facts of one request."""
    serve(world, "web-1")

    output = run(world, "wget -qO- http://web")

    assert "This page comes from the simulated Pod <b>web-1</b>" in output
    (asked,) = world.facts(NameLookedUp)
    assert asked.questions == (
        ("web.default.svc.cluster.local", "NOERROR"),
        ("web.svc.cluster.local", "NXDOMAIN"),
        ("web.cluster.local", "NXDOMAIN"),
        ("web", "NXDOMAIN"),
    )
    way = last_way(world)
    cluster_ip = world.get("Service", "web")["spec"]["clusterIP"]
    assert asked.answers == (cluster_ip,)
    assert (way.request, way.summary) == (asked.request, "GET http://web/")
    assert (way.dialled, way.via, way.service) == (
        f"{cluster_ip}:80",
        "clusterIP",
        "default/web:80",
    )
    assert (way.client.name, way.endpoint.name, way.endpoint.port) == ("client", "web-1", 80)
    assert (way.client.container, way.client.node) == (
        "c",
        world.get("Pod", "client")["spec"]["nodeName"],
    )
    assert (way.stopped_at, way.reason) == (-1, "")
    (end,) = ended(world)
    assert (end.request, end.outcome, end.code, end.summary) == (
        way.request,
        "answered",
        200,
        "200 OK",
    )
    assert end.took_ms >= asked.duration_ms + way.duration_ms


def test_hops_tell_whether_a_wire_was_crossed(world):
    """Between Nodes there is one hop more."""
    world.create(make_pod("web-1", nodeName="worker-1"), make_service())
    world.settle()
    world.run_for(seconds=3)

    run(world, "wget -qO- http://web", name="near", nodeName="worker-1")
    near = [hop.kind for hop in last_way(world).hops]
    run(world, "wget -qO- http://web", name="far", nodeName="worker-2")
    far = [(hop.kind, hop.name, hop.node) for hop in last_way(world).hops]

    assert near == ["egress", "rules", "ingress", "server"]
    assert far == [
        ("egress", "far", "worker-2"),
        ("rules", "default/web:80", "worker-2"),
        ("wire", "route", "worker-1"),
        ("ingress", "web-1", "worker-1"),
        ("server", "web-1", "worker-1"),
    ]


def test_localhost_stays_in_the_pod(world):
    """No rules, no wires."""
    server = {"name": "server", "image": "nginx"}
    pod = make_pod("pair", "sleep 5; wget -qO- http://localhost; wget -qO- localhost:81")
    pod["spec"]["containers"].append(server)
    world.create(pod)
    world.settle()
    world.run_for(seconds=10)

    assert "<b>pair</b>" in log(world, "pair")
    assert "can't connect to remote host (127.0.0.1): Connection refused" in log(world, "pair")
    first, second = routed(world)
    assert ([hop.kind for hop in first.hops], first.via) == (["loopback", "server"], "localhost")
    assert (second.reason, second.endpoint.name) == ("notListening", "pair")


def test_load_is_spread_over_endpoints(world):
    """Every endpoint gets its share, and flows count all of it."""
    serve(world, "web-1", "web-2", "web-3")

    run(world, "for i in $(seq 60); do wget -qO- http://web >/dev/null; done", seconds=30)

    counts = {
        key.endpoint: flow.count
        for key, flow in world.cluster.flows.flows.items()
        if key.service == "default/web:80"
    }
    assert set(counts) == {f"{pod_ip(world, name)}:80" for name in ("web-1", "web-2", "web-3")}
    assert sum(counts.values()) == world.cluster.flows.total == 60
    assert min(counts.values()) > 8


def test_a_service_without_endpoints_refuses(world):
    """A selector that matches nothing."""
    world.create(make_service())
    world.run_for(seconds=3)

    assert "Connection refused" in run(world, "wget -qO- http://web")
    way = last_way(world)
    assert (way.reason, way.stopped_at, way.hops[way.stopped_at].kind) == (
        "noEndpoints",
        1,
        "rules",
    )


def test_a_wrong_target_port_refuses(world):
    """The endpoint is there, nobody listens."""
    serve(world, "web-1", ports=[{"port": 80, "targetPort": 8080}])

    assert "Connection refused" in run(world, "wget -qO- http://web")
    assert (last_way(world).reason, last_way(world).endpoint.name) == ("notListening", "web-1")


def test_a_stale_endpoint_is_hit_until_rules_are_synced(world):
    """kube-proxy, which has just synced for another Service, waits a second before it does so again."""
    serve(world, "web-1")
    world.create(
        make_pod("client", "while true; do wget -T 1 -qO- http://web >/dev/null; sleep 0.02; done")
    )
    world.settle()
    world.run_for(seconds=3)
    world.create(make_service("other"))
    world.run_for(seconds=0.3)

    world.delete("Pod", "web-1", grace_period_seconds=0)
    world.run_for(seconds=10)

    reasons = {way.reason for way in routed(world)}
    assert {"", "noEndpoints"} <= reasons
    assert reasons & {"notListening", "noRoute"}


def test_an_address_that_no_pod_has_is_no_route(world):
    """In a Node's range the machine looks for it for about three seconds."""
    output = run(world, "wget -qO- http://10.244.1.200", seconds=10)

    assert output == "wget: can't connect to remote host (10.244.1.200): No route to host\n"
    assert last_way(world).reason == "noRoute"
    assert 3_000 < ended(world)[-1].took_ms < 3_200


def test_a_dead_machine_does_not_answer(world):
    """Its Pods time out while endpoints still name them."""
    world.create(make_pod("web-1", nodeName="worker-1"), make_service())
    world.settle()
    world.run_for(seconds=3)
    world.create(make_fault("power", "NodeDown", target={"node": "worker-1"}))
    world.run_for(seconds=1)

    output = run(world, "wget -T 3 -qO- http://web", seconds=10, nodeName="worker-2")

    assert output == "wget: download timed out\n"
    assert (last_way(world).reason, ended(world)[-1].outcome) == ("nodeDown", "timeout")


def test_the_outside_is_small(world):
    """A few hosts answer; other names do not exist."""
    output = run(world, "wget -qO- http://example.com; wget -qO- http://nobody.invalid")

    assert "<h1>example.com</h1>" in output
    assert output.endswith("wget: bad address 'nobody.invalid'\n")
    assert last_way(world).via == "outside"


def test_two_pods_talk_through_nc(world):
    """One listens on a port of its own, the other finds it by the Service's name."""
    world.create(make_pod("ear", "nc -l -p 9000"), make_service("ear", ports=[{"port": 9000}]))
    world.settle()
    world.run_for(seconds=3)

    run(world, "echo hello | nc ear 9000")

    assert log(world, "ear") == "hello\n"


def test_redis_answers_what_is_typed(world):
    """TCP servers that speak no HTTP."""
    pod = make_pod("cache")
    pod["spec"]["containers"] = [
        {"name": "c", "image": "redis", "ports": [{"containerPort": 6379}]}
    ]
    world.create(pod, make_service("cache", ports=[{"port": 6379}]))
    world.settle()
    world.run_for(seconds=3)

    script = "printf 'INCR hits\\nINCR hits\\n' | nc cache 6379; wget -qO- http://cache:6379"
    output = run(world, script)

    assert output.replace("\r", "") == ":1\n:2\nwget: error getting response\n"


def test_only_the_first_requests_of_a_second_are_told_but_all_are_counted(world):
    """The rest is in the flows."""
    serve(world, "web-1")
    script = "for i in $(seq 120); do (wget -qO- http://web >/dev/null &); done"

    run(world, script, seconds=20, name="client-1")
    world.create(*(make_pod(f"crowd-{n}", script) for n in range(4)))
    world.settle()
    world.run_for(seconds=20)

    assert world.cluster.flows.total == 600
    assert len(ended(world)) < 600


def test_equal_seeds_give_equal_ways():
    """Chance comes from streams."""
    from tests.world import World

    chosen = []
    for _ in range(2):
        world = World(seed=5)
        serve(world, "web-1", "web-2", "web-3")
        run(world, "for i in $(seq 10); do wget -qO- http://web >/dev/null; done")
        chosen.append([way.endpoint.name for way in routed(world)])

    assert chosen[0] == chosen[1]
    assert len(set(chosen[0])) > 1
