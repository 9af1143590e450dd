"""The Node's own status: addresses, capacity, conditions, images; its registration and Lease.

The dictionaries are pure functions of the machine; :class:`NodeStatusManager` writes them. A Lease is
written when the kubelet begins and when it stops: in between its renewal is a function of the time,
as an annotation says, so that an idle Node causes no events.

Models:
    pkg/kubelet/kubelet_node_status.go registerWithAPIServer
    pkg/kubelet/nodestatus/setters.go
    staging/src/k8s.io/component-helpers/apimachinery/lease/controller.go
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from webapp.api.core.nodes import get_node_condition
from webapp.api.resources import LEASES, NODES
from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.status import AlreadyExists, NotFound, ServiceUnavailable
from webapp.apimachinery.timestamps import micro_time_text, time_text
from webapp.cri.handlers import handlers_of, runtime_handlers_status
from webapp.kubelet.kuberuntime.manager import NETWORK_NOT_READY
from webapp.trace.facts import NodeReadinessChanged, NodeRegistered

if TYPE_CHECKING:
    from collections.abc import Collection

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.record import EventRecorder
    from webapp.client.rest import RESTClient
    from webapp.cri.api import Image, ImageService
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation
    from webapp.trace.recorder import Recorder

LEASE_NAMESPACE = "kube-node-lease"
LEASE_SECONDS = 40
RENEW_INTERVAL_MS = 10_000
RENEWAL_ANNOTATION = "sim.podarium.dev/renewal"
RENEWAL_COMPUTED = "computed"
IMAGES_SHOWN = 50
IMAGES_DELAY_MS = 10_000

DEFAULT_CAPACITY: dict[str, str] = {
    "cpu": "4",
    "ephemeral-storage": "102400Mi",
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    "memory": "8Gi",
    "pods": "110",
}


@dataclass(frozen=True, slots=True)
class MachineInfo:
    """What a machine is.

    Attributes:
        name: The Node's name.
        address: Its own address.
        machine_id: 32 hexadecimal digits.
        system_uuid: UUID of the board.
        boot_id: UUID of this boot.
    """

    name: str
    address: str
    machine_id: str
    system_uuid: str
    boot_id: str


def default_labels(name: str) -> dict[str, str]:
    """The labels that every kubelet gives its Node."""
    return {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
    }


def _allocatable(capacity: JSONObject, held: JSONObject) -> JSONObject:
    """What Pods may have: all of the capacity, unless less was said; extended resources as they stand there."""
    own = {name: amount for name, amount in held.items() if "/" not in name}
    return {**capacity, **own}


def node_status(
    node: JSONObject,
    machine: MachineInfo,
    images: list[Image],
    now_ms: int,
    problem: str,
    pressures: Collection[str] = (),
) -> JSONObject:
    """The status to report.

    Args:
        node: The Node as last seen; capacity and allocatable that it has are kept.
        machine: What the machine is.
        images: What is on it.
        now_ms: For conditions that change.
        problem: Why Pods cannot run; "" when they can.
        pressures: Conditions such as MemoryPressure that hold.
    """
    last = node.get("status") or {}
    capacity = {**DEFAULT_CAPACITY, **(last.get("capacity") or {})}
    allocatable = _allocatable(capacity, last.get("allocatable") or {})
    return {
        **last,
        "addresses": [
            {"type": "InternalIP", "address": machine.address},
            {"type": "Hostname", "address": machine.name},
        ],
        "allocatable": allocatable,
        "capacity": capacity,
        "conditions": _conditions(node, now_ms, problem, pressures),
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "images": [
            {"names": [image.digest, image.name], "sizeBytes": image.size_bytes}
            for image in sorted(images, key=lambda item: (-item.size_bytes, item.name))
        ][:IMAGES_SHOWN],
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": machine.boot_id,
            "containerRuntimeVersion": "containerd://2.1.4",
            "kernelVersion": "6.8.0-79-generic",
            "kubeProxyVersion": "",
            "kubeletVersion": "v1.36.0",
            "machineID": machine.machine_id,
            "operatingSystem": "linux",
            "osImage": "Ubuntu 24.04.3 LTS",
            "swap": {"capacity": 0},
            "systemUUID": machine.system_uuid,
        },
        "runtimeHandlers": runtime_handlers_status(handlers_of(node)),
    }


_NO_PRESSURE = {
    "MemoryPressure": ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
}
_PRESSURE = {
    "MemoryPressure": ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available"),
    "DiskPressure": ("KubeletHasDiskPressure", "kubelet has disk pressure"),
    "PIDPressure": ("KubeletHasInsufficientPID", "kubelet has insufficient PID available"),
}


def _conditions(
    node: JSONObject, now_ms: int, problem: str, pressures: Collection[str]
) -> list[JSONObject]:
    verdicts = [
        (kind, "True", *_PRESSURE[kind]) if kind in pressures else (kind, "False", *good)
        for kind, good in _NO_PRESSURE.items()
    ]
    if not problem:
        verdicts.append(("Ready", "True", "KubeletReady", "kubelet is posting ready status"))
    else:
        verdicts.append(("Ready", "False", "KubeletNotReady", problem))
    written = {item[0] for item in verdicts}
    foreign = [
        item
        for item in (node.get("status") or {}).get("conditions") or ()
        if item["type"] not in written
    ]
    return [*foreign, *(_condition(node, now_ms, *verdict) for verdict in verdicts)]


def _condition(
    node: JSONObject, now_ms: int, kind: str, status: str, reason: str, message: str
) -> JSONObject:
    last = get_node_condition(node, kind)
    now = time_text(now_ms)
    changed = last["lastTransitionTime"] if last and last["status"] == status else now
    return {
        "type": kind,
        "status": status,
        "lastHeartbeatTime": now,
        "lastTransitionTime": changed,
        "reason": reason,
        "message": message,
    }


def lease(node: JSONObject, now_ms: int) -> JSONObject:
    """The Node's Lease as it is first written."""
    metadata = node["metadata"]
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": metadata["name"],
            "namespace": LEASE_NAMESPACE,
            "annotations": {RENEWAL_ANNOTATION: RENEWAL_COMPUTED},
            "ownerReferences": [
                {
                    "apiVersion": "v1",
                    "kind": "Node",
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                }
            ],
        },
        "spec": {
            "holderIdentity": metadata["name"],
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": micro_time_text(now_ms),
        },
    }


class NodeStatusManager:
    """Registers a Node and keeps its status up to date.

    Attributes:
        ready: Whether Pods can run here.
    """

    def __init__(
        self,
        sim: Simulation,
        recorder: Recorder,
        client: RESTClient,
        events: EventRecorder,
        machine: MachineInfo,
        images: ImageService,
    ) -> None:
        self._sim = sim
        self._recorder = recorder
        self._client = client
        self._events = events
        self._machine = machine
        self._images = images
        self._actor = f"kubelet/{machine.name}"
        self._update: Timer | None = None
        self._renewing_since_ms: int | None = None
        self._pressures: dict[str, None] = {}
        self._problem = NETWORK_NOT_READY
        self.ready = False

    def register(self) -> JSONObject:
        """Complete the Node's labels; then its first status and its Lease.

        Raises:
            NotFound: The Node was deleted meanwhile.
        """
        name = self._machine.name
        labels = default_labels(name)
        node = self._client.get(NODES, "", name)
        missing = {
            key: value
            for key, value in labels.items()
            if key not in (node["metadata"].get("labels") or {})
        }
        if missing:
            node = self._client.patch(NODES, "", name, {"metadata": {"labels": missing}})
        last_boot = ((node.get("status") or {}).get("nodeInfo") or {}).get("bootID", "")
        node = self._write(node)
        self._renew(node)
        self._recorder.record(
            NodeRegistered(actor=self._actor, subject=object_ref(node), node=name)
        )
        self._tell(node, "Starting", "Starting kubelet.")
        if last_boot not in {"", self._machine.boot_id}:
            message = f"Node {name} has been rebooted, boot id: {self._machine.boot_id}"
            self._tell(node, "Rebooted", message, "Warning")
        return node

    @property
    def renewing_since_ms(self) -> int | None:
        """When the kubelet registered; ``None`` while it is stopped."""
        return self._renewing_since_ms

    def resume(self) -> None:
        """The API server is within reach again: the Lease is renewed, and the status written.

        Raises:
            NotFound: The Node was deleted meanwhile.
        """
        self._renew(self._client.get(NODES, "", self._machine.name))
        self.set_ready(ready=self.ready, problem=self._problem)

    def _renew(self, node: JSONObject) -> None:
        fresh = lease(node, self._sim.now_ms)
        try:
            self._client.create(LEASES, LEASE_NAMESPACE, fresh)
        except AlreadyExists:
            annotations = fresh["metadata"]["annotations"]
            patch = {"metadata": {"annotations": annotations}, "spec": fresh["spec"]}
            self._client.patch(LEASES, LEASE_NAMESPACE, self._machine.name, patch)
        self._renewing_since_ms = self._sim.now_ms

    def renewed_ms(self) -> int | None:
        """When the Lease was renewed last; ``None`` while the kubelet is stopped."""
        since_ms = self._renewing_since_ms
        if since_ms is None:
            return None
        return self._sim.now_ms - (self._sim.now_ms - since_ms) % RENEW_INTERVAL_MS

    def until_report_ms(self, delay_ms: int) -> int:
        """From ``delay_ms`` ahead to the first report then: the status is looked at every ten seconds."""
        at_ms = self._sim.now_ms + delay_ms - (self._renewing_since_ms or 0)
        return -at_ms % RENEW_INTERVAL_MS

    def set_pressure(self, condition: str, *, holds: bool) -> None:
        """Report that a condition such as MemoryPressure holds, or no more."""
        if holds:
            self._pressures[condition] = None
        else:
            self._pressures.pop(condition, None)
        if self._renewing_since_ms is None:
            return
        node = self._write_current()
        if node is not None:
            reason = (_PRESSURE if holds else _NO_PRESSURE)[condition][0].removeprefix("Kubelet")
            text = f"Node {self._machine.name} status is now: Node{reason}"
            self._tell(node, f"Node{reason}", text)

    def stop(self, *, boot_id: str = "") -> None:
        """The kubelet stops: its Lease shows the last renewal from now on.

        Args:
            boot_id: What the next boot is called, when the machine stops as well.
        """
        self.ready = False
        self._problem = NETWORK_NOT_READY
        if boot_id:
            self._machine = replace(self._machine, boot_id=boot_id)
        self.fall_silent()

    def fall_silent(self) -> None:
        """Nothing of what the kubelet says arrives: its Lease shows the last renewal from now on."""
        self.power_off()
        self._update = None
        renewed_ms = self.renewed_ms()
        self._renewing_since_ms = None
        if renewed_ms is None:
            return
        patch = {
            "metadata": {"annotations": {RENEWAL_ANNOTATION: None}},
            "spec": {"renewTime": micro_time_text(renewed_ms)},
        }
        try:
            self._client.patch(LEASES, LEASE_NAMESPACE, self._machine.name, patch)
        except NotFound:  # somebody deleted the Lease: it stays away until the kubelet begins again
            return

    def set_ready(self, *, ready: bool, problem: str = NETWORK_NOT_READY) -> None:
        """Report whether Pods can run here; ``problem`` says why not."""
        self.ready = ready
        self._problem = "" if ready else problem
        node = self._write_current()
        if node is None:
            return
        self._recorder.record(
            NodeReadinessChanged(
                actor=self._actor,
                subject=object_ref(node),
                node=self._machine.name,
                ready=ready,
                reason="KubeletReady" if ready else "KubeletNotReady",
            )
        )
        reason = "NodeReady" if ready else "NodeNotReady"
        self._tell(node, reason, f"Node {self._machine.name} status is now: {reason}")

    def on_node_updated(self, node: JSONObject) -> None:
        """Somebody may have given the Node extended resources: they can be allocated from the next status on."""
        status = node.get("status") or {}
        held, capacity = status.get("allocatable") or {}, status.get("capacity") or {}
        if _allocatable(capacity, held) != held:
            self.mark_images()

    def mark_images(self) -> None:
        """The machine has one image more: report it with the next status."""
        if self._update is None and self._renewing_since_ms is not None:
            self._update = self._sim.schedule(IMAGES_DELAY_MS, self._write_images, background=True)

    def power_off(self) -> None:
        """The machine is gone: nothing more is reported."""
        self._sim.cancel(self._update)

    def _write_images(self, _: None) -> None:
        self._update = None
        self._write_current()

    def _write_current(self) -> JSONObject | None:
        """Write the status of the Node as it is now; ``None`` when it was deleted just now, or cannot be reached."""
        try:
            return self._write(self._client.get(NODES, "", self._machine.name))
        except (NotFound, ServiceUnavailable):
            return None

    def _write(self, node: JSONObject) -> JSONObject:
        images, now_ms = self._images.list_images(), self._sim.now_ms
        status = node_status(node, self._machine, images, now_ms, self._problem, self._pressures)
        return self._client.update(NODES, {**node, "status": status}, "status")

    def _tell(self, node: JSONObject, reason: str, message: str, type_: str = "Normal") -> None:
        # Kubelets name their Node by its name where a UID belongs; kubectl looks for both.
        named = {**node, "metadata": {**node["metadata"], "uid": self._machine.name}}
        self._events.event(named, type_, reason, message)
