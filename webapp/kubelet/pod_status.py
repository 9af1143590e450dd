"""A Pod's status out of what its machine has: phase, conditions, container statuses. Pure.

Models:
    pkg/kubelet/kubelet_pods.go generateAPIPodStatus
    pkg/kubelet/kubelet_pods.go getPhase
    pkg/kubelet/status/generate.go GeneratePodReadyCondition
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from webapp.api.core.pods import is_sidecar, qos_class
from webapp.apimachinery.timestamps import time_text
from webapp.kubelet.kuberuntime.pod_actions import RESTART_ALL, restarts_all, should_restart

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.cri.api import Container
    from webapp.kubelet.allocated import Allocation
    from webapp.kubelet.lifecycle import Rejection
    from webapp.kubelet.observed import ObservedPod

PENDING = "Pending"
RUNNING = "Running"
SUCCEEDED = "Succeeded"
FAILED = "Failed"

KUBELET_CONDITIONS = (
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
)
"""Conditions that the kubelet writes, in the order in which it does."""

RESIZE_CONDITIONS = frozenset(("PodResizeInProgress", "PodResizePending"))
"""Conditions that go away once they do not hold."""

Waiting = dict[str, tuple[str, str]]
"""Container name → (reason, message) of why it waits."""


@dataclass(slots=True)
class StatusInput:
    """Everything that a Pod's status is made from.

    Attributes:
        pod: The Pod, with the status last known.
        observed: The machine's side.
        waiting: Why containers wait.
        host_ip: The machine's address.
        start_ms: When the kubelet accepted the Pod.
        now_ms: For conditions that change.
        terminated: Whether everything has ended for good, so that the phase is final.
        failure: Why the kubelet itself made the Pod fail, or ``None``.
        allocation: The resources that its containers were given; ``None`` for those of the spec.
    """

    pod: JSONObject
    observed: ObservedPod
    waiting: Waiting
    host_ip: str
    start_ms: int
    now_ms: int
    terminated: bool = False
    failure: Rejection | None = None
    allocation: Allocation | None = None


def pod_phase(spec: JSONObject, observed: ObservedPod, *, terminated: bool = False) -> str:
    """The Pod's phase; one that begins anew with all its containers goes on running.

    Args:
        spec: The Pod's spec.
        observed: The machine's side.
        terminated: Whether everything has ended for good.
    """
    if not terminated and restarts_all(spec, observed):
        return RUNNING
    phase = _phase(spec, observed, terminated=terminated)
    return RUNNING if phase == PENDING and observed.restarts else phase


def _phase(spec: JSONObject, observed: ObservedPod, *, terminated: bool) -> str:
    """The phase of containers that run for the first time.

    Args:
        spec: The Pod's spec.
        observed: The machine's side.
        terminated: Whether everything has ended for good.
    """
    for container in spec.get("initContainers") or ():
        instance = observed.containers.get(container["name"])
        if is_sidecar(container):
            if not observed.started(container["name"]) and not _apps_begun(spec, observed):
                return FAILED if terminated and instance is not None else PENDING
            continue
        if instance is None or not instance.exited:
            if not _apps_begun(spec, observed):
                return FAILED if terminated and observed.containers else PENDING
        elif instance.exit_code != 0 and not _apps_begun(spec, observed):
            never = (container.get("restartPolicy") or spec.get("restartPolicy")) == "Never"
            return FAILED if never or terminated else PENDING
    stopped = succeeded = running = 0
    restarts = False
    for container in spec["containers"]:
        instance = observed.containers.get(container["name"])
        if instance is None:
            if not terminated:
                return PENDING
            stopped += 1
        elif instance.running:
            running += 1
        elif not instance.exited:
            if container["name"] not in observed.previous:
                return PENDING
            stopped += 1
            restarts = True
        else:
            stopped += 1
            succeeded += instance.exit_code == 0
            restarts = restarts or should_restart(spec, container, instance)
    if running:
        return RUNNING
    if terminated and not observed.containers:
        return FAILED
    if terminated or not restarts:
        return SUCCEEDED if stopped == succeeded else FAILED
    return RUNNING


def _apps_begun(spec: JSONObject, observed: ObservedPod) -> bool:
    return any(container["name"] in observed.containers for container in spec["containers"])


def generate_pod_status(given: StatusInput) -> JSONObject:
    """The status to report; sub-trees that did not change are those of the status last known."""
    pod, observed = given.pod, given.observed
    spec, last = pod["spec"], pod.get("status") or {}
    phase = pod_phase(spec, observed, terminated=given.terminated)
    if given.failure is not None:
        phase = FAILED
    inits = spec.get("initContainers") or ()
    init_statuses = [_container_status(given, spec, item, init=True) for item in inits]
    app_statuses = [_container_status(given, spec, item, init=False) for item in spec["containers"]]
    status: JSONObject = {"phase": phase}
    if pod["metadata"].get("generation"):
        status["observedGeneration"] = pod["metadata"]["generation"]
    for field in ("reason", "message"):
        if last.get(field):
            status[field] = last[field]
    if given.failure is not None:
        status["reason"], status["message"] = given.failure.reason, given.failure.message
    status["conditions"] = _conditions(given, phase)
    status["hostIP"] = given.host_ip
    status["hostIPs"] = [{"ip": given.host_ip}]
    ip = observed.sandbox.ip if observed.sandbox is not None else ""
    if ip:
        status["podIP"] = ip
        status["podIPs"] = [{"ip": ip}]
    status["startTime"] = time_text(given.start_ms)
    if init_statuses:
        status["initContainerStatuses"] = _shared(last.get("initContainerStatuses"), init_statuses)
    status["containerStatuses"] = _shared(last.get("containerStatuses"), app_statuses)
    status["qosClass"] = last.get("qosClass") or qos_class(pod)
    ephemerals = [_ephemeral_status(given, item) for item in spec.get("ephemeralContainers") or ()]
    if ephemerals:
        held = last.get("ephemeralContainerStatuses")
        status["ephemeralContainerStatuses"] = _shared(held, ephemerals)
    return status


def ready_condition(status: JSONObject) -> JSONObject:
    """The Ready condition of a status that :func:`generate_pod_status` made."""
    found: JSONObject = next(item for item in status["conditions"] if item["type"] == "Ready")
    return found


def _shared(last: list[Any] | None, new: list[Any]) -> list[Any]:
    """The new list, with those items of the last one that have not changed: revisions share them."""
    if last is None or len(last) != len(new):
        return new
    items = [before if before == item else item for before, item in zip(last, new, strict=True)]
    changed = any(before is not item for before, item in zip(last, items, strict=True))
    return items if changed else last


# Conditions


def _conditions(given: StatusInput, phase: str) -> list[JSONObject]:
    last = {item["type"]: item for item in (given.pod.get("status") or {}).get("conditions") or ()}
    sandbox = given.observed.sandbox
    unready = _containers_ready(given, phase)
    verdicts: dict[str, tuple[bool, str, str]] = {
        "PodReadyToStartContainers": (sandbox is not None and sandbox.ready, "", ""),
        "Initialized": _initialised(given, phase),
        "Ready": unready if not unready[0] else _readiness_gates(given, last),
        "ContainersReady": unready,
        "PodScheduled": (True, "", ""),
    }
    if _may_restart_all(given.pod["spec"]):
        verdicts["AllContainersRestarting"] = _restarting(given, phase)
    resize = given.allocation.resize if given.allocation is not None else None
    if resize is not None and resize.pending:
        verdicts["PodResizePending"] = (True, resize.pending, resize.message)
    elif resize is not None:
        verdicts["PodResizeInProgress"] = (True, "Error" if resize.error else "", resize.error)
    if given.failure is not None and given.failure.reason in {"Evicted", "Terminated"}:
        verdicts["DisruptionTarget"] = (True, "TerminationByKubelet", given.failure.message)
    generation = given.pod["metadata"].get("generation")
    conditions = [
        _condition(kind, verdict, last.get(kind), generation, given.now_ms)
        for kind, verdict in verdicts.items()
    ]
    over = verdicts.keys() | RESIZE_CONDITIONS
    conditions.extend(item for kind, item in last.items() if kind not in over)
    return conditions


def _may_restart_all(spec: JSONObject) -> bool:
    return any(
        rule.get("action") == RESTART_ALL
        for container in (*(spec.get("initContainers") or ()), *spec["containers"])
        for rule in container.get("restartPolicyRules") or ()
    )


def _restarting(given: StatusInput, phase: str) -> tuple[bool, str, str]:
    """Whether all containers are being ended to begin anew.

    Models:
        pkg/kubelet/status/generate.go GenerateAllContainersRestartingCondition
    """
    if phase in (SUCCEEDED, FAILED):
        return False, {SUCCEEDED: "PodCompleted", FAILED: "PodFailed"}[phase], ""
    if not restarts_all(given.pod["spec"], given.observed):
        return False, "", ""
    return True, "RestartAllContainersStarted", "container exited with restart policy rule"


def _condition(
    kind: str,
    verdict: tuple[bool, str, str],
    last: JSONObject | None,
    generation: int | None,
    now_ms: int,
) -> JSONObject:
    holds, reason, message = verdict
    status = "True" if holds else "False"
    changed_at = None
    if last is not None and last["status"] == status:
        changed_at = last.get("lastTransitionTime")
        if changed_at and _is_as_told(last, reason, message, generation):
            return last
    if not changed_at:
        changed_at = time_text(now_ms)
    condition: JSONObject = {
        "type": kind,
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": changed_at,
    }
    if generation:
        condition["observedGeneration"] = generation
    if reason:
        condition["reason"] = reason
    if message:
        condition["message"] = message
    return condition


def _is_as_told(last: JSONObject, reason: str, message: str, generation: int | None) -> bool:
    """Whether a condition of the right status and with a time says what is to be said, and no more."""
    fields = 4 + bool(reason) + bool(message) + bool(generation)
    return (
        len(last) == fields
        and last.get("reason", "") == reason
        and last.get("message", "") == message
        and (not generation or last.get("observedGeneration") == generation)
        and last.get("lastProbeTime", "") is None
    )


def _containers_ready(given: StatusInput, phase: str) -> tuple[bool, str, str]:
    if phase == SUCCEEDED:
        return False, "PodCompleted", ""
    if phase == FAILED:
        return False, "PodFailed", ""
    spec, observed = given.pod["spec"], given.observed
    containers = spec["containers"]
    inits = spec.get("initContainers")
    if inits:
        containers = [*(item for item in inits if is_sidecar(item)), *containers]
    unready = [item["name"] for item in containers if not observed.ready(item["name"])]
    if unready:
        return False, "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    return True, "", ""


def _readiness_gates(given: StatusInput, last: dict[str, JSONObject]) -> tuple[bool, str, str]:
    gates = given.pod["spec"].get("readinessGates")
    if not gates:
        return True, "", ""
    problems = []
    for gate in gates:
        kind = gate["conditionType"]
        condition = last.get(kind)
        if condition is None:
            problems.append(
                f'corresponding condition of pod readiness gate "{kind}" does not exist.'
            )
        elif condition["status"] != "True":
            problems.append(
                f'the status of pod readiness gate "{kind}" is not "True", but {condition["status"]}'
            )
    return (False, "ReadinessGatesNotReady", ", ".join(problems)) if problems else (True, "", "")


def _initialised(given: StatusInput, phase: str) -> tuple[bool, str, str]:
    if phase == SUCCEEDED:
        return True, "PodCompleted", ""
    spec, observed = given.pod["spec"], given.observed
    inits = spec.get("initContainers")
    if not inits or _apps_begun(spec, observed):
        return True, "", ""
    incomplete = [item["name"] for item in inits if not _is_init_done(item, observed)]
    if incomplete:
        text = f"containers with incomplete status: [{' '.join(incomplete)}]"
        return False, "ContainersNotInitialized", text
    return True, "", ""


def _is_init_done(container: JSONObject, observed: ObservedPod) -> bool:
    if is_sidecar(container):
        return observed.started(container["name"])
    instance = observed.containers.get(container["name"])
    return instance is not None and instance.exited and instance.exit_code == 0


# Container statuses


def _container_status(
    given: StatusInput, spec: JSONObject, container: JSONObject, *, init: bool
) -> JSONObject:
    name = container["name"]
    observed = given.observed
    instance = observed.containers.get(name)
    status: JSONObject = {"name": name, "state": {}, "lastState": {}}
    if instance is None:
        reason, message = given.waiting.get(name) or (
            _FIRST_REASON[bool(spec.get("initContainers"))],
            "",
        )
        status["state"] = _waiting(reason, message)
        if given.terminated:
            status["state"] = _never_ran()
        elif name in observed.previous:
            status["lastState"] = container_state(observed.previous[name])
        status.update(
            ready=False,
            restartCount=observed.attempts(name),
            image=container["image"],
            imageID="",
            started=False,
        )
        return {**status, **_static_parts(container, given.allocation)}
    status["state"] = container_state(instance)
    previous = observed.previous.get(name)
    if previous is not None:
        status["lastState"] = container_state(previous)
    waiting = given.waiting.get(name)
    if waiting is not None and instance.exited and not given.terminated:
        status["lastState"] = status["state"]
        status["state"] = _waiting(*waiting)
    if init and not is_sidecar(container):
        ready = instance.exited and instance.exit_code == 0
    else:
        ready = observed.ready(name)
    status.update(
        ready=ready,
        restartCount=instance.config.attempt,
        image=instance.image,
        imageID=instance.image_id,
        containerID=f"containerd://{instance.id}",
        started=observed.started(name),
    )
    status.update(_static_parts(container, given.allocation))
    if instance.running:
        status["user"] = _ROOT_USER
    return status


def _ephemeral_status(given: StatusInput, container: JSONObject) -> JSONObject:
    """As of any container, but nobody asks whether it is ready."""
    status = _container_status(given, given.pod["spec"], container, init=False)
    return {name: value for name, value in {**status, "ready": False}.items() if name != "started"}


_FIRST_REASON = {False: "ContainerCreating", True: "PodInitializing"}
"""Why a container that never ran waits, by whether its Pod has init containers."""
_ROOT_USER: JSONObject = {"linux": {"gid": 0, "supplementalGroups": [0], "uid": 0}}


def container_state(instance: Container) -> JSONObject:
    """``state`` of an instance."""
    if instance.running:
        return {"running": {"startedAt": time_text(instance.started_ms)}}
    if not instance.exited:
        return _waiting("ContainerCreating", "")
    terminated: JSONObject = {
        "exitCode": instance.exit_code,
        "reason": instance.reason,
        "startedAt": time_text(instance.started_ms),
        "finishedAt": time_text(instance.finished_ms),
        "containerID": f"containerd://{instance.id}",
    }
    if instance.message:
        terminated["message"] = instance.message
    return {"terminated": terminated}


def _waiting(reason: str, message: str) -> JSONObject:
    return {"waiting": {"reason": reason, "message": message} if message else {"reason": reason}}


def _never_ran() -> JSONObject:
    return {
        "terminated": {
            "exitCode": 137,
            "reason": "ContainerStatusUnknown",
            "message": "The container could not be located when the pod was terminated",
            "startedAt": None,
            "finishedAt": None,
        }
    }


def _static_parts(container: JSONObject, allocation: Allocation | None) -> JSONObject:
    """What a status tells of resources and mounts: what was granted, what is in force, what is mounted."""
    parts: JSONObject = {}
    granted = actual = container.get("resources") or {}
    if allocation is not None:
        granted = allocation.granted.get(container["name"], granted)
        actual = allocation.actual.get(container["name"], actual)
    if actual:
        parts["resources"] = actual
    if granted.get("requests"):
        parts["allocatedResources"] = granted["requests"]
    mounts = container.get("volumeMounts")
    if mounts:
        parts["volumeMounts"] = _mounts(
            tuple(
                (mount["name"], mount["mountPath"], bool(mount.get("readOnly"))) for mount in mounts
            )
        )
    return parts


@lru_cache(maxsize=4096)
def _mounts(mounts: tuple[tuple[str, str, bool], ...]) -> list[JSONObject]:
    """``volumeMounts`` of a container's status; equal ones are one list."""
    read_only: JSONObject = {"readOnly": True, "recursiveReadOnly": "Disabled"}
    return [
        {"name": name, "mountPath": path, **(read_only if is_read_only else {})}
        for name, path, is_read_only in mounts
    ]
