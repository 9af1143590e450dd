"""Step 5: the scheduler filters Nodes, and scores those that are left."""

from tests.factories import make_pod
from webapp.trace.facts import NodeChosen, NodesFiltered, NodesScored


def test_nodes_that_cannot_take_the_pod_are_refused_with_the_reason(world):
    """Each refused Node has its first reason; the others are scored."""
    world.patch("Node", "worker-1", {"spec": {"unschedulable": True}})
    world.patch("Node", "worker-2", {"metadata": {"labels": {"disk": "ssd"}}})
    world.settle()

    world.create(make_pod("web", nodeSelector={"disk": "ssd"}))
    world.settle()

    filtered = next(fact for fact in world.facts(NodesFiltered) if fact.subject.name == "web")
    assert filtered.feasible == ("worker-2",)
    assert dict(filtered.verdicts) == {
        "worker-1": "node(s) were unschedulable",
        "worker-3": "node(s) didn't match Pod's node affinity/selector",
    }
    assert world.facts(NodeChosen)[-1].node == "worker-2"


def test_a_pod_that_fits_nowhere_waits_with_upstreams_message(world):
    """Pending, PodScheduled=False, an Event, and the journey held up at step 5."""
    world.create(make_pod("huge", cpu="64"))
    world.settle()

    pod = world.get("Pod", "huge")
    message = (
        "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, "
        "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    )
    assert pod["status"]["phase"] == "Pending"
    assert pod["status"]["conditions"][0]["reason"] == "Unschedulable"
    assert world.events("huge") == [f"FailedScheduling: {message}"]
    assert world.cluster.explain_pod("default", "huge")["journey"]["current"] == 5


def test_a_waiting_pod_is_bound_once_a_node_frees_enough(world):
    """Freed room is noticed without asking again."""
    world.patch("Node", "worker-2", {"spec": {"unschedulable": True}})
    world.patch("Node", "worker-3", {"spec": {"unschedulable": True}})
    world.create(make_pod("first", cpu="3"))
    world.settle()
    world.create(make_pod("second", cpu="3"))
    world.settle()
    assert "nodeName" not in world.get("Pod", "second")["spec"]

    world.delete("Pod", "first")
    world.run_for(seconds=60)

    assert world.get("Pod", "second")["spec"]["nodeName"] == "worker-1"


def test_scores_are_told_best_first(world):
    """The chosen Node is the one with the highest sum."""
    world.create(make_pod("web"))
    world.settle()

    scored, chosen = world.facts(NodesScored)[-1], world.facts(NodeChosen)[-1]

    assert [score for _, score in scored.scores] == sorted(
        (score for _, score in scored.scores), reverse=True
    )
    assert chosen.score == scored.scores[0][1]
