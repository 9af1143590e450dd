"""The node IPAM controller: gives each Node a range of Pod addresses, ``spec.podCIDR``.

Nodes enter through an informer; a patch of ``spec.podCIDR`` and ``spec.podCIDRs`` leaves.

Models:
    pkg/controller/nodeipam/ipam/range_allocator.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import NODES
from webapp.apimachinery.status import StatusError
from webapp.controller.controller import Controller
from webapp.controller.nodeipam.cidr_set import CidrSet

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

NODE_MASK = 24


class NodeIpamController(Controller):
    """Allocates podCIDRs; keys are names of Nodes."""

    name = "node-ipam-controller"
    service_ms = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events("cidrAllocator")
        self._cidrs = CidrSet(context.cluster_cidr, NODE_MASK, context.first_pod_cidr)
        self._nodes = context.informers.informer(NODES)
        self._nodes.add_handler(
            on_add=self._on_add, on_update=self._on_update, on_delete=self._on_delete
        )

    def sync(self, key: str) -> None:
        """Give the Node a range if it has none."""
        node = self._nodes.get(key)
        if node is None or (node.get("spec") or {}).get("podCIDR"):
            return
        cidr = self._cidrs.allocate()
        if cidr is None:
            message = f"Node {key} status is now: CIDRNotAvailable"
            self._events.event(node, "Normal", "CIDRNotAvailable", message)
            return
        try:
            self.client.patch(NODES, "", key, {"spec": {"podCIDR": cidr, "podCIDRs": [cidr]}})
        except StatusError:
            self._cidrs.release(cidr)
            raise
        self.acted(node, f"node IPAM controller gave the Node the Pod addresses {cidr}")

    def _on_add(self, node: JSONObject) -> None:
        cidr = (node.get("spec") or {}).get("podCIDR")
        if cidr:
            self._cidrs.occupy(cidr)
        else:
            self.enqueue(node["metadata"]["name"])

    def _on_update(self, old: JSONObject, new: JSONObject) -> None:
        if (old.get("spec") or {}).get("podCIDR") != (new.get("spec") or {}).get("podCIDR"):
            self._on_add(new)

    def _on_delete(self, node: JSONObject) -> None:
        cidr = (node.get("spec") or {}).get("podCIDR")
        if cidr:
            self._cidrs.release(cidr)
