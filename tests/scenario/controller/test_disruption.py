"""PodDisruptionBudgets on a whole cluster: what they allow, and how a drain meets them."""

from __future__ import annotations

import pytest

from tests.factories import make_deployment, make_pod
from webapp.api.core.pods import is_pod_ready
from webapp.api.resources import PODS
from webapp.apimachinery.status import TooManyRequests


def make_budget(name="web", *, selector=None, **spec):
    labels = {"matchLabels": {"app": name}}
    return {
        "kind": "PodDisruptionBudget",
        "apiVersion": "policy/v1",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": selector or labels, **spec},
    }


def status_of(world, name="web"):
    return world.get("PodDisruptionBudget", name)["status"]


def condition_of(world, name="web"):
    [condition] = status_of(world, name)["conditions"]
    return condition


def evict(world, name):
    eviction = {
        "kind": "Eviction",
        "apiVersion": "policy/v1",
        "metadata": {"name": name, "namespace": "default"},
    }
    world.cluster.admin.create(PODS, "default", eviction, "eviction", name)


def names(world):
    return [
        pod["metadata"]["name"]
        for pod in world.list("Pod")
        if "deletionTimestamp" not in pod["metadata"]
    ]


@pytest.mark.parametrize(
    ("spec", "allowed", "desired"),
    [
        pytest.param({"minAvailable": 3}, 1, 3, id="a number that must be there"),
        pytest.param({"minAvailable": "50%"}, 2, 2, id="a share that must be there"),
        pytest.param({"minAvailable": "51%"}, 1, 3, id="shares are rounded up"),
        pytest.param({"maxUnavailable": 1}, 1, 3, id="a number that may be missing"),
        pytest.param({"maxUnavailable": "30%"}, 2, 2, id="a share that may be missing"),
        pytest.param({"minAvailable": "100%"}, 0, 4, id="none may be missing"),
        pytest.param({"maxUnavailable": "100%"}, 4, 0, id="all may be missing"),
    ],
)
def test_a_budget_says_how_many_pods_may_go(world, spec, allowed, desired):
    """What is healthy beyond what has to be may be evicted."""
    world.create(make_deployment("web", replicas=4), make_budget(**spec))
    world.settle()

    status = status_of(world)
    assert status["disruptionsAllowed"] == allowed
    assert status["desiredHealthy"] == desired
    assert status["currentHealthy"] == status["expectedPods"] == 4
    assert status["observedGeneration"] == 1
    reason = "SufficientPods" if allowed else "InsufficientPods"
    assert condition_of(world)["reason"] == reason
    assert condition_of(world)["status"] == str(bool(allowed))


def test_an_eviction_uses_the_budget_until_the_replacement_is_ready(world):
    """One may go; the next only when the first has been replaced."""
    world.create(make_deployment("web", replicas=3), make_budget(minAvailable=2))
    world.settle()
    first, second, _ = names(world)

    evict(world, first)
    assert list(status_of(world)["disruptedPods"]) == [first]
    assert status_of(world)["disruptionsAllowed"] == 0
    with pytest.raises(TooManyRequests) as refusal:
        evict(world, second)
    [cause] = refusal.value.details["causes"]
    assert cause["message"] == "The disruption budget web needs 2 healthy pods and has 3 currently"

    world.settle()
    assert status_of(world)["disruptionsAllowed"] == 1
    assert "disruptedPods" not in status_of(world)
    evict(world, second)


def test_a_drain_keeps_the_budget_at_every_revision(world):
    """Evicting everything, trying again when refused, never leaves fewer than minAvailable."""
    world.create(make_deployment("web", replicas=6), make_budget(minAvailable=5))
    world.settle()
    world.patch("Node", "worker-1", {"spec": {"unschedulable": True}})
    world.run_for(seconds=1)

    refused = 0
    for _ in range(200):
        there = [pod for pod in world.list("Pod") if pod["spec"].get("nodeName") == "worker-1"]
        if not there:
            break
        for pod in there:
            try:
                evict(world, pod["metadata"]["name"])
            except TooManyRequests:
                refused += 1
        world.run_for(seconds=0.5)
        healthy = [
            pod
            for pod in world.list("Pod")
            if is_pod_ready(pod) and "deletionTimestamp" not in pod["metadata"]
        ]
        assert len(healthy) >= 5

    assert refused
    assert not there
    world.settle()
    assert status_of(world)["disruptionsAllowed"] == 1


def test_a_budget_that_nobody_can_meet_blocks_for_ever(world):
    """``minAvailable`` as large as the Deployment: the condition says why nothing may go."""
    world.create(make_deployment("web", replicas=2), make_budget(minAvailable=2))
    world.settle()

    for _ in range(5):
        with pytest.raises(TooManyRequests):
            evict(world, names(world)[0])
        world.run_for(seconds=5)

    assert condition_of(world)["reason"] == "InsufficientPods"
    assert len(names(world)) == 2


def test_a_budget_without_pods_allows_nothing_and_says_so(world):
    """A typing error in the selector shows up as NoPods."""
    world.create(make_budget(minAvailable=0))
    world.settle()

    assert status_of(world)["disruptionsAllowed"] == 0
    assert world.events("web")[0] == "NoPods: No matching pods found"


def test_bare_pods_are_beyond_a_share(world):
    """Nobody says how many bare Pods there should be; an Event asks for a number instead."""
    world.create(make_pod("web"), make_budget(maxUnavailable=1))
    world.settle()

    assert status_of(world)["expectedPods"] == 0
    assert status_of(world)["disruptionsAllowed"] == 0
    [event] = [text for text in world.events("web") if text.startswith("UnmanagedPods")]
    assert "(selector: &LabelSelector{MatchLabels:map[string]string{app: web,}" in event


def test_pods_of_a_daemonset_have_no_scale(world):
    """A share of a DaemonSet cannot be computed: nothing may go, and the condition tells why."""
    labels = {"app": "web"}
    daemon_set = make_deployment("web")
    daemon_set["kind"] = "DaemonSet"
    del daemon_set["spec"]["replicas"]
    world.create(daemon_set, make_budget(maxUnavailable=1, selector={"matchLabels": labels}))
    world.settle()

    condition = condition_of(world)
    assert condition["reason"] == "SyncFailed"
    assert condition["message"] == "daemonsets.apps does not implement the scale subresource"
    assert (
        "CalculateExpectedPodCountFailed: Failed to calculate the number of expected pods: "
        "daemonsets.apps does not implement the scale subresource"
    ) in world.events("web")


def test_an_evicted_pod_that_stays_counts_again_after_two_minutes(world):
    """A Pod named in disruptedPods that nobody deletes is forgotten, and told about."""
    world.create(make_deployment("web", replicas=2), make_budget(minAvailable=1))
    world.settle()
    name = names(world)[0]
    budget = world.get("PodDisruptionBudget", "web")
    now = budget["status"]["conditions"][0]["lastTransitionTime"]
    patch = {"status": {"disruptionsAllowed": 0, "disruptedPods": {name: now}}}
    world.cluster.admin.patch(
        world.resource("PodDisruptionBudget"), "default", "web", patch, subresource="status"
    )

    world.run_for(seconds=60)
    assert status_of(world)["disruptionsAllowed"] == 0

    world.run_for(seconds=90)
    assert status_of(world)["disruptionsAllowed"] == 1
    assert any(text.startswith("NotDeleted: ") for text in world.events(name))
