"""Cases of spread and affinity that random clusters meet too rarely."""

import pytest

from tests.unit.scheduler.builders import make_node, make_pod
from tests.unit.scheduler.world import HOSTNAME, ZONE, World

WEB = {"app": "web"}
SELECTOR = {"matchLabels": WEB}


def spread(key, max_skew=1, when="DoNotSchedule", **more):
    """A constraint on Pods labelled web."""
    return {
        "topologyKey": key,
        "maxSkew": max_skew,
        "whenUnsatisfiable": when,
        "labelSelector": SELECTOR,
        **more,
    }


def near(key, kind="podAffinity", **more):
    """A required affinity to Pods labelled web."""
    term = {"topologyKey": key, "labelSelector": SELECTOR, **more}
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


@pytest.fixture
def world():
    """Six Nodes: three zones of one, one and two Nodes, and two Nodes without a zone."""
    world = World()
    for name, zone in (("a1", "a"), ("b1", "b"), ("c1", "c"), ("c2", "c"), ("x1", ""), ("x2", "")):
        world.add_node(make_node(name, labels={ZONE: zone} if zone else {}))
    return world


def zone_counts(world, pods):
    counts = {}
    for pod in pods:
        zone = world.compare(pod)[:1]
        counts[zone] = counts.get(zone, 0) + 1
    return counts


def test_a_hard_constraint_keeps_zones_even_and_leaves_out_nodes_without_one(world):
    """Ten Pods over three zones: four, three and three."""
    pods = [
        make_pod(f"p{n}", labels=WEB, topologySpreadConstraints=[spread(ZONE)]) for n in range(10)
    ]

    assert sorted(zone_counts(world, pods).values()) == [3, 3, 4]


def test_too_few_domains_make_the_smallest_count_zero(world):
    """With minDomains 4 and three zones each zone takes maxSkew Pods, and no more."""
    constraint = spread(ZONE, minDomains=4)
    pods = [make_pod(f"p{n}", labels=WEB, topologySpreadConstraints=[constraint]) for n in range(4)]

    assert zone_counts(world, pods) == {"a": 1, "b": 1, "c": 1, "": 1}


def test_a_selector_that_misses_the_pod_itself_only_looks_at_the_others(world):
    """The Pod adds nothing to the count."""
    for number in range(3):
        world.compare(make_pod(f"web{number}", labels=WEB, nodeSelector={ZONE: "a"}))

    pod = make_pod("other", topologySpreadConstraints=[spread(ZONE)])

    assert world.compare(pod)[:1] in ("b", "c")


def test_pods_being_deleted_are_not_counted_for_spread(world):
    """A zone is free again as soon as its Pod is on its way out."""
    world.compare(make_pod("p1", labels=WEB, nodeSelector={ZONE: "a"}))
    only_a = {
        "labels": WEB,
        "nodeSelector": {ZONE: "a"},
        "topologySpreadConstraints": [spread(ZONE, nodeAffinityPolicy="Ignore")],
    }
    assert world.compare(make_pod("p2", **only_a)) == ""

    world.end_pod("uid-p1")

    assert world.compare(make_pod("p3", **only_a)) == "a1"


def test_pods_of_a_service_are_spread_over_nodes_without_being_asked():
    """The system's default constraints outweigh a Node of twice the size."""
    world = World()
    for number in range(4):
        world.add_node(make_node(f"n{number}", cpu="8" if number else "32"))
    world.add_owner("Service", "web", WEB)

    nodes = {world.compare(make_pod(f"p{n}", "1", labels=WEB)) for n in range(4)}

    assert len(nodes) == 4


def test_the_first_pod_of_a_series_need_not_find_itself(world):
    """Affinity to its own kind holds for the first one, on Nodes that have the label."""
    pods = [make_pod(f"p{n}", labels=WEB, affinity=near(ZONE)) for n in range(5)]

    places = [world.compare(pod)[:1] for pod in pods]

    assert len(set(places)) == 1
    assert places[0] in "abc"


def test_anti_affinity_holds_in_both_directions(world):
    """A Pod that wants no web Pods near keeps web Pods away that want nothing."""
    loner = make_pod("loner", affinity=near(ZONE, "podAntiAffinity"), nodeSelector={ZONE: "c"})
    assert world.compare(loner) != ""

    assert world.compare(make_pod("web", labels=WEB, nodeSelector={ZONE: "c"})) == ""
    assert world.compare(make_pod("web2", labels=WEB))[:1] != "c"


def test_hostname_anti_affinity_gives_each_node_one_pod(world):
    """The seventh Pod finds no Node."""
    apart = near(HOSTNAME, "podAntiAffinity")
    pods = [make_pod(f"p{n}", labels=WEB, affinity=apart) for n in range(7)]

    places = [world.compare(pod) for pod in pods]

    assert len(set(places)) == 7
    assert places[6] == ""


def test_a_namespace_selector_follows_the_labels_of_namespaces(world):
    """Pods of another namespace count from the moment on at which it is labelled."""
    world.compare(make_pod("web", namespace="other", labels=WEB, nodeSelector={ZONE: "b"}))
    wanted = near(ZONE, namespaceSelector={"matchLabels": {"team": "x"}})
    assert world.compare(make_pod("p1", affinity=wanted)) == ""

    world.label_namespace("other", {"team": "x"})

    assert world.compare(make_pod("p2", affinity=wanted)) == "b1"


def test_a_relabelled_node_takes_its_pods_along(world):
    """Counts follow the Node to its new zone."""
    world.compare(make_pod("web", labels=WEB, nodeSelector={ZONE: "a"}))
    world.update_node(make_node("a1", labels={ZONE: "b"}))

    assert world.compare(make_pod("p", affinity=near(ZONE))) in ("a1", "b1")


def test_counts_survive_nodes_that_come_and_go(world):
    """Rows move, counts stay with their Nodes."""
    apart = near(HOSTNAME, "podAntiAffinity")
    world.compare(make_pod("p0", labels=WEB, affinity=apart, nodeSelector={ZONE: "b"}))
    world.remove_node("a1")
    world.add_node(make_node("d1", labels={ZONE: "d"}))

    places = [world.compare(make_pod(f"q{n}", labels=WEB, affinity=apart)) for n in range(6)]

    assert "b1" not in places
    assert places.count("") == 1
