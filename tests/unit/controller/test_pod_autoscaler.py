"""The autoscaler's arithmetic: from use to replicas, and from replicas to what is done."""

from __future__ import annotations

import pytest

from webapp.apimachinery.timestamps import time_text
from webapp.controller.podautoscaler.normalization import Bounds, ScaleHistory, normalize
from webapp.controller.podautoscaler.pod_metrics import (
    MetricsError,
    PodMetric,
    metrics_of,
    requests_of,
    utilization_of_requests,
)
from webapp.controller.podautoscaler.replica_calculator import Tolerances, propose

NOW_MS = 1_760_000_000_000
LONG_AGO_MS = NOW_MS - 3_600_000


def make_pod(name, *, phase="Running", ready=True, started_ms=LONG_AGO_MS, request="500m", **meta):
    since = time_text(started_ms + 5_000)
    ready_condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": since}
    return {
        "metadata": {"name": name, **meta},
        "spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": request}}}]},
        "status": {
            "phase": phase,
            "startTime": time_text(started_ms),
            "conditions": [ready_condition],
        },
    }


def replicas_for(pods, used, *, percent=50, tolerances=None):
    """Replicas proposed for Pods of 500m that use so many millicores."""
    metrics = {name: PodMetric(value, NOW_MS, 15_000) for name, value in used.items()}
    requests = requests_of(pods, "cpu")
    return propose(
        pods,
        metrics,
        len(pods),
        resource="cpu",
        fallback=requests,
        utilization=lambda held: utilization_of_requests(held, requests, percent),
        tolerances=tolerances or Tolerances(),
        now_ms=NOW_MS,
    ).replicas


@pytest.mark.parametrize(
    ("used", "replicas"),
    [
        pytest.param((250, 250), 2, id="on target"),
        pytest.param((270, 275), 2, id="within the tolerance"),
        pytest.param((300, 300), 3, id="above"),
        pytest.param((500, 500), 4, id="twice as much"),
        pytest.param((100, 20), 1, id="below"),
        pytest.param((0, 0), 0, id="idle"),
    ],
)
def test_replicas_follow_use(used, replicas):
    """Rounded up, so that a Pod uses at most its target."""
    pods = [make_pod("a"), make_pod("b")]

    assert replicas_for(pods, dict(zip("ab", used, strict=True))) == replicas


def test_pods_without_a_metric_soften_growth():
    """They are thought to use nothing: (500 + 0) of 1000m are the target."""
    assert replicas_for([make_pod("a"), make_pod("b")], {"a": 500}) == 2


def test_pods_without_a_metric_soften_shrinking():
    """They are thought to use all of their request."""
    assert replicas_for([make_pod("a"), make_pod("b"), make_pod("c")], {"a": 0, "b": 0}) == 2


def test_pods_that_start_soften_growth():
    """A Pod that is not Ready yet counts as using nothing, whatever it burns to start."""
    young = make_pod("b", ready=False, started_ms=NOW_MS - 20_000)

    assert replicas_for([make_pod("a"), young], {"a": 750, "b": 2000}) == 3


def test_pods_measured_before_they_were_ready_are_left_out():
    """Within five minutes of the start, a measurement must lie a window after readiness."""
    young = make_pod("b", started_ms=NOW_MS - 10_000)

    assert replicas_for([make_pod("a"), young], {"a": 20, "b": 500}) == 1


def test_failed_and_ending_pods_count_for_nothing():
    """They are going anyway."""
    pods = [
        make_pod("a"),
        make_pod("b", phase="Failed"),
        make_pod("c", deletionTimestamp=time_text(NOW_MS)),
    ]

    assert replicas_for(pods, {"a": 500, "b": 500, "c": 500}) == 2


def test_tolerances_can_be_set():
    """Ten percent above the target is much to the one and nothing to the other."""
    pods = [make_pod("a"), make_pod("b")]

    assert replicas_for(pods, {"a": 270, "b": 270}, tolerances=Tolerances(0.1, 0.05)) == 3
    assert replicas_for(pods, {"a": 400, "b": 400}, tolerances=Tolerances(0.1, 0.7)) == 2


@pytest.mark.parametrize(
    ("pods", "used", "message"),
    [
        pytest.param(
            [], {}, "no pods returned by selector while calculating replica count", id="no Pods"
        ),
        pytest.param(
            [make_pod("a", phase="Pending")],
            {},
            "did not receive metrics for any ready pods",
            id="none Ready",
        ),
    ],
)
def test_nothing_to_compute_from(pods, used, message):
    """The words that people find in ``kubectl describe hpa``."""
    with pytest.raises(MetricsError, match=message):
        replicas_for(pods, used)


def test_a_container_without_a_request_is_named():
    """The most frequent mistake."""
    pod = make_pod("web-1")
    pod["spec"]["containers"].append({"name": "proxy"})

    with pytest.raises(MetricsError) as problem:
        requests_of([pod], "cpu")

    assert str(problem.value) == "missing request for cpu in container proxy of Pod web-1"
    assert requests_of([pod], "cpu", "app") == {"web-1": 500}


def test_metrics_are_summed_over_containers():
    """Or taken from one of them."""
    item = {
        "metadata": {"name": "a", "namespace": "default"},
        "timestamp": time_text(NOW_MS),
        "window": "15s",
        "containers": [
            {"name": "app", "usage": {"cpu": "1500000n", "memory": "1Mi"}},
            {"name": "proxy", "usage": {"cpu": "3m", "memory": "1Mi"}},
        ],
    }

    assert metrics_of([item], "cpu")["a"] == PodMetric(5, NOW_MS, 15_000)
    assert metrics_of([item], "cpu", "proxy")["a"].value == 3
    with pytest.raises(MetricsError, match="container x not present in metrics for pod default/a"):
        metrics_of([item], "cpu", "x")


# --- what is done -------------------------------------------------------------------------------


def policy(type_, value, seconds=60):
    return {"type": type_, "value": value, "periodSeconds": seconds}


def behavior(*, up=None, down=None):
    """Rules as the API server completes them."""
    return {
        "scaleUp": {
            "policies": [policy("Pods", 4, 15), policy("Percent", 100, 15)],
            "selectPolicy": "Max",
            "stabilizationWindowSeconds": 0,
            **(up or {}),
        },
        "scaleDown": {
            "policies": [policy("Percent", 100, 15)],
            "selectPolicy": "Max",
            **(down or {}),
        },
    }


@pytest.mark.parametrize(
    ("current", "desired", "replicas", "reason"),
    [
        pytest.param(3, 4, 4, "DesiredWithinRange", id="as wished"),
        pytest.param(3, 8, 6, "ScaleUpLimit", id="at most twice as many"),
        pytest.param(1, 9, 4, "ScaleUpLimit", id="but four at least"),
        pytest.param(8, 12, 10, "TooManyReplicas", id="never above the maximum"),
        pytest.param(3, 1, 2, "TooFewReplicas", id="never below the minimum"),
    ],
)
def test_bounds_without_behavior(current, desired, replicas, reason):
    """What limits is said in ScalingLimited."""
    decision = normalize(ScaleHistory(), None, Bounds(2, 10, current), desired, NOW_MS)

    assert decision.replicas == replicas
    assert decision.limited.reason == reason
    assert decision.limited.status == str(replicas != desired)


def test_shrinking_waits_for_five_quiet_minutes():
    """The highest recommendation of the last five minutes counts."""
    history = ScaleHistory()
    normalize(history, None, Bounds(1, 10, 4), 4, NOW_MS)

    waiting = normalize(history, None, Bounds(1, 10, 4), 1, NOW_MS + 299_000)
    done = normalize(history, None, Bounds(1, 10, 4), 1, NOW_MS + 301_000)

    assert (waiting.replicas, waiting.able.reason) == (4, "ScaleDownStabilized")
    assert (done.replicas, done.able.reason) == (1, "ReadyForNewScale")


@pytest.mark.parametrize(
    ("up", "replicas"),
    [
        pytest.param({}, 12, id="the default adds four or doubles, whichever is more"),
        pytest.param({"policies": [policy("Pods", 2)]}, 8, id="two Pods a minute"),
        pytest.param({"policies": [policy("Percent", 10)]}, 7, id="rounded up to one at least"),
        pytest.param(
            {"policies": [policy("Pods", 5), policy("Percent", 50)], "selectPolicy": "Min"},
            9,
            id="the lesser of two",
        ),
        pytest.param({"selectPolicy": "Disabled"}, 6, id="growth switched off"),
    ],
)
def test_policies_limit_growth(up, replicas):
    """From 6 replicas, when 30 are wanted."""
    decision = normalize(ScaleHistory(), behavior(up=up), Bounds(1, 50, 6), 30, NOW_MS)

    assert decision.replicas == replicas
    assert decision.limited[:2] == ("True", "ScaleUpLimit")


def test_a_policy_counts_what_was_done_within_its_period():
    """Two Pods a minute means two in every minute, not two at every look."""
    rules = behavior(up={"policies": [policy("Pods", 2)]})
    history = ScaleHistory()
    history.note_scale(rules, 4, 6, NOW_MS)

    soon = normalize(history, rules, Bounds(1, 50, 6), 30, NOW_MS + 30_000)
    later = normalize(history, rules, Bounds(1, 50, 6), 30, NOW_MS + 61_000)

    assert soon.replicas == 6
    assert later.replicas == 8


@pytest.mark.parametrize(
    ("down", "replicas"),
    [
        pytest.param({}, 1, id="the default removes all"),
        pytest.param({"policies": [policy("Pods", 3)]}, 17, id="three Pods a minute"),
        pytest.param({"policies": [policy("Percent", 10)]}, 18, id="a tenth a minute"),
        pytest.param({"selectPolicy": "Disabled"}, 20, id="shrinking switched off"),
    ],
)
def test_policies_limit_shrinking(down, replicas):
    """From 20 replicas, when 1 is wanted and nothing else was recommended lately."""
    decision = normalize(ScaleHistory(), behavior(down=down), Bounds(1, 50, 20), 1, NOW_MS)

    assert decision.replicas == replicas


def test_windows_of_both_directions_hold_the_number():
    """Up to the least and down to the most of what was recommended within the windows."""
    rules = behavior(up={"stabilizationWindowSeconds": 60}, down={"stabilizationWindowSeconds": 60})
    history = ScaleHistory()
    for second, desired in enumerate((5, 9, 3)):
        normalize(history, rules, Bounds(1, 50, 5), desired, NOW_MS + second * 1000)

    rising = normalize(history, rules, Bounds(1, 50, 5), 9, NOW_MS + 10_000)

    assert (rising.replicas, rising.able.reason) == (5, "ScaleUpStabilized")
