"""The resizer: gives bound claims the room that they ask for later.

It stands for the storage driver's external resizer. The API server has checked that the claim's class
allows expansion.

Deviation: the file system grows together with the volume, without waiting for the kubelet.

Models:
    pkg/controller/volume/expand/expand_controller.go expandController
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES
from webapp.apimachinery.meta import namespaced_name, with_fields
from webapp.apimachinery.quantity import parse_quantity
from webapp.controller.controller import Controller
from webapp.sim.latency import Latency

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

RESIZE_LATENCY = Latency(400, 0.3, 100)


class ExpandController(Controller):
    """Keys are ``namespace/name`` of claims."""

    name = "persistentvolume-expander-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events("external-resizer")
        self._stream = context.streams.stream("resizer")
        self._claims = context.informers.informer(PERSISTENT_VOLUME_CLAIMS)
        self._volumes = context.informers.informer(PERSISTENT_VOLUMES)
        self._resizing: dict[str, None] = {}
        self._claims.add_handler(
            on_add=self._on_claim, on_update=lambda _, new: self._on_claim(new)
        )

    def sync(self, key: str) -> None:
        """Begin to resize a claim's volume, if it asks for more than it has."""
        claim = self._claims.get(key)
        if claim is None or key in self._resizing or not _wants_more(claim):
            return
        self._resizing[key] = None
        volume = claim["spec"]["volumeName"]
        message = f"External resizer is resizing volume {volume}"
        self._events.event(claim, "Normal", "Resizing", message)
        self.sim.schedule(RESIZE_LATENCY.draw(self._stream), self._finish, key)

    def _finish(self, key: str) -> None:
        self._resizing.pop(key, None)
        claim = self._claims.get(key)
        if claim is None or not _wants_more(claim):
            return
        volume = self._volumes.get(claim["spec"]["volumeName"])
        if volume is None:
            return
        size = claim["spec"]["resources"]["requests"]["storage"]
        path = ("spec", "capacity", "storage")
        self.client.update(PERSISTENT_VOLUMES, with_fields(volume, path, size))
        grown = with_fields(claim, ("status", "capacity", "storage"), size)
        self.client.update(PERSISTENT_VOLUME_CLAIMS, grown, "status")
        self._events.event(claim, "Normal", "VolumeResizeSuccessful", "Resize volume succeeded")
        self.acted(claim, f"resizer gave the claim {size}")

    def _on_claim(self, claim: JSONObject) -> None:
        if _wants_more(claim):
            self.enqueue(namespaced_name(claim))


def _wants_more(claim: JSONObject) -> bool:
    status = claim.get("status") or {}
    asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    held = (status.get("capacity") or {}).get("storage")
    if status.get("phase") != "Bound" or not asked or not held:
        return False
    return parse_quantity(asked) > parse_quantity(held)
