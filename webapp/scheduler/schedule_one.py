"""One Pod after the other: the scheduling cycle decides, the binding cycle writes.

A Pod comes from the queue. Its scheduling cycle takes a moment of virtual time, at whose end the
algorithm decides on the Nodes as they then are, and the Pod is assumed to be on the chosen one; the
next Pod's cycle begins while the binding of this one is under way. A Pod that fits nowhere gets its
condition and its Event, and goes back to the queue.

Models:
    pkg/scheduler/schedule_one.go ScheduleOne
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from webapp.api.resources import PODS
from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.status import StatusError
from webapp.apimachinery.timestamps import time_text
from webapp.client.rest import STRATEGIC_MERGE_PATCH
from webapp.scheduler.diagnosis import Attempt
from webapp.scheduler.eviction import ACTOR
from webapp.scheduler.framework.interface import Code, Status
from webapp.scheduler.framework.nominator import nominated_node_name
from webapp.scheduler.framework.types import ActionType, ClusterEvent, EventResource
from webapp.trace.facts import (
    DomainsCompared,
    NodeChosen,
    NodesFiltered,
    NodesScored,
    PodBound,
    PodUnschedulable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.record import EventRecorder
    from webapp.client.rest import RESTClient
    from webapp.scheduler.cache import Cache
    from webapp.scheduler.config import SchedulerConfiguration
    from webapp.scheduler.diagnosis import DiagnosisLog
    from webapp.scheduler.framework.arrays import IntArray
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.interface import RefusedNodes
    from webapp.scheduler.framework.nominator import Nominator
    from webapp.scheduler.framework.runtime import Framework
    from webapp.scheduler.framework.types import QueuedPodInfo
    from webapp.scheduler.schedule_pod import Algorithm, ScheduleResult
    from webapp.scheduler.scheduling_queue import SchedulingQueue
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStream
    from webapp.trace.facts import ObjectRef
    from webapp.trace.recorder import Recorder

_LISTED_NODES = 20
_PRE_BIND_POLL_MS = 1000
_LONGEST_EVENT = 1024


class Collaborators(NamedTuple):
    """What the cycles work with.

    Attributes:
        sim: Virtual time.
        recorder: The fact log.
        client: Writes to the API.
        events: Writes Events.
        config: Latencies.
        frameworks: Scheduler name → its profile at work.
        cache: Nodes and Pods.
        queue: Waiting Pods.
        algorithm: Chooses the Node.
        diagnoses: Why.
        latest_pod: ``namespace/name`` → the newest version that informers know, or ``None``.
        nominator: Pods that wait for room made for them.
        latencies: How long cycles take is drawn from here.
    """

    sim: Simulation
    recorder: Recorder
    client: RESTClient
    events: EventRecorder
    config: SchedulerConfiguration
    frameworks: Mapping[str, tuple[Framework, int]]
    cache: Cache
    queue: SchedulingQueue
    algorithm: Algorithm
    diagnoses: DiagnosisLog
    latest_pod: Callable[[str], JSONObject | None]
    nominator: Nominator
    latencies: RandomStream


class _Binding(NamedTuple):
    queued: QueuedPodInfo
    framework: Framework
    state: CycleState
    node_name: str
    cause: int


class ScheduleOne:
    """Runs the cycles, one scheduling cycle at a time.

    Attributes:
        is_busy: Whether a scheduling cycle is under way.
    """

    def __init__(self, collaborators: Collaborators) -> None:
        self._with = collaborators
        self.is_busy = False

    def wake(self) -> None:
        """There may be a Pod to schedule."""
        if not self.is_busy:
            self.is_busy = True
            self._with.sim.schedule(0, self._next_pod)

    def _next_pod(self, _: None) -> None:
        self.is_busy = self._start_next_pod()

    def _start_next_pod(self) -> bool:
        """Take Pods from the queue up to one that needs a cycle; return whether there was one."""
        while (queued := self._with.queue.pop()) is not None:
            if self._is_still_wanted(queued):
                delay_ms = self._with.config.cycle_latency.draw(self._with.latencies)
                self._with.sim.schedule(delay_ms, self._end_cycle, queued)
                return True
            self._with.queue.done(queued.pod_info.uid)
        return False

    def _end_cycle(self, queued: QueuedPodInfo) -> None:
        if self._is_still_wanted(queued):
            with self._with.recorder.caused_by(queued.cause):
                self.scheduling_cycle(queued)
        else:
            self._with.queue.done(queued.pod_info.uid)
        self.is_busy = self._start_next_pod()

    def _is_still_wanted(self, queued: QueuedPodInfo) -> bool:
        """Whether the Pod is still there, waits for a Node and is not being deleted."""
        pod = queued.pod_info
        latest = self._with.latest_pod(pod.key)
        if latest is None or latest["metadata"].get("uid", "") != pod.uid:
            return False
        if latest["spec"].get("nodeName") or self._with.cache.is_assumed(pod.uid):
            return False
        if scheduler_name(latest) not in self._with.frameworks:
            return False
        if latest["metadata"].get("deletionTimestamp"):
            text = f"skip schedule deleting pod: {pod.key}"
            self._with.events.event(latest, "Warning", "FailedScheduling", text)
            return False
        return True

    # --- scheduling -------------------------------------------------------------------------

    def scheduling_cycle(self, queued: QueuedPodInfo) -> None:
        """Find a Node for the Pod, assume it there, and start the binding; or say why not."""
        pod = queued.pod_info
        framework, percentage = self._with.frameworks[scheduler_name(pod.pod)]

        # 1. Filter, score and choose.
        result = self._with.algorithm.schedule_pod(framework, pod, percentage)
        names = self._with.cache.nodes.names
        attempt = Attempt(queued.attempts, self._with.sim.now_ms, names, result)
        self._with.diagnoses.add(pod.uid, attempt)
        cause = self._record_filtering(queued, result, names)
        self._record_domains(queued, result, cause)
        if not result.status.is_success:
            with self._with.recorder.caused_by(cause):
                nominated = result.post.nominated_node if result.post is not None else None
                plugins = result.unschedulable_plugins
                self.handle_failure(queued, result.status, plugins, nominated)
            return
        cause = self._record_choice(queued, result, names, cause)

        # 2. Count the Pod in, so that the next cycle sees its Node with it.
        state = result.pod_class.state
        self._with.cache.assume_pod(pod, result.node_name)
        self._with.nominator.remove(pod.uid)

        # 3. Reserve and Permit may still refuse.
        status = framework.run_reserve_plugins(state, pod, result.node_name)
        if status.is_success:
            status = framework.run_permit_plugins(state, pod, result.node_name)
        binding = _Binding(queued, framework, state, result.node_name, cause)
        if not status.is_success:
            with self._with.recorder.caused_by(cause):
                self._take_back(binding, status)
            return

        # 4. Bind while the next Pod is being scheduled.
        delay_ms = self._with.config.bind_latency.draw(self._with.latencies)
        self._with.sim.schedule(delay_ms, self.binding_cycle, binding)

    def binding_cycle(self, binding: _Binding) -> None:
        """Write the binding of an assumed Pod."""
        pod, framework = binding.queued.pod_info, binding.framework
        with self._with.recorder.caused_by(binding.cause):
            status = framework.run_pre_bind_plugins(binding.state, pod, binding.node_name)
            if status.is_success:
                status = framework.run_bind_plugins(binding.state, pod, binding.node_name)
            if status.code is Code.WAIT:
                self._with.sim.schedule(_PRE_BIND_POLL_MS, self.binding_cycle, binding)
                return
            if not status.is_success:
                self._take_back(binding, status)
                return
            self._with.queue.done(pod.uid)
            self._with.recorder.record(
                PodBound(actor=ACTOR, subject=object_ref(pod.pod), node=binding.node_name)
            )
            text = f"Successfully assigned {pod.key} to {binding.node_name}"
            self._with.events.event(pod.pod, "Normal", "Scheduled", text)
            framework.run_post_bind_plugins(binding.state, pod, binding.node_name)

    def _take_back(self, binding: _Binding, status: Status) -> None:
        """Undo what was done for a Pod that is not going to its Node after all."""
        pod = binding.queued.pod_info
        binding.framework.run_unreserve_plugins(binding.state, pod, binding.node_name)
        self._with.cache.forget_pod(pod.uid)
        left = ClusterEvent(EventResource.ASSIGNED_POD, ActionType.DELETE)
        self._with.queue.move_all(left, pod.pod, None)
        plugins = frozenset((status.plugin,)) if status.is_rejected else frozenset()
        if status.is_rejected:
            text = f"0/1 nodes are available: 1 {status.message}."
            status = Status(status.code, (text,), status.plugin)
        self.handle_failure(binding.queued, status, plugins)

    # --- failure ----------------------------------------------------------------------------

    def handle_failure(
        self,
        queued: QueuedPodInfo,
        status: Status,
        plugins: frozenset[str],
        nominated_node: str | None = None,
    ) -> None:
        """Put the Pod back into the queue and tell people why it is not on a Node.

        Args:
            queued: The Pod.
            status: Why.
            plugins: Who refused it.
            nominated_node: Where room is being made; "" clears an earlier one; ``None`` keeps it.

        Models:
            pkg/scheduler/schedule_one.go handleSchedulingFailure
        """
        pod = queued.pod_info
        latest = self._with.latest_pod(pod.key)
        if (
            latest is None
            or latest["metadata"].get("uid", "") != pod.uid
            or latest["spec"].get("nodeName")
        ):
            self._with.queue.done(pod.uid)
            return
        if nominated_node is not None:
            self._with.nominator.put(pod, nominated_node)
        message = status.message
        if status.is_rejected:
            self._with.recorder.record(
                PodUnschedulable(
                    actor=ACTOR,
                    subject=object_ref(latest),
                    attempt=queued.attempts,
                    message=message,
                )
            )
        self._with.queue.add_unschedulable(queued, plugins)
        self._with.events.event(latest, "Warning", "FailedScheduling", _truncated(message))
        self._patch_status(latest, status, nominated_node)

    def _patch_status(self, pod: JSONObject, status: Status, nominated_node: str | None) -> None:
        condition: JSONObject = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable" if status.is_rejected else "SchedulerError",
            "message": status.message,
        }
        known = [
            one
            for one in pod.get("status", {}).get("conditions") or ()
            if one["type"] == "PodScheduled"
        ]
        is_known = known and all(known[0].get(key) == value for key, value in condition.items())
        if nominated_node is None or nominated_node == nominated_node_name(pod):
            if is_known:
                return
            nominated_node = None
        since = known[0].get("lastTransitionTime") if known else None
        if since is None or known[0].get("status") != "False":
            since = time_text(self._with.sim.now_ms)
        condition["lastProbeTime"] = None
        condition["lastTransitionTime"] = since
        metadata = pod["metadata"]
        if "generation" in metadata:
            condition["observedGeneration"] = metadata["generation"]
        written: JSONObject = {"conditions": [condition]}
        if nominated_node is not None:
            written["nominatedNodeName"] = nominated_node or None
        patch = {"metadata": {"uid": metadata["uid"]}, "status": written}
        try:
            self._with.client.patch(
                PODS,
                metadata.get("namespace", ""),
                metadata["name"],
                patch,
                STRATEGIC_MERGE_PATCH,
                subresource="status",
            )
        except StatusError:
            # The Pod changed or went meanwhile: its next attempt reports again.
            return

    # --- facts ------------------------------------------------------------------------------

    def _record_filtering(
        self, queued: QueuedPodInfo, result: ScheduleResult, names: tuple[str, ...]
    ) -> int:
        counts: dict[str, int] = {}
        verdicts: list[tuple[str, str]] = []
        for group in self._refused(result, len(names)):
            for reason in group.status.reasons:
                counts[reason] = counts.get(reason, 0) + len(group.rows)
            first = group.status.reasons[0]
            verdicts.extend((names[row], first) for row in group.rows[:_LISTED_NODES].tolist())
        fitting = result.fitting
        if isinstance(fitting, slice):
            feasible = names[fitting.start : min(fitting.stop, fitting.start + _LISTED_NODES)]
        else:
            feasible = tuple([names[row] for row in fitting[:_LISTED_NODES].tolist()])
        return self._with.recorder.record(
            NodesFiltered(
                actor=ACTOR,
                subject=self._subject(queued),
                attempt=queued.attempts,
                total=len(names),
                feasible=feasible,
                feasible_count=result.fitting_count,
                refused=tuple(sorted(counts.items())),
                verdicts=tuple(sorted(verdicts)[:_LISTED_NODES]),
            )
        )

    def _record_domains(self, queued: QueuedPodInfo, result: ScheduleResult, cause: int) -> None:
        if not result.pod_class.status.is_success:
            return
        for plugin, domains in result.pod_class.compared_domains():
            with self._with.recorder.caused_by(cause):
                self._with.recorder.record(
                    DomainsCompared(
                        actor=ACTOR,
                        subject=self._subject(queued),
                        attempt=queued.attempts,
                        plugin=plugin,
                        topology_key=domains.topology_key,
                        domains=domains.counts[:_LISTED_NODES],
                    )
                )

    def _refused(self, result: ScheduleResult, total: int) -> list[RefusedNodes]:
        if result.refused or not result.node_name:
            return list(result.refused)
        rows = np.arange(total)[result.scanned]
        if len(rows) == result.fitting_count:
            return []
        return result.pod_class.refused_nodes(rows)

    def _record_choice(
        self, queued: QueuedPodInfo, result: ScheduleResult, names: tuple[str, ...], cause: int
    ) -> int:
        recorder = self._with.recorder
        subject = self._subject(queued)
        score = 0
        if result.totals is not None:
            best = best_places(result.totals, _LISTED_NODES)
            fitting = result.fitting
            rows = best + fitting.start if isinstance(fitting, slice) else fitting[best]
            totals = result.totals[best].tolist()
            score = totals[0]
            scores = tuple(zip([names[row] for row in rows.tolist()], totals, strict=True))
            with recorder.caused_by(cause):
                cause = recorder.record(
                    NodesScored(
                        actor=ACTOR, subject=subject, attempt=queued.attempts, scores=scores
                    )
                )
        with recorder.caused_by(cause):
            return recorder.record(
                NodeChosen(
                    actor=ACTOR,
                    subject=subject,
                    attempt=queued.attempts,
                    node=result.node_name,
                    score=score,
                )
            )

    @staticmethod
    def _subject(queued: QueuedPodInfo) -> ObjectRef:
        return object_ref(queued.pod_info.pod)


def best_places(totals: IntArray, count: int) -> IntArray:
    """Places of the highest sums, highest first, equal ones in order."""
    size = len(totals)
    keys = totals * -size  # sums and places in one number, since partitions do not keep order
    keys += np.arange(size)
    if size <= count:
        return keys.argsort()
    best: IntArray = keys.argpartition(count)[:count]
    order: IntArray = best[keys[best].argsort()]
    return order


def scheduler_name(pod: JSONObject) -> str:
    """Which scheduler the Pod asks for."""
    name: str = pod["spec"].get("schedulerName") or "default-scheduler"
    return name


def _truncated(message: str) -> str:
    if len(message) <= _LONGEST_EVENT:
        return message
    return message[: _LONGEST_EVENT - 4] + " ..."
