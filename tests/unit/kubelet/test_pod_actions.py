"""Desired against observed: what a kubelet does next with a Pod."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.cri.api import EXITED, RUNNING, Container, ContainerConfig, Sandbox, SandboxConfig
from webapp.cri.logs import ContainerLog
from webapp.kubelet.kuberuntime.pod_actions import PodActions, compute_pod_actions
from webapp.kubelet.observed import ObservedPod
from webapp.trace.facts import ObjectRef


def make_pod(*names: str, policy: str = "Always", inits: tuple[dict[str, Any], ...] = ()) -> Any:
    containers = [{"name": name, "image": "nginx"} for name in names]
    spec = {"restartPolicy": policy, "containers": containers}
    if inits:
        spec["initContainers"] = [{"image": "nginx", **item} for item in inits]
    return {"metadata": {"name": "p", "namespace": "default", "uid": "u"}, "spec": spec}


def observe(**containers: int | None) -> ObservedPod:
    """Containers by name: ``None`` runs, a number has exited with that code."""
    observed = ObservedPod()
    ref = ObjectRef("Pod", "default", "p", "u")
    observed.sandbox = Sandbox("s", SandboxConfig(ref, "p"), "10.244.0.2", 0)
    for name, exit_code in containers.items():
        config = ContainerConfig(name, "nginx")
        container = Container(name, config, "nginx", "nginx", ContainerLog())
        container.state = RUNNING if exit_code is None else EXITED
        container.exit_code = exit_code or 0
        observed.containers[name] = container
    return observed


def started(actions: PodActions) -> list[str]:
    return [start.spec["name"] for start in actions.start]


def test_a_new_pod_gets_a_sandbox_first() -> None:
    """Without a sandbox nothing else is begun."""
    actions = compute_pod_actions(make_pod("a"), ObservedPod())

    assert actions == PodActions(create_sandbox=True)


def test_all_app_containers_start_once_the_sandbox_is_ready() -> None:
    """A Pod without init containers starts its containers in order."""
    actions = compute_pod_actions(make_pod("a", "b"), observe())

    assert started(actions) == ["a", "b"]


def test_running_containers_are_left_alone() -> None:
    """A Pod that is as desired needs nothing."""
    assert compute_pod_actions(make_pod("a"), observe(a=None)) == PodActions()


@pytest.mark.parametrize(
    ("policy", "exit_code", "restarted"),
    [
        pytest.param("Always", 0, True, id="always-success"),
        pytest.param("Always", 1, True, id="always-failure"),
        pytest.param("OnFailure", 0, False, id="on-failure-success"),
        pytest.param("OnFailure", 1, True, id="on-failure-failure"),
        pytest.param("Never", 1, False, id="never"),
    ],
)
def test_the_restart_policy_decides_about_ended_containers(
    policy: str, exit_code: int, *, restarted: bool
) -> None:
    """An ended container restarts as its Pod's policy says; the last one ends the Pod."""
    actions = compute_pod_actions(make_pod("a", policy=policy), observe(a=exit_code))

    assert (started(actions) == ["a"]) is restarted
    assert actions.kill_pod is not restarted


def test_a_container_whose_image_changed_is_ended() -> None:
    """A new image means a new container, told in upstream's words."""
    pod = make_pod("a")
    pod["spec"]["containers"][0]["image"] = "nginx:1.29"

    (kill,) = compute_pod_actions(pod, observe(a=None)).kill

    assert kill.message == "Container a definition changed, will be restarted"


def test_a_container_that_fails_its_liveness_probe_is_ended() -> None:
    """The verdict of a probe becomes a kill."""
    observed = observe(a=None)
    observed.failed_probes["a"] = "liveness"

    (kill,) = compute_pod_actions(make_pod("a"), observed).kill

    assert kill.message == "Container a failed liveness probe, will be restarted"


INITS = ({"name": "i1"}, {"name": "i2"})


def test_init_containers_run_one_after_the_other() -> None:
    """The second init container waits for the first to succeed, the app for both."""
    pod = make_pod("a", inits=INITS)

    assert started(compute_pod_actions(pod, observe())) == ["i1"]
    assert started(compute_pod_actions(pod, observe(i1=None))) == []
    assert started(compute_pod_actions(pod, observe(i1=0))) == ["i2"]
    assert started(compute_pod_actions(pod, observe(i1=0, i2=0))) == ["a"]


def test_a_failed_init_container_runs_again() -> None:
    """With restartPolicy Always the failed init container is tried again."""
    actions = compute_pod_actions(make_pod("a", inits=INITS), observe(i1=1))

    assert started(actions) == ["i1"]


def test_a_failed_init_container_ends_a_pod_that_never_restarts() -> None:
    """With restartPolicy Never the Pod is over."""
    actions = compute_pod_actions(make_pod("a", inits=INITS, policy="Never"), observe(i1=1))

    assert actions.kill_pod


def test_init_containers_are_not_repeated_when_the_app_restarts() -> None:
    """Once app containers were begun, init containers are history."""
    actions = compute_pod_actions(make_pod("a", inits=INITS), observe(i1=0, i2=0, a=1))

    assert started(actions) == ["a"]


SIDECAR = ({"name": "side", "restartPolicy": "Always"},)


def test_a_sidecar_gates_on_being_started_only() -> None:
    """The app container starts beside the running sidecar."""
    actions = compute_pod_actions(make_pod("a", inits=SIDECAR), observe(side=None))

    assert started(actions) == ["a"]


def test_a_sidecar_with_a_pending_startup_probe_holds_the_app_back() -> None:
    """Running is not enough: the startup probe must have succeeded."""
    observed = observe(side=None)
    observed.not_started["side"] = None

    assert compute_pod_actions(make_pod("a", inits=SIDECAR), observed) == PodActions()


def test_a_sidecar_restarts_beside_a_running_app() -> None:
    """A sidecar is restarted whatever the Pod's policy."""
    pod = make_pod("a", inits=SIDECAR, policy="Never")

    assert started(compute_pod_actions(pod, observe(side=1, a=None))) == ["side"]


def test_a_finished_app_ends_the_sidecars() -> None:
    """Sidecars do not keep a Job's Pod alive."""
    pod = make_pod("a", inits=SIDECAR, policy="Never")

    assert compute_pod_actions(pod, observe(side=None, a=0)).kill_pod


def test_a_rule_restarts_a_container_on_its_exit_code() -> None:
    """restartPolicyRules come before the restart policy."""
    pod = make_pod("a", policy="Never")
    rule = {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}
    pod["spec"]["containers"][0]["restartPolicyRules"] = [rule]

    assert started(compute_pod_actions(pod, observe(a=42))) == ["a"]
    assert compute_pod_actions(pod, observe(a=1)).kill_pod


def test_an_ephemeral_container_starts_beside_the_others_and_only_once() -> None:
    """It waits for no init container, holds nobody up, and is not restarted."""
    pod = make_pod("a", inits=({"name": "init"},))
    pod["spec"]["ephemeralContainers"] = [{"name": "look", "image": "busybox"}]

    during_init = compute_pod_actions(pod, observe(init=None))
    ended = compute_pod_actions(pod, observe(init=0, a=None, look=1))

    assert started(during_init) == ["look"]
    assert ended == PodActions()
