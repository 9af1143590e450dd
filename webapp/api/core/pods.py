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

from webapp.apimachinery.quantity import cpu_millis, quantity_bytes

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
    """What the scheduler counts: as :func:`spec_requests`; during a resize the larger of wish and grant."""
    statuses = (pod.get("status") or {}).get("containerStatuses")
    if statuses and any("allocatedResources" in status for status in statuses):
        pod = _with_granted(pod, statuses)
    return spec_requests(pod)


def _with_granted(pod: JSONObject, statuses: list[JSONObject]) -> JSONObject:
    """The Pod as if each container asked for the most of what it wishes, was granted and really has."""
    granted = {status["name"]: status.get("allocatedResources") or {} for status in statuses}
    spec = pod["spec"]
    wished = {
        item["name"]: (item.get("resources") or {}).get("requests") or {}
        for item in spec["containers"]
    }
    if all(granted.get(name, amounts) == amounts for name, amounts in wished.items()):
        return pod
    pending = get_pod_condition(pod, "PodResizePending") or {}
    is_infeasible = pending.get("reason") == "Infeasible"
    containers = []
    for item in spec["containers"]:
        most = _amounts(granted.get(item["name"], wished[item["name"]]))
        if not is_infeasible:
            _raise_to(most, _amounts(wished[item["name"]]))
        requests = {
            name: f"{amount}m" if name == "cpu" else str(amount) for name, amount in most.items()
        }
        containers.append({**item, "resources": {"requests": requests}})
    return {**pod, "spec": {**spec, "containers": containers}}


def spec_requests(pod: JSONObject) -> PodRequests:
    """The largest need at any time of the Pod's life as its spec says, with overhead.

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
    amounts = {name: cpu_millis(resources[name]) for name in ("cpu", "memory") if name in resources}
    return {name: amount for name, amount in amounts.items() if amount > 0}


def _is_pod_level(name: str) -> bool:
    return name in POD_LEVEL_RESOURCES or name.startswith("hugepages-")


def _requests(container: JSONObject) -> dict[str, int]:
    resources = container.get("resources")
    requests = resources.get("requests") if resources else None
    return _amounts(requests) if requests else {}


def _amounts(resources: JSONObject) -> dict[str, int]:
    return {
        name: cpu_millis(amount) if name == "cpu" else quantity_bytes(amount)
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


class PodDisplay(NamedTuple):
    """A Pod in one line of ``kubectl get pods``.

    Attributes:
        status: ``Running``, ``Init:0/2``, ``CrashLoopBackOff`` and so on.
        ready: Containers that are ready, sidecars included.
        total: Containers that should be, sidecars included.
        restarts: Init containers' while they run, afterwards the sidecars' and app containers'.
        last_restart: Time text of the last end before a restart, "" for none.
    """

    status: str
    ready: int
    total: int
    restarts: int
    last_restart: str


class _Progress:
    """What was counted over the statuses up to here."""

    __slots__ = ("last_restart", "ready", "restarts", "word")

    def __init__(self, word: str) -> None:
        self.word = word
        self.ready = 0
        self.restarts = 0
        self.last_restart = ""

    def count_restarts(self, entry: JSONObject) -> None:
        self.restarts += entry.get("restartCount") or 0
        ended = (entry.get("lastState") or {}).get("terminated")
        if ended:
            self.last_restart = max(self.last_restart, ended.get("finishedAt") or "")


def display(pod: JSONObject) -> PodDisplay:
    """All that ``kubectl get pods`` tells about a Pod's containers."""
    spec, status = pod["spec"], pod.get("status") or {}
    sidecars = {entry["name"] for entry in spec.get("initContainers") or () if is_sidecar(entry)}
    progress = _Progress(_first_word(status))
    initializing = _follow_init_containers(pod, sidecars, progress)
    if not initializing or _is_initialized(pod):
        progress.restarts, progress.last_restart = 0, ""
        for entry in status.get("initContainerStatuses") or ():
            if entry["name"] in sidecars:
                progress.count_restarts(entry)
        _follow_containers(pod, progress)
    word = _deletion_word(pod) or progress.word
    total = len(spec.get("containers") or ()) + len(sidecars)
    return PodDisplay(word, progress.ready, total, progress.restarts, progress.last_restart)


def kubectl_status(pod: JSONObject) -> str:
    """The word in the STATUS column."""
    return display(pod).status


def ready_column(pod: JSONObject) -> str:
    """The READY column, for example ``1/2``."""
    shown = display(pod)
    return f"{shown.ready}/{shown.total}"


def restart_count(pod: JSONObject) -> int:
    """The number in the RESTARTS column."""
    return display(pod).restarts


def _first_word(status: JSONObject) -> str:
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            return "SchedulingGated"
    word: str = status.get("reason") or status.get("phase") or ""
    return word


def _follow_init_containers(pod: JSONObject, sidecars: set[str], progress: _Progress) -> bool:
    """Go through the init containers up to the first that is not done; say whether there is one."""
    total = len(pod["spec"].get("initContainers") or ())
    for index, entry in enumerate((pod.get("status") or {}).get("initContainerStatuses") or ()):
        progress.count_restarts(entry)
        state = entry.get("state") or {}
        terminated = state.get("terminated")
        if terminated is not None and not terminated.get("exitCode"):
            continue
        if entry["name"] in sidecars and entry.get("started"):
            progress.ready += bool(entry.get("ready"))
            continue
        waiting_reason = (state.get("waiting") or {}).get("reason")
        if terminated is not None:
            progress.word = f"Init:{_termination_word(terminated)}"
        elif waiting_reason and waiting_reason != "PodInitializing":
            progress.word = f"Init:{waiting_reason}"
        else:
            progress.word = f"Init:{index}/{total}"
        return True
    return False


def _follow_containers(pod: JSONObject, progress: _Progress) -> None:
    any_running = False
    for entry in reversed((pod.get("status") or {}).get("containerStatuses") or ()):
        progress.count_restarts(entry)
        state = entry.get("state") or {}
        terminated = state.get("terminated")
        waiting_reason = (state.get("waiting") or {}).get("reason")
        if waiting_reason:
            progress.word = waiting_reason
        elif terminated is not None:
            progress.word = _termination_word(terminated)
        elif entry.get("ready") and state.get("running") is not None:
            any_running = True
            progress.ready += 1
    if progress.word == "Completed" and any_running:
        progress.word = "Running" if is_pod_ready(pod) else "NotReady"


def _deletion_word(pod: JSONObject) -> str:
    if not pod["metadata"].get("deletionTimestamp"):
        return ""
    if (pod.get("status") or {}).get("reason") == _NODE_UNREACHABLE:
        return "Unknown"
    return "" if is_pod_terminal(pod) else "Terminating"


def _is_initialized(pod: JSONObject) -> bool:
    condition = get_pod_condition(pod, "Initialized")
    return condition is not None and condition.get("status") == "True"


def _termination_word(terminated: JSONObject) -> str:
    reason: str = terminated.get("reason") or ""
    if reason:
        return reason
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"
