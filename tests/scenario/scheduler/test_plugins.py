"""In a whole cluster: what each plugin of the default profile decides, and what its refusals say."""

import pytest

from tests.world import World
from webapp.api.resources import PRIORITY_CLASSES, SERVICES
from webapp.trace.facts import DomainsCompared, PreemptionChosen

NOT_HELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"


@pytest.fixture
def world():
    """Three empty Nodes."""
    world = World()
    world.settle()
    return world


def pod(name, cpu=None, *, labels=None, ports=(), image="nginx", **spec):
    """A Pod of one container."""
    container = {"name": "app", "image": image, "ports": list(ports)}
    if cpu:
        container["resources"] = {"requests": {"cpu": cpu}}
    metadata = {"name": name, "namespace": "default", "labels": labels or {}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [container], **spec},
    }


def label(world, node, **labels):
    """Label a Node; ``__`` stands for ``/``, ``_`` for ``.``."""
    named = {key.replace("__", "/").replace("_", "."): value for key, value in labels.items()}
    world.patch("Node", node, {"metadata": {"labels": named}})


def place(world, *pods):
    """Create Pods one after the other; returns where they are after a few seconds."""
    for one in pods:
        world.create(one)
        world.run_for(seconds=3)
    return [world.get("Pod", one["metadata"]["name"])["spec"].get("nodeName") for one in pods]


def message(world, name):
    """What PodScheduled says."""
    conditions = world.get("Pod", name)["status"]["conditions"]
    return next(one for one in conditions if one["type"] == "PodScheduled").get("message", "")


def refusal(counts, preemption):
    """The whole sentence for three Nodes."""
    return (
        f"0/3 nodes are available: {counts}. no new claims to deallocate, preemption: "
        f"0/3 nodes are available: {preemption}."
    )


def test_a_scheduling_gate_holds_a_pod_until_it_is_removed(world):
    """No attempt is made meanwhile, and no Event written."""
    world.create(pod("gated", schedulingGates=[{"name": "example.com/quota"}]))
    world.run_for(seconds=400)
    assert world.events("gated") == []
    assert message(world, "gated") == "Scheduling is blocked due to non-empty scheduling gates"

    world.patch("Pod", "gated", {"spec": {"schedulingGates": None}})
    world.run_for(seconds=5)
    assert world.get("Pod", "gated")["spec"]["nodeName"]


def test_untolerated_taints_refuse_and_unwelcome_ones_only_cost_score(world):
    """NoSchedule keeps Pods away; PreferNoSchedule sends them elsewhere while there is elsewhere."""
    for node, effect in (("worker-1", "NoSchedule"), ("worker-2", "PreferNoSchedule")):
        taint = {"key": "dedicated", "value": "db", "effect": effect}
        world.patch("Node", node, {"spec": {"taints": [taint]}})
    world.run_for(seconds=1)
    toleration = {"key": "dedicated", "operator": "Equal", "value": "db"}

    assert place(world, pod("a"), pod("b")) == ["worker-3", "worker-3"]
    selector = {"kubernetes.io/hostname": "worker-1"}
    tolerant = pod("c", tolerations=[toleration], nodeSelector=selector)
    assert place(world, tolerant) == ["worker-1"]

    place(world, pod("d", nodeSelector=selector))
    counts = (
        "1 node(s) had untolerated taint(s), 2 node(s) didn't match Pod's node affinity/selector"
    )
    assert message(world, "d") == refusal(counts, f"3 {NOT_HELPFUL}")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"operator": "In", "values": ["ssd", "nvme"]}, "worker-1"),
        ({"operator": "NotIn", "values": ["ssd", "hdd"]}, "worker-3"),
        ({"operator": "DoesNotExist"}, "worker-3"),
    ],
)
def test_node_affinity_compares_labels(world, expression, expected):
    """Each operator as documented."""
    label(world, "worker-1", disk="ssd")
    label(world, "worker-2", disk="hdd")
    world.run_for(seconds=1)
    terms = [{"matchExpressions": [{"key": "disk", **expression}]}]
    required = {"nodeSelectorTerms": terms}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}

    assert place(world, pod("web", affinity=affinity)) == [expected]


def test_numbers_in_labels_are_compared_by_gt_and_lt(world):
    """One Node is above the bound, one below, one has no number."""
    label(world, "worker-1", cores="32")
    label(world, "worker-2", cores="8")
    world.run_for(seconds=1)

    def wanting(name, operator):
        terms = [{"matchExpressions": [{"key": "cores", "operator": operator, "values": ["16"]}]}]
        required = {"nodeSelectorTerms": terms}
        affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
        return pod(name, affinity=affinity)

    assert place(world, wanting("a", "Gt"), wanting("b", "Lt")) == ["worker-1", "worker-2"]


def test_a_pod_that_names_a_node_by_field_is_tried_there_only(world):
    """What the other Nodes are left out for has words of its own."""
    fields = [{"key": "metadata.name", "operator": "In", "values": ["worker-2"]}]
    required = {"nodeSelectorTerms": [{"matchFields": fields}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}

    assert place(world, pod("web", affinity=affinity)) == ["worker-2"]
    place(world, pod("big", "100", affinity=affinity))
    counts = "1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]"
    assert message(world, "big") == refusal(counts, f"3 {NOT_HELPFUL}")


def test_a_host_port_is_given_once_a_node(world):
    """The fourth Pod finds it taken everywhere."""
    port = {"containerPort": 80, "hostPort": 8080}
    pods = [pod(f"p{number}", ports=[port]) for number in range(4)]

    assert sorted(place(world, *pods)[:3]) == ["worker-1", "worker-2", "worker-3"]
    counts = "3 node(s) didn't have free ports for the requested pod ports"
    assert message(world, "p3") == refusal(counts, f"3 {NO_VICTIMS}")


def test_pods_are_kept_even_over_zones(world):
    """maxSkew 1 over two zones: two Nodes in one zone get no more than the one in the other."""
    for node, zone in (("worker-1", "a"), ("worker-2", "a"), ("worker-3", "b")):
        label(world, node, topology_kubernetes_io__zone=zone)
    world.run_for(seconds=1)
    constraint = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    pods = [
        pod(f"p{number}", labels={"app": "web"}, topologySpreadConstraints=[constraint])
        for number in range(6)
    ]

    nodes = place(world, *pods)
    assert nodes.count("worker-3") == 3
    compared = world.facts(DomainsCompared)[-1]
    assert compared.plugin == "PodTopologySpread"
    assert sorted(count for _, count, _ in compared.domains) == [2, 3]
    assert [allowed for _, count, allowed in compared.domains if count == 3] == [False]

    world.patch("Node", "worker-3", {"spec": {"unschedulable": True}})
    world.run_for(seconds=1)
    last = [
        pod(f"q{n}", labels={"app": "web"}, topologySpreadConstraints=[constraint]) for n in (1, 2)
    ]
    place(world, *last)
    counts = "1 node(s) were unschedulable, 2 node(s) didn't match pod topology spread constraints"
    assert message(world, "q2") == refusal(counts, f"1 {NOT_HELPFUL}, 2 {NO_VICTIMS}")


def test_min_domains_asks_for_zones_that_are_not_there_yet(world):
    """With two zones of three wanted, each takes one Pod; the next one waits for a third zone."""
    for node, zone in (("worker-1", "a"), ("worker-2", "b")):
        label(world, node, zone=zone)
    world.run_for(seconds=1)
    constraint = {
        "maxSkew": 1,
        "minDomains": 3,
        "topologyKey": "zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    pods = [
        pod(f"p{number}", labels={"app": "web"}, topologySpreadConstraints=[constraint])
        for number in range(3)
    ]

    assert sorted(place(world, *pods[:2])) == ["worker-1", "worker-2"]
    assert place(world, pods[2]) == [None]
    label(world, "worker-3", zone="c")
    world.run_for(seconds=15)
    assert world.get("Pod", "p2")["spec"]["nodeName"] == "worker-3"


def test_affinity_gathers_and_anti_affinity_separates(world):
    """Both ways: a Pod that wants nobody near refuses later ones too."""
    near = {
        "podAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {
                    "topologyKey": "kubernetes.io/hostname",
                    "labelSelector": {"matchLabels": {"app": "db"}},
                }
            ]
        }
    }
    alone = {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {
                    "topologyKey": "kubernetes.io/hostname",
                    "labelSelector": {"matchLabels": {"app": "web"}},
                }
            ]
        }
    }
    place(world, pod("web", labels={"app": "web"}, affinity=near))
    assert message(world, "web") == refusal(
        "3 node(s) didn't match pod affinity rules", f"3 {NOT_HELPFUL}"
    )

    (home,) = place(world, pod("db", labels={"app": "db"}))
    world.run_for(seconds=12)
    assert world.get("Pod", "web")["spec"]["nodeName"] == home

    hermits = [pod(f"h{n}", labels={"app": "hermit"}, affinity=alone) for n in (1, 2)]
    assert home not in place(world, *hermits)
    others = {"kubernetes.io/hostname": world.get("Pod", "h1")["spec"]["nodeName"]}
    place(world, pod("visitor", labels={"app": "web"}, nodeSelector=others))
    assert message(world, "visitor") == refusal(
        "1 node(s) didn't satisfy existing pods anti-affinity rules, "
        "2 node(s) didn't match Pod's node affinity/selector",
        f"1 {NO_VICTIMS}, 2 {NOT_HELPFUL}",
    )


def test_pods_of_a_service_spread_over_nodes_by_default(world):
    """Nobody asked for it: the cluster's default constraints do."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    world.cluster.admin.create(SERVICES, "default", service)
    world.run_for(seconds=1)

    nodes = place(world, *(pod(f"p{number}", labels={"app": "web"}) for number in range(3)))
    assert sorted(nodes) == ["worker-1", "worker-2", "worker-3"]


def test_what_a_pod_needs_at_any_time_counts(world):
    """The largest init container beside its sidecars, overhead and Pod-level requests included."""
    sidecar = {
        "name": "proxy",
        "image": "envoy",
        "restartPolicy": "Always",
        "resources": {"requests": {"cpu": "1"}},
    }
    init = {"name": "init", "image": "busybox", "resources": {"requests": {"cpu": "3500m"}}}
    place(world, pod("heavy", "100m", initContainers=[sidecar, init]))
    assert message(world, "heavy") == refusal("3 Insufficient cpu", f"3 {NOT_HELPFUL}")

    whole = pod("whole", "100m", resources={"requests": {"cpu": "5"}})
    place(world, whole)
    assert message(world, "whole") == refusal("3 Insufficient cpu", f"3 {NOT_HELPFUL}")


def test_after_five_minutes_a_pod_is_tried_anyway(world):
    """Though nothing happened that its refusal hangs on."""
    place(world, pod("big", "100"))
    before = world.cluster.explain_pod("default", "big")["scheduling"]["attempts"]
    world.run_for(seconds=360)

    after = world.cluster.explain_pod("default", "big")["scheduling"]["attempts"]
    assert len(after) == len(before) + 1


def test_an_event_that_cannot_help_wakes_nobody(world):
    """A label on a Node is no CPU."""
    place(world, pod("big", "100"))
    label(world, "worker-1", disk="ssd")
    world.run_for(seconds=20)

    attempts = world.cluster.explain_pod("default", "big")["scheduling"]["attempts"]
    assert len(attempts) == 1


def test_the_victim_and_the_reason_for_its_node_are_told(world):
    """The less important Pod of two Nodes' has to go."""
    for name, value in (("low", 10), ("middle", 100), ("high", 1000)):
        priority = {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": value,
        }
        world.cluster.admin.create(PRIORITY_CLASSES, "", priority)
    for node, name in (("worker-1", "low"), ("worker-2", "middle"), ("worker-3", "high")):
        selector = {"kubernetes.io/hostname": node}
        place(world, pod(f"on-{node}", "3", priorityClassName=name, nodeSelector=selector))

    place(world, pod("vip", "3", priorityClassName="high"))
    world.run_for(seconds=60)

    (chosen,) = world.facts(PreemptionChosen)
    assert chosen.node == "worker-1"
    assert chosen.victims == (("default/on-worker-1", 10),)
    assert chosen.rule == "lowest priority of the most important victim"
    assert world.get("Pod", "vip")["spec"]["nodeName"] == "worker-1"
    assert world.get("Pod", "on-worker-1") is None


def test_a_pod_that_never_preempts_says_so(world):
    """It waits behind nobody's back."""
    priority = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "polite"},
        "value": 1000,
        "preemptionPolicy": "Never",
    }
    world.cluster.admin.create(PRIORITY_CLASSES, "", priority)
    place(world, *(pod(f"p{number}", "3") for number in range(3)))
    place(world, pod("vip", "3", priorityClassName="polite"))

    assert message(world, "vip") == (
        "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, "
        "preemption: not eligible due to preemptionPolicy=Never."
    )
