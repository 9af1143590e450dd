"""The PVC protection controller: a deleted claim goes once no Pod uses it any more.

Claims and Pods enter through informers; the removal of a finalizer leaves.

Models:
    pkg/controller/volume/pvcprotection/pvc_protection_controller.go Controller
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.pods import container_statuses
from webapp.api.resources import PERSISTENT_VOLUME_CLAIMS, PODS
from webapp.apimachinery.meta import namespaced_name
from webapp.controller.controller import Controller
from webapp.controller.pods import is_pod_terminal

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

FINALIZER = "kubernetes.io/pvc-protection"
_BY_CLAIM = "mounted-claim"


class PVCProtectionController(Controller):
    """Keys are ``namespace/name`` of claims."""

    name = "persistentvolumeclaim-protection-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._claims = context.informers.informer(PERSISTENT_VOLUME_CLAIMS)
        self._pods = context.informers.informer(PODS)
        self._pods.add_index(_BY_CLAIM, claims_of)
        self._claims.add_handler(
            on_add=self._on_claim, on_update=lambda _, new: self._on_claim(new)
        )
        self._pods.add_handler(on_update=self._on_pod_update, on_delete=self._on_pod)

    def sync(self, key: str) -> None:
        """Take the finalizer from a claim that is deleted and not in use."""
        claim = self._claims.get(key)
        if claim is None or not _waits(claim):
            return
        if any(_uses(pod) for pod in self._pods.by_index(_BY_CLAIM, key)):
            return
        metadata = claim["metadata"]
        finalizers = [item for item in metadata["finalizers"] if item != FINALIZER]
        changed = {**claim, "metadata": {**metadata, "finalizers": finalizers}}
        self.client.update(PERSISTENT_VOLUME_CLAIMS, changed)
        self.acted(claim, "PVC protection controller let the claim go: no Pod uses it")

    def _on_claim(self, claim: JSONObject) -> None:
        if _waits(claim):
            self.enqueue(namespaced_name(claim))

    def _on_pod_update(self, old: JSONObject, new: JSONObject) -> None:
        if _uses(old) and not _uses(new):
            self._on_pod(new)

    def _on_pod(self, pod: JSONObject) -> None:
        for key in claims_of(pod):
            claim = self._claims.get(key)
            if claim is not None:
                self._on_claim(claim)


def claims_of(pod: JSONObject) -> list[str]:
    """Keys of the claims that a Pod mounts, those made for its ephemeral volumes included."""
    metadata = pod["metadata"]
    names = []
    for volume in pod["spec"].get("volumes") or ():
        if volume.get("persistentVolumeClaim"):
            names.append(volume["persistentVolumeClaim"]["claimName"])
        elif volume.get("ephemeral"):
            names.append(f"{metadata['name']}-{volume['name']}")
    return [f"{metadata['namespace']}/{name}" for name in names]


def _waits(claim: JSONObject) -> bool:
    metadata = claim["metadata"]
    return "deletionTimestamp" in metadata and FINALIZER in (metadata.get("finalizers") or ())


def _uses(pod: JSONObject) -> bool:
    """Whether the Pod may have its volumes mounted."""
    if not pod["spec"].get("nodeName") or is_pod_terminal(pod):
        return False
    if "deletionTimestamp" not in pod["metadata"]:
        return True
    states = container_statuses(pod).values()
    return not states or any("running" in (item.get("state") or {}) for item in states)
