"""Step 9: the kubelet reports; a Pod is Ready as a whole, once every container is."""

from tests.factories import make_pod
from webapp.journey.pod_deployment import STEPS


def test_a_pod_becomes_ready_and_its_nine_steps_are_done_in_order(world):
    """The whole journey, each step no earlier than the one before."""
    world.create(make_pod("web"))
    world.settle()

    journey = world.cluster.explain_pod("default", "web")["journey"]
    ends = [step["until"] for step in journey["steps"]]

    assert journey["current"] == len(STEPS) + 1
    assert ends == sorted(ends)
    conditions = {
        item["type"]: item["status"] for item in world.get("Pod", "web")["status"]["conditions"]
    }
    assert conditions == {
        "PodReadyToStartContainers": "True",
        "Initialized": "True",
        "Ready": "True",
        "ContainersReady": "True",
        "PodScheduled": "True",
    }


def test_the_events_of_a_pod_read_as_in_a_cluster(world):
    """In upstream's order."""
    world.create(make_pod("web"))
    world.settle()

    assert [event.split(":")[0] for event in world.events("web")] == [
        "Scheduled",
        "Pulling",
        "Pulled",
        "Created",
        "Started",
    ]


def test_a_replacement_is_a_new_pod_with_a_new_uid_and_ip(world):
    """Pods are not revived: the old one is gone, the new one is another."""
    world.create(make_pod("web"))
    world.settle()
    old = world.get("Pod", "web")

    world.delete("Pod", "web")
    world.run_for(seconds=60)
    assert world.get("Pod", "web") is None
    world.create(make_pod("web"))
    world.settle()

    new = world.get("Pod", "web")
    assert new["metadata"]["uid"] != old["metadata"]["uid"]
    assert new["status"]["podIP"] != old["status"]["podIP"]
