"""The live projector: one more watcher, which turns objects and facts into frames for the page.

Objects come through informers, exactly as any client's would; facts come from the recorder. Changes
only mark what is dirty: views are built when a frame is taken, so that many changes between two
frames cost one view.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from webapp.api.core.pods import is_pod_terminal
from webapp.api.resources import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    FAULTS,
    HORIZONTAL_POD_AUTOSCALERS,
    JOBS,
    LEASES,
    NAMESPACES,
    NODES,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    RESOURCE_QUOTAS,
    RUNTIME_CLASSES,
    SERVICES,
    STATEFUL_SETS,
)
from webapp.apimachinery.meta import namespaced_name
from webapp.client.informer import InformerFactory
from webapp.controller.nodelifecycle.health import ready_status
from webapp.cri.handlers import sandbox_kind
from webapp.journey.pod_deployment import STEPS
from webapp.live import views
from webapp.live.fault_views import fault_view
from webapp.live.frames import (
    ClockView,
    Delta,
    Facts,
    FactView,
    JourneyView,
    Snapshot,
    StepView,
)
from webapp.live.guards import guard_view
from webapp.live.losses import Replacements
from webapp.live.requests import REQUEST_FACTS, RequestViews, network_view
from webapp.trace import facts
from webapp.trace.recorder import fact_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.client.informer import SharedInformer
    from webapp.client.rest import RESTClient
    from webapp.cluster.clock import ClockState
    from webapp.journey.timeline import PodJourney, StepProgress
    from webapp.live.frames import (
        NodeView,
        Outcome,
        PodView,
        QueueView,
        Requests,
        Sandbox,
        ServiceView,
        WorkloadView,
    )
    from webapp.network.cni import NetworkPlugin
    from webapp.network.flows import FlowLog
    from webapp.scheduler.scheduling_queue import SchedulingQueue
    from webapp.sim.loop import Simulation
    from webapp.trace.recorder import FactRecord, Recorder

WORKLOADS = (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
)
GUARDS = (HORIZONTAL_POD_AUTOSCALERS, POD_DISRUPTION_BUDGETS, RESOURCE_QUOTAS)
SERVICE_NAME_LABEL = "kubernetes.io/service-name"
NODE_LEASES = "kube-node-lease"
SNAPSHOT_JOURNEYS = 40
FACTS_A_FRAME = 200
HIDDEN_FACTS = (facts.RequestAuthenticated, *REQUEST_FACTS)
"""Told by the fact that follows at once, or in frames of their own."""


class Journeys(Protocol):
    """Pods' ways through the nine steps; Pod UID → journey, newest last."""

    @property
    def journeys(self) -> Mapping[str, PodJourney]:
        """All that are kept."""

    def take_changed(self) -> list[PodJourney]:
        """Those that changed since the last call."""


class Pictured(Protocol):
    """What can be drawn: a cluster, or a cluster as it was at an earlier moment."""

    @property
    def viewer(self) -> RESTClient:
        """Where objects are listed and watched."""

    @property
    def recorder(self) -> Recorder:
        """The facts."""

    @property
    def journeys(self) -> Journeys:
        """The Pods' ways."""

    @property
    def flows(self) -> FlowLog:
        """The pod network's traffic."""

    @property
    def network(self) -> NetworkPlugin:
        """The network plugin."""

    @property
    def sim(self) -> Simulation:
        """Virtual time."""

    @property
    def clock(self) -> ClockState:
        """How time is meant to run."""

    @property
    def revision(self) -> int:
        """The newest revision."""


class Projector:
    """What the page gets to see of a cluster.

    Attributes:
        seq: Number of the last delta taken; a browser resynchronises when it misses one.
    """

    def __init__(
        self, cluster: Pictured, queue: Callable[[], SchedulingQueue] | None = None
    ) -> None:
        self.seq = 0
        self._cluster = cluster
        self._queue = queue
        self._queue_version = (0, -1)
        self._removed: dict[str, None] = {}
        self._dirty_nodes: dict[str, JSONObject] = {}
        self._dirty_pods: dict[str, JSONObject] = {}
        self._dirty_services: dict[str, JSONObject] = {}
        self._dirty_workloads: dict[str, JSONObject] = {}
        self._dirty_faults: dict[str, JSONObject] = {}
        self._dirty_guards: dict[str, JSONObject] = {}
        self._replacements = Replacements()
        self._retries: dict[str, dict[str, int]] = {}
        self._namespaces_changed = False
        self._facts: deque[FactRecord] = deque(maxlen=FACTS_A_FRAME)
        self._dropped = 0
        network = network_view(cluster.network.profile)
        self._requests = RequestViews(cluster.sim, cluster.recorder, cluster.flows, network)
        informers = InformerFactory(cluster.viewer)
        self._nodes = self._follow(informers, NODES, self._dirty_nodes)
        self._pods = self._follow(informers, PODS, self._dirty_pods)
        self._services = self._follow(informers, SERVICES, self._dirty_services)
        self._workloads = tuple(
            self._follow(informers, resource, self._dirty_workloads) for resource in WORKLOADS
        )
        self._faults = self._follow(informers, FAULTS, self._dirty_faults)
        self._guards = tuple(
            self._follow(informers, resource, self._dirty_guards) for resource in GUARDS
        )
        self._leases = self._follow_losses(informers)
        self._slices = self._follow_slices(informers)
        self._namespaces = self._follow_namespaces(informers)
        self._runtime_classes = informers.informer(RUNTIME_CLASSES)
        informers.start()
        cluster.recorder.subscribe(self._on_fact)

    def snapshot(self) -> Snapshot:
        """The whole picture now; changes not yet taken as a delta are part of it too."""
        journeys = list(self._cluster.journeys.journeys.values())[-SNAPSHOT_JOURNEYS:]
        return Snapshot(
            seq=self.seq,
            revision=self._cluster.revision,
            clock=self.clock_view(0),
            nodes=[self._node_view(node) for node in self._nodes.list()],
            pods=[self._pod_view(pod) for pod in self._pods.list()],
            services=[self._service_view(service) for service in self._services.list()],
            workloads=[
                self._workload_view(obj) for informer in self._workloads for obj in informer.list()
            ],
            journeys=[journey_view(journey) for journey in journeys],
            faults=[fault_view(fault) for fault in self._faults.list()],
            guards=[guard_view(obj) for informer in self._guards for obj in informer.list()],
            namespaces=sorted(self._namespaces.store),
            queue=views.queue_view(self._queue()) if self._queue is not None else None,
        )

    def take_delta(self) -> Delta | None:
        """What changed since the last call, or ``None`` when nothing did."""
        journeys = self._cluster.journeys.take_changed()
        for journey in journeys:
            self._mark_pod_of(journey)
        queue = self._take_queue()
        if not (
            journeys
            or self._removed
            or self._namespaces_changed
            or queue is not None
            or self._has_dirty()
        ):
            return None
        self.seq += 1
        delta = Delta(
            seq=self.seq,
            revision=self._cluster.revision,
            nodes=[self._node_view(node) for node in self._dirty_nodes.values()],
            pods=[self._pod_view(pod) for pod in self._dirty_pods.values()],
            services=[self._service_view(service) for service in self._dirty_services.values()],
            workloads=[self._workload_view(obj) for obj in self._dirty_workloads.values()],
            journeys=[journey_view(journey) for journey in journeys],
            faults=[fault_view(fault) for fault in self._dirty_faults.values()],
            guards=[guard_view(guard) for guard in self._dirty_guards.values()],
            namespaces=sorted(self._namespaces.store) if self._namespaces_changed else None,
            removed=list(self._removed),
            queue=queue,
        )
        for dirty in self._dirty():
            dirty.clear()
        self._removed.clear()
        self._namespaces_changed = False
        return delta

    def _take_queue(self) -> QueueView | None:
        """The scheduler's queue if Pods came, went or changed lanes."""
        if self._queue is None:
            return None
        queue = self._queue()  # another one each time the scheduler begins anew
        if (id(queue), queue.version) == self._queue_version:
            return None
        self._queue_version = (id(queue), queue.version)
        return views.queue_view(queue)

    def take_facts(self) -> Facts | None:
        """The newest facts since the last call, or ``None`` when there are none."""
        if not self._facts:
            return None
        frame = Facts(facts=[fact_view(record) for record in self._facts], dropped=self._dropped)
        self._facts.clear()
        self._dropped = 0
        return frame

    def take_requests(self) -> Requests | None:
        """What the pod network did since the last call, or ``None`` when nothing."""
        return self._requests.take()

    def whole_requests(self) -> Requests:
        """All flows and the newest requests, to go with a snapshot."""
        return self._requests.whole()

    def clock_view(self, lag_ms: int) -> ClockView:
        """How virtual time runs; ``lag_ms`` says how far it trails the speed asked for."""
        clock = self._cluster.clock
        return ClockView(
            now=self._cluster.sim.now_ms,
            speed=clock.speed_text,
            paused=clock.stands_still,
            idle=self._cluster.sim.is_idle,
            lag_ms=lag_ms,
        )

    # --- following the cluster -------------------------------------------------------------------

    def _follow(
        self,
        informers: InformerFactory,
        resource: GroupVersionResource,
        dirty: dict[str, JSONObject],
    ) -> SharedInformer:
        def on_change(obj: JSONObject) -> None:
            dirty[obj["metadata"]["uid"]] = obj

        def on_update(old: JSONObject, new: JSONObject) -> None:
            if old["metadata"]["uid"] != new["metadata"]["uid"]:
                on_delete(old)
            on_change(new)

        def on_delete(obj: JSONObject) -> None:
            dirty.pop(obj["metadata"]["uid"], None)
            self._removed[obj["metadata"]["uid"]] = None

        informer = informers.informer(resource)
        informer.add_handler(on_add=on_change, on_update=on_update, on_delete=on_delete)
        return informer

    def _follow_losses(self, informers: InformerFactory) -> SharedInformer:
        """Leases of Nodes, Pods by Node, and who replaces whom."""
        self._pods.add_index("node", _node_names)
        self._pods.add_handler(
            on_add=lambda pod: self._replacements.gain(pod, self._cluster.sim.now_ms),
            on_update=self._on_pod_update,
            on_delete=self._on_pod_delete,
        )
        self._nodes.add_handler(on_update=self._on_node_update, on_delete=self._mark_pods_on)
        leases = informers.informer(LEASES)
        leases.add_handler(on_add=self._on_lease, on_update=lambda _, new: self._on_lease(new))
        return leases

    def _on_lease(self, lease: JSONObject) -> None:
        node = self._nodes.get(lease["metadata"]["name"])
        if node is not None and lease["metadata"].get("namespace") == NODE_LEASES:
            self._dirty_nodes[node["metadata"]["uid"]] = node

    def _on_node_update(self, old: JSONObject, new: JSONObject) -> None:
        """What becomes of a Node's Pods changes with its readiness and its taints."""
        if _fate(old) != _fate(new):
            self._mark_pods_on(new)

    def _mark_pods_on(self, node: JSONObject) -> None:
        for pod in self._pods.by_index("node", node["metadata"]["name"]):
            self._dirty_pods[pod["metadata"]["uid"]] = pod

    def _on_pod_update(self, old: JSONObject, new: JSONObject) -> None:
        if old["metadata"]["uid"] != new["metadata"]["uid"]:
            self._on_pod_delete(old)
            self._replacements.gain(new, self._cluster.sim.now_ms)
        elif _is_ending(new) and not _is_ending(old):
            self._replacements.lose(new, self._cluster.sim.now_ms)

    def _on_pod_delete(self, pod: JSONObject) -> None:
        self._replacements.lose(pod, self._cluster.sim.now_ms)
        self._replacements.forget(pod["metadata"]["uid"])
        self._retries.pop(pod["metadata"]["uid"], None)

    def _follow_slices(self, informers: InformerFactory) -> SharedInformer:
        slices = informers.informer(ENDPOINT_SLICES)
        slices.add_index("service", _service_keys)
        slices.add_handler(
            on_add=self._on_slice,
            on_update=lambda _, new: self._on_slice(new),
            on_delete=self._on_slice,
        )
        return slices

    def _follow_namespaces(self, informers: InformerFactory) -> SharedInformer:
        namespaces = informers.informer(NAMESPACES)
        namespaces.add_handler(on_add=self._on_namespace, on_delete=self._on_namespace)
        return namespaces

    def _on_slice(self, endpoint_slice: JSONObject) -> None:
        for key in _service_keys(endpoint_slice):
            service = self._services.get(key)
            if service is not None:
                self._dirty_services[service["metadata"]["uid"]] = service

    def _on_namespace(self, _: JSONObject) -> None:
        self._namespaces_changed = True

    def _on_fact(self, record: FactRecord) -> None:
        if isinstance(record.fact, HIDDEN_FACTS):
            return
        if isinstance(record.fact, facts.ContainerBackedOff):
            self._note_back_off(record.fact, record.at_ms)
        if len(self._facts) == FACTS_A_FRAME:
            self._dropped += 1
        self._facts.append(record)

    def _note_back_off(self, fact: facts.ContainerBackedOff, at_ms: int) -> None:
        """The API says that a container waits; how long is known to its kubelet alone."""
        ref = fact.subject
        pod = self._pods.get(f"{ref.namespace}/{ref.name}") if ref is not None else None
        if ref is None or pod is None or pod["metadata"]["uid"] != ref.uid:
            return
        self._retries.setdefault(ref.uid, {})[fact.container] = at_ms + fact.duration_ms
        self._dirty_pods[ref.uid] = pod

    def _mark_pod_of(self, journey: PodJourney) -> None:
        pod = self._pods.get(f"{journey.ref.namespace}/{journey.ref.name}")
        if pod is not None and pod["metadata"]["uid"] == journey.ref.uid:
            self._dirty_pods[journey.ref.uid] = pod

    def _dirty(self) -> tuple[dict[str, JSONObject], ...]:
        return (
            self._dirty_faults,
            self._dirty_guards,
            self._dirty_nodes,
            self._dirty_pods,
            self._dirty_services,
            self._dirty_workloads,
        )

    def _has_dirty(self) -> bool:
        return any(self._dirty())

    # --- views that need more than their object --------------------------------------------------

    def _pod_view(self, pod: JSONObject) -> PodView:
        journey = self._cluster.journeys.journeys.get(pod["metadata"]["uid"])
        step = journey.current - 1 if journey is not None else len(STEPS)
        return views.pod_view(
            pod,
            step,
            self._sandbox_of(pod["spec"].get("runtimeClassName")),
            self._nodes.get(pod["spec"].get("nodeName", "")),
            self._replacements.of(pod["metadata"]["uid"]),
            self._retries.get(pod["metadata"]["uid"], views.NO_RETRIES),
        )

    def _workload_view(self, obj: JSONObject) -> WorkloadView:
        return views.workload_view(obj, self._cluster.sim.now_ms)

    def _node_view(self, node: JSONObject) -> NodeView:
        view = views.node_view(node, self._leases.get(f"{NODE_LEASES}/{node['metadata']['name']}"))
        # Plugins with a pool of their own do not use spec.podCIDR.
        ranges = self._cluster.network.pool_ranges(view.name)
        return msgspec.structs.replace(view, pod_cidr=", ".join(ranges)) if ranges else view

    def _sandbox_of(self, runtime_class: str | None) -> Sandbox:
        found = self._runtime_classes.get(runtime_class) if runtime_class else None
        return sandbox_kind(found["handler"]) if found is not None else "container"

    def _service_view(self, service: JSONObject) -> ServiceView:
        return views.service_view(
            service, self._slices.by_index("service", namespaced_name(service))
        )


def journey_view(journey: PodJourney) -> JourneyView:
    """A journey as the rail shows it."""
    return JourneyView(
        pod_uid=journey.ref.uid,
        namespace=journey.ref.namespace,
        name=journey.ref.name,
        current=journey.current,
        headline=journey.headline,
        refused_by=journey.refused_by,
        steps=[
            StepView(
                step=step.number,
                name=step.name,
                actor=progress.actor,
                at=progress.begun_ms,
                until=progress.done_ms,
                outcome=_outcome(progress, is_current=step.number == journey.current),
                summary=progress.summary,
            )
            for step, progress in zip(STEPS, journey.steps, strict=True)
        ],
    )


def fact_view(record: FactRecord) -> FactView:
    """A fact as the animation reads it."""
    plain = fact_json(record)
    subject = record.fact.subject
    return FactView(
        seq=record.seq,
        at=record.at_ms,
        cause=record.cause,
        type=plain["type"],
        actor=plain["actor"],
        kind=subject.kind if subject else "",
        namespace=subject.namespace if subject else "",
        name=subject.name if subject else "",
        uid=subject.uid if subject else "",
        data=plain["data"],
    )


def _outcome(progress: StepProgress, *, is_current: bool) -> Outcome:
    if progress.done_ms is not None:
        return "done"
    if progress.failed:
        return "failed"
    return "now" if is_current else "todo"


def _node_names(pod: JSONObject) -> tuple[str, ...]:
    node = pod["spec"].get("nodeName")
    return (node,) if node else ()


def _fate(node: JSONObject) -> tuple[str, Any]:
    """What of a Node changes the views of its Pods."""
    return ready_status(node), (node.get("spec") or {}).get("taints")


def _is_ending(pod: JSONObject) -> bool:
    return "deletionTimestamp" in pod["metadata"] or is_pod_terminal(pod)


def _service_keys(endpoint_slice: JSONObject) -> list[str]:
    metadata = endpoint_slice["metadata"]
    service = (metadata.get("labels") or {}).get(SERVICE_NAME_LABEL)
    return [f"{metadata['namespace']}/{service}"] if service else []
