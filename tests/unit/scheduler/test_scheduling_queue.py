"""The queue: order, back-off, parking, and events that come while a Pod is in flight."""

import pytest

from tests.unit.scheduler.builders import make_pod
from webapp.scheduler.framework.interface import SUCCESS
from webapp.scheduler.framework.types import (
    ActionType,
    ClusterEvent,
    ClusterEventWithHint,
    EventResource,
    PodInfo,
)
from webapp.scheduler.plugins.queue_sort import PrioritySort
from webapp.scheduler.scheduling_queue import QueuePolicy, SchedulingQueue

NODE_ADDED = ClusterEvent(EventResource.NODE, ActionType.ADD)
POD_LEFT = ClusterEvent(EventResource.ASSIGNED_POD, ActionType.DELETE)
REFUSED = frozenset(("Picky",))


@pytest.fixture
def queue(sim):
    """A queue whose only plugin waits for new Nodes."""
    hints = {"Picky": (ClusterEventWithHint(NODE_ADDED),)}
    policy = QueuePolicy(1000, 10_000, lambda _: SUCCESS, PrioritySort().sort_key, hints)
    return SchedulingQueue(sim, policy, lambda: None)


def names(pods):
    return [pod.key.removeprefix("default/") for pod in pods]


def test_pods_leave_by_priority_then_by_arrival(queue):
    """Equal priorities keep their order."""
    for name, priority in (("a", 0), ("b", 5), ("c", 0), ("d", 5)):
        queue.add(PodInfo(make_pod(name, priority=priority)))

    assert names(queue.pop().pod_info for _ in range(4)) == ["b", "d", "a", "c"]


def test_a_refused_pod_waits_for_an_event_its_plugin_cares_about(queue):
    """Other events leave it parked."""
    queue.add(PodInfo(make_pod("a")))
    queue.add_unschedulable(queue.pop(), REFUSED)

    queue.move_all(POD_LEFT)
    assert names(queue.unschedulable_pods) == ["a"]

    queue.move_all(NODE_ADDED)
    assert names(queue.backoff_pods) == ["a"]


def test_back_off_doubles_from_one_second_to_ten(queue, sim):
    """1, 2, 4, 8, 10, 10 seconds after each refusal."""
    waits = []
    queue.add(PodInfo(make_pod("a")))
    for _ in range(6):
        queued = queue.pop()
        queue.add_unschedulable(queued, REFUSED)
        queue.move_all(NODE_ADDED)
        waits.append(queued.backoff_until_ms - sim.now_ms)
        sim.run_for(waits[-1])

    assert waits == [1000, 2000, 4000, 8000, 10_000, 10_000]


def test_an_event_during_the_attempt_is_not_missed(queue):
    """What happened in flight counts when the Pod comes back."""
    queue.add(PodInfo(make_pod("a")))
    queued = queue.pop()

    queue.move_all(NODE_ADDED)
    queue.add_unschedulable(queued, REFUSED)

    assert names(queue.backoff_pods) == ["a"]


def test_with_nothing_active_a_pod_backing_off_after_a_refusal_is_taken(queue):
    """Back-off lets others pass; with no others there is nothing to wait for."""
    queue.add(PodInfo(make_pod("a")))
    queue.add_unschedulable(queue.pop(), REFUSED)
    queue.move_all(NODE_ADDED)

    assert queue.pop().pod_info.key == "default/a"


def test_after_an_error_back_off_is_kept_to_the_end(queue, sim):
    """The API server gets its rest."""
    queue.add(PodInfo(make_pod("a")))
    queue.add_unschedulable(queue.pop(), frozenset())
    assert queue.pop() is None

    sim.run_for(1000)

    assert queue.pop().pod_info.key == "default/a"


def test_a_deleted_pod_is_nowhere(queue, sim):
    """Neither active nor backing off nor parked."""
    for name in "abc":
        queue.add(PodInfo(make_pod(name)))
    queue.add_unschedulable(queue.pop(), REFUSED)
    queue.add_unschedulable(queue.pop(), frozenset())

    for name in "abc":
        queue.delete(f"uid-{name}")
    sim.run_for(60_000)

    assert queue.pop() is None
    assert queue.unschedulable_pods == queue.backoff_pods == queue.active_pods == []
