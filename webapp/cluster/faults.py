"""Faults: what people break on purpose, by creating objects of kind Fault.

Faults enter through an informer; calls to the machines and the Faults' status leave. A Fault begins
``startAfter`` its creation, ends by itself after ``duration``, and in any case when it is deleted. Two
Faults on one machine last until both are over. What is not modelled says so in its conditions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webapp.api.resources import FAULTS, NODES
from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.status import NotFound
from webapp.apimachinery.timestamps import time_text
from webapp.client.record import EventRecorder
from webapp.trace.facts import ControllerActed

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory
    from webapp.client.rest import RESTClient
    from webapp.cluster.node import Machines
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation
    from webapp.trace.recorder import Recorder

NODE_DOWN = "NodeDown"
KUBELET_DOWN = "KubeletDown"

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?")


def parse_duration_ms(text: str) -> int:
    """Milliseconds of a duration such as ``1m30s``.

    Raises:
        ValueError: ``text`` is no duration.
    """
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError(f'invalid duration "{text}"')
    hours, minutes, seconds, millis = (float(part or 0) for part in match.groups())
    return round(((hours * 60 + minutes) * 60 + seconds) * 1000 + millis)


class FaultInjector:
    """Makes Faults come true on the machines."""

    def __init__(
        self,
        sim: Simulation,
        recorder: Recorder,
        client: RESTClient,
        informers: InformerFactory,
        machines: Machines,
    ) -> None:
        self._sim = sim
        self._recorder = recorder
        self._client = client
        self._informers = informers
        self._machines = machines
        self._events = EventRecorder(client, sim, "podarium-faults")
        self._timers: dict[str, Timer] = {}
        self._broken: dict[str, tuple[str, list[str]]] = {}
        self._faults = informers.informer(FAULTS)
        self._nodes = informers.informer(NODES)

    def start(self) -> None:
        """Watch Faults from now on."""
        self._faults.add_handler(on_add=self._on_added, on_delete=self._on_deleted)
        self._nodes.add_handler(on_add=self._on_node_added)
        self._informers.start()

    # --- the life of a Fault

    def _on_added(self, fault: JSONObject) -> None:
        if (fault.get("status") or {}).get("phase") == "Healed":
            return
        spec, name = fault["spec"], fault["metadata"]["name"]
        if spec["type"] not in {NODE_DOWN, KUBELET_DOWN}:
            message = f"Faults of type {spec['type']} are not modelled yet: nothing happens"
            self._refuse(fault, "NotModelled", message)
            return
        try:
            wait_ms = parse_duration_ms(spec["startAfter"]) if spec.get("startAfter") else 0
            if spec.get("duration"):
                parse_duration_ms(spec["duration"])
        except ValueError as error:
            self._refuse(fault, "InvalidDuration", str(error))
            return
        if wait_ms:
            self._write_status(fault, {"phase": "Pending"})
            self._timers[name] = self._sim.schedule(wait_ms, self._begin, name, background=True)
        else:
            self._begin(name)

    def _begin(self, name: str) -> None:
        self._timers.pop(name, None)
        fault = self._faults.get(name)
        if fault is None:
            return
        spec = fault["spec"]
        nodes = self._targets(spec.get("target") or {})
        if not nodes:
            self._refuse(fault, "NoTarget", "the target names no Node that exists")
            return
        self._broken[name] = (spec["type"], nodes)
        for node in nodes:
            if spec["type"] == NODE_DOWN:
                self._machines.power_off(node)
            else:
                self._machines.stop_kubelet(node)
        listed = ", ".join(nodes)
        self._tell(fault, "Started", f"{spec['type']} began on {listed}")
        self._write_status(
            fault,
            {
                "phase": "Active",
                "startTime": time_text(self._sim.now_ms),
                "affected": [f"node/{node}" for node in nodes],
            },
        )
        if spec.get("duration"):
            self._timers[name] = self._sim.schedule(
                parse_duration_ms(spec["duration"]), self._end, name, background=True
            )

    def _end(self, name: str) -> None:
        self._timers.pop(name, None)
        fault = self._faults.get(name)
        if fault is None:
            return
        self._heal(name)
        self._tell(fault, "Healed", f"{fault['spec']['type']} is over")
        status = {"phase": "Healed", "affected": [], "endTime": time_text(self._sim.now_ms)}
        self._write_status(fault, status)

    def _on_deleted(self, fault: JSONObject) -> None:
        name = fault["metadata"]["name"]
        self._sim.cancel(self._timers.pop(name, None))
        self._heal(name)

    def _heal(self, name: str) -> None:
        _, nodes = self._broken.pop(name, ("", []))
        for node in nodes:
            held = self._faults_on(node)
            if NODE_DOWN in held:
                continue
            self._machines.power_on(node)
            if KUBELET_DOWN in held:
                self._machines.stop_kubelet(node)
            else:
                self._machines.start_kubelet(node)

    def _faults_on(self, node: str) -> list[str]:
        return [type_ for type_, nodes in self._broken.values() if node in nodes]

    def _on_node_added(self, node: JSONObject) -> None:
        """A Node that was removed meanwhile and comes back has a new machine, which works."""
        name = node["metadata"]["name"]
        for type_, nodes in list(self._broken.values()):
            if name in nodes and type_ in {NODE_DOWN, KUBELET_DOWN}:
                nodes.remove(name)

    # --- what it is about

    def _targets(self, target: JSONObject) -> list[str]:
        """Names of the Nodes meant, sorted."""
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

    # --- telling

    def _refuse(self, fault: JSONObject, reason: str, message: str) -> None:
        condition = {
            "type": "Accepted",
            "status": "False",
            "reason": reason,
            "message": message,
            "lastTransitionTime": time_text(self._sim.now_ms),
        }
        self._events.event(fault, "Warning", reason, message)
        self._write_status(fault, {"phase": "Pending", "conditions": [condition]})

    def _tell(self, fault: JSONObject, reason: str, message: str) -> None:
        self._events.event(fault, "Normal", reason, message)
        self._recorder.record(
            ControllerActed(actor=self._client.name, subject=object_ref(fault), summary=message)
        )

    def _write_status(self, fault: JSONObject, status: JSONObject) -> None:
        before = fault.get("status") or {}
        try:
            self._client.patch(
                FAULTS,
                "",
                fault["metadata"]["name"],
                {"status": {**before, **status}},
                subresource="status",
            )
        except NotFound:  # it was deleted just now, which heals it
            return
