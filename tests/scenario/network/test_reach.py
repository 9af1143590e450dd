"""Who can talk to whom: the matrix of a namespace, and single pairs hop by hop."""

from __future__ import annotations

import pytest

from tests.scenario.network.net import make_pod, make_policy, make_service
from tests.world import World
from webapp.apimachinery.status import BadRequest, NotFound
from webapp.cli.can_reach import lines_of


def make_world(**config: str) -> World:
    world = World(**config)
    world.create(
        make_pod("web", nodeSelector={"kubernetes.io/hostname": "worker-1"}),
        make_pod("client", nodeSelector={"kubernetes.io/hostname": "worker-2"}),
        make_pod("other", nodeSelector={"kubernetes.io/hostname": "worker-2"}),
        make_service(),
        make_policy(
            "only-client",
            podSelector={"matchLabels": {"app": "web"}},
            ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}],
        ),
    )
    world.settle()
    return world


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


def say(world: World, source: str, destination: str, port: int = 0) -> list[str]:
    found = world.cluster.explain_reach(source, destination, "default", port, "TCP")
    return list(lines_of(found))


def test_a_pair_that_may_talk_is_told_hop_by_hop(world: World) -> None:
    """With the rule that lets it pass, and the wire between the Nodes."""
    assert say(world, "client", "svc/web") == [
        "default/client → svc/default/web port 80/TCP: yes",
        "  default/client on worker-2",
        "  └ rules of default/web:80 choose default/web:80",
        "  └ route from worker-2 to worker-1",
        "  └ default/web:80 on worker-1",
        "    allowed by ingress[0] of default/only-client",
    ]


def test_a_pair_that_may_not_talk_is_told_where_it_is_stopped(world: World) -> None:
    """The policy is named."""
    assert say(world, "other", "web")[-1] == (
        "  └ stopped as it arrives on worker-1: ingress, no rule of default/only-client allows it"
    )


def test_a_namespace_stands_for_all_its_pods(world: World) -> None:
    """Each pair gets its answer."""
    titles = [line for line in say(world, "ns/default", "web") if " → " in line]

    assert titles == [
        "default/client → default/web port 80/TCP: yes",
        "default/other → default/web port 80/TCP: no",
    ]


def test_the_matrix_says_who_can_talk_to_whom(world: World) -> None:
    """Rows are sources, columns destinations, cells places in the list of verdicts."""
    found = world.cluster.explain_reach("", "", "default", 0, "TCP")

    assert [pod["name"] for pod in found["pods"]] == ["client", "other", "web"]
    allowed = [
        [cell < 0 or found["verdicts"][cell]["allowed"] for cell in row] for row in found["cells"]
    ]
    assert allowed == [[True, True, True], [True, True, False], [True, True, True]]
    denied = found["verdicts"][found["cells"][1][2]]
    assert (denied["stopped"], denied["policies"]) == ("ingress", ["default/only-client"])


def test_a_plugin_without_policies_lets_everything_pass_and_says_so() -> None:
    """What a policy would stop is told all the same."""
    world = make_world(network_plugin="flannel")

    assert say(world, "other", "web")[-1] == (
        "    default/only-client would stop it, but flannel does not enforce policies"
    )


def test_asking_changes_nothing() -> None:
    """No chance is drawn, no fact is left."""
    world = make_world()
    before = len(world.cluster.recorder.records)
    for _ in range(3):
        world.cluster.explain_reach("client", "svc/web", "default", 0, "TCP")

    assert len(world.cluster.recorder.records) == before


def test_names_that_nobody_has_are_not_found(world: World) -> None:
    """In the API server's words."""
    with pytest.raises(NotFound, match='pods "nobody" not found'):
        say(world, "nobody", "web")
    with pytest.raises(NotFound, match='namespaces "nowhere" not found'):
        say(world, "ns/nowhere", "web")
    with pytest.raises(BadRequest, match='service "default/web" has no TCP port 81'):
        say(world, "client", "svc/web", 81)


def test_a_large_namespace_is_cut_off() -> None:
    """Sixty Pods are shown; the answer says how many are left out."""
    world = World()
    for number in range(63):
        world.create(make_pod(f"p-{number}"))
    world.settle()

    found = world.cluster.explain_reach("", "", "default", 80, "TCP")

    assert (len(found["cells"]), found["left"]) == (60, 3)
