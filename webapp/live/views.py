"""API objects into the views that the page draws; pure functions of one object each.

Words come from the same functions that print ``kubectl get``, so that page and terminal agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api.core.nodes import internal_ip, is_node_ready, kubectl_node_status
from webapp.api.core.pods import (
    display,
    is_pod_ready,
    is_sidecar,
    pod_requests,
    qos_class,
)
from webapp.apimachinery.meta import controller_of
from webapp.apimachinery.quantity import cpu_millis, quantity_bytes
from webapp.apimachinery.timestamps import parse_time
from webapp.cluster.addons.objects import SYSTEM_NAMESPACES
from webapp.controller.deployment.rolling import max_surge, max_unavailable, scaled_value
from webapp.kubelet.static_pods import MIRROR
from webapp.live import losses
from webapp.live.frames import (
    ContainerView,
    EndpointView,
    NodeView,
    PodView,
    PortView,
    QueuedPodView,
    QueueView,
    ServiceView,
    VolumeView,
    WorkloadView,
)
from webapp.live.guards import next_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from webapp.apimachinery.meta import JSONObject
    from webapp.live.frames import ContainerPhase, Role, Sandbox, State
    from webapp.scheduler.scheduling_queue import SchedulingQueue

FAILING = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "Error",
        "Evicted",
        "Failed",
        "ImagePullBackOff",
        "InvalidImageName",
        "OOMKilled",
        "RunContainerError",
        "StartError",
    }
)
NO_RETRIES: dict[str, int] = {}
QUEUED_PODS_A_LANE = 20
IN_PROGRESS = frozenset({"ContainerCreating", "PodInitializing"})
ZONE_LABEL = "topology.kubernetes.io/zone"


def pod_view(
    pod: JSONObject,
    step: int,
    sandbox: Sandbox = "container",
    node: JSONObject | None = None,
    replaces: tuple[str, str] = ("", ""),
    retries: Mapping[str, int] = NO_RETRIES,
) -> PodView:
    """A Pod as a card.

    Args:
        pod: The Pod.
        step: The last of the nine steps that is done.
        sandbox: What isolates it.
        node: Its Node, ``None`` when it has none or the Node is gone.
        replaces: UID and name of the Pod in whose place it was made.
        retries: Container → when its back-off ends.
    """
    metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    owner = controller_of(pod) or {}
    cpu, memory, *_ = pod_requests(pod)
    shown = display(pod)
    lost = losses.is_lost(pod, node)
    return PodView(
        uid=metadata["uid"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        generate_name=metadata.get("generateName", ""),
        owner_kind=owner.get("kind", ""),
        owner_name=owner.get("name", ""),
        owner_uid=owner.get("uid", ""),
        node=spec.get("nodeName", ""),
        ip=status.get("podIP", ""),
        host_network=bool(spec.get("hostNetwork")),
        status=shown.status,
        state=pod_state(pod, shown.status, lost=lost),
        ready=shown.ready,
        total=shown.total,
        restarts=shown.restarts,
        created=parse_time(metadata["creationTimestamp"]),
        deleted=_time(metadata.get("deletionTimestamp")),
        labels=metadata.get("labels") or {},
        containers=list(_container_views(spec, status, retries)),
        volumes=[_volume_view(volume) for volume in spec.get("volumes") or ()],
        cpu_millis=cpu,
        memory_bytes=memory,
        message=_waiting_message(status),
        nominated_node=status.get("nominatedNodeName", ""),
        step=step,
        qos=status.get("qosClass") or qos_class(pod),
        priority=spec.get("priority") or 0,
        lost=lost,
        evicted_at=losses.evicted_at(pod, node),
        bare=not owner,
        replaces=replaces[0],
        replaces_name=replaces[1],
        resize=_resize(status),
        is_static=MIRROR in (metadata.get("annotations") or {}),
        reason=status.get("reason", ""),
        system=metadata["namespace"] in SYSTEM_NAMESPACES,
        sandbox=sandbox,
        revision=int(metadata["resourceVersion"]),
    )


def pod_state(pod: JSONObject, word: str, *, lost: bool = False) -> State:
    """Which of the seven looks a Pod has; ``word`` is kubectl's STATUS, ``lost`` that nobody hears of it."""
    bare = word.removeprefix("Init:")
    if word in {"Unknown", "NodeLost"}:
        return "unknown"
    if pod["metadata"].get("deletionTimestamp"):
        return "terminating"
    if lost:
        return "unknown"
    if word in {"Completed", "Succeeded"}:
        return "completed"
    if bare in FAILING or bare.startswith(("ExitCode:", "Signal:", "OutOf")):
        return "failing"
    if word == "Running":
        return "running" if is_pod_ready(pod) else "waiting"
    if not pod["spec"].get("nodeName"):
        return "waiting"
    return (
        "progress"
        if bare in IN_PROGRESS or word.startswith("Init:") or word == "Pending"
        else "failing"
    )


def queue_view(queue: SchedulingQueue) -> QueueView:
    """The scheduler's queue: how many wait in each lane, and who is first."""
    lanes = queue.lanes()
    return QueueView(
        active=len(lanes["active"]),
        backoff=len(lanes["backoff"]),
        unschedulable=len(lanes["unschedulable"]),
        gated=len(lanes["gated"]),
        pods=[
            QueuedPodView(
                pod_uid=queued.pod_info.uid,
                lane=lane,
                attempts=queued.attempts,
                until=queued.backoff_until_ms or None,
                plugins=sorted(queued.unschedulable_plugins),
            )
            for lane, waiting in lanes.items()
            for queued in waiting[:QUEUED_PODS_A_LANE]
        ],
    )


def node_view(node: JSONObject, lease: JSONObject | None = None) -> NodeView:
    """A Node as a box, with the Lease that its kubelet renews; amounts are what it can give to Pods."""
    metadata, spec, status = node["metadata"], node.get("spec") or {}, node.get("status") or {}
    labels = metadata.get("labels") or {}
    allocatable = status.get("allocatable") or {}
    info = status.get("nodeInfo") or {}
    return NodeView(
        uid=metadata["uid"],
        name=metadata["name"],
        ip=internal_ip(node),
        ready=is_node_ready(node),
        status=kubectl_node_status(node),
        unschedulable=bool(spec.get("unschedulable")),
        taints=[_taint_text(taint) for taint in spec.get("taints") or ()],
        labels=labels,
        zone=labels.get(ZONE_LABEL, ""),
        cpu_millis=cpu_millis(allocatable.get("cpu", "0")),
        memory_bytes=quantity_bytes(allocatable.get("memory", "0")),
        max_pods=quantity_bytes(allocatable.get("pods", "0")),
        pod_cidr=spec.get("podCIDR", ""),
        kubelet_version=info.get("kubeletVersion", ""),
        container_runtime=info.get("containerRuntimeVersion", ""),
        **losses.node_clocks(node, lease)._asdict(),
        created=parse_time(metadata["creationTimestamp"]),
        revision=int(metadata["resourceVersion"]),
    )


def service_view(service: JSONObject, slices: Iterable[JSONObject]) -> ServiceView:
    """A Service as a bar, with the endpoints that its slices list."""
    metadata, spec, status = service["metadata"], service["spec"], service.get("status") or {}
    ingress = (status.get("loadBalancer") or {}).get("ingress") or []
    external = [point.get("ip") or point.get("hostname", "") for point in ingress]
    return ServiceView(
        uid=metadata["uid"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        type=spec.get("type", "ClusterIP"),
        cluster_ip=spec.get("clusterIP", ""),
        external_ip=", ".join(external or spec.get("externalIPs") or ()),
        dns=f"{metadata['name']}.{metadata['namespace']}.svc.cluster.local",
        ports=[_port_view(port) for port in spec.get("ports") or ()],
        selector=spec.get("selector") or {},
        endpoints=[
            _endpoint_view(point) for held in slices for point in held.get("endpoints") or ()
        ],
        created=parse_time(metadata["creationTimestamp"]),
        revision=int(metadata["resourceVersion"]),
    )


def workload_view(obj: JSONObject, now_ms: int) -> WorkloadView:
    """A controller's object with its counts."""
    metadata, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    owner = controller_of(obj) or {}
    annotations = metadata.get("annotations") or {}
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or []
    return WorkloadView(
        uid=metadata["uid"],
        kind=obj["kind"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        owner_uid=owner.get("uid", ""),
        desired=_desired(spec, status),
        current=_current(status),
        updated=_count(status, "updatedReplicas", "updatedNumberScheduled"),
        ready=_count(status, "readyReplicas", "numberReady", "ready"),
        available=_count(status, "availableReplicas", "numberAvailable", "succeeded"),
        rollout_revision=annotations.get("deployment.kubernetes.io/revision", ""),
        **_limits(obj, _desired(spec, status)),
        schedule=spec.get("schedule", ""),
        next_run=next_run(obj, now_ms) if obj["kind"] == "CronJob" else None,
        paused=bool(spec.get("paused") or spec.get("suspend")),
        image=", ".join(container.get("image", "") for container in containers),
        message=_condition_message(status),
        created=parse_time(metadata["creationTimestamp"]),
        revision=int(metadata["resourceVersion"]),
    )


def _limits(obj: JSONObject, desired: int) -> dict[str, Any]:
    """How a workload replaces its Pods, and by how many it may be over and under meanwhile."""
    spec = obj.get("spec") or {}
    strategy = spec.get("strategy") or spec.get("updateStrategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    if strategy.get("type") != "RollingUpdate":
        rolling = {}
    if obj["kind"] == "Deployment":
        surge, missing = (max_surge(obj), max_unavailable(obj)) if rolling else (0, 0)
    else:
        surge = scaled_value(rolling.get("maxSurge") or 0, desired, round_up=True)
        missing = scaled_value(rolling.get("maxUnavailable") or 0, desired, round_up=True)
    return {
        "strategy": strategy.get("type", ""),
        "max_surge": surge,
        "max_unavailable": missing,
    }


def _desired(spec: JSONObject, status: JSONObject) -> int:
    if "schedule" in spec:
        return 0
    for value in (
        spec.get("replicas"),
        status.get("desiredNumberScheduled"),
        spec.get("completions"),
    ):
        if value is not None:
            return int(value)
    return 1


def _current(status: JSONObject) -> int:
    """How many there are; a CronJob lists the Jobs that run."""
    if isinstance(status.get("active"), list):
        return len(status["active"])
    return _count(status, "replicas", "currentNumberScheduled", "active")


def _count(status: JSONObject, *names: str) -> int:
    return next((int(status[name]) for name in names if status.get(name) is not None), 0)


def _condition_message(status: JSONObject) -> str:
    """What a workload complains of: the first condition that says that something is wrong."""
    for condition in status.get("conditions") or ():
        wrong = "True" if condition["type"] in {"ReplicaFailure", "Failed"} else "False"
        if condition["status"] == wrong and condition["type"] in {
            "ReplicaFailure",
            "Failed",
            "Progressing",
        }:
            return str(condition.get("message", ""))
    return ""


def _resize(status: JSONObject) -> str:
    """How a resize of the Pod's resources stands, "" when there is none."""
    for condition in status.get("conditions") or ():
        if condition["status"] != "True":
            continue
        if condition["type"] == "PodResizePending":
            return str(condition.get("reason", ""))
        if condition["type"] == "PodResizeInProgress":
            return str(condition.get("reason") or "InProgress")
    return ""


def _container_views(
    spec: JSONObject, status: JSONObject, retries: Mapping[str, int]
) -> Iterable[ContainerView]:
    init_statuses = _by_name(status.get("initContainerStatuses"))
    for container in spec.get("initContainers") or ():
        role: Role = "sidecar" if is_sidecar(container) else "init"
        yield _container_view(container, role, init_statuses.get(container["name"]), retries)
    app_statuses = _by_name(status.get("containerStatuses"))
    for container in spec.get("containers") or ():
        yield _container_view(container, "app", app_statuses.get(container["name"]), retries)
    ephemeral_statuses = _by_name(status.get("ephemeralContainerStatuses"))
    for container in spec.get("ephemeralContainers") or ():
        yield _container_view(
            container, "ephemeral", ephemeral_statuses.get(container["name"]), retries
        )


def _by_name(statuses: list[JSONObject] | None) -> dict[str, JSONObject]:
    return {status["name"]: status for status in statuses or ()}


def _container_view(
    container: JSONObject, role: Role, status: JSONObject | None, retries: Mapping[str, int]
) -> ContainerView:
    status = status or {}
    phase, detail = _container_state(status.get("state") or {})
    last = (status.get("lastState") or {}).get("terminated") or {}
    return ContainerView(
        name=container["name"],
        role=role,
        image=container.get("image", ""),
        state=phase,
        reason=detail.get("reason", ""),
        ready=bool(status.get("ready")),
        restarts=status.get("restartCount", 0),
        exit_code=detail.get("exitCode"),
        since=_time(detail.get("finishedAt") or detail.get("startedAt")),
        mounts=[
            f"{mount['name']}:{mount['mountPath']}" for mount in container.get("volumeMounts") or ()
        ],
        ports=[port["containerPort"] for port in container.get("ports") or ()],
        started=bool(status.get("started")),
        retry_at=retries.get(container["name"]) if phase == "waiting" else None,
        last_reason=last.get("reason", ""),
        last_exit_code=last.get("exitCode"),
    )


def _container_state(state: JSONObject) -> tuple[ContainerPhase, JSONObject]:
    phases: tuple[ContainerPhase, ...] = ("running", "terminated", "waiting")
    for phase in phases:
        detail = state.get(phase)
        if detail is not None:
            return phase, detail
    return "waiting", {}


def _volume_view(volume: JSONObject) -> VolumeView:
    source = next((key for key in volume if key != "name"), "emptyDir")
    return VolumeView(name=volume["name"], type=source)


def _waiting_message(status: JSONObject) -> str:
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return str(condition.get("message", ""))
    for container in (
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ):
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("message"):
            return str(waiting["message"])
    return str(status.get("message", ""))


def _taint_text(taint: JSONObject) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _port_view(port: JSONObject) -> PortView:
    return PortView(
        name=port.get("name", ""),
        protocol=port.get("protocol", "TCP"),
        port=port["port"],
        target_port=str(port.get("targetPort", port["port"])),
        node_port=port.get("nodePort") or 0,
    )


def _endpoint_view(endpoint: JSONObject) -> EndpointView:
    target = endpoint.get("targetRef") or {}
    conditions = endpoint.get("conditions") or {}
    addresses = endpoint.get("addresses") or [""]
    return EndpointView(
        ip=addresses[0],
        pod_uid=target.get("uid", ""),
        pod_name=target.get("name", ""),
        node=endpoint.get("nodeName", ""),
        ready=conditions.get("ready") is not False,
        serving=conditions.get("serving") is not False,
        terminating=bool(conditions.get("terminating")),
    )


def _time(text: str | None) -> int | None:
    return parse_time(text) if text else None
