"""The Pod garbage collector: removes Pods whose Node is gone, and the oldest ended ones beyond 12,500.

Pods and Nodes enter through informers; a Failed status and deletions without grace leave.

Deviation: upstream looks every 20 seconds; here a Node's end or a Pod's binding to a missing Node
starts the 40 seconds that a Node must have been gone.

Models:
    pkg/controller/podgc/gc_controller.go gcOrphaned, gcTerminated
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import NODES, PODS
from webapp.apimachinery.meta import namespaced_name
from webapp.apimachinery.status import NotFound
from webapp.apimachinery.timestamps import time_text
from webapp.controller.controller import Controller
from webapp.controller.pods import is_pod_terminal

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

QUARANTINE_MS = 40_000
TERMINATED_THRESHOLD = 12_500

_BY_NODE = "node"
_TERMINATED = "terminated"
_NODE_PREFIX = "node/"


class PodGCController(Controller):
    """Keys are ``node/NAME`` for a Node that may be gone, and ``terminated`` for ended Pods."""

    name = "pod-garbage-collector-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._terminal: dict[str, None] = {}
        self._nodes = context.informers.informer(NODES)
        self._pods = context.informers.informer(PODS)
        self._pods.add_index(_BY_NODE, _node_name)
        self._nodes.add_handler(on_delete=lambda node: self._watch_node(node["metadata"]["name"]))
        self._pods.add_handler(
            on_add=self._on_pod, on_update=self._on_pod_update, on_delete=self._on_pod_delete
        )

    def sync(self, key: str) -> None:
        """Remove the Pods of a Node that is gone, or the oldest ended Pods."""
        if key == _TERMINATED:
            self._collect_terminated()
        else:
            self._collect_orphaned(key.removeprefix(_NODE_PREFIX))

    def _collect_orphaned(self, node: str) -> None:
        pods = self._pods.by_index(_BY_NODE, node)
        if not pods or self._nodes.get(node) is not None or self._node_exists(node):
            return
        for pod in pods:
            if not is_pod_terminal(pod):
                self._mark_failed(pod)
            self._delete(pod)
            self.acted(pod, f"Pod garbage collector deleted the Pod: Node {node} no longer exists")

    def _collect_terminated(self) -> None:
        surplus = len(self._terminal) - TERMINATED_THRESHOLD
        if surplus <= 0:
            return
        pods = [pod for key in self._terminal if (pod := self._pods.get(key)) is not None]
        pods.sort(key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))
        for pod in pods[:surplus]:
            self._delete(pod)
            self.acted(pod, "Pod garbage collector deleted the Pod: too many Pods have ended")

    def _mark_failed(self, pod: JSONObject) -> None:
        status = pod.get("status") or {}
        others = [
            condition
            for condition in status.get("conditions") or ()
            if condition["type"] != "DisruptionTarget"
        ]
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "DeletionByPodGC",
            "message": "PodGC: node no longer exists",
            "lastTransitionTime": time_text(self.sim.now_ms),
        }
        patch = {"status": {"phase": "Failed", "conditions": [*others, condition]}}
        metadata = pod["metadata"]
        try:
            self.client.patch(
                PODS, metadata["namespace"], metadata["name"], patch, subresource="status"
            )
        except NotFound:
            return

    def _delete(self, pod: JSONObject) -> None:
        metadata = pod["metadata"]
        try:
            self.client.delete(
                PODS, metadata["namespace"], metadata["name"], 0, uid=metadata["uid"]
            )
        except NotFound:
            return

    def _node_exists(self, node: str) -> bool:
        try:
            self.client.get(NODES, "", node)
        except NotFound:
            return False
        return True

    def _watch_node(self, node: str) -> None:
        self.enqueue_after(_NODE_PREFIX + node, QUARANTINE_MS)

    def _on_pod(self, pod: JSONObject) -> None:
        for node in _node_name(pod):
            if self._nodes.synced and self._nodes.get(node) is None:
                self._watch_node(node)
        if is_pod_terminal(pod):
            self._terminal[namespaced_name(pod)] = None
            if len(self._terminal) > TERMINATED_THRESHOLD:
                self.enqueue(_TERMINATED)

    def _on_pod_update(self, old: JSONObject, new: JSONObject) -> None:
        if _node_name(old) != _node_name(new) or is_pod_terminal(new):
            self._on_pod(new)

    def _on_pod_delete(self, pod: JSONObject) -> None:
        self._terminal.pop(namespaced_name(pod), None)


def _node_name(pod: JSONObject) -> tuple[str, ...]:
    node = pod["spec"].get("nodeName")
    return (node,) if node else ()
