"""Step 6: the Pod is assigned to its Node."""

from tests.factories import make_pod
from webapp.trace.facts import PodBound


def test_binding_writes_the_node_into_the_pod_once(world):
    """One PodBound fact, the Node in the spec, the condition, and the Event."""
    world.create(make_pod("web"))
    world.settle()

    bound = [fact for fact in world.facts(PodBound) if fact.subject.name == "web"]
    pod = world.get("Pod", "web")
    assert [fact.node for fact in bound] == [pod["spec"]["nodeName"]]
    scheduled = next(item for item in pod["status"]["conditions"] if item["type"] == "PodScheduled")
    assert scheduled["status"] == "True"
    assert (
        world.events("web")[0] == f"Scheduled: Successfully assigned default/web to {bound[0].node}"
    )
