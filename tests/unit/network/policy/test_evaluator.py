"""What NetworkPolicies let pass."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.network.policy.ends import End, NamedPort
from webapp.network.policy.evaluator import PolicyEvaluator

WEB = End(
    "10.0.0.1", "shop", "web", {"app": "web"}, "n1", (NamedPort("http", 8080, "TCP"),), uid="1"
)
DB = End("10.0.0.2", "shop", "db", {"app": "db"}, "n2", uid="2")
OPS = End("10.0.1.1", "ops", "probe", {"app": "probe"}, "n2", uid="3")
OUTSIDE = End("203.0.113.7")


def make_policy(name: str, namespace: str = "shop", **spec: Any) -> Any:
    spec.setdefault("podSelector", {})
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec}


def evaluator(*policies: Any) -> PolicyEvaluator:
    made = PolicyEvaluator()
    made.put_namespace("shop", {"team": "shop"})
    made.put_namespace("ops", {"team": "ops"})
    for policy in policies:
        made.put_policy(policy)
    return made


def test_without_policies_everything_passes() -> None:
    """Nothing isolates anybody."""
    assert evaluator().verdict(OUTSIDE, WEB, 80).text == "allowed: no policy selects either end"


def test_default_deny_names_itself() -> None:
    """A policy without rules isolates what it selects."""
    verdict = evaluator(make_policy("deny", policyTypes=["Ingress"])).verdict(OPS, WEB, 80)

    assert verdict.text == "denied: no ingress rule of shop/deny allows it"
    assert (verdict.allowed, verdict.stopped, verdict.policies) == (
        False,
        "ingress",
        ("shop/deny",),
    )


def test_policies_add_up() -> None:
    """Whatever any policy allows is allowed, and the rule is named."""
    allow = make_policy(
        "allow-db", ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "db"}}}]}]
    )
    world = evaluator(make_policy("deny", policyTypes=["Ingress"]), allow)

    assert world.verdict(DB, WEB, 80).text == "allowed by ingress[0] of shop/allow-db"
    assert world.verdict(OPS, WEB, 80).policies == ("shop/allow-db", "shop/deny")


def test_both_ends_must_agree() -> None:
    """Ingress allows it, the client's egress does not."""
    world = evaluator(
        make_policy("open", policyTypes=["Ingress"], ingress=[{}]),
        make_policy("closed", "ops", policyTypes=["Egress"]),
    )

    assert world.verdict(OPS, WEB, 80).text == "denied: no egress rule of ops/closed allows it"


@pytest.mark.parametrize(
    ("peer", "passes"),
    [
        pytest.param(
            {"podSelector": {"matchLabels": {"app": "probe"}}}, False, id="own namespace only"
        ),
        pytest.param({"namespaceSelector": {"matchLabels": {"team": "ops"}}}, True, id="namespace"),
        pytest.param({"namespaceSelector": {}}, True, id="all namespaces"),
        pytest.param(
            {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "db"}}},
            False,
            id="both must hold",
        ),
        pytest.param({"ipBlock": {"cidr": "10.0.0.0/16"}}, True, id="block"),
        pytest.param(
            {"ipBlock": {"cidr": "10.0.0.0/16", "except": ["10.0.1.0/24"]}}, False, id="exception"
        ),
        pytest.param({"ipBlock": {"cidr": "2001:db8::/32"}}, False, id="other family"),
    ],
)
def test_peers(peer: Any, passes: bool) -> None:
    """Who is meant by one entry of ``from``."""
    assert (
        evaluator(make_policy("p", ingress=[{"from": [peer]}])).verdict(OPS, WEB, 80).allowed
        is passes
    )


@pytest.mark.parametrize(
    ("port", "number", "protocol", "passes"),
    [
        pytest.param({"port": 8080}, 8080, "TCP", True, id="number"),
        pytest.param({"port": 8080}, 8080, "UDP", False, id="TCP unless said otherwise"),
        pytest.param({"port": "http"}, 8080, "TCP", True, id="name"),
        pytest.param({"port": "http"}, 80, "TCP", False, id="name stands for its number"),
        pytest.param({"port": "metrics"}, 8080, "TCP", False, id="unknown name"),
        pytest.param({"port": 8000, "endPort": 8090}, 8080, "TCP", True, id="range"),
        pytest.param({"port": 8000, "endPort": 8079}, 8080, "TCP", False, id="beyond the range"),
        pytest.param({"protocol": "UDP"}, 53, "UDP", True, id="protocol alone"),
    ],
)
def test_ports(port: Any, number: int, protocol: str, passes: bool) -> None:
    """Which ports are meant by one entry of ``ports``."""
    verdict = evaluator(make_policy("p", ingress=[{"ports": [port]}])).verdict(
        OPS, WEB, number, protocol
    )

    assert verdict.allowed is passes


def test_a_machine_reaches_its_own_pods() -> None:
    """Probes come from the kubelet, whatever policies say; other machines are strangers."""
    world = evaluator(make_policy("deny"))

    assert world.verdict(End("10.0.0.11", node="n1", host=True), WEB, 80).allowed
    assert not world.verdict(End("10.0.0.12", node="n2", host=True), WEB, 80).allowed
    assert world.verdict(WEB, WEB, 80).allowed


def test_blocks_do_not_mean_pods_under_cilium() -> None:
    """There, an ipBlock is for addresses outside the cluster."""
    world = evaluator(make_policy("p", ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]))
    world.blocks_match_pods = False

    assert not world.verdict(OPS, WEB, 80).allowed
    assert world.verdict(OUTSIDE, WEB, 80).allowed


def test_policies_that_select_nobody_cost_nothing() -> None:
    """A thousand policies elsewhere are looked at by no verdict, and a verdict is worked out once."""
    others = [
        make_policy(f"p{n}", podSelector={"matchLabels": {"app": f"other-{n}"}})
        for n in range(1000)
    ]
    world = evaluator(make_policy("deny", policyTypes=["Ingress"]), *others)

    for _ in range(100):
        world.verdict(OPS, WEB, 80)

    assert world.evaluations == 1
    assert [policy.key for policy in world.isolating(WEB, "ingress")] == ["shop/deny"]


def test_a_change_is_seen_at_once() -> None:
    """Remembered verdicts do not outlive policies or labels of namespaces."""
    peer = {"namespaceSelector": {"matchLabels": {"team": "ops"}}}
    policy = make_policy("p", ingress=[{"from": [peer]}])
    world = evaluator(policy)
    assert world.verdict(OPS, WEB, 80).allowed

    world.put_namespace("ops", {"team": "other"})
    assert not world.verdict(OPS, WEB, 80).allowed

    world.remove_policy(policy)
    assert world.verdict(OPS, WEB, 80).allowed


# --- the truth table: random policies against a reference that reads them as they are written ---

ENDS = (
    WEB,
    DB,
    OPS,
    End("10.0.1.2", "ops", "web", {"app": "web", "tier": "front"}, "n1", uid="4"),
    OUTSIDE,
    End("10.0.0.11", node="n1", host=True),
)
NAMESPACES = {"shop": {"team": "shop"}, "ops": {"team": "ops", "kind": "infra"}}
SELECTORS = st.sampled_from(
    (
        {},
        {"matchLabels": {"app": "web"}},
        {"matchLabels": {"app": "db"}},
        {"matchExpressions": [{"key": "tier", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]},
    )
)
NAMESPACE_SELECTORS = st.sampled_from(
    ({}, {"matchLabels": {"team": "ops"}}, {"matchLabels": {"x": "y"}})
)
BLOCKS = st.sampled_from(
    (
        {"cidr": "0.0.0.0/0"},
        {"cidr": "10.0.0.0/16", "except": ["10.0.1.0/24"]},
        {"cidr": "203.0.113.0/24"},
    )
)
PEERS = st.one_of(
    st.builds(lambda pods: {"podSelector": pods}, SELECTORS),
    st.builds(lambda spaces: {"namespaceSelector": spaces}, NAMESPACE_SELECTORS),
    st.builds(
        lambda spaces, pods: {"namespaceSelector": spaces, "podSelector": pods},
        NAMESPACE_SELECTORS,
        SELECTORS,
    ),
    st.builds(lambda block: {"ipBlock": block}, BLOCKS),
)
PORTS = st.sampled_from(
    (
        {"port": 8080},
        {"port": "http"},
        {"protocol": "UDP"},
        {"port": 8000, "endPort": 8100},
        {"port": 53},
    )
)


def rules(peers_field: str) -> st.SearchStrategy[Any]:
    return st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                peers_field: st.lists(PEERS, min_size=1, max_size=2),
                "ports": st.lists(PORTS, min_size=1, max_size=2),
            },
        ),
        max_size=2,
    )


POLICIES = st.lists(
    st.tuples(
        st.sampled_from(("shop", "ops")),
        st.fixed_dictionaries(
            {
                "podSelector": SELECTORS,
                "policyTypes": st.sampled_from((["Ingress"], ["Egress"], ["Ingress", "Egress"])),
                "ingress": rules("from"),
                "egress": rules("to"),
            }
        ),
    ),
    max_size=4,
)


def selects(selector: Any, labels: Any) -> bool:
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for wanted in selector.get("matchExpressions") or ():
        held = labels.get(wanted["key"])
        if wanted["operator"] == "Exists" and held is None:
            return False
        if wanted["operator"] == "NotIn" and held in wanted["values"]:
            return False
    return True


def naive_peer(peer: Any, namespace: str, end: End) -> bool:
    if "ipBlock" in peer:
        block, address = peer["ipBlock"], ip_address(end.ip)
        return address in ip_network(block["cidr"]) and not any(
            address in ip_network(hole) for hole in block.get("except", ())
        )
    if not end.namespace:
        return False
    if "namespaceSelector" in peer:
        if not selects(peer["namespaceSelector"], NAMESPACES[end.namespace]):
            return False
    elif end.namespace != namespace:
        return False
    return selects(peer.get("podSelector", {}), end.labels)


def naive_port(port: Any, end: End, number: int, protocol: str) -> bool:
    if port.get("protocol", "TCP") != protocol:
        return False
    wanted = port.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return (wanted, number, protocol) in [tuple(held) for held in end.ports]
    return bool(wanted <= number <= port.get("endPort", wanted))


def naive(policies: Any, source: End, destination: End, number: int, protocol: str) -> bool:
    """The sentences of the NetworkPolicy documentation, one after the other."""
    if source.uid and source.uid == destination.uid:
        return True
    if source.host and source.node == destination.node:
        return True
    for kind, field, peers_field, end, other in (
        ("Egress", "egress", "to", source, destination),
        ("Ingress", "ingress", "from", destination, source),
    ):
        isolating = [
            (namespace, spec)
            for namespace, spec in policies
            if kind in spec["policyTypes"]
            and end.namespace == namespace
            and selects(spec["podSelector"], end.labels)
        ]
        allowed = any(
            (
                "ports" not in rule
                or any(naive_port(p, destination, number, protocol) for p in rule["ports"])
            )
            and (
                peers_field not in rule or any(naive_peer(p, ns, other) for p in rule[peers_field])
            )
            for ns, spec in isolating
            for rule in spec[field]
        )
        if isolating and not allowed:
            return False
    return True


@settings(max_examples=60, deadline=None)
@given(policies=POLICIES)
def test_random_policies_agree_with_their_text(policies: Any) -> None:
    """The whole truth table of six ends and four ports."""
    world = PolicyEvaluator()
    for name, labels in NAMESPACES.items():
        world.put_namespace(name, labels)
    for number, (namespace, spec) in enumerate(policies):
        world.put_policy(make_policy(f"p{number}", namespace, **spec))

    for source in ENDS:
        for destination in ENDS:
            for port, protocol in ((8080, "TCP"), (8080, "UDP"), (53, "UDP"), (443, "TCP")):
                verdict = world.verdict(source, destination, port, protocol)
                expected = naive(policies, source, destination, port, protocol)
                assert verdict.allowed is expected, (source, destination, port, protocol)
