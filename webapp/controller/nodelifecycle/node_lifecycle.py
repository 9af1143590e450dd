"""The node lifecycle controller: a Node's conditions become taints that the scheduler heeds.

Nodes enter through an informer; patches of ``spec.taints`` leave. That a kubelet has fallen silent,
and what then happens to its Pods, is not judged here.

Models:
    pkg/controller/nodelifecycle/node_lifecycle_controller.go doNoScheduleTaintingPass
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import NODES
from webapp.controller.controller import Controller
from webapp.controller.nodelifecycle.taints import compute_taints

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext


class NodeLifecycleController(Controller):
    """Keeps NoSchedule taints in step with conditions; keys are names of Nodes."""

    name = "node-lifecycle-controller"
    service_ms = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._nodes = context.informers.informer(NODES)
        self._nodes.add_handler(on_add=self._on_node, on_update=lambda _, new: self._on_node(new))

    def sync(self, key: str) -> None:
        """Write the taints if they differ."""
        node = self._nodes.get(key)
        if node is None:
            return
        before = (node.get("spec") or {}).get("taints") or []
        taints = compute_taints(node, self.sim.now_ms)
        if taints == before:
            return
        version = node["metadata"]["resourceVersion"]
        patch = {"metadata": {"resourceVersion": version}, "spec": {"taints": taints or None}}
        self.client.patch(NODES, "", key, patch)
        self.acted(node, f"node lifecycle controller {_describe(before, taints)}")

    def _on_node(self, node: JSONObject) -> None:
        # Heartbeats change nothing here: compare before queueing.
        before = (node.get("spec") or {}).get("taints") or []
        if compute_taints(node, self.sim.now_ms) != before:
            self.enqueue(node["metadata"]["name"])


def _describe(before: list[JSONObject], after: list[JSONObject]) -> str:
    added = [taint["key"] for taint in after if taint not in before]
    removed = [taint["key"] for taint in before if taint not in after]
    parts = []
    if added:
        parts.append(f"added the taint {', '.join(added)}")
    if removed:
        parts.append(f"removed the taint {', '.join(removed)}")
    return " and ".join(parts)
