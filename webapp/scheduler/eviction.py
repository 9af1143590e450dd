"""Writes what preemption has decided: victims are marked, deleted and told about it.

Models:
    pkg/scheduler/framework/preemption/executor.go Executor
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import PODS
from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.status import NotFound
from webapp.apimachinery.timestamps import time_text
from webapp.client.rest import STRATEGIC_MERGE_PATCH
from webapp.trace.facts import PreemptionChosen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.record import EventRecorder
    from webapp.client.rest import RESTClient
    from webapp.scheduler.framework.nominator import Nominator
    from webapp.scheduler.framework.types import PodInfo
    from webapp.sim.loop import Simulation
    from webapp.trace.recorder import Recorder


ACTOR = "kube-scheduler"


class Evictor:
    """Deletes victims."""

    def __init__(
        self,
        sim: Simulation,
        recorder: Recorder,
        client: RESTClient,
        events: EventRecorder,
        nominator: Nominator,
        latest_pod: Callable[[str], JSONObject | None],
    ) -> None:
        self._sim = sim
        self._recorder = recorder
        self._client = client
        self._events = events
        self._nominator = nominator
        self._latest_pod = latest_pod

    def evict(
        self, victims: Sequence[PodInfo], preemptor: PodInfo, node_name: str, rule: str
    ) -> None:
        """Delete the victims, and let less important Pods that waited for the Node look elsewhere."""
        for other in self._nominator.pods_on(node_name):
            if other.priority < preemptor.priority and other.uid != preemptor.uid:
                self._nominator.remove(other.uid)
                self._patch_status(other.pod, {"nominatedNodeName": None})
        chosen = PreemptionChosen(
            actor=ACTOR,
            subject=object_ref(preemptor.pod),
            node=node_name,
            victims=tuple([(victim.key, victim.priority) for victim in victims]),
            rule=rule,
        )
        with self._recorder.caused_by(self._recorder.record(chosen)):
            for victim in victims:
                latest = self._latest_pod(victim.key) or victim.pod
                if "deletionTimestamp" not in latest["metadata"]:
                    self._preempt(latest, preemptor, node_name)

    def _preempt(self, victim: JSONObject, preemptor: PodInfo, node_name: str) -> None:
        name = preemptor.pod["spec"].get("schedulerName") or "default-scheduler"
        metadata = victim["metadata"]
        condition: JSONObject = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "PreemptionByScheduler",
            "message": f"{name}: preempting to accommodate a higher priority pod",
            "lastProbeTime": None,
            "lastTransitionTime": time_text(self._sim.now_ms),
        }
        if "generation" in metadata:
            condition["observedGeneration"] = metadata["generation"]
        if not self._patch_status(victim, {"conditions": [condition]}):
            return
        try:
            self._client.delete(PODS, metadata.get("namespace", ""), metadata["name"])
        except NotFound:
            return
        text = f"Preempted by pod {preemptor.uid} on node {node_name}"
        self._events.event(victim, "Normal", "Preempted", text)

    def _patch_status(self, pod: JSONObject, status: JSONObject) -> bool:
        """Whether the Pod was still there."""
        metadata = pod["metadata"]
        try:
            self._client.patch(
                PODS,
                metadata.get("namespace", ""),
                metadata["name"],
                {"metadata": {"uid": metadata["uid"]}, "status": status},
                STRATEGIC_MERGE_PATCH,
                subresource="status",
            )
        except NotFound:
            return False
        return True
