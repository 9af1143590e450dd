"""The scheduler binds what fits, says why the rest does not, and tries again when that may help."""

import pytest

from tests.unit.scheduler.builders import (
    expression,
    make_node,
    make_pod,
    named,
    required_affinity,
)
from tests.unit.scheduler.fake_api import SchedulerWorld
from webapp.api.resources import NODES, PODS
from webapp.apimachinery.meta import with_fields
from webapp.scheduler.config_file import parse_configuration


@pytest.fixture
def world(sim):
    """A scheduler that has not started yet."""
    return SchedulerWorld(sim)


def test_a_pod_is_bound_to_the_emptier_node(world):
    """Filter, score, choose, bind, and the words people see."""
    busy = with_fields(make_pod("busy", "3"), ("spec", "nodeName"), "n1")

    world.start(make_node("n1"), make_node("n2"), busy, make_pod("web", "500m", "256Mi"))

    assert world.api.node_of("web") == "n2"
    assert world.api.events == [("Normal", "Scheduled", "Successfully assigned default/web to n2")]
    assert world.facts() == ["NodesFiltered", "NodesScored", "NodeChosen", "PodBound"]


def test_facts_of_one_pod_cause_one_another(world):
    """Filtered leads to scored, to chosen, to bound."""
    world.start(make_node("n1"), make_node("n2"), make_pod("web"))

    assert [record.cause for record in world.recorder.records] == [0, 1, 2, 3]


def test_a_pod_that_fits_nowhere_gets_upstreams_message(world):
    """Reasons are counted and sorted as text; preemption adds its own sentence."""
    nodes = [
        make_node("n1", taints=[("a", "", "NoSchedule")]),
        make_node("n2", cpu="1"),
        make_node("n3", cpu="1", memory="1Gi"),
        make_node("n4", unschedulable=True),
        make_node("n5", pods="0"),
    ]

    world.start(*nodes, make_pod("big", "2", "4Gi"))

    message = (
        "0/5 nodes are available: 1 Insufficient memory, 1 Too many pods, "
        "1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 Insufficient cpu. "
        "no new claims to deallocate, preemption: 0/5 nodes are available: 1 No preemption victims found for incoming pod, "
        "4 Preemption is not helpful for scheduling."
    )
    assert world.api.events == [("Warning", "FailedScheduling", message)]
    condition = world.api.condition("big")
    assert (condition["type"], condition["status"]) == ("PodScheduled", "False")
    assert (condition["reason"], condition["message"]) == ("Unschedulable", message)


def test_without_nodes_the_message_has_no_numbers(world):
    """Upstream's own sentence for an empty cluster."""
    world.start(make_pod("web"))

    assert world.api.events == [
        ("Warning", "FailedScheduling", "no nodes available to schedule pods")
    ]


def test_a_daemon_pod_is_told_apart_from_the_nodes_it_does_not_name(world):
    """PreFilter narrows the Nodes down, and the message says so."""
    affinity = required_affinity(named("In", "n1"))

    world.start(make_node("n1", cpu="1"), make_node("n2"), make_pod("d", "2", affinity=affinity))

    assert world.api.condition("d")["message"].startswith(
        "0/2 nodes are available: 1 Insufficient cpu, "
        "1 node(s) didn't satisfy plugin(s) [NodeAffinity]. no new claims to deallocate, preemption:"
    )


def test_a_pod_waits_until_another_leaves(world):
    """A Pod's departure is an event that NodeResourcesFit waits for."""
    world.start(make_node("n1", cpu="1"), make_pod("first", "800m"))
    world.put(make_pod("second", "800m"))
    world.sim.run_until_idle()
    assert world.api.node_of("second") == ""

    world.api.remove(PODS, "default/first")
    world.sim.run_for(2000)

    assert world.api.node_of("second") == "n1"


def test_events_that_do_not_matter_leave_a_pod_where_it_is(world):
    """A new label does not help a Pod that lacks CPU."""
    world.start(make_node("n1", cpu="1"), make_pod("big", "2"))

    world.put(make_node("n1", cpu="1", labels={"disk": "ssd"}))
    world.sim.run_for(60_000)

    assert len(world.api.events) == 1


def test_an_unschedulable_pod_is_tried_again_after_five_minutes(world):
    """The safety net under the hints."""
    world.start(make_node("n1", cpu="1"), make_pod("big", "2"))

    world.sim.run_for(6 * 60_000)

    assert len(world.api.events) == 2


@pytest.mark.parametrize(
    ("before", "after", "spec"),
    [
        ({"unschedulable": True}, {}, {}),
        ({"taints": [("a", "b", "NoExecute")]}, {}, {}),
        ({}, {"labels": {"disk": "ssd"}}, {"nodeSelector": {"disk": "ssd"}}),
        ({"cpu": "1"}, {"cpu": "4"}, {"cpu": "2"}),
        ({}, {"labels": {"r": "7"}}, {"affinity": required_affinity(expression("r", "Gt", "6"))}),
    ],
    ids=["uncordon", "untaint", "label", "allocatable", "affinity"],
)
def test_a_node_update_that_helps_gets_the_pod_scheduled(world, before, after, spec):
    """Columns follow the Node, and the queue hears of it."""
    world.start(make_node("n1", **before), make_pod("web", **spec))
    assert world.api.node_of("web") == ""

    world.put(make_node("n1", **after))
    world.sim.run_for(2000)

    assert world.api.node_of("web") == "n1"


def test_gates_hold_a_pod_silently_until_they_are_gone(world):
    """A gated Pod is not tried at all."""
    world.start(make_node("n1"), make_pod("web", schedulingGates=[{"name": "wait"}]))
    assert world.api.events == []

    world.put(make_pod("web"))
    world.sim.run_until_idle()

    assert world.api.node_of("web") == "n1"


def test_higher_priority_goes_first(world):
    """The queue is ordered by priority, then by time."""
    world.start(make_node("n1", cpu="1"))

    world.put(make_pod("low", "800m"), make_pod("high", "800m", priority=10))
    world.sim.run_until_idle()

    assert world.api.node_of("high") == "n1"
    assert world.api.node_of("low") == ""


def test_a_refused_binding_gives_the_room_back_and_is_tried_again(world):
    """The assumption is forgotten; back-off follows an error."""
    world.api.refuse_bindings = True
    world.start(make_node("n1", cpu="1"), make_pod("web", "800m"))
    assert world.scheduler.cache.nodes.pod_count.tolist() == [0]
    assert world.api.condition("web")["reason"] == "SchedulerError"

    world.api.refuse_bindings = False
    world.sim.run_for(1100)

    assert world.api.node_of("web") == "n1"


def test_pods_of_other_schedulers_are_left_alone(world):
    """Only the profiles' names count."""
    world.start(make_node("n1"), make_pod("web", schedulerName="mine"))

    assert world.api.node_of("web") == ""


def test_a_finished_pod_frees_its_node(world):
    """Succeeded and Failed Pods count no more."""
    world.start(make_node("n1", cpu="1"), make_pod("job", "800m"), make_pod("next", "800m"))

    world.put(with_fields(world.api.pod("job"), ("status", "phase"), "Succeeded"))
    world.sim.run_for(2000)

    assert world.api.node_of("next") == "n1"


def test_nodes_come_and_go_while_pods_wait(world):
    """A Pod goes to a Node that came later; Pods on a lost Node are remembered for its return."""
    world.start(make_node("n1", cpu="1"), make_pod("first", "800m"), make_pod("second", "800m"))
    world.api.remove(NODES, "n1")
    world.put(make_node("n2", cpu="1"))
    world.sim.run_for(12_000)
    assert world.api.node_of("second") == "n2"

    world.put(make_node("n1", cpu="1"))
    world.sim.run_until_idle()

    nodes = world.scheduler.cache.nodes
    assert nodes.pod_count[nodes.rows["n1"]] == 1


def test_an_explanation_names_plugin_reason_and_scores_of_each_node(world):
    """What the page and /explain show."""
    nodes = [make_node("n1"), make_node("n2"), make_node("n3", unschedulable=True)]
    world.start(*nodes, make_pod("web", "1", "2Gi"))

    explained = world.scheduler.explain("uid-web").to_json()

    (attempt,) = explained["attempts"]
    assert attempt["chosen"] in ("n1", "n2")
    by_name = {node["name"]: node for node in attempt["nodes"]}
    assert by_name["n3"]["plugin"] == "NodeUnschedulable"
    assert by_name["n3"]["reason"] == "node(s) were unschedulable"
    assert [
        (score["plugin"], score["raw"], score["normalized"], score["weighted"])
        for score in by_name["n1"]["scores"]
    ] == [
        ("TaintToleration", 0, 100, 300),
        ("NodeResourcesFit", 75, 75, 75),
        ("NodeResourcesBalancedAllocation", 75, 75, 75),
        ("ImageLocality", 0, 0, 0),
    ]
    assert by_name["n1"]["total"] == 450


def test_another_configuration_is_obeyed_at_once(world):
    """Served names change, waiting Pods are tried anew, and plugins that are gone refuse no more."""
    world.start(
        make_node("n1", cpu="1"),
        make_pod("big", "2"),
        make_pod("mine", schedulerName="mine"),
    )
    text = (
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"
        "profiles:\n- schedulerName: mine\n- plugins:\n"
        "    filter: {disabled: [{name: NodeResourcesFit}]}\n"
    )

    world.scheduler.configure(parse_configuration(text))
    world.sim.run_for(2000)

    assert world.api.node_of("mine") == "n1"
    assert world.api.node_of("big") == "n1"


def test_equal_seeds_give_equal_choices(sim):
    """Ties are settled by the seed and the Pod's UID alone."""
    choices = []
    for _ in range(2):
        world = SchedulerWorld(sim, seed=7)
        pods = [make_pod(f"p{i}") for i in range(10)]
        world.start(*(make_node(f"n{i}") for i in range(5)), *pods)
        choices.append([world.api.node_of(f"p{i}") for i in range(10)])

    assert choices[0] == choices[1]
    assert len(set(choices[0])) > 1
