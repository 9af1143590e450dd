"""Step 7: the kubelet, watching the API server, notices its Pod."""

from tests.factories import make_pod
from webapp.trace.facts import PodAccepted, PodBound


def test_only_the_chosen_nodes_kubelet_takes_the_pod_and_only_after_the_binding_travelled(world):
    """Nobody tells the kubelet: it watches."""
    world.create(make_pod("web"))
    world.settle()

    times = {
        type(record.fact): record.at_ms
        for record in world.cluster.recorder.records
        if isinstance(record.fact, (PodBound, PodAccepted))
    }
    accepted = world.facts(PodAccepted)
    assert [fact.node for fact in accepted] == [world.get("Pod", "web")["spec"]["nodeName"]]
    assert times[PodAccepted] > times[PodBound]
