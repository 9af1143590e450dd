"""The framework's nouns: a Pod as the scheduler sees it, its place in the queue, cluster events.

Models:
    pkg/scheduler/framework/types.go PodInfo, QueuedPodInfo
    staging/src/k8s.io/kube-scheduler/framework/types.go ClusterEvent, ActionType, QueueingHint
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntFlag
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from webapp.apimachinery.meta import namespaced_name
from webapp.scheduler.framework.affinity_terms import affinity_terms
from webapp.scheduler.framework.pod_volumes import claim_names, disks
from webapp.scheduler.framework.resources import PodRequests, pod_requests

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from webapp.apimachinery.meta import JSONObject


_LOOKED_AT = (
    "affinity",
    "containers",
    "initContainers",
    "overhead",
    "priority",
    "resources",
    "nodeSelector",
    "tolerations",
    "topologySpreadConstraints",
)


class HostPort(NamedTuple):
    """A port that a container takes on its Node; ``ip`` is 0.0.0.0 when it takes all addresses."""

    ip: str
    protocol: str
    port: int


class PodInfo:
    """A Pod with what plugins ask for again and again, worked out once.

    Attributes:
        pod: The API object.
        uid: Its UID.
        key: ``namespace/name``.
        namespace: Its namespace.
        labels: Its labels.
        is_terminating: Whether it is being deleted.
        terms: What it says about other Pods.
        priority: ``spec.priority``; 0 when there is none.
        requests: What it asks for.
        host_ports: Ports that it takes on its Node.
        claims: Names of the claims it uses, each with whether it is made for this Pod alone.
        disks: Disks named in the Pod itself, of kinds that one Pod a Node may write to: kind, names,
            and last whether it only reads.
        signature: What the plugins of its profile look at; Pods with equal ones share verdicts.
        signed_at: Version of the listers when it was signed.
    """

    __slots__ = (
        "_match_key",
        "claims",
        "disks",
        "host_ports",
        "is_terminating",
        "key",
        "labels",
        "namespace",
        "pod",
        "priority",
        "requests",
        "signature",
        "signed_at",
        "terms",
        "uid",
    )

    def __init__(self, pod: JSONObject) -> None:
        self.pod = pod
        metadata = pod["metadata"]
        self.uid: str = metadata.get("uid", "")
        self.key = namespaced_name(pod)
        self.namespace: str = metadata.get("namespace", "")
        self.labels: Mapping[str, str] = metadata.get("labels") or {}
        self.is_terminating = "deletionTimestamp" in metadata
        self.terms = affinity_terms(pod)
        self.priority: int = pod["spec"].get("priority") or 0
        self.requests: PodRequests = pod_requests(pod)
        self.host_ports = _host_ports(pod["spec"])
        self.claims = claim_names(pod)
        self.disks = disks(pod)
        self.signature: Hashable = None
        self.signed_at = -1
        self._match_key: tuple[str, bytes, bool] | None = None

    def newer(self, pod: JSONObject) -> PodInfo:
        """The same for a newer version of the Pod; nothing is worked out anew that is unchanged."""
        old_spec, spec = self.pod["spec"], pod["spec"]
        metadata = pod["metadata"]
        if (
            ("deletionTimestamp" in metadata) != self.is_terminating
            or metadata.get("labels") is not self.pod["metadata"].get("labels")
            or any(old_spec.get(key) is not spec.get(key) for key in _LOOKED_AT)
        ):
            return PodInfo(pod)
        info = PodInfo.__new__(PodInfo)
        for name in PodInfo.__slots__:
            setattr(info, name, getattr(self, name))
        info.pod = pod
        return info

    @property
    def match_key(self) -> tuple[str, bytes, bool]:
        """Namespace, labels and whether it is being deleted: all that selectors of Pods look at."""
        key = self._match_key
        if key is None:
            key = self.namespace, orjson.dumps(self.labels), self.is_terminating
            self._match_key = key
        return key


def _host_ports(spec: JSONObject) -> tuple[HostPort, ...]:
    sidecars = [
        container
        for container in spec.get("initContainers") or ()
        if container.get("restartPolicy") == "Always"
    ]
    return tuple(
        HostPort(port.get("hostIP") or "0.0.0.0", port.get("protocol") or "TCP", port["hostPort"])  # noqa: S104  # the wire's word for "all addresses"
        for container in [*(spec.get("containers") or ()), *sidecars]
        for port in container.get("ports") or ()
        if port.get("hostPort")
    )


@dataclass(slots=True)
class QueuedPodInfo:
    """A Pod in the scheduling queue.

    Attributes:
        pod_info: The Pod.
        timestamp_ms: When it came into the queue, or was last moved within it.
        sequence: Order of arrival, which settles equal times.
        attempts: Scheduling attempts so far.
        unschedulable_count: Attempts that ended because no Node fitted; sets the back-off.
        error_count: Attempts in a row that ended with an error; sets the back-off.
        backoff_until_ms: Not tried again before, 0 when there is no back-off.
        unschedulable_plugins: Plugins that refused it in the last attempt.
        gating_plugin: The PreEnqueue plugin that holds it, or "".
        cause: Fact that brought it here.
    """

    pod_info: PodInfo
    timestamp_ms: int
    sequence: int
    attempts: int = 0
    unschedulable_count: int = 0
    error_count: int = 0
    backoff_until_ms: int = 0
    unschedulable_plugins: frozenset[str] = frozenset()
    gating_plugin: str = ""
    cause: int = 0


class EventResource(Enum):
    """What a cluster event is about."""

    ASSIGNED_POD = "AssignedPod"
    UNSCHEDULED_POD = "UnscheduledPod"
    TARGET_POD = "TargetPod"
    NODE = "Node"
    PERSISTENT_VOLUME = "PersistentVolume"
    PERSISTENT_VOLUME_CLAIM = "PersistentVolumeClaim"
    STORAGE_CLASS = "StorageClass"
    CSI_NODE = "CSINode"
    WILDCARD = "*"


class ActionType(IntFlag):
    """What happened to it."""

    ADD = 1 << 0
    DELETE = 1 << 1
    UPDATE_NODE_ALLOCATABLE = 1 << 2
    UPDATE_NODE_LABEL = 1 << 3
    UPDATE_NODE_TAINT = 1 << 4
    UPDATE_NODE_CONDITION = 1 << 5
    UPDATE_NODE_ANNOTATION = 1 << 6
    UPDATE_POD_LABEL = 1 << 7
    UPDATE_POD_SCALE_DOWN = 1 << 8
    UPDATE_POD_TOLERATIONS = 1 << 9
    UPDATE_POD_SCHEDULING_GATES_ELIMINATED = 1 << 10
    UPDATE = (1 << 12) - (1 << 2)
    ALL = (1 << 12) - 1


class ClusterEvent(NamedTuple):
    """Something that may let a refused Pod fit."""

    resource: EventResource
    action: ActionType

    def matches(self, happened: ClusterEvent) -> bool:
        """Whether ``happened`` is of this kind, or more specific."""
        if EventResource.WILDCARD in (self.resource, happened.resource):
            return True
        return self.resource is happened.resource and bool(self.action & happened.action)


class QueueingHint(Enum):
    """Whether a refused Pod is worth another attempt."""

    SKIP = "QueueSkip"
    QUEUE = "Queue"


@dataclass(frozen=True, slots=True)
class ClusterEventWithHint:
    """An event for which a plugin wants its refused Pods looked at again.

    Attributes:
        event: The event.
        hint: Called with (Pod, object before, object after); ``None`` means always worth it.
    """

    event: ClusterEvent
    hint: Callable[[PodInfo, Any, Any], QueueingHint] | None = field(default=None)
