"""Explanations are kept within bounds, and go with their Pods."""

from tests.unit.scheduler.builders import (
    expression,
    make_node,
    make_pod,
    preferred_affinity,
)
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

    assert (log.get("a").attempts, log.get("a").dropped) == ((), 1)
    assert log.get("c").attempts == (attempt,)
    assert log.bytes == attempt.bytes * 2


def test_a_pod_keeps_its_newest_attempts_only():
    """A Pod that is tried for days does not fill the memory."""
    log, attempt = DiagnosisLog(), attempt_on(3)

    for _ in range(KEPT_ATTEMPTS_A_POD + 5):
        log.add("a", attempt)

    assert len(log.get("a").attempts) == KEPT_ATTEMPTS_A_POD
    assert log.get("a").dropped == 5
    log.forget("a")
    assert log.bytes == 0
    assert log.get("a") is None


def test_an_attempt_with_every_score_takes_less_than_200_bytes_a_node():
    """Spread, affinity, taints and images all leave a number a Node; half of the Nodes are refused."""
    world = World()
    for number in range(200):
        labels = {"zone": f"z{number % 5}", "disk": "ssd" if number % 2 else "hdd"}
        taints = [("soft", str(number % 3), "PreferNoSchedule")] if number % 7 else None
        world.add_node(
            make_node(f"n{number}", labels=labels, taints=taints, images={"app:1": 10**9})
        )
    selector = {"matchLabels": {"app": "web"}}
    term = {"topologyKey": "zone", "labelSelector": selector}
    affinity = preferred_affinity((5, expression("disk", "In", "ssd"))) | {
        "podAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 7, "podAffinityTerm": term}
            ]
        }
    }
    spread = {"maxSkew": 1, "labelSelector": selector, "whenUnsatisfiable": "ScheduleAnyway"}
    for number in range(3):
        world.schedule(
            make_pod(
                f"p{number}",
                "1",
                "1Gi",
                labels={"app": "web"},
                affinity=affinity,
                topologySpreadConstraints=[{**spread, "topologyKey": "zone"}],
                nodeSelector={"disk": "ssd"},
            )
        )

    looked_at = len(world.attempt.nodes())
    assert looked_at > 50
    assert world.attempt.bytes / looked_at < 200
    assert len(world.attempt.nodes()[1].scores or world.attempt.nodes()[0].scores) >= 6


def test_an_attempt_says_what_was_not_looked_at_and_among_whom_the_tie_was():
    """All sums are equal on empty Nodes; enough fit before all have been looked at."""
    attempt = attempt_on(1_000).to_json()

    assert (attempt["total"], attempt["notLookedAt"]) == (1_000, 580)
    assert len(attempt["tieBreak"]) == 420
    assert attempt["chosen"] in attempt["tieBreak"]
    assert attempt["filters"][0] == "NodeUnschedulable"
