"""The PV protection controller: a deleted volume goes once it is not bound any more.

Models:
    pkg/controller/volume/pvprotection/pv_protection_controller.go Controller
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import PERSISTENT_VOLUMES
from webapp.controller.controller import Controller

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

FINALIZER = "kubernetes.io/pv-protection"


class PVProtectionController(Controller):
    """Keys are names of volumes."""

    name = "persistentvolume-protection-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._volumes = context.informers.informer(PERSISTENT_VOLUMES)
        self._volumes.add_handler(
            on_add=self._on_volume, on_update=lambda _, new: self._on_volume(new)
        )

    def sync(self, key: str) -> None:
        """Take the finalizer from a volume that is deleted and free."""
        volume = self._volumes.get(key)
        if volume is None or not _may_go(volume):
            return
        metadata = volume["metadata"]
        finalizers = [item for item in metadata["finalizers"] if item != FINALIZER]
        changed = {**volume, "metadata": {**metadata, "finalizers": finalizers}}
        self.client.update(PERSISTENT_VOLUMES, changed)
        self.acted(volume, "PV protection controller let the volume go: no claim is bound to it")

    def _on_volume(self, volume: JSONObject) -> None:
        if _may_go(volume):
            self.enqueue(volume["metadata"]["name"])


def _may_go(volume: JSONObject) -> bool:
    metadata = volume["metadata"]
    return (
        "deletionTimestamp" in metadata
        and FINALIZER in (metadata.get("finalizers") or ())
        and (volume.get("status") or {}).get("phase") != "Bound"
    )
