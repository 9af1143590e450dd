"""The taint eviction controller: deletes Pods from Nodes whose NoExecute taints they do not tolerate.

Nodes and Pods enter through informers; a DisruptionTarget condition, deletions and Events leave. A Pod
that tolerates a taint for some seconds has a background timer that runs out then.

Models:
    pkg/controller/tainteviction/taint_eviction.go Controller
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import NODES, PODS
from webapp.apimachinery.meta import namespaced_name
from webapp.apimachinery.status import NotFound
from webapp.apimachinery.timestamps import time_text
from webapp.controller.controller import Controller
from webapp.controller.node_fit import NO_EXECUTE, tolerates

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext
    from webapp.sim.events import Timer

_BY_NODE = "node"
_MESSAGE = "Taint manager: deleting due to NoExecute taint"


class TaintEvictionController(Controller):
    """Keys are ``namespace/name`` of Pods."""

    name = "taint-eviction-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events(self.name)
        self._timers: dict[str, Timer] = {}
        self._due: dict[str, None] = {}
        self._nodes = context.informers.informer(NODES)
        self._pods = context.informers.informer(PODS)
        self._pods.add_index(_BY_NODE, _node_name)
        self._nodes.add_handler(on_add=self._on_node, on_update=self._on_node_update)
        self._pods.add_handler(
            on_add=self._on_pod, on_update=self._on_pod_update, on_delete=self._on_pod_delete
        )

    def sync(self, key: str) -> None:
        """Delete a Pod, set it a time, or let it stay."""
        pod = self._pods.get(key)
        if pod is None or "deletionTimestamp" in pod["metadata"]:
            self._forget(key)
            return
        node = self._nodes.get(pod["spec"].get("nodeName", ""))
        taints = no_execute_taints(node) if node is not None else []
        seconds = tolerated_seconds(pod, taints)
        if seconds is None:
            self._cancel(key, pod)
        elif seconds <= 0 or key in self._due:
            self._forget(key)
            self._evict(pod)
        elif key not in self._timers:
            self._timers[key] = self.sim.schedule(
                seconds * 1000, self._run_out, key, background=True
            )

    def _run_out(self, key: str) -> None:
        self._due[key] = None
        self.enqueue(key)

    def _cancel(self, key: str, pod: JSONObject) -> None:
        if key in self._timers:
            self._forget(key)
            message = f"Cancelling deletion of Pod {key}"
            self._events.event(pod, "Normal", "TaintManagerEviction", message)

    def _forget(self, key: str) -> None:
        self.sim.cancel(self._timers.pop(key, None))
        self._due.pop(key, None)

    def _evict(self, pod: JSONObject) -> None:
        metadata, key = pod["metadata"], namespaced_name(pod)
        message = f"Marking for deletion Pod {key}"
        self._events.event(pod, "Normal", "TaintManagerEviction", message)
        held = (pod.get("status") or {}).get("conditions") or ()
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "DeletionByTaintManager",
            "message": _MESSAGE,
            "lastTransitionTime": time_text(self.sim.now_ms),
        }
        others = [item for item in held if item["type"] != "DisruptionTarget"]
        patch = {"status": {"conditions": [*others, condition]}}
        try:
            self.client.patch(
                PODS, metadata["namespace"], metadata["name"], patch, subresource="status"
            )
            self.client.delete(PODS, metadata["namespace"], metadata["name"])
        except NotFound:
            return
        self.acted(pod, f"taint eviction deleted the Pod from {pod['spec'].get('nodeName', '')}")

    def _on_node(self, node: JSONObject) -> None:
        if no_execute_taints(node):
            self._enqueue_pods(node)

    def _on_node_update(self, old: JSONObject, new: JSONObject) -> None:
        if no_execute_taints(old) != no_execute_taints(new):
            self._enqueue_pods(new)

    def _enqueue_pods(self, node: JSONObject) -> None:
        for pod in self._pods.by_index(_BY_NODE, node["metadata"]["name"]):
            self.enqueue(namespaced_name(pod))

    def _on_pod(self, pod: JSONObject) -> None:
        node = self._nodes.get(pod["spec"].get("nodeName", ""))
        if node is not None and no_execute_taints(node):
            self.enqueue(namespaced_name(pod))

    def _on_pod_update(self, old: JSONObject, new: JSONObject) -> None:
        if (
            old["spec"].get("nodeName") != new["spec"].get("nodeName")
            or old["spec"].get("tolerations") != new["spec"].get("tolerations")
            or "deletionTimestamp" in new["metadata"]
        ):
            self._on_pod(new)

    def _on_pod_delete(self, pod: JSONObject) -> None:
        self._forget(namespaced_name(pod))


def no_execute_taints(node: JSONObject) -> list[JSONObject]:
    """The Node's taints of effect NoExecute."""
    taints = (node.get("spec") or {}).get("taints") or ()
    return [taint for taint in taints if taint["effect"] == NO_EXECUTE]


def tolerated_seconds(pod: JSONObject, taints: list[JSONObject]) -> int | None:
    """How long the Pod may stay: 0 not at all, ``None`` for ever."""
    tolerations = pod["spec"].get("tolerations") or ()
    limits: list[int] = []
    for taint in taints:
        used = next((item for item in tolerations if tolerates(item, taint)), None)
        if used is None:
            return 0
        if used.get("tolerationSeconds") is not None:
            limits.append(int(used["tolerationSeconds"]))
    return max(0, min(limits)) if limits else None


def _node_name(pod: JSONObject) -> tuple[str, ...]:
    node = pod["spec"].get("nodeName")
    return (node,) if node else ()
