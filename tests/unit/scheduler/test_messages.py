"""What people read about a Pod that fits nowhere, letter by letter."""

import pytest

from tests.unit.scheduler.builders import (
    expression,
    make_node,
    make_pod,
    named,
    required_affinity,
)
from tests.unit.scheduler.world import World
from webapp.scheduler.framework.messages import nodes_message

HELP = "no new claims to deallocate, preemption: 0/{0} nodes are available: {1}."
NOT_HELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"
WEB = {"matchLabels": {"app": "web"}}


def spread(key, skew=1):
    """A hard constraint over Pods app=web."""
    constraint = {"maxSkew": skew, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule"}
    return {"topologySpreadConstraints": [{**constraint, "labelSelector": WEB}]}


def pod_affinity(kind, key="kubernetes.io/hostname"):
    """A required term about Pods app=web."""
    terms = [{"topologyKey": key, "labelSelector": WEB}]
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}


CASES = {
    "cordoned": (
        [make_node("n1", unschedulable=True)],
        [],
        make_pod("p"),
        f"1 node(s) were unschedulable. {HELP.format(1, f'1 {NOT_HELPFUL}')}",
    ),
    "tainted": (
        [make_node("n1", taints=[("a", "b", "NoSchedule")]), make_node("n2", cpu="1")],
        [],
        make_pod("p", "2"),
        "1 Insufficient cpu, 1 node(s) had untolerated taint(s). "
        + HELP.format(2, f"2 {NOT_HELPFUL}"),
    ),
    "several resources of one Node are counted one by one": (
        [make_node("n1", cpu="1", memory="1Gi", pods="0")],
        [],
        make_pod("p", "2", "2Gi"),
        "1 Insufficient cpu, 1 Insufficient memory, 1 Too many pods. "
        + HELP.format(1, f"1 {NOT_HELPFUL}"),
    ),
    "reasons are sorted as text, with their counts": (
        [make_node(f"n{n}", cpu="1") for n in range(10)]
        + [make_node(f"t{n}", taints=[("a", "", "NoExecute")]) for n in range(2)],
        [],
        make_pod("p", "2"),
        "10 Insufficient cpu, 2 node(s) had untolerated taint(s). "
        + HELP.format(12, f"12 {NOT_HELPFUL}"),
    ),
    "extended resources": (
        [make_node("n1")],
        [],
        make_pod("p", requests={"example.com/gpu": "1"}),
        f"1 Insufficient example.com/gpu. {HELP.format(1, f'1 {NOT_HELPFUL}')}",
    ),
    "no label": (
        [make_node("n1"), make_node("n2", labels={"disk": "hdd"})],
        [],
        make_pod("p", affinity=required_affinity(expression("disk", "In", "ssd"))),
        f"2 node(s) didn't match Pod's node affinity/selector. {HELP.format(2, f'2 {NOT_HELPFUL}')}",
    ),
    "a Node's name that is not there": (
        [make_node("n1")],
        [],
        make_pod("p", affinity=required_affinity(named("In", "n9"))),
        "1 node(s) didn't satisfy plugin(s) [NodeAffinity]. " + HELP.format(1, f"1 {NOT_HELPFUL}"),
    ),
    "names that exclude one another": (
        [make_node("n1")],
        [],
        make_pod(
            "p",
            affinity=required_affinity(
                {
                    "matchFields": [
                        *named("In", "n1")["matchFields"],
                        *named("In", "n2")["matchFields"],
                    ]
                }
            ),
        ),
        "pod affinity terms conflict. not found",
    ),
    "full, and nobody less important": (
        [make_node("n1", cpu="2")],
        [make_pod("old", "2")],
        make_pod("p", "1"),
        f"1 Insufficient cpu. {HELP.format(1, f'1 {NO_VICTIMS}')}",
    ),
    "a victim would not help enough": (
        [make_node("n1", cpu="4")],
        [make_pod("vip", "3", priority=100), make_pod("low", "1", priority=1)],
        make_pod("p", "2", priority=10),
        f"1 Insufficient cpu. {HELP.format(1, '1 Insufficient cpu')}",
    ),
    "host ports": (
        [make_node("n1")],
        [make_pod("old", ports=[("", "TCP", 80)])],
        make_pod("p", ports=[("127.0.0.1", "TCP", 80)]),
        "1 node(s) didn't have free ports for the requested pod ports. "
        + HELP.format(1, f"1 {NO_VICTIMS}"),
    ),
    "uneven": (
        [make_node("n1", labels={"zone": "a"}), make_node("n2", labels={"zone": "b"}, cpu="0")],
        [make_pod("old", labels={"app": "web"})],
        make_pod("p", "1", labels={"app": "web"}, **spread("zone")),
        "1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints. "
        + HELP.format(2, f"1 {NO_VICTIMS}, 1 {NOT_HELPFUL}"),
    ),
    "no domain": (
        [make_node("n1")],
        [],
        make_pod("p", **spread("zone")),
        "1 node(s) didn't match pod topology spread constraints (missing required label). "
        + HELP.format(1, f"1 {NOT_HELPFUL}"),
    ),
    "nobody near": (
        [make_node("n1")],
        [],
        make_pod("p", **pod_affinity("podAffinity")),
        f"1 node(s) didn't match pod affinity rules. {HELP.format(1, f'1 {NOT_HELPFUL}')}",
    ),
    "somebody too near": (
        [make_node("n1")],
        [make_pod("old", labels={"app": "web"})],
        make_pod("p", **pod_affinity("podAntiAffinity")),
        f"1 node(s) didn't match pod anti-affinity rules. {HELP.format(1, f'1 {NO_VICTIMS}')}",
    ),
    "unwanted": (
        [make_node("n1")],
        [make_pod("old", **pod_affinity("podAntiAffinity"))],
        make_pod("p", labels={"app": "web"}),
        "1 node(s) didn't satisfy existing pods anti-affinity rules. "
        + HELP.format(1, f"1 {NO_VICTIMS}"),
    ),
    "a claim that is missing": (
        [make_node("n1"), make_node("n2")],
        [],
        make_pod("p", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]),
        'persistentvolumeclaim "data" not found. not found',
    ),
    "a volume that is to be made for this Pod alone": (
        [make_node("n1")],
        [],
        make_pod("p", volumes=[{"name": "v", "ephemeral": {}}]),
        "waiting for ephemeral volume controller to create the persistentvolumeclaim "
        '"p-v". not found',
    ),
    "never preempting": (
        [make_node("n1", cpu="1")],
        [],
        make_pod("p", "2", preemptionPolicy="Never"),
        "1 Insufficient cpu. no new claims to deallocate, preemption: "
        "not eligible due to preemptionPolicy=Never.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_refusal_reads_as_upstreams(case):
    """Reasons, their counts and order, and what preemption has to say."""
    nodes, earlier, pod, expected = case
    world = World()
    for node in nodes:
        world.add_node(node)
    for one in earlier:
        assert world.schedule(one).node_name

    result = world.schedule(pod)

    assert result.status.message == f"0/{len(nodes)} nodes are available: {expected}"


def test_without_nodes_the_message_says_so():
    """No count of anything."""
    assert World().schedule(make_pod("p")).status.message == "no nodes available to schedule pods"


def test_reasons_without_nodes_are_left_out():
    """Counts of zero are no reasons."""
    assert nodes_message(3, {"a": 0, "b": 3}) == "0/3 nodes are available: 3 b."
