"""The deciding half of running a Pod: desired against observed gives what to do.

Pure. Called by the Pod's worker before every step; :mod:`~webapp.kubelet.kuberuntime.manager`
carries the answer out.

Models:
    pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions
    pkg/kubelet/kuberuntime/kuberuntime_container.go computeInitContainerActions
    pkg/kubelet/container/helpers.go ShouldContainerBeRestarted
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.api.core.pods import is_sidecar
from webapp.cri.api import APP, EPHEMERAL, INIT, SIDECAR

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.cri.api import Container
    from webapp.kubelet.observed import ObservedPod


@dataclass(frozen=True, slots=True)
class ContainerStart:
    """A container to be started: its spec and its role (init, sidecar, app, ephemeral)."""

    spec: JSONObject
    role: str


@dataclass(frozen=True, slots=True)
class ContainerKill:
    """A running container to be ended, and the words for it."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class PodActions:
    """What to do with a Pod.

    Attributes:
        kill_pod: End everything: the Pod is finished, or its sandbox is to be replaced.
        create_sandbox: Make a (new) sandbox.
        restart_all: End all containers and begin anew with the init containers, in the same sandbox.
        start: Containers to be started, in order.
        kill: Containers to be ended; a restart follows from a later decision.
    """

    kill_pod: bool = False
    create_sandbox: bool = False
    restart_all: bool = False
    start: tuple[ContainerStart, ...] = ()
    kill: tuple[ContainerKill, ...] = ()


NOTHING = PodActions()
RESTART_ALL = "RestartAllContainers"


def compute_pod_actions(pod: JSONObject, observed: ObservedPod) -> PodActions:
    """Decide what brings the observed Pod nearer to the desired one.

    Args:
        pod: The Pod as the API server has it.
        observed: What the machine has of it.
    """
    spec = pod["spec"]
    sandbox = observed.sandbox
    if sandbox is None or not sandbox.ready:
        return _with_new_sandbox(spec, observed)
    if restarts_all(spec, observed):
        return PodActions(restart_all=True)
    initialised, start, kill = _init_actions(spec, observed)
    if initialised is None:
        return PodActions(kill_pod=True)
    start = _ephemeral_starts(spec, observed) + start
    if not initialised:
        return PodActions(start=tuple(start), kill=tuple(kill))
    kept = 0
    for container in spec["containers"]:
        name = container["name"]
        instance = observed.containers.get(name)
        if instance is None or not instance.running:
            if should_restart(spec, container, instance):
                start.append(ContainerStart(container, APP))
            continue
        reason = _reason_to_kill(container, instance, observed)
        if reason is None:
            kept += 1
        else:
            kill.append(ContainerKill(name, reason))
            if not instance.stopping:
                kept += 1
    if kept == 0 and not kill and not any(item.role == APP for item in start):
        return PodActions(kill_pod=True)
    return PodActions(start=tuple(start), kill=tuple(kill))


def _ephemeral_starts(spec: JSONObject, observed: ObservedPod) -> list[ContainerStart]:
    """Ephemeral containers that never ran; they wait for nobody, and run once."""
    return [
        ContainerStart(container, EPHEMERAL)
        for container in spec.get("ephemeralContainers") or ()
        if container["name"] not in observed.containers
    ]


def should_restart(spec: JSONObject, container: JSONObject, instance: Container | None) -> bool:
    """Whether a container that does not run should."""
    if instance is None:
        return True
    if instance.running:
        return False
    for rule in container.get("restartPolicyRules") or ():
        if rule.get("action") == "Restart" and _matches_exit_code(rule, instance.exit_code):
            return True
    policy = container_restart_policy(spec, container)
    if policy == "OnFailure":
        return instance.exit_code != 0
    return policy == "Always"


def restarts_all(spec: JSONObject, observed: ObservedPod) -> bool:
    """Whether a container ended by whose rule all containers begin anew, or they are about to.

    Models:
        pkg/kubelet/container/helpers.go ShouldAllContainersRestart
    """
    if observed.restarting:
        return True
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        rules = container.get("restartPolicyRules")
        instance = observed.containers.get(container["name"]) if rules else None
        if instance is None or not instance.exited:
            continue
        for rule in rules:
            if _matches_exit_code(rule, instance.exit_code):
                if rule.get("action") == RESTART_ALL:
                    return True
                break
    return False


def _matches_exit_code(rule: JSONObject, exit_code: int) -> bool:
    codes = rule.get("exitCodes") or {}
    return (exit_code in (codes.get("values") or ())) == (codes.get("operator") == "In")


def container_restart_policy(spec: JSONObject, container: JSONObject) -> str:
    """The container's own restart policy, or else the Pod's."""
    policy: str = container.get("restartPolicy") or spec.get("restartPolicy", "Always")
    return policy


def _with_new_sandbox(spec: JSONObject, observed: ObservedPod) -> PodActions:
    if (
        observed.sandbox is not None
        and spec.get("restartPolicy") == "Never"
        and observed.containers
    ):
        return PodActions(kill_pod=True)
    if observed.containers and not any(
        should_restart(spec, container, observed.containers.get(container["name"]))
        for container in spec["containers"]
    ):
        return PodActions(kill_pod=True)
    return PodActions(kill_pod=observed.sandbox is not None, create_sandbox=True)


def _init_actions(
    spec: JSONObject, observed: ObservedPod
) -> tuple[bool | None, list[ContainerStart], list[ContainerKill]]:
    """Next steps of init containers and sidecars.

    Returns:
        Whether app containers may run (``None``: an init container failed for good), what to start,
        what to end.
    """
    start: list[ContainerStart] = []
    kill: list[ContainerKill] = []
    init_containers = spec.get("initContainers")
    if not init_containers:
        return True, start, kill
    apps_begun = any(container["name"] in observed.containers for container in spec["containers"])
    for container in init_containers:
        name = container["name"]
        instance = observed.containers.get(name)
        if is_sidecar(container):
            if instance is not None and instance.running:
                reason = _reason_to_kill(container, instance, observed)
                if reason is not None:
                    kill.append(ContainerKill(name, reason))
            else:
                start.append(ContainerStart(container, SIDECAR))
            if not apps_begun and not observed.started(name):
                return False, start, kill
        elif not apps_begun:
            if instance is None:
                return False, [*start, ContainerStart(container, INIT)], kill
            if not instance.exited:
                return False, start, kill
            if instance.exit_code != 0:
                if container_restart_policy(spec, container) == "Never":
                    return None, [], []
                return False, [*start, ContainerStart(container, INIT)], kill
    return True, start, kill


def _reason_to_kill(
    container: JSONObject, instance: Container, observed: ObservedPod
) -> str | None:
    name = container["name"]
    if instance.config.image != container["image"]:
        return f"Container {name} definition changed, will be restarted"
    probe = observed.failed_probes.get(name)
    if probe is not None:
        return f"Container {name} failed {probe} probe, will be restarted"
    return None
