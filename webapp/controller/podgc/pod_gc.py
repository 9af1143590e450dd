"""The Pod garbage collector: removes Pods that nobody else can, and the oldest ended ones beyond 12,500.

Nobody else removes Pods whose Node is gone, and Pods that are ending on a Node that is not Ready and
that people have tainted as out of service.

Pods and Nodes enter through informers; a Failed status and deletions without grace leave.

Looks at all Pods come every 20 seconds; only those are simulated that find something. A Node must be
missing at one look and still 40 seconds later.

Models:
    pkg/controller/podgc/gc_controller.go gcOrphaned, gcTerminating, gcTerminated
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import NODES, PODS
from webapp.apimachinery.meta import namespaced_name
from webapp.apimachinery.status import NotFound
from webapp.apimachinery.timestamps import time_text
from webapp.controller.controller import Controller
from webapp.controller.pods import is_pod_terminal, ready_condition

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

QUARANTINE_MS = 40_000
TERMINATED_THRESHOLD = 12_500
CHECK_MS = 20_000

_BY_NODE = "node"
_TERMINATED = "terminated"
_NODE_PREFIX = "node/"
_OUT_OF_SERVICE_PREFIX = "out-of-service/"
_OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
_NODE_GONE = "PodGC: node no longer exists"


class PodGCController(Controller):
    """Keys are ``node/NAME`` (may be gone), ``out-of-service/NAME`` and ``terminated``."""

    name = "pod-garbage-collector-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._start_ms = context.sim.now_ms
        self._terminal: dict[str, None] = {}
        self._nodes = context.informers.informer(NODES)
        self._pods = context.informers.informer(PODS)
        self._pods.add_index(_BY_NODE, _node_name)
        self._nodes.add_handler(
            on_update=lambda _, node: self._on_node_update(node),
            on_delete=lambda node: self._watch_node(node["metadata"]["name"]),
        )
        self._pods.add_handler(
            on_add=self._on_pod, on_update=self._on_pod_update, on_delete=self._on_pod_delete
        )

    def sync(self, key: str) -> None:
        """Remove the Pods of a Node that is gone, or the oldest ended Pods."""
        if key == _TERMINATED:
            self._collect_terminated()
        elif key.startswith(_OUT_OF_SERVICE_PREFIX):
            self._collect_terminating(key.removeprefix(_OUT_OF_SERVICE_PREFIX))
        else:
            self._collect_orphaned(key.removeprefix(_NODE_PREFIX))

    def _collect_orphaned(self, node: str) -> None:
        pods = self._pods.by_index(_BY_NODE, node)
        if not pods or self._nodes.get(node) is not None or self._node_exists(node):
            return
        for pod in pods:
            if not is_pod_terminal(pod):
                self._mark_failed(pod, _NODE_GONE)
            self._delete(pod)
            self.acted(pod, f"Pod garbage collector deleted the Pod: Node {node} no longer exists")

    def _collect_terminating(self, name: str) -> None:
        node = self._nodes.get(name)
        if node is None or not _is_out_of_service(node):
            return
        for pod in self._pods.by_index(_BY_NODE, name):
            if "deletionTimestamp" in pod["metadata"]:
                if not is_pod_terminal(pod):
                    self._mark_failed(pod, "")
                self._delete(pod)
                words = f"Node {name} is out of service"
                self.acted(pod, f"Pod garbage collector deleted the Pod: {words}")

    def _collect_terminated(self) -> None:
        surplus = len(self._terminal) - TERMINATED_THRESHOLD
        if surplus <= 0:
            return
        pods = [pod for key in self._terminal if (pod := self._pods.get(key)) is not None]
        pods.sort(key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))
        for pod in pods[:surplus]:
            self._delete(pod)
            self.acted(pod, "Pod garbage collector deleted the Pod: too many Pods have ended")

    def _mark_failed(self, pod: JSONObject, why: str) -> None:
        status: JSONObject = {"phase": "Failed"}
        if why:
            held = (pod.get("status") or {}).get("conditions") or ()
            others = [item for item in held if item["type"] != "DisruptionTarget"]
            condition = {
                "type": "DisruptionTarget",
                "status": "True",
                "reason": "DeletionByPodGC",
                "message": why,
                "lastTransitionTime": time_text(self.sim.now_ms),
            }
            status["conditions"] = [*others, condition]
        patch = {"status": status}
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
        self.enqueue_after(_NODE_PREFIX + node, self._until_look_ms() + QUARANTINE_MS)

    def _until_look_ms(self) -> int:
        return CHECK_MS - (self.sim.now_ms - self._start_ms) % CHECK_MS

    def _on_node_update(self, node: JSONObject) -> None:
        if _is_out_of_service(node):
            self.enqueue_after(
                _OUT_OF_SERVICE_PREFIX + node["metadata"]["name"], self._until_look_ms()
            )

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
        if "deletionTimestamp" in new["metadata"]:
            node = self._nodes.get(new["spec"].get("nodeName", ""))
            if node is not None:
                self._on_node_update(node)

    def _on_pod_delete(self, pod: JSONObject) -> None:
        self._terminal.pop(namespaced_name(pod), None)


def _node_name(pod: JSONObject) -> tuple[str, ...]:
    node = pod["spec"].get("nodeName")
    return (node,) if node else ()


def _is_out_of_service(node: JSONObject) -> bool:
    """Whether people say that the Node will not come back, and it is indeed not Ready."""
    taints = (node.get("spec") or {}).get("taints") or ()
    ready = ready_condition(node)
    return any(taint["key"] == _OUT_OF_SERVICE for taint in taints) and (
        ready is None or ready["status"] != "True"
    )
