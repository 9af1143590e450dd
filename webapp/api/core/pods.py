"""Reading Pods: readiness, effective requests, quality of service, and the words kubectl shows.

Every component that looks at a Pod asks here, so that all of them agree. Pods are JSON trees, with or
without status; nothing is changed.

Models:
    pkg/api/v1/pod/util.go
    pkg/printers/internalversion/printers.go printPod
    staging/src/k8s.io/component-helpers/resource/helpers.go PodRequests
    pkg/apis/core/v1/helper/qos/qos.go ComputePodQOS
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.apimachinery.quantity import milli_value, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject

POD_LEVEL_RESOURCES = ("cpu", "memory")
"""What ``spec.resources`` may set for the whole Pod; huge pages too, by prefix."""

_NODE_UNREACHABLE = "NodeLost"


class PodRequests(NamedTuple):
    """What a Pod asks of a Node.

    Attributes:
        cpu_millis: Millicores.
        memory_bytes: Bytes.
        ephemeral_bytes: Bytes of ephemeral storage.
        extended: Other resource → whole units (huge pages in bytes).
    """

    cpu_millis: int
    memory_bytes: int
    ephemeral_bytes: int
    extended: dict[str, int]


def get_pod_condition(pod: JSONObject, type_: str) -> JSONObject | None:
    """The condition of that type, or ``None``."""
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition.get("type") == type_:
            found: JSONObject = condition
            return found
    return None


def is_pod_ready(pod: JSONObject) -> bool:
    """Whether the Pod may get traffic."""
    condition = get_pod_condition(pod, "Ready")
    return condition is not None and condition.get("status") == "True"


def pod_phase(pod: JSONObject) -> str:
    """The phase, "" before the first status."""
    phase: str = (pod.get("status") or {}).get("phase") or ""
    return phase


def is_pod_terminal(pod: JSONObject) -> bool:
    """Whether all containers ended for good."""
    return pod_phase(pod) in {"Succeeded", "Failed"}


def is_sidecar(container: JSONObject) -> bool:
    """Whether an init container keeps running beside the others."""
    return container.get("restartPolicy") == "Always"


def ordered_containers(pod: JSONObject) -> list[JSONObject]:
    """Init containers (sidecars among them), then containers, as they start."""
    spec = pod["spec"]
    return [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]


def all_containers(spec: JSONObject) -> Iterator[tuple[str, int, JSONObject]]:
    """(field, index, container) of every container in a Pod's spec, ephemeral ones last."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            yield field, index, container


def container_statuses(pod: JSONObject) -> dict[str, JSONObject]:
    """Container name → status: init, then app, then ephemeral containers."""
    status = pod.get("status") or {}
    return {
        entry["name"]: entry
        for field in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
        for entry in status.get(field) or ()
    }


# --- requests and quality of service ------------------------------------------------------------


def pod_requests(pod: JSONObject) -> PodRequests:
    """What the scheduler counts: the largest need at any time of the Pod's life, with overhead.

    App containers and sidecars run together; an init container runs beside the sidecars that started
    before it. Pod-level requests, where set, take the place of the containers' sum.
    """
    spec = pod["spec"]
    total = container_requests(spec)
    pod_level = (spec.get("resources") or {}).get("requests")
    if pod_level:
        total.update(
            {name: amount for name, amount in _amounts(pod_level).items() if _is_pod_level(name)}
        )
    if spec.get("overhead"):
        _add(total, _amounts(spec["overhead"]))
    return PodRequests(
        total.pop("cpu", 0),
        total.pop("memory", 0),
        total.pop("ephemeral-storage", 0),
        total,
    )


def container_requests(spec: JSONObject) -> dict[str, int]:
    """Resource → effective sum over the containers: CPU in millis, all others in whole units."""
    total: dict[str, int] = {}
    for container in spec.get("containers") or ():
        _add(total, _requests(container))
    init_containers = spec.get("initContainers")
    if not init_containers:
        return total
    sidecars: dict[str, int] = {}
    peak: dict[str, int] = {}
    for container in init_containers:
        amounts = _requests(container)
        if is_sidecar(container):
            _add(total, amounts)
            _add(sidecars, amounts)
            amounts = dict(sidecars)
        else:
            _add(amounts, sidecars)
        _raise_to(peak, amounts)
    _raise_to(total, peak)
    return total


def qos_class(pod: JSONObject) -> str:
    """``Guaranteed``, ``Burstable`` or ``BestEffort``, from the spec."""
    spec = pod["spec"]
    pod_level = spec.get("resources")
    holders = [{"resources": pod_level}] if pod_level else ordered_containers(pod)
    best_effort, guaranteed = True, True
    for holder in holders:
        resources = holder.get("resources") or {}
        requests = _compute_amounts(resources.get("requests"))
        limits = _compute_amounts(resources.get("limits"))
        best_effort = best_effort and not requests and not limits
        complete = limits.keys() == {"cpu", "memory"}
        guaranteed = (
            guaranteed
            and complete
            and all(requests.get(name, amount) == amount for name, amount in limits.items())
        )
    if best_effort:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def _compute_amounts(resources: JSONObject | None) -> dict[str, int]:
    if not resources:
        return {}
    amounts = {
        name: milli_value(resources[name]) for name in ("cpu", "memory") if name in resources
    }
    return {name: amount for name, amount in amounts.items() if amount > 0}


def _is_pod_level(name: str) -> bool:
    return name in POD_LEVEL_RESOURCES or name.startswith("hugepages-")


def _requests(container: JSONObject) -> dict[str, int]:
    resources = container.get("resources")
    requests = resources.get("requests") if resources else None
    return _amounts(requests) if requests else {}


def _amounts(resources: JSONObject) -> dict[str, int]:
    return {
        name: milli_value(amount) if name == "cpu" else value(amount)
        for name, amount in resources.items()
    }


def _add(total: dict[str, int], amounts: dict[str, int]) -> None:
    for name, amount in amounts.items():
        total[name] = total.get(name, 0) + amount


def _raise_to(total: dict[str, int], amounts: dict[str, int]) -> None:
    for name, amount in amounts.items():
        if amount > total.get(name, 0):
            total[name] = amount


# --- what kubectl shows -------------------------------------------------------------------------


def kubectl_status(pod: JSONObject) -> str:
    """The STATUS column of ``kubectl get pods``: ``Running``, ``Init:0/2``, ``CrashLoopBackOff`` …"""
    status = pod.get("status") or {}
    word: str = status.get("reason") or status.get("phase") or ""
    gated = any(
        condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated"
        for condition in status.get("conditions") or ()
    )
    if gated:
        word = "SchedulingGated"
    init_word = _init_status(pod)
    if init_word and not _is_initialized(pod):
        word = init_word
    else:
        word = _app_status(pod, word)
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == _NODE_UNREACHABLE:
            return "Unknown"
        if not is_pod_terminal(pod):
            return "Terminating"
    return word


def _is_initialized(pod: JSONObject) -> bool:
    condition = get_pod_condition(pod, "Initialized")
    return condition is not None and condition.get("status") == "True"


def _init_status(pod: JSONObject) -> str:
    """The word for the first init container that is not done, "" when all are."""
    specs = pod["spec"].get("initContainers")
    if not specs:
        return ""
    sidecars = {container["name"] for container in specs if is_sidecar(container)}
    statuses = (pod.get("status") or {}).get("initContainerStatuses") or ()
    for index, entry in enumerate(statuses):
        state = entry.get("state") or {}
        terminated, waiting = state.get("terminated"), state.get("waiting")
        if terminated is not None and not terminated.get("exitCode"):
            continue
        if entry["name"] in sidecars and entry.get("started"):
            continue
        if terminated is not None:
            return f"Init:{_termination_word(terminated)}"
        reason = (waiting or {}).get("reason")
        if reason and reason != "PodInitializing":
            return f"Init:{reason}"
        return f"Init:{index}/{len(specs)}"
    return ""


def _app_status(pod: JSONObject, word: str) -> str:
    running_and_ready = False
    for entry in reversed((pod.get("status") or {}).get("containerStatuses") or ()):
        state = entry.get("state") or {}
        terminated = state.get("terminated")
        waiting_reason = (state.get("waiting") or {}).get("reason")
        if waiting_reason:
            word = waiting_reason
        elif terminated is not None:
            word = _termination_word(terminated)
        elif entry.get("ready") and state.get("running") is not None:
            running_and_ready = True
    if word == "Completed" and running_and_ready:
        return "Running" if is_pod_ready(pod) else "NotReady"
    return word


def _termination_word(terminated: JSONObject) -> str:
    reason: str = terminated.get("reason") or ""
    if reason:
        return reason
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def ready_count(pod: JSONObject) -> tuple[int, int]:
    """(ready containers, all containers), sidecars counted in both."""
    spec = pod["spec"]
    status = pod.get("status") or {}
    sidecars = {
        container["name"] for container in spec.get("initContainers") or () if is_sidecar(container)
    }
    ready = sum(
        1
        for entry in status.get("initContainerStatuses") or ()
        if entry["name"] in sidecars and entry.get("started") and entry.get("ready")
    )
    ready += sum(
        1
        for entry in status.get("containerStatuses") or ()
        if entry.get("ready") and (entry.get("state") or {}).get("running") is not None
    )
    return ready, len(spec.get("containers") or ()) + len(sidecars)


def ready_column(pod: JSONObject) -> str:
    """The READY column: ``1/2``."""
    ready, total = ready_count(pod)
    return f"{ready}/{total}"


def restart_count(pod: JSONObject) -> int:
    """The number in the RESTARTS column: init containers' while initializing, then the others'."""
    return restarts(pod)[0]


def restarts(pod: JSONObject) -> tuple[int, str]:
    """(restarts, time text of the last end of a container before a restart, "" for none)."""
    specs = {entry["name"]: entry for entry in pod["spec"].get("initContainers") or ()}
    status = pod.get("status") or {}
    init_statuses = status.get("initContainerStatuses") or []
    sidecar_statuses = [
        entry for entry in init_statuses if is_sidecar(specs.get(entry["name"]) or {})
    ]
    initializing = bool(_init_status(pod)) and not _is_initialized(pod)
    counted = (
        init_statuses
        if initializing
        else [*sidecar_statuses, *(status.get("containerStatuses") or ())]
    )
    ends = [
        ((entry.get("lastState") or {}).get("terminated") or {}).get("finishedAt") or ""
        for entry in counted
    ]
    return sum(entry.get("restartCount") or 0 for entry in counted), max(ends, default="")
