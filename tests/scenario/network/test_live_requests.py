"""What the page gets to see of requests."""

from __future__ import annotations

import msgspec

from tests.scenario.network.net import make_pod, make_policy, make_service, pod_ip, run
from tests.world import World
from webapp.live.projector import Projector


def test_a_request_is_one_view_that_comes_further(world):
    """Look-up, way and answer end up in the same view; the flow counts it."""
    projector = Projector(world.cluster)
    world.create(make_pod("web-1"), make_service())
    world.settle()
    world.run_for(seconds=3)
    assert projector.take_requests() is None

    run(world, "wget -qO- http://web")

    frame = projector.take_requests()
    (request,) = frame.requests
    assert (request.summary, request.outcome, request.code) == ("GET http://web/", "answered", 200)
    assert request.lookup.answers == [world.get("Service", "web")["spec"]["clusterIP"]]
    assert request.at + 1 <= request.arrives <= request.until
    assert request.hops[0].kind == "egress"
    (flow,) = frame.flows
    assert (flow.client, flow.service) == ("default/client", "default/web:80")
    assert (flow.endpoint, flow.count, flow.code) == (f"{pod_ip(world, 'web-1')}:80", 1, 200)
    assert (frame.whole, frame.dropped) == (False, 0)
    assert projector.take_requests() is None


def test_a_viewer_that_comes_later_gets_everything(world):
    """All flows, the newest requests, and what the plugin is."""
    world.create(make_pod("web-1"), make_service(), make_policy("deny", policyTypes=["Ingress"]))
    projector = Projector(world.cluster)
    world.settle()
    world.run_for(seconds=3)
    run(world, "wget -T 1 -qO- http://web")
    projector.take_requests()

    frame = projector.whole_requests()

    (request,) = frame.requests
    assert (request.reason, request.policy, request.rule) == ("policy", "default/deny", "ingress")
    assert request.hops[request.stopped_at].kind == "ingress"
    assert (frame.flows[0].outcome, frame.flows[0].policy) == ("timeout", "default/deny")
    assert (frame.network.plugin, frame.network.encapsulation) == ("kindnet", "route")
    assert frame.network.enforces_policies
    assert msgspec.to_builtins(frame)["requests"][0]["stoppedAt"] == request.stopped_at


def test_a_look_up_of_its_own_is_shown_without_a_way(world):
    """``nslookup`` asks, and dials nobody."""
    projector = Projector(world.cluster)

    run(world, "ping -c 1 nobody")

    (request,) = projector.take_requests().requests
    assert (request.summary, request.at, request.hops) == ("look up nobody", None, [])
    assert request.outcome == "noName"


def test_nodes_show_the_ranges_that_their_pods_get(world):
    """Calico's blocks are not spec.podCIDR."""
    calico = World(network_plugin="calico")

    shown = {node.name: node.pod_cidr for node in Projector(calico.cluster).snapshot().nodes}

    assert all(cidr.startswith("192.168.") and cidr.endswith("/26") for cidr in shown.values())
    assert Projector(world.cluster).snapshot().nodes[0].pod_cidr == "10.244.0.0/24"
