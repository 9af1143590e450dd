"""NetworkPolicies in a running cluster."""

from __future__ import annotations

import pytest

from tests.scenario.network.net import (
    last_way,
    make_namespace,
    make_pod,
    make_policy,
    make_service,
    run,
)
from tests.world import World
from webapp.trace.facts import NameLookedUp

DNS = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"port": 53, "protocol": "UDP"}],
}
WGET = "wget -T 2 -qO- http://web"


def serve(world: World, *policies: object) -> None:
    world.create(make_pod("web-1"), make_service(), *policies)
    world.settle()
    world.run_for(seconds=3)


def test_default_deny_stops_a_request_at_the_door(world):
    """The client sees a timeout; the fact names the policy."""
    serve(world, make_policy("deny-all", policyTypes=["Ingress"]))

    assert run(world, WGET) == "wget: download timed out\n"

    way = last_way(world)
    assert (way.reason, way.policy, way.rule) == ("policy", "default/deny-all", "ingress")
    assert way.hops[way.stopped_at].kind == "ingress"


def test_an_allow_rule_is_named_too(world):
    """Policies add up, and the rule that let it pass is told."""
    peer = {"podSelector": {"matchLabels": {"app": "client"}}}
    allow = make_policy("allow", ingress=[{"from": [peer], "ports": [{"port": 80}]}])
    serve(world, make_policy("deny-all", policyTypes=["Ingress"]), allow)

    assert "<b>web-1</b>" in run(world, WGET)
    assert last_way(world).rule == "ingress[0] of default/allow"
    assert run(world, WGET, name="stranger") == "wget: download timed out\n"


def test_egress_without_dns_cannot_even_resolve(world):
    """The classic mistake: the name, not the page, is what fails."""
    to_web = {"to": [{"podSelector": {"matchLabels": {"app": "web"}}}]}
    policy = make_policy(
        "out",
        podSelector={"matchLabels": {"app": "client"}},
        policyTypes=["Egress"],
        egress=[to_web],
    )
    serve(world, policy)

    output = run(world, f"{WGET}; nslookup web", seconds=40)

    assert output.startswith(
        "wget: bad address 'web'\n;; connection timed out; no servers could be reached\n"
    )
    asked = world.facts(NameLookedUp)[0]
    assert (asked.outcome, asked.reason, asked.policy, asked.rule) == (
        "timeout",
        "policy",
        "default/out",
        "egress",
    )

    world.patch("NetworkPolicy", "out", {"spec": {"egress": [to_web, DNS]}})
    world.run_for(seconds=1)
    assert "<b>web-1</b>" in run(world, WGET, name="client-2")


def test_namespaces_are_told_apart_by_their_labels(world):
    """Clients of a trusted namespace come in, others do not."""
    peer = {"namespaceSelector": {"matchLabels": {"team": "good"}}}
    world.create(make_namespace("friends", team="good"), make_namespace("others"))
    serve(world, make_policy("only-friends", ingress=[{"from": [peer]}]))
    script = WGET.replace("web", "web.default")

    assert "<b>web-1</b>" in run(world, script, namespace="friends")
    assert run(world, script, namespace="others") == "wget: download timed out\n"


@pytest.mark.parametrize(
    ("plugin", "enforces"),
    [("calico", True), ("cilium", True), ("flannel", False), ("kindnet", True)],
)
def test_enforcement_is_the_plugins_business(plugin, enforces):
    """With flannel a policy is stored and has no effect."""
    world = World(network_plugin=plugin)
    serve(world, make_policy("deny-all", policyTypes=["Ingress"]))

    output = run(world, WGET)

    assert ("timed out" in output) is enforces


def test_the_outside_can_be_fenced_off(world):
    """ipBlock with an exception, in egress."""
    block = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["93.184.215.14/32"]}}
    serve(world, make_policy("fence", policyTypes=["Egress"], egress=[{"to": [block]}, DNS]))

    script = "wget -T 2 -qO- http://example.org; wget -T 2 -qO- http://example.com"
    output = run(world, script)

    assert "<h1>example.org</h1>" in output
    assert output.endswith("wget: download timed out\n")
    assert last_way(world).policy == "default/fence"


def test_probes_get_through_whatever_policies_say(world):
    """They come from the machine that the Pod runs on."""
    pod = make_pod("web-1")
    pod["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"path": "/", "port": 80}}
    world.create(make_policy("deny-all", policyTypes=["Ingress", "Egress"]), pod)
    world.settle()
    world.run_for(seconds=15)

    assert world.get("Pod", "web-1")["status"]["containerStatuses"][0]["ready"]


def test_who_can_talk_to_whom(world):
    """The matrix of a namespace, with the rule of each verdict."""
    peer = {"podSelector": {"matchLabels": {"app": "web"}}}
    policy = make_policy(
        "db", podSelector={"matchLabels": {"app": "db"}}, ingress=[{"from": [peer]}]
    )
    world.create(make_pod("web-1"), make_pod("db-1"), make_pod("other-1"), policy)
    world.settle()
    world.run_for(seconds=3)

    matrix = {
        (reach.source, reach.destination): reach.verdict.text
        for reach in world.cluster.reach_matrix("default", 80)
    }

    assert matrix["default/web-1", "default/db-1"] == "allowed by ingress[0] of default/db"
    assert (
        matrix["default/other-1", "default/db-1"]
        == "denied: no ingress rule of default/db allows it"
    )
    assert matrix["default/db-1", "default/web-1"] == "allowed: no policy selects either end"
    assert len(matrix) == 6


def test_reach_answers_for_pods_services_and_addresses(world):
    """By the names that people type."""
    serve(world, make_policy("deny-all", policyTypes=["Ingress"]))
    world.create(make_pod("client", "true"))
    world.settle()

    (reach,) = world.cluster.reach("default/client", "svc/default/web", 80)
    assert (reach.destination, reach.port, reach.allowed) == ("default/web-1", 80, False)
    (reach,) = world.cluster.reach("default/client", "example.com", 443)
    assert reach.allowed
    (reach,) = world.cluster.reach("outside", "default/web-1", 80)
    assert reach.verdict.policies == ("default/deny-all",)
    with pytest.raises(LookupError, match='pod "default/nobody" not found'):
        world.cluster.reach("default/client", "default/nobody", 80)
