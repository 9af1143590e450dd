"""The node lifecycle controller: silent Nodes become Unknown, and conditions become taints.

Nodes, their Leases and Pods enter through informers; conditions, taints, Pods marked not ready and
Events leave. NoSchedule taints follow conditions at once. All else happens at the looks at all Nodes
that upstream takes every five seconds; only those looks are simulated at which something changes:
50 s after its last renewal a Node becomes Unknown, at the next look it gets its NoExecute taint.

Models:
    pkg/controller/nodelifecycle/node_lifecycle_controller.go monitorNodeHealth
    pkg/controller/nodelifecycle/node_lifecycle_controller.go doNoScheduleTaintingPass
    pkg/controller/nodelifecycle/node_lifecycle_controller.go doNoExecuteTaintingPass
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import LEASES, NODES, PODS
from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.status import NotFound
from webapp.apimachinery.timestamps import time_text
from webapp.controller.controller import Controller
from webapp.controller.nodelifecycle.health import (
    GRACE_PERIOD_MS,
    STARTUP_GRACE_PERIOD_MS,
    next_tick_ms,
    ready_status,
    silent_since_ms,
    with_unknown_conditions,
)
from webapp.controller.nodelifecycle.taints import (
    NOT_READY,
    UNREACHABLE,
    compute_taints,
    with_no_execute,
)
from webapp.controller.nodelifecycle.zones import Zones
from webapp.controller.pods import is_pod_ready
from webapp.trace.facts import NodeReadinessChanged

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

LEASE_NAMESPACE = "kube-node-lease"

_BY_NODE = "node"
_HEALTH = "health:"
_EVICTION = "eviction:"
_NO_EXECUTE_KEYS = {"False": NOT_READY, "Unknown": UNREACHABLE}


class NodeLifecycleController(Controller):
    """Keys are names of Nodes for NoSchedule taints, ``health:NAME`` and ``eviction:NAME``."""

    name = "node-lifecycle-controller"
    service_ms = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events("node-controller")
        self._start_ms = context.sim.now_ms
        self._zones = Zones()
        self._nodes = context.informers.informer(NODES)
        self._leases = context.informers.informer(LEASES)
        self._pods = context.informers.informer(PODS)
        self._pods.add_index(_BY_NODE, _node_name)
        self._nodes.add_handler(
            on_add=self._on_node_add, on_update=self._on_node_update, on_delete=self._on_node_delete
        )
        self._leases.add_handler(
            on_add=self._on_lease, on_update=lambda _, new: self._on_lease(new)
        )
        self._pods.add_handler(on_update=self._on_pod_update)

    def sync(self, key: str) -> None:
        """Look at one Node."""
        if key.startswith(_HEALTH):
            self._check_health(key.removeprefix(_HEALTH))
        elif key.startswith(_EVICTION):
            self._sync_no_execute(key, key.removeprefix(_EVICTION))
        else:
            self._sync_no_schedule(key)

    # --- NoSchedule taints

    def _sync_no_schedule(self, name: str) -> None:
        node = self._nodes.get(name)
        if node is not None:
            self._write_taints(node, compute_taints(node, self.sim.now_ms))

    def _write_taints(self, node: JSONObject, taints: list[JSONObject]) -> bool:
        before = (node.get("spec") or {}).get("taints") or []
        if taints == before:
            return False
        metadata = node["metadata"]
        patch = {
            "metadata": {"resourceVersion": metadata["resourceVersion"]},
            "spec": {"taints": taints or None},
        }
        self.client.patch(NODES, "", metadata["name"], patch)
        self.acted(node, f"node lifecycle controller {_describe(before, taints)}")
        return True

    # --- health

    def _check_health(self, name: str) -> None:
        node = self._nodes.get(name)
        if node is None or ready_status(node) == "Unknown":
            return
        since_ms = self._silent_since_ms(self._leases.get(f"{LEASE_NAMESPACE}/{name}"))
        if since_ms is None:
            if ready_status(node):
                return
        elif since_ms + GRACE_PERIOD_MS > self.sim.now_ms:
            self._check_at(name, since_ms + GRACE_PERIOD_MS)
            return
        was_ready = ready_status(node) == "True"
        status = with_unknown_conditions(node, self.sim.now_ms)
        node = self.client.update(NODES, {**node, "status": status}, "status")
        self.acted(node, f"node lifecycle controller has not heard of {name}: Ready is Unknown")
        if was_ready:
            self._tell_not_ready(node)
        for pod in self._pods.by_index(_BY_NODE, name):
            self._mark_not_ready(pod)

    def _silent_since_ms(self, lease: JSONObject | None) -> int | None:
        """When a silent kubelet was heard last; what was before this controller began counts for nothing."""
        since_ms = silent_since_ms(lease)
        return None if since_ms is None else max(since_ms, self._start_ms)

    def _tell_not_ready(self, node: JSONObject) -> None:
        name = node["metadata"]["name"]
        message = f"Node {name} status is now: NodeNotReady"
        self._events.event(node, "Normal", "NodeNotReady", message)

    def _mark_not_ready(self, pod: JSONObject) -> None:
        if not is_pod_ready(pod):
            return
        conditions = [
            {**item, "status": "False", "lastTransitionTime": time_text(self.sim.now_ms)}
            if item["type"] == "Ready"
            else item
            for item in pod["status"]["conditions"]
        ]
        metadata = pod["metadata"]
        patch = {"status": {"conditions": conditions}}
        try:
            self.client.patch(
                PODS, metadata["namespace"], metadata["name"], patch, subresource="status"
            )
        except NotFound:
            return
        self._events.event(pod, "Warning", "NodeNotReady", "Node is not ready")

    def _check_at(self, name: str, at_ms: int) -> None:
        tick_ms = next_tick_ms(at_ms, self._start_ms)
        self.enqueue_after(_HEALTH + name, tick_ms - self.sim.now_ms)

    # --- NoExecute taints

    def _sync_no_execute(self, key: str, name: str) -> None:
        node = self._nodes.get(name)
        if node is None:
            return
        wanted = _NO_EXECUTE_KEYS.get(ready_status(node), "")
        if wanted and self._zones.all_lost:
            wanted = ""  # more likely it is the control plane that hears nobody
        before = (node.get("spec") or {}).get("taints") or []
        taints = with_no_execute(node, wanted, self.sim.now_ms)
        if taints == before:
            return
        if not wanted or _has_no_execute(before):  # the one for the other needs no leave
            self._write_taints(node, taints)
            return
        wait_ms = self._zones.wait_ms(name, self.sim.now_ms)
        if wait_ms is None:
            return
        if wait_ms:
            self.enqueue_after(key, wait_ms)
        elif self._write_taints(node, taints):
            self._zones.note_eviction(name, self.sim.now_ms)

    def _judge_zones(self) -> None:
        """When more or fewer Nodes are lost, evictions may stop or go on."""
        for name in self._zones.changed():
            self._look_again(name)

    def _look_again(self, name: str) -> None:
        """At the next of the looks at all Nodes."""
        tick_ms = next_tick_ms(self.sim.now_ms + 1, self._start_ms)
        self.enqueue_after(_EVICTION + name, tick_ms - self.sim.now_ms)

    # --- handlers

    def _on_node_add(self, node: JSONObject) -> None:
        name = node["metadata"]["name"]
        self._enqueue_if_tainted_wrongly(node)
        self._zones.put(node, ready=ready_status(node) == "True")
        self._zones.changed()
        self._tell_at_next_look(node, "RegisteredNode", f"Registered Node {name} in Controller")
        if not ready_status(node):
            self._check_at(name, self.sim.now_ms + STARTUP_GRACE_PERIOD_MS)
        elif ready_status(node) != "True" or _has_no_execute(
            (node.get("spec") or {}).get("taints") or []
        ):
            self._look_again(name)

    def _on_node_update(self, old: JSONObject, new: JSONObject) -> None:
        self._enqueue_if_tainted_wrongly(new)
        before, after = ready_status(old), ready_status(new)
        self._zones.put(new, ready=after == "True")
        if before == after:
            return
        name = new["metadata"]["name"]
        self._judge_zones()
        if after:
            self._look_again(name)
        if after == "Unknown":
            self.recorder.record(
                NodeReadinessChanged(
                    actor=self.client.name,
                    subject=object_ref(new),
                    node=name,
                    ready=False,
                    reason="NodeStatusUnknown",
                )
            )
        elif before == "True":
            self._tell_not_ready(new)
            for pod in self._pods.by_index(_BY_NODE, name):
                self._mark_not_ready(pod)

    def _on_node_delete(self, node: JSONObject) -> None:
        name = node["metadata"]["name"]
        self._zones.remove(name)
        self._judge_zones()
        self._tell_at_next_look(node, "RemovingNode", f"Removing Node {name} from Controller")

    def _tell_at_next_look(self, node: JSONObject, reason: str, message: str) -> None:
        delay_ms = next_tick_ms(self.sim.now_ms + 1, self._start_ms) - self.sim.now_ms
        self.sim.schedule(delay_ms, self._tell, (node, reason, message), background=True)

    def _tell(self, told: tuple[JSONObject, str, str]) -> None:
        node, reason, message = told
        text = f"Node {node['metadata']['name']} event: {message}"
        self._events.event(node, "Normal", reason, text)

    def _enqueue_if_tainted_wrongly(self, node: JSONObject) -> None:
        # Heartbeats change nothing here: compare before queueing.
        before = (node.get("spec") or {}).get("taints") or []
        if compute_taints(node, self.sim.now_ms) != before:
            self.enqueue(node["metadata"]["name"])

    def _on_lease(self, lease: JSONObject) -> None:
        if lease["metadata"].get("namespace") != LEASE_NAMESPACE:
            return
        since_ms = self._silent_since_ms(lease)
        if since_ms is not None:
            self._check_at(lease["metadata"]["name"], since_ms + GRACE_PERIOD_MS)

    def _on_pod_update(self, old: JSONObject, new: JSONObject) -> None:
        """A Pod bound to a Node that is not heard of cannot be Ready."""
        node_name = new["spec"].get("nodeName")
        if node_name and is_pod_ready(new) and not is_pod_ready(old):
            node = self._nodes.get(node_name)
            if node is not None and ready_status(node) == "Unknown":
                self._mark_not_ready(new)


def _has_no_execute(taints: list[JSONObject]) -> bool:
    return any(
        taint["effect"] == "NoExecute" and taint["key"] in {NOT_READY, UNREACHABLE}
        for taint in taints
    )


def _node_name(pod: JSONObject) -> tuple[str, ...]:
    node = pod["spec"].get("nodeName")
    return (node,) if node else ()


def _describe(before: list[JSONObject], after: list[JSONObject]) -> str:
    added = [_text(taint) for taint in after if taint not in before]
    removed = [_text(taint) for taint in before if taint not in after]
    parts = []
    if added:
        parts.append(f"added the taint {', '.join(added)}")
    if removed:
        parts.append(f"removed the taint {', '.join(removed)}")
    return " and ".join(parts)


def _text(taint: JSONObject) -> str:
    return f"{taint['key']}:{taint['effect']}"
