"""The scheduler as a whole: informers in, bindings out.

Nodes and bound Pods go into the cache, waiting Pods of the profiles' scheduler names into the queue;
every change that may help a waiting Pod is told to the queue. The cycles are in
:mod:`~webapp.scheduler.schedule_one`.

Models:
    pkg/scheduler/scheduler.go Scheduler
    pkg/scheduler/eventhandlers.go addAllEventHandlers
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from webapp.api.resources import (
    CSI_NODES,
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    SERVICES,
    STATEFUL_SETS,
    STORAGE_CLASSES,
)
from webapp.scheduler.cache import Cache
from webapp.scheduler.config import SchedulerConfiguration
from webapp.scheduler.diagnosis import DiagnosisLog, PodDiagnosis
from webapp.scheduler.eviction import Evictor
from webapp.scheduler.framework.interface import SUCCESS, Handle, Status
from webapp.scheduler.framework.listers import (
    REPLICA_SET,
    REPLICATION_CONTROLLER,
    SERVICE,
    STATEFUL_SET,
    Listers,
)
from webapp.scheduler.framework.nominator import Nominator
from webapp.scheduler.framework.resources import pod_requests
from webapp.scheduler.framework.types import (
    ActionType,
    ClusterEvent,
    EventResource,
    PodInfo,
)
from webapp.scheduler.framework.volumes import Volumes
from webapp.scheduler.schedule_one import Collaborators, ScheduleOne, scheduler_name
from webapp.scheduler.schedule_pod import Algorithm
from webapp.scheduler.scheduling_queue import TIMED_OUT, QueuePolicy, SchedulingQueue
from webapp.scheduler.what_if import what_would_fit

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory
    from webapp.client.record import EventRecorder
    from webapp.client.rest import RESTClient
    from webapp.scheduler.framework.runtime import Framework
    from webapp.scheduler.framework.types import ClusterEventWithHint
    from webapp.scheduler.what_if import Change
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams
    from webapp.trace.recorder import Recorder

_OWNERS = {
    SERVICE: SERVICES,
    REPLICATION_CONTROLLER: REPLICATION_CONTROLLERS,
    REPLICA_SET: REPLICA_SETS,
    STATEFUL_SET: STATEFUL_SETS,
}
_FINISHED_PHASES = ("Succeeded", "Failed")


class Scheduler:
    """kube-scheduler.

    Attributes:
        cache: Nodes and the Pods on them.
        queue: Pods that wait.
    """

    def __init__(
        self,
        sim: Simulation,
        streams: RandomStreams,
        recorder: Recorder,
        client: RESTClient,
        informers: InformerFactory,
        events: EventRecorder,
        config: SchedulerConfiguration | None = None,
    ) -> None:
        config = config or SchedulerConfiguration()
        self._recorder = recorder
        self._informers = informers
        self._nodes = informers.informer(NODES)
        self._pods = informers.informer(PODS)
        self.cache = Cache()
        self._diagnoses = DiagnosisLog()
        self._listers = Listers()
        self.cache.nodes.namespace_labels = self._listers.namespace_labels
        self._nominator = Nominator()
        self._volumes = Volumes()
        tie_breaks = streams.stream("scheduler/tie-break")
        evictor = Evictor(sim, recorder, client, events, self._nominator, self._pods.get)
        self._handle = Handle(
            client,
            self.cache.nodes,
            self._listers,
            self._nominator,
            self._pods.get,
            evictor.evict,
            tie_breaks.keyed_bits64,
            self._volumes,
            lambda: sim.now_ms,
        )
        self._frameworks = self._build(config)
        self.queue = SchedulingQueue(sim, self._queue_policy(config), self._on_active)
        self._algorithm = Algorithm(
            self.cache, tie_breaks, config.percentage_of_nodes_to_score, self._nominator
        )
        self._cycles = ScheduleOne(
            Collaborators(
                sim,
                recorder,
                client,
                events,
                config,
                self._frameworks,
                self.cache,
                self.queue,
                self._algorithm,
                self._diagnoses,
                self._pods.get,
                self._nominator,
                streams.stream("scheduler/latency"),
            )
        )

    def start(self) -> None:
        """Follow Nodes and Pods from now on."""
        self._follow_listers()
        self._follow_storage()
        self._nodes.add_handler(
            on_add=self._on_node_add,
            on_update=self._on_node_update,
            on_delete=self._on_node_delete,
        )
        self._pods.add_handler(
            on_add=self._on_pod_add, on_update=self._on_pod_update, on_delete=self._on_pod_delete
        )
        self._informers.start()

    def _follow_listers(self) -> None:
        """Keep up what plugins look up besides Nodes and Pods."""
        listers = self._listers
        for kind, resource in _OWNERS.items():
            self._informers.informer(resource).add_handler(
                on_add=partial(listers.put_owner, kind),
                on_update=partial(_put_newer, partial(listers.put_owner, kind)),
                on_delete=partial(listers.remove_owner, kind),
            )
        self._informers.informer(POD_DISRUPTION_BUDGETS).add_handler(
            on_add=listers.put_budget,
            on_update=partial(_put_newer, listers.put_budget),
            on_delete=listers.remove_budget,
        )
        self._informers.informer(NAMESPACES).add_handler(
            on_add=self._on_namespace,
            on_update=partial(_put_newer, self._on_namespace),
            on_delete=listers.remove_namespace,
        )

    def _follow_storage(self) -> None:
        """Keep up what plugins look up about volumes, and tell the queue."""
        volumes = self._volumes
        for resource, kind, put, remove in (
            (
                PERSISTENT_VOLUME_CLAIMS,
                EventResource.PERSISTENT_VOLUME_CLAIM,
                volumes.put_claim,
                volumes.remove_claim,
            ),
            (
                PERSISTENT_VOLUMES,
                EventResource.PERSISTENT_VOLUME,
                volumes.put_volume,
                volumes.remove_volume,
            ),
            (
                STORAGE_CLASSES,
                EventResource.STORAGE_CLASS,
                volumes.put_class,
                volumes.remove_class,
            ),
            (CSI_NODES, EventResource.CSI_NODE, volumes.put_csi_node, volumes.remove_csi_node),
        ):
            self._informers.informer(resource).add_handler(
                on_add=partial(self._on_storage, put, kind, None),
                on_update=partial(self._on_storage, put, kind),
                on_delete=remove,
            )

    def _on_storage(
        self,
        put: Callable[[JSONObject], None],
        kind: EventResource,
        old: JSONObject | None,
        new: JSONObject,
    ) -> None:
        put(new)
        action = ActionType.ADD if old is None else ActionType.UPDATE
        self.queue.move_all(ClusterEvent(kind, action), old, new)

    def _on_namespace(self, namespace: JSONObject) -> None:
        name = namespace["metadata"]["name"]
        before = self._listers.namespace_labels(name)
        self._listers.put_namespace(namespace)
        if self._listers.namespace_labels(name) != before:
            self.cache.nodes.count_anew()

    def configure(self, config: SchedulerConfiguration) -> None:
        """Work by another configuration from now on; latencies stay.

        Pods on their way to a Node go on; all others that wait are tried anew.
        """
        frameworks = self._build(config)
        self._frameworks.clear()
        self._frameworks.update(frameworks)
        self._listers.forget_selectors()
        self._algorithm.percentage = config.percentage_of_nodes_to_score
        self.queue.policy = self._queue_policy(config)
        for pod in self._pods.list():
            uid = pod["metadata"]["uid"]
            if not self._is_mine(pod):
                self.queue.delete(uid)
            elif not (
                pod["spec"].get("nodeName")
                or _is_finished(pod)
                or self.queue.find(uid)
                or self.queue.is_in_flight(uid)
            ):
                self.queue.add(PodInfo(pod))
        self.queue.move_all(TIMED_OUT)

    def _build(self, config: SchedulerConfiguration) -> dict[str, tuple[Framework, int]]:
        return {
            profile.scheduler_name: (
                profile.build(self._handle),
                profile.percentage_of_nodes_to_score,
            )
            for profile in config.profiles
        }

    def _queue_policy(self, config: SchedulerConfiguration) -> QueuePolicy:
        first, _ = next(iter(self._frameworks.values()))
        return QueuePolicy(
            config.pod_initial_backoff_ms,
            config.pod_max_backoff_ms,
            self._run_pre_enqueue_plugins,
            first.queue_sort.sort_key,
            self._hints(),
        )

    def explain(self, pod_uid: str) -> PodDiagnosis | None:
        """Why the Pod is where it is: its newest attempts and its place in the queue; ``None`` if unknown."""
        diagnosis = self._diagnoses.get(pod_uid)
        waits = self.queue.waiting(pod_uid)
        if waits is not None:
            diagnosis = replace(diagnosis or PodDiagnosis(pod_uid, ()), waits=waits)
        queued = self.queue.find(pod_uid)
        if diagnosis is None or queued is None or queued.gating_plugin:
            return diagnosis
        if diagnosis.attempts and diagnosis.attempts[-1].chosen:
            return diagnosis
        return replace(diagnosis, would_fit=partial(self._what_would_fit, queued.pod_info))

    def _what_would_fit(self, pod: PodInfo) -> list[Change]:
        framework, _ = self._frameworks[scheduler_name(pod.pod)]
        fitting = partial(self._algorithm.fitting_rows, framework)
        if len(fitting(pod)):
            return []  # it fits by now, and only waits for its turn
        return what_would_fit(pod, self.cache.nodes, fitting)

    def _hints(self) -> dict[str, tuple[ClusterEventWithHint, ...]]:
        return {
            plugin.name: tuple(plugin.events_to_register())
            for framework, _ in self._frameworks.values()
            for plugin in framework.plugins
        }

    def _run_pre_enqueue_plugins(self, pod: PodInfo) -> Status:
        found = self._frameworks.get(scheduler_name(pod.pod))
        # One whose profile has gone meanwhile is let through and then left alone.
        return SUCCESS if found is None else found[0].run_pre_enqueue_plugins(pod)

    def _on_active(self) -> None:
        self._cycles.wake()

    # --- Nodes ------------------------------------------------------------------------------

    def _on_node_add(self, node: JSONObject) -> None:
        self.cache.add_node(node)
        self.queue.move_all(ClusterEvent(EventResource.NODE, ActionType.ADD), None, node)

    def _on_node_update(self, old: JSONObject, new: JSONObject) -> None:
        changes = self.cache.update_node(new)
        if changes:
            self.queue.move_all(ClusterEvent(EventResource.NODE, changes), old, new)

    def _on_node_delete(self, node: JSONObject) -> None:
        self.cache.remove_node(node["metadata"]["name"])
        self.queue.move_all(ClusterEvent(EventResource.NODE, ActionType.DELETE), node, None)

    # --- Pods -------------------------------------------------------------------------------

    def _on_pod_add(self, pod: JSONObject) -> None:
        if _is_finished(pod):
            return
        node_name = pod["spec"].get("nodeName")
        if node_name:
            self._put_bound(pod, node_name)
        elif self._is_mine(pod):
            info = PodInfo(pod)
            self._nominator.follow(info, None)
            self.queue.add(info, self._recorder.cause)

    def _on_pod_update(self, old: JSONObject, new: JSONObject) -> None:
        if old["metadata"].get("uid") != new["metadata"].get("uid"):
            self._on_pod_delete(old)
            self._on_pod_add(new)
            return
        if _is_finished(new):
            if not _is_finished(old):
                self._forget_pod(old)
            return
        node_name = new["spec"].get("nodeName")
        if node_name:
            if old["spec"].get("nodeName"):
                self._update_bound(old, new, node_name)
            else:
                self._put_bound(new, node_name)
        elif self._is_mine(new) and not self.cache.is_assumed(new["metadata"]["uid"]):
            changes = pod_changes(old, new)
            event = ClusterEvent(EventResource.TARGET_POD, changes) if changes else None
            info = PodInfo(new)
            self._nominator.follow(info, old)
            self.queue.update(info, event, old)

    def _on_pod_delete(self, pod: JSONObject) -> None:
        if not _is_finished(pod):
            self._forget_pod(pod)
        self._diagnoses.forget(pod["metadata"].get("uid", ""))

    def _put_bound(self, pod: JSONObject, node_name: str) -> None:
        known = self.cache.pod(pod["metadata"].get("uid", ""))
        info = PodInfo(pod) if known is None else known.newer(pod)
        self._nominator.remove(info.uid)
        self.queue.delete(info.uid)
        self.cache.put_pod(info, node_name)
        self.queue.move_all(ClusterEvent(EventResource.ASSIGNED_POD, ActionType.ADD), None, pod)

    def _update_bound(self, old: JSONObject, new: JSONObject, node_name: str) -> None:
        changes = pod_changes(old, new)
        is_ending = "deletionTimestamp" in new["metadata"] and (
            "deletionTimestamp" not in old["metadata"]
        )
        if changes or is_ending:
            self.cache.put_pod(PodInfo(new), node_name)
        if changes:
            self.queue.move_all(ClusterEvent(EventResource.ASSIGNED_POD, changes), old, new)

    def _forget_pod(self, pod: JSONObject) -> None:
        uid = pod["metadata"].get("uid", "")
        self._nominator.remove(uid)
        self.queue.delete(uid)
        node_name = self.cache.node_of(uid)
        self.cache.remove_pod(uid)
        if node_name is not None:
            self.queue.move_all(
                ClusterEvent(EventResource.ASSIGNED_POD, ActionType.DELETE), pod, None
            )

    def _is_mine(self, pod: JSONObject) -> bool:
        return scheduler_name(pod) in self._frameworks


def pod_changes(old: JSONObject, new: JSONObject) -> ActionType:
    """What differs between two versions of a Pod, as far as plugins look at it.

    Models:
        pkg/scheduler/framework/events.go PodSchedulingPropertiesChange
    """
    changes = ActionType(0)
    old_spec, new_spec = old["spec"], new["spec"]
    old_labels, new_labels = old["metadata"].get("labels"), new["metadata"].get("labels")
    if old_labels is not new_labels and old_labels != new_labels:
        changes |= ActionType.UPDATE_POD_LABEL
    granted = _granted(old)  # none before the first status, which grants what was asked
    if granted and granted != _granted(new) and pod_requests(old) != pod_requests(new):
        changes |= ActionType.UPDATE_POD_SCALE_DOWN
    if old_spec is new_spec:
        return changes
    if old_spec.get("tolerations") != new_spec.get("tolerations"):
        changes |= ActionType.UPDATE_POD_TOLERATIONS
    if old_spec.get("schedulingGates") and not new_spec.get("schedulingGates"):
        changes |= ActionType.UPDATE_POD_SCHEDULING_GATES_ELIMINATED
    for kind in ("containers", "initContainers", "resources"):
        if old_spec.get(kind) != new_spec.get(kind):
            changes |= ActionType.UPDATE_POD_SCALE_DOWN
    return changes


def _granted(pod: JSONObject) -> list[JSONObject]:
    """What the kubelet has granted each container, where a resize may be under way."""
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    return [status["allocatedResources"] for status in statuses if "allocatedResources" in status]


def _put_newer(put: Callable[[JSONObject], None], _: JSONObject, new: JSONObject) -> None:
    put(new)


def _is_finished(pod: JSONObject) -> bool:
    return pod.get("status", {}).get("phase") in _FINISHED_PHASES
