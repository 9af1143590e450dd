"""Who waits for the scheduler, and in which lane, as the page and explanations show it."""

import pytest

from tests.unit.scheduler.builders import make_node, make_pod
from tests.unit.scheduler.fake_api import SchedulerWorld
from webapp.live.views import queue_view


@pytest.fixture
def world(sim):
    """A scheduler that has not started yet."""
    return SchedulerWorld(sim)


def test_each_waiting_pod_stands_in_one_lane(world):
    """Refused ones wait for an event, gated ones for their gates, moved ones for their back-off."""
    gated = make_pod("gated", schedulingGates=[{"name": "example.com/wait"}])
    world.start(make_node("n1", cpu="1"), make_pod("big", "2"), gated)

    view = queue_view(world.scheduler.queue)
    assert (view.active, view.backoff, view.unschedulable, view.gated) == (0, 0, 1, 1)
    assert [(pod.pod_uid, pod.lane, pod.plugins) for pod in view.pods] == [
        ("uid-big", "unschedulable", ["NodeResourcesFit"]),
        ("uid-gated", "gated", ["SchedulingGates"]),
    ]
    assert world.scheduler.explain("uid-gated").to_json()["queue"] == {
        "lane": "gated",
        "until": 0,
        "plugins": ["SchedulingGates"],
    }


def test_a_pod_that_waits_in_vain_is_explained_with_its_lane(world):
    """The last plugins that refused it are named; the version tells of every change of lanes."""
    before = world.scheduler.queue.version
    world.start(make_node("n1", cpu="1"), make_pod("big", "2"))

    explanation = world.scheduler.explain("uid-big").to_json()
    assert explanation["queue"]["lane"] == "unschedulable"
    assert explanation["queue"]["plugins"] == ["NodeResourcesFit"]
    assert world.scheduler.queue.version > before
