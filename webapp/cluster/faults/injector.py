"""The life of Faults: pending, active, healed.

Faults enter through an informer; calls to the families and the Faults' status, Events and facts leave. A
Fault begins ``startAfter`` its creation, ends by itself after ``duration``, and in any case when it is
deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import FAULTS, NODES, PODS
from webapp.api.sim.durations import parse_duration_ms
from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.status import NotFound
from webapp.apimachinery.timestamps import time_text
from webapp.client.record import EventRecorder
from webapp.cluster.faults.active import ActiveFault
from webapp.cluster.faults.wording import WORDINGS
from webapp.trace.facts import ControllerActed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory
    from webapp.client.rest import RESTClient
    from webapp.cluster.faults.active import Family
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation
    from webapp.trace.recorder import Recorder

PENDING = "Pending"
ACTIVE = "Active"
HEALED = "Healed"
MOST_NAMED = 5


class FaultInjector:
    """Makes Faults come true.

    Args:
        sim: Virtual time.
        recorder: Takes the facts.
        client: Writes the Faults' statuses and Events.
        informers: Faults, Nodes and Pods.
        families: Type → who makes it come true.
    """

    def __init__(
        self,
        sim: Simulation,
        recorder: Recorder,
        client: RESTClient,
        informers: InformerFactory,
        families: Mapping[str, Family],
    ) -> None:
        self._sim = sim
        self._recorder = recorder
        self._client = client
        self._informers = informers
        self._families = families
        self._events = EventRecorder(client, sim, "podarium-faults")
        self._timers: dict[str, Timer] = {}
        self._active: dict[str, ActiveFault] = {}
        self._faults = informers.informer(FAULTS)
        self._nodes = informers.informer(NODES)
        self._pods = informers.informer(PODS)

    def start(self) -> None:
        """Watch Faults from now on."""
        self._faults.add_handler(on_add=self._on_added, on_delete=self._on_deleted)
        self._nodes.add_handler(on_add=self._on_node_added)
        self._informers.start()

    # --- the life of a Fault

    def _on_added(self, fault: JSONObject) -> None:
        if (fault.get("status") or {}).get("phase") == HEALED:
            return
        name = fault["metadata"]["name"]
        wait_ms = parse_duration_ms(fault["spec"].get("startAfter") or "0")
        if wait_ms:
            text = f"begins at {time_text(self._sim.now_ms + wait_ms)}"
            self._write_status(fault, {"phase": PENDING}, ("Active", "False", "Waiting", text))
            self._timers[name] = self._sim.schedule(wait_ms, self._begin, name, background=True)
        else:
            self._begin(name)

    def _begin(self, name: str) -> None:
        self._timers.pop(name, None)
        fault = self._faults.get(name)
        if fault is None:
            return
        active = ActiveFault(name, fault["spec"], self._nodes_meant(fault["spec"]))
        problem = self._problem(active)
        if problem:
            self._events.event(fault, "Warning", "NoTarget", problem)
            self._write_status(fault, {"phase": PENDING}, ("Active", "False", "NoTarget", problem))
            return
        affected = self._affected(active)
        self._active[name] = active
        wording = WORDINGS[active.type]
        text = f"{_where(affected, active)}: {wording.does}"
        self._tell(fault, "Started", text)
        self._events.event(fault, "Normal", "WatchFor", wording.watch_for)
        is_over = self._families[active.type].strike(active)
        status: JSONObject = {
            "phase": ACTIVE,
            "startTime": time_text(self._sim.now_ms),
            "affected": affected,
            "watchFor": wording.watch_for,
        }
        self._write_status(fault, status, ("Active", "True", "Started", text))
        if is_over:
            self._timers[name] = self._sim.schedule(1, self._end, name)
        elif active.spec.get("duration"):
            length_ms = parse_duration_ms(active.spec["duration"])
            self._timers[name] = self._sim.schedule(length_ms, self._end, name, background=True)

    def _end(self, name: str) -> None:
        self._timers.pop(name, None)
        fault = self._faults.get(name)
        if fault is None:
            return
        self._heal(name)
        text = f"{fault['spec']['type']} is over"
        self._tell(fault, "Healed", text)
        status = {"phase": HEALED, "affected": [], "endTime": time_text(self._sim.now_ms)}
        self._write_status(fault, status, ("Active", "False", "Healed", text))

    def _on_deleted(self, fault: JSONObject) -> None:
        name = fault["metadata"]["name"]
        self._sim.cancel(self._timers.pop(name, None))
        self._heal(name)

    def _heal(self, name: str) -> None:
        active = self._active.pop(name, None)
        if active is not None:
            self._families[active.type].heal(active)

    def _on_node_added(self, node: JSONObject) -> None:
        """A Node that was removed meanwhile and comes back has a new machine, which works."""
        name = node["metadata"]["name"]
        for active in self._active.values():
            if name in active.nodes:
                active.nodes.remove(name)

    # --- what it is about

    def _nodes_meant(self, spec: JSONObject) -> list[str]:
        """Names of the Nodes meant, sorted."""
        target = spec.get("target") or {}
        if target.get("node"):
            return [target["node"]] if self._nodes.get(target["node"]) is not None else []
        if not target.get("nodeSelector"):
            return []
        selector = selector_from_label_selector(target["nodeSelector"])
        return [
            node["metadata"]["name"]
            for node in self._nodes.list()
            if selector.matches(node["metadata"].get("labels"))
        ]

    def _problem(self, active: ActiveFault) -> str:
        """Why it cannot begin; a selector of Pods may have none yet."""
        target = active.target
        if target.get("node") or target.get("nodeSelector"):
            return "" if active.nodes else "the target names no Node that exists"
        if target.get("pod"):
            key = f"{target.get('namespace', 'default')}/{target['pod']}"
            return "" if self._pods.get(key) is not None else f"there is no Pod {key}"
        return ""

    def _affected(self, active: ActiveFault) -> list[str]:
        if active.nodes:
            return [f"node/{name}" for name in active.nodes]
        return [
            f"pod/{pod['metadata']['namespace']}/{pod['metadata']['name']}"
            for pod in self._pods.list()
            if active.means_pod(pod)
        ]

    # --- telling

    def _tell(self, fault: JSONObject, reason: str, message: str) -> None:
        self._events.event(fault, "Normal", reason, message)
        self._recorder.record(
            ControllerActed(actor=self._client.name, subject=object_ref(fault), summary=message)
        )

    def _write_status(
        self, fault: JSONObject, status: JSONObject, verdict: tuple[str, str, str, str]
    ) -> None:
        type_, truth, reason, message = verdict
        condition = {
            "type": type_,
            "status": truth,
            "reason": reason,
            "message": message,
            "lastTransitionTime": time_text(self._sim.now_ms),
        }
        before = fault.get("status") or {}
        patch = {"status": {**before, **status, "conditions": [condition]}}
        try:
            self._client.patch(FAULTS, "", fault["metadata"]["name"], patch, subresource="status")
        except NotFound:  # it was deleted just now, which heals it
            return


def _where(affected: list[str], active: ActiveFault) -> str:
    """What is struck, in few words."""
    if not affected:
        return active.type
    named = ", ".join(affected[:MOST_NAMED])
    more = len(affected) - MOST_NAMED
    return f"{active.type} on {named}{f' and {more} more' if more > 0 else ''}"
