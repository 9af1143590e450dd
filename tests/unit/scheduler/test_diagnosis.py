"""Explanations are kept within bounds, and go with their Pods."""

from tests.unit.scheduler.builders import make_node, make_pod
from tests.unit.scheduler.world import World
from webapp.scheduler.diagnosis import KEPT_ATTEMPTS_A_POD, DiagnosisLog


def attempt_on(node_count):
    world = World()
    for number in range(node_count):
        world.add_node(make_node(f"n{number}"))
    world.schedule(make_pod("web", "1", "1Gi"))
    return world.attempt


def test_an_attempt_takes_less_than_200_bytes_a_node():
    """Words and sums are worked out when somebody asks."""
    attempt = attempt_on(1_000)

    assert len(attempt.nodes()) == 420
    assert attempt.bytes / 420 < 200


def test_the_oldest_pods_are_dropped_first_and_whole():
    """What is left is complete."""
    attempt = attempt_on(3)
    log = DiagnosisLog(keep_bytes=attempt.bytes * 2)

    for uid in ("a", "b", "c"):
        log.add(uid, attempt)

    assert log.get("a") is None
    assert log.get("c").attempts == (attempt,)
    assert log.bytes == attempt.bytes * 2


def test_a_pod_keeps_its_newest_attempts_only():
    """A Pod that is tried for days does not fill the memory."""
    log, attempt = DiagnosisLog(), attempt_on(3)

    for _ in range(KEPT_ATTEMPTS_A_POD + 5):
        log.add("a", attempt)

    assert len(log.get("a").attempts) == KEPT_ATTEMPTS_A_POD
    log.forget("a")
    assert log.bytes == 0
