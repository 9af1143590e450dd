"""One record and one state machine a Pod: sync → terminating → terminated.

A worker is data; :class:`~webapp.kubelet.kubelet.Kubelet` moves it along. While ``busy`` is set one
operation of the runtime is under way and its end moves the worker on, as upstream's goroutine a Pod
does one thing at a time.

Models:
    pkg/kubelet/pod_workers.go podSyncStatus
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from webapp.api.core.pods import spec_requests
from webapp.apimachinery.meta import namespaced_name, object_ref
from webapp.kubelet.allocated import Allocation
from webapp.kubelet.observed import ObservedPod

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.cri.api import Container
    from webapp.kubelet.lifecycle import Rejection
    from webapp.kubelet.volumes import PodVolumes
    from webapp.sim.events import Timer


class WorkerState(Enum):
    """Where a Pod is in its life on this machine."""

    SYNC = "sync"
    TERMINATING = "terminating"
    TERMINATED = "terminated"


class PodWorker:
    """One Pod on its machine.

    Attributes:
        active_deadline: Pending timer that ends a Pod with ``activeDeadlineSeconds``.
        allocation: The resources that its containers were given.
        failure: Why the kubelet itself made the Pod fail, or ``None``.
        grace_override: Seconds that its containers get to end, whatever it says; ``None`` usually.
        pod: The Pod as last seen, its status as last written.
        uid: Its UID.
        key: ``namespace/name``.
        ref: What facts call it.
        state: Where it is in its life.
        observed: Sandbox, containers and probe results.
        requests: What it asks of the Node.
        rejection: Why it was refused, or ``None``.
        retry_at_ms: Container → when its start may be tried again.
        waiting: Container → (reason, message) of why it waits.
        busy: Whether an operation is under way.
        operation: Rises with every operation, so that one that was given up is recognised.
        interruptible: Whether the operation under way (a pull) may be given up.
        mounted: Whether its volumes are ready.
        volumes: What they hold; ``None`` without any.
        start_ms: When the kubelet accepted it.
        resync: Pending timer that looks again (a back-off's end).
        flush: Pending timer that writes the status.
        deadline_ms: Until when everything must have ended; ``None`` while it runs.
        hooks_run: Containers whose preStop hook was begun.
        removed: Whether the Pod object is gone.
        was_ready: Whether the Ready condition was last written as true.
    """

    __slots__ = (
        "active_deadline",
        "allocation",
        "busy",
        "deadline_ms",
        "failure",
        "flush",
        "grace_override",
        "hooks_run",
        "interruptible",
        "key",
        "mounted",
        "observed",
        "operation",
        "pod",
        "ref",
        "rejection",
        "removed",
        "requests",
        "resync",
        "retry_at_ms",
        "start_ms",
        "state",
        "uid",
        "volumes",
        "waiting",
        "was_ready",
    )

    def __init__(self, pod: JSONObject, start_ms: int) -> None:
        self.pod = pod
        self.requests = spec_requests(pod)
        self.allocation = Allocation(pod)
        self.rejection: Rejection | None = None
        self.failure: Rejection | None = None
        self.grace_override: int | None = None
        self.active_deadline: Timer | None = None
        self.retry_at_ms: dict[str, int] = {}
        self.uid: str = pod["metadata"]["uid"]
        self.key = namespaced_name(pod)
        self.ref = object_ref({**pod, "kind": "Pod"})
        self.state = WorkerState.SYNC
        self.observed = ObservedPod()
        self.waiting: dict[str, tuple[str, str]] = {}
        self.busy = False
        self.operation = 0
        self.interruptible = False
        self.mounted = False
        self.volumes: PodVolumes | None = None
        self.start_ms = start_ms
        self.resync: Timer | None = None
        self.flush: Timer | None = None
        self.deadline_ms: int | None = None
        self.hooks_run: dict[str, None] = {}
        self.removed = False
        self.was_ready = False

    @property
    def spec(self) -> JSONObject:
        """The Pod's spec."""
        spec: JSONObject = self.pod["spec"]
        return spec

    @property
    def display_name(self) -> str:
        """``name_namespace(uid)``, as messages write a Pod."""
        metadata = self.pod["metadata"]
        return f"{metadata['name']}_{metadata['namespace']}({self.uid})"

    def container_spec(self, name: str) -> tuple[JSONObject, bool] | None:
        """A container's spec and whether it stands among the init containers."""
        for container in self.spec.get("initContainers") or ():
            if container["name"] == name:
                return container, True
        for container in (*self.spec["containers"], *(self.spec.get("ephemeralContainers") or ())):
            if container["name"] == name:
                return container, False
        return None

    def running(self) -> list[Container]:
        """Containers whose first process runs, in order of creation."""
        return [item for item in self.observed.containers.values() if item.running]


def field_path(container: JSONObject, *, init: bool) -> str:
    """Which part of a Pod a container's Events are about."""
    return f"spec.{'initContainers' if init else 'containers'}{{{container['name']}}}"
