"""The PersistentVolume controller: binds claims to volumes, and has missing volumes made.

Claims, volumes, StorageClasses and Pods enter through informers; bindings, volumes and Events leave.
A claim of a class with a provisioner gets a volume of its own; the provisioner is played here too.

Deviation: a claim of a class with WaitForFirstConsumer waits for a Pod that uses it to be bound to a
Node, where upstream's scheduler chooses the volume's Node together with the Pod's; the provisioner
is the cluster's only one and answers for every name but ``kubernetes.io/no-provisioner``.

Models:
    pkg/controller/volume/persistentvolume/pv_controller.go syncClaim, syncVolume, provisionClaim
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
)
from webapp.apimachinery.meta import namespaced_name, with_fields
from webapp.apimachinery.status import AlreadyExists, NotFound
from webapp.apimachinery.timestamps import time_text
from webapp.controller.controller import Controller
from webapp.controller.persistentvolume.matching import (
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    DEFAULT_CLASS_ANNOTATION,
    SELECTED_NODE,
    STORAGE_PROVISIONER,
    claim_reference,
    class_name,
    find_volume,
    is_bound_to,
    new_volume,
)
from webapp.controller.pods import is_pod_terminal
from webapp.sim.latency import Latency

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

PROVISION_LATENCY = Latency(300, 0.3, 100)
NO_PROVISIONER = "kubernetes.io/no-provisioner"

_BY_CLAIM = "claim"
_VOLUME_PREFIX = "volume:"


class PersistentVolumeController(Controller):
    """Keys are ``namespace/name`` of claims and ``volume:NAME`` of volumes."""

    name = "persistentvolume-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events(self.name)
        self._stream = context.streams.stream("provisioner")
        self._claims = context.informers.informer(PERSISTENT_VOLUME_CLAIMS)
        self._volumes = context.informers.informer(PERSISTENT_VOLUMES)
        self._classes = context.informers.informer(STORAGE_CLASSES)
        self._pods = context.informers.informer(PODS)
        self._provisioning: dict[str, None] = {}
        self._pods.add_index(_BY_CLAIM, _claims_of)
        self._claims.add_handler(
            on_add=lambda obj: self.enqueue(namespaced_name(obj)),
            on_update=lambda _, new: self.enqueue(namespaced_name(new)),
            on_delete=self._on_claim_delete,
        )
        self._volumes.add_handler(
            on_add=self._on_volume,
            on_update=lambda _, new: self._on_volume(new),
            on_delete=self._on_volume_delete,
        )
        self._classes.add_handler(on_add=lambda _: self._enqueue_waiting())
        self._pods.add_handler(on_add=self._on_pod, on_update=self._on_pod_update)

    def sync(self, key: str) -> None:
        """Bind a claim, or look after a volume."""
        if key.startswith(_VOLUME_PREFIX):
            volume = self._volumes.get(key.removeprefix(_VOLUME_PREFIX))
            if volume is not None:
                self._sync_volume(volume)
            return
        claim = self._claims.get(key)
        if claim is not None and "deletionTimestamp" not in claim["metadata"]:
            self._sync_claim(key, claim)

    # --- claims

    def _sync_claim(self, key: str, claim: JSONObject) -> None:
        if BIND_COMPLETED in (claim["metadata"].get("annotations") or {}):
            self._sync_bound_claim(claim)
            return
        wanted = claim["spec"].get("volumeName")
        if wanted:
            volume = self._volumes.get(wanted)
            taken = volume is not None and volume["spec"].get("claimRef")
            if volume is not None and (not taken or is_bound_to(volume, claim)):
                self._bind(claim, volume)
            return
        if claim["spec"].get("storageClassName") is None:
            default = self._default_class()
            if default is not None:
                self._assign_class(claim, default["metadata"]["name"])
                return
        storage_class = self._classes.get(class_name(claim))
        is_given = any(is_bound_to(volume, claim) for volume in self._volumes.list())
        if (
            not is_given
            and storage_class is not None
            and self._waits_for_consumer(key, claim, storage_class)
        ):
            return
        volume = find_volume(claim, self._volumes.list())
        if volume is not None:
            self._bind(claim, volume)
        elif class_name(claim):
            self._provision(key, claim, storage_class)
        else:
            message = "no persistent volumes available for this claim and no storage class is set"
            self._events.event(claim, "Normal", "FailedBinding", message)

    def _sync_bound_claim(self, claim: JSONObject) -> None:
        name = claim["spec"].get("volumeName", "")
        phase = (claim.get("status") or {}).get("phase")
        volume = self._volumes.get(name)
        if volume is None and phase != "Lost" and not self._volume_exists(name):
            message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
            self._write_claim_status(claim, {"phase": "Lost"})
            self._events.event(claim, "Warning", "ClaimLost", message)
        elif volume is not None and phase != "Bound":
            self._bind(claim, volume)

    def _volume_exists(self, name: str) -> bool:
        try:
            self.client.get(PERSISTENT_VOLUMES, "", name)
        except NotFound:
            return False
        return True

    def _waits_for_consumer(self, key: str, claim: JSONObject, storage_class: JSONObject) -> bool:
        if storage_class.get("volumeBindingMode") != "WaitForFirstConsumer":
            return False
        if SELECTED_NODE in (claim["metadata"].get("annotations") or {}):
            return False
        users = [pod for pod in self._pods.by_index(_BY_CLAIM, key) if not is_pod_terminal(pod)]
        node = next((pod["spec"]["nodeName"] for pod in users if pod["spec"].get("nodeName")), "")
        if node:
            self._annotate(claim, {SELECTED_NODE: node})
        else:
            message = "waiting for first consumer to be created before binding"
            self._events.event(claim, "Normal", "WaitForFirstConsumer", message)
        return True

    def _default_class(self) -> JSONObject | None:
        """The newest of the classes marked as default."""
        marked = [
            item
            for item in self._classes.list()
            if (item["metadata"].get("annotations") or {}).get(DEFAULT_CLASS_ANNOTATION) == "true"
        ]
        return max(marked, key=lambda item: item["metadata"]["creationTimestamp"], default=None)

    def _assign_class(self, claim: JSONObject, name: str) -> None:
        self.client.update(
            PERSISTENT_VOLUME_CLAIMS, with_fields(claim, ("spec", "storageClassName"), name)
        )

    def _annotate(self, claim: JSONObject, annotations: dict[str, str]) -> None:
        metadata = claim["metadata"]
        patch = {"metadata": {"annotations": annotations}}
        self.client.patch(PERSISTENT_VOLUME_CLAIMS, metadata["namespace"], metadata["name"], patch)

    def _provision(self, key: str, claim: JSONObject, storage_class: JSONObject | None) -> None:
        if storage_class is None:
            message = f'storageclass.storage.k8s.io "{class_name(claim)}" not found'
            self._events.event(claim, "Warning", "ProvisioningFailed", message)
            return
        provisioner = storage_class["provisioner"]
        if provisioner == NO_PROVISIONER:
            message = "no persistent volumes available for this claim and no storage class is set"
            self._events.event(claim, "Normal", "FailedBinding", message)
            return
        annotations = claim["metadata"].get("annotations") or {}
        if annotations.get(STORAGE_PROVISIONER) != provisioner:
            self._annotate(claim, {STORAGE_PROVISIONER: provisioner})
            return
        if key in self._provisioning:
            return
        self._provisioning[key] = None
        message = (
            f"Waiting for a volume to be created either by the external provisioner "
            f"'{provisioner}' or manually by the system administrator. If volume creation is "
            "delayed, please verify that the provisioner is running and correctly registered."
        )
        self._events.event(claim, "Normal", "ExternalProvisioning", message)
        message = f'External provisioner is provisioning volume for claim "{key}"'
        self._events.event(claim, "Normal", "Provisioning", message)
        self.sim.schedule(PROVISION_LATENCY.draw(self._stream), self._finish_provisioning, key)

    def _finish_provisioning(self, key: str) -> None:
        self._provisioning.pop(key, None)
        claim = self._claims.get(key)
        if claim is None or "deletionTimestamp" in claim["metadata"]:
            return
        storage_class = self._classes.get(class_name(claim))
        if storage_class is None:
            self.enqueue(key)
            return
        volume = new_volume(claim, storage_class)
        name = volume["metadata"]["name"]
        try:
            volume = self.client.create(PERSISTENT_VOLUMES, "", volume)
        except AlreadyExists:
            return
        self.acted(volume, f"provisioner made the volume for claim {key}")
        message = f"Successfully provisioned volume {name}"
        self._events.event(claim, "Normal", "ProvisioningSucceeded", message)

    def _bind(self, claim: JSONObject, volume: JSONObject) -> None:
        """Tie both to each other: the volume first, then the claim."""
        name = volume["metadata"]["name"]
        reference = volume["spec"].get("claimRef") or {}
        if reference.get("uid") != claim["metadata"]["uid"]:
            volume = with_fields(volume, ("spec", "claimRef"), claim_reference(claim))
            if not reference:
                path = ("metadata", "annotations", BOUND_BY_CONTROLLER)
                volume = with_fields(volume, path, "yes")
            volume = self.client.update(PERSISTENT_VOLUMES, volume)
        self._write_volume_phase(volume, "Bound")
        annotations = {**(claim["metadata"].get("annotations") or {}), BIND_COMPLETED: "yes"}
        if not claim["spec"].get("volumeName"):
            annotations[BOUND_BY_CONTROLLER] = "yes"
        claim = with_fields(claim, ("metadata", "annotations"), annotations)
        claim = with_fields(claim, ("spec", "volumeName"), name)
        claim = self.client.update(PERSISTENT_VOLUME_CLAIMS, claim)
        status = {
            "phase": "Bound",
            "accessModes": volume["spec"].get("accessModes") or [],
            "capacity": volume["spec"].get("capacity") or {},
        }
        self._write_claim_status(claim, status)
        self.acted(claim, f"PersistentVolume controller bound the claim to volume {name}")

    def _write_claim_status(self, claim: JSONObject, status: JSONObject) -> None:
        whole = {**(claim.get("status") or {}), **status}
        if whole != claim.get("status"):
            self.client.update(PERSISTENT_VOLUME_CLAIMS, {**claim, "status": whole}, "status")

    # --- volumes

    def _sync_volume(self, volume: JSONObject) -> None:
        reference = volume["spec"].get("claimRef")
        if not reference:
            self._write_volume_phase(volume, "Available")
            return
        if not reference.get("uid"):
            self._write_volume_phase(volume, "Available")
            self.enqueue(f"{reference['namespace']}/{reference['name']}")
            return
        claim = self._claims.get(f"{reference['namespace']}/{reference['name']}")
        if claim is not None and claim["metadata"]["uid"] == reference["uid"]:
            if claim["spec"].get("volumeName") != volume["metadata"]["name"]:
                self.enqueue(namespaced_name(claim))
            return
        self._write_volume_phase(volume, "Released")
        if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            try:
                self.client.delete(PERSISTENT_VOLUMES, "", volume["metadata"]["name"])
            except NotFound:
                return
            self.acted(volume, "PersistentVolume controller deleted the volume: its claim is gone")

    def _write_volume_phase(self, volume: JSONObject, phase: str) -> None:
        before = volume.get("status") or {}
        if before.get("phase") == phase:
            return
        now = time_text(self.sim.now_ms)
        status = {**before, "phase": phase, "lastPhaseTransitionTime": now}
        self.client.update(PERSISTENT_VOLUMES, {**volume, "status": status}, "status")

    # --- handlers

    def _enqueue_waiting(self) -> None:
        for claim in self._claims.list():
            if not claim["spec"].get("volumeName"):
                self.enqueue(namespaced_name(claim))

    def _on_claim_delete(self, claim: JSONObject) -> None:
        volume = claim["spec"].get("volumeName")
        if volume:
            self.enqueue(_VOLUME_PREFIX + volume)

    def _on_volume(self, volume: JSONObject) -> None:
        self.enqueue(_VOLUME_PREFIX + volume["metadata"]["name"])
        if not volume["spec"].get("claimRef"):
            self._enqueue_waiting()

    def _on_volume_delete(self, volume: JSONObject) -> None:
        reference = volume["spec"].get("claimRef")
        if reference:
            self.enqueue(f"{reference['namespace']}/{reference['name']}")

    def _on_pod(self, pod: JSONObject) -> None:
        if pod["spec"].get("nodeName"):
            for key in _claims_of(pod):
                claim = self._claims.get(key)
                if claim is not None and not claim["spec"].get("volumeName"):
                    self.enqueue(key)

    def _on_pod_update(self, old: JSONObject, new: JSONObject) -> None:
        if old["spec"].get("nodeName") != new["spec"].get("nodeName"):
            self._on_pod(new)


def _claims_of(pod: JSONObject) -> list[str]:
    """Keys of the claims that a Pod uses."""
    namespace = pod["metadata"]["namespace"]
    return [
        f"{namespace}/{volume['persistentVolumeClaim']['claimName']}"
        for volume in pod["spec"].get("volumes") or ()
        if volume.get("persistentVolumeClaim")
    ]
