"""The table of known kinds: how each is called in paths, on the command line and in objects.

Who routes, prints or discovers resources looks here. ``BUILTIN_KINDS`` is sorted by group, version and
kind, one a line; custom kinds join a ``Scheme`` while the cluster runs. Nothing here knows what an
object of a kind contains.

Models:
    pkg/registry/ the REST storages' short names, categories and subresources
    pkg/controlplane/apiserver/aggregator.go order of groups and versions
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from webapp.apimachinery.schema import GroupVersionKind, GroupVersionResource

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_CREATE = ("create",)
_READ = ("get", "list")


@dataclass(frozen=True, slots=True, eq=False)
class CustomKind:
    """What a CustomResourceDefinition says of one version of its kind.

    Attributes:
        schema: The version's OpenAPI v3 schema, without what every object has.
        list_kind: Kind of its lists.
        columns: ``additionalPrinterColumns``.
        scale: Paths of the scale subresource (``specReplicasPath`` …), empty without one.
    """

    schema: JSONObject
    list_kind: str
    columns: tuple[JSONObject, ...] = ()
    scale: JSONObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResourceInfo:
    """One kind, as one version of its group serves it.

    Attributes:
        group: API group, "" for core.
        version: Version within the group.
        kind: CamelCase kind.
        resource: Plural, lower case: the name in paths.
        singular: Singular, lower case.
        namespaced: Whether objects live in a Namespace.
        short_names: What kubectl also understands.
        categories: Groups of resources that can be asked for together, as ``all``.
        verbs: What can be done with it, sorted.
        subresources: Names below an object's path, sorted.
        stored_as: Where the objects are stored when another resource has the same ones, else ``None``.
        is_computed: Whether objects are made when somebody asks for them.
        custom: What its CustomResourceDefinition says, ``None`` for built-in kinds.
    """

    group: str
    version: str
    kind: str
    resource: str
    singular: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = _ALL_VERBS
    subresources: tuple[str, ...] = ()
    stored_as: GroupVersionResource | None = None
    is_computed: bool = False
    custom: CustomKind | None = None

    @property
    def gvr(self) -> GroupVersionResource:
        """Where its objects live in the API."""
        return GroupVersionResource(self.group, self.version, self.resource)

    @property
    def gvk(self) -> GroupVersionKind:
        """What its objects say they are."""
        return GroupVersionKind(self.group, self.version, self.kind)

    @property
    def storage_gvr(self) -> GroupVersionResource:
        """Under which resource its objects are stored."""
        return self.stored_as or self.gvr

    @property
    def list_kind(self) -> str:
        """Kind of a list of its objects."""
        return f"{self.kind}List" if self.custom is None else self.custom.list_kind

    @property
    def has_status(self) -> bool:
        """Whether status is written through a subresource of its own."""
        return "status" in self.subresources

    @property
    def is_stored(self) -> bool:
        """Whether objects are kept; reviews are only answered, and some are made when asked for."""
        return "list" in self.verbs and not self.is_computed


@dataclass(frozen=True, slots=True)
class SubresourceInfo:
    """What is exchanged at a path below an object.

    Attributes:
        group: API group of the exchanged kind; ``None`` when it is the parent's own kind.
        version: Its version, "" when it is the parent's.
        kind: The exchanged kind, "" when it is the parent's own.
        verbs: What can be done, sorted.
    """

    group: str | None
    version: str
    kind: str
    verbs: tuple[str, ...]


_OWN_KIND = SubresourceInfo(None, "", "", ("get", "patch", "update"))
_CONNECT = ("create", "get")
_PROXY_VERBS = ("create", "delete", "get", "patch", "update")

SUBRESOURCES: dict[str, SubresourceInfo] = {
    "approval": _OWN_KIND,
    "attach": SubresourceInfo("", "v1", "PodAttachOptions", _CONNECT),
    "binding": SubresourceInfo("", "v1", "Binding", _CREATE),
    "ephemeralcontainers": _OWN_KIND,
    "eviction": SubresourceInfo("policy", "v1", "Eviction", _CREATE),
    "exec": SubresourceInfo("", "v1", "PodExecOptions", _CONNECT),
    "finalize": SubresourceInfo(None, "", "", ("update",)),
    "log": SubresourceInfo(None, "", "", ("get",)),
    "portforward": SubresourceInfo("", "v1", "PodPortForwardOptions", _CONNECT),
    "resize": _OWN_KIND,
    "scale": SubresourceInfo("autoscaling", "v1", "Scale", ("get", "patch", "update")),
    "status": _OWN_KIND,
    "token": SubresourceInfo("authentication.k8s.io", "v1", "TokenRequest", _CREATE),
}
"""Subresource name → what it exchanges; ``proxy`` depends on its parent."""

_PROXY_KINDS = {
    "Node": "NodeProxyOptions",
    "Pod": "PodProxyOptions",
    "Service": "ServiceProxyOptions",
}


def subresource_info(parent: ResourceInfo, subresource: str) -> SubresourceInfo:
    """What ``subresource`` of ``parent`` exchanges, with the parent's own kind filled in."""
    if subresource == "proxy":
        return SubresourceInfo("", "v1", _PROXY_KINDS[parent.kind], _PROXY_VERBS)
    found = SUBRESOURCES[subresource]
    if found.group is not None:
        return found
    return SubresourceInfo(parent.group, parent.version, parent.kind, found.verbs)


def _cluster(
    api_version: str,
    kind: str,
    resource: str,
    short_names: str = "",
    categories: str = "",
    subresources: str = "",
    *,
    verbs: tuple[str, ...] = _ALL_VERBS,
) -> ResourceInfo:
    return _info(api_version, kind, resource, False, short_names, categories, subresources, verbs)


def _namespaced(
    api_version: str,
    kind: str,
    resource: str,
    short_names: str = "",
    categories: str = "",
    subresources: str = "",
    *,
    verbs: tuple[str, ...] = _ALL_VERBS,
    stored_as: GroupVersionResource | None = None,
) -> ResourceInfo:
    return _info(
        api_version, kind, resource, True, short_names, categories, subresources, verbs, stored_as
    )


def _info(
    api_version: str,
    kind: str,
    resource: str,
    namespaced: bool,
    short_names: str,
    categories: str,
    subresources: str,
    verbs: tuple[str, ...],
    stored_as: GroupVersionResource | None = None,
) -> ResourceInfo:
    group, _, version = api_version.rpartition("/")
    return ResourceInfo(
        group,
        version,
        kind,
        resource,
        kind.lower(),
        namespaced,
        tuple(short_names.split()),
        tuple(categories.split()),
        verbs,
        tuple(subresources.split()),
        stored_as,
    )


def _computed(api_version: str, kind: str, resource: str, *, namespaced: bool) -> ResourceInfo:
    info = _info(api_version, kind, resource, namespaced, "", "", "", _READ)
    return replace(info, is_computed=True)


_ADMISSION = "admissionregistration.k8s.io/v1"
_AUTHORIZATION = "authorization.k8s.io/v1"
_CORE_EVENTS = GroupVersionResource("", "v1", "events")
_HPA_STORAGE = GroupVersionResource("autoscaling", "v2", "horizontalpodautoscalers")
_NO_COLLECTION = ("create", "delete", "get", "list", "patch", "update", "watch")
_POD_SUBRESOURCES = (
    "attach binding ephemeralcontainers eviction exec log portforward proxy resize status"
)
_RBAC = "rbac.authorization.k8s.io/v1"
_SIM = "sim.podarium.dev/v1alpha1"
_STORAGE = "storage.k8s.io/v1"

# fmt: off
BUILTIN_KINDS: tuple[ResourceInfo, ...] = (
    _namespaced("v1", "Binding", "bindings", verbs=_CREATE),
    _cluster("v1", "ComponentStatus", "componentstatuses", "cs", verbs=("get", "list")),
    _namespaced("v1", "ConfigMap", "configmaps", "cm"),
    _namespaced("v1", "Endpoints", "endpoints", "ep"),
    _namespaced("v1", "Event", "events", "ev"),
    _namespaced("v1", "LimitRange", "limitranges", "limits"),
    _cluster("v1", "Namespace", "namespaces", "ns", subresources="finalize status", verbs=_NO_COLLECTION),
    _cluster("v1", "Node", "nodes", "no", subresources="proxy status"),
    _cluster("v1", "PersistentVolume", "persistentvolumes", "pv", subresources="status"),
    _namespaced("v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc", subresources="status"),
    _namespaced("v1", "Pod", "pods", "po", "all", _POD_SUBRESOURCES),
    _namespaced("v1", "PodTemplate", "podtemplates"),
    _namespaced("v1", "ReplicationController", "replicationcontrollers", "rc", "all", "scale status"),
    _namespaced("v1", "ResourceQuota", "resourcequotas", "quota", subresources="status"),
    _namespaced("v1", "Secret", "secrets"),
    _namespaced("v1", "Service", "services", "svc", "all", "proxy status"),
    _namespaced("v1", "ServiceAccount", "serviceaccounts", "sa", subresources="token"),
    _cluster(_ADMISSION, "MutatingAdmissionPolicy", "mutatingadmissionpolicies", categories="api-extensions"),
    _cluster(_ADMISSION, "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", categories="api-extensions"),
    _cluster(_ADMISSION, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", categories="api-extensions"),
    _cluster(_ADMISSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", categories="api-extensions", subresources="status"),
    _cluster(_ADMISSION, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", categories="api-extensions"),
    _cluster(_ADMISSION, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", categories="api-extensions"),
    _cluster("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", "crd crds", "api-extensions", "status"),
    _computed("apiregistration.k8s.io/v1", "APIService", "apiservices", namespaced=False),
    _namespaced("apps/v1", "ControllerRevision", "controllerrevisions"),
    _namespaced("apps/v1", "DaemonSet", "daemonsets", "ds", "all", "status"),
    _namespaced("apps/v1", "Deployment", "deployments", "deploy", "all", "scale status"),
    _namespaced("apps/v1", "ReplicaSet", "replicasets", "rs", "all", "scale status"),
    _namespaced("apps/v1", "StatefulSet", "statefulsets", "sts", "all", "scale status"),
    _cluster("authentication.k8s.io/v1", "SelfSubjectReview", "selfsubjectreviews", verbs=_CREATE),
    _cluster("authentication.k8s.io/v1", "TokenReview", "tokenreviews", verbs=_CREATE),
    _namespaced(_AUTHORIZATION, "LocalSubjectAccessReview", "localsubjectaccessreviews", verbs=_CREATE),
    _cluster(_AUTHORIZATION, "SelfSubjectAccessReview", "selfsubjectaccessreviews", verbs=_CREATE),
    _cluster(_AUTHORIZATION, "SelfSubjectRulesReview", "selfsubjectrulesreviews", verbs=_CREATE),
    _cluster(_AUTHORIZATION, "SubjectAccessReview", "subjectaccessreviews", verbs=_CREATE),
    _namespaced("autoscaling/v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", "all", "status", stored_as=_HPA_STORAGE),
    _namespaced("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", "all", "status"),
    _namespaced("batch/v1", "CronJob", "cronjobs", "cj", "all", "status"),
    _namespaced("batch/v1", "Job", "jobs", "", "all", "status"),
    _cluster("certificates.k8s.io/v1", "CertificateSigningRequest", "certificatesigningrequests", "csr", subresources="approval status"),
    _namespaced("coordination.k8s.io/v1", "Lease", "leases"),
    _namespaced("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
    _namespaced("events.k8s.io/v1", "Event", "events", "ev", stored_as=_CORE_EVENTS),
    _computed("metrics.k8s.io/v1beta1", "NodeMetrics", "nodes", namespaced=False),
    _computed("metrics.k8s.io/v1beta1", "PodMetrics", "pods", namespaced=True),
    _cluster("networking.k8s.io/v1", "IPAddress", "ipaddresses", "ip"),
    _namespaced("networking.k8s.io/v1", "Ingress", "ingresses", "ing", subresources="status"),
    _cluster("networking.k8s.io/v1", "IngressClass", "ingressclasses"),
    _namespaced("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", "netpol"),
    _cluster("networking.k8s.io/v1", "ServiceCIDR", "servicecidrs", subresources="status"),
    _cluster("node.k8s.io/v1", "RuntimeClass", "runtimeclasses"),
    _namespaced("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", subresources="status"),
    _cluster(_RBAC, "ClusterRole", "clusterroles"),
    _cluster(_RBAC, "ClusterRoleBinding", "clusterrolebindings"),
    _namespaced(_RBAC, "Role", "roles"),
    _namespaced(_RBAC, "RoleBinding", "rolebindings"),
    _cluster("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", "pc"),
    _cluster(_SIM, "Clock", "clocks", subresources="status"),
    _cluster(_SIM, "Fault", "faults", subresources="status"),
    _cluster(_SIM, "ImageProfile", "imageprofiles"),
    _cluster(_SIM, "Lesson", "lessons", subresources="status"),
    _namespaced(_SIM, "Traffic", "traffics", subresources="status"),
    _cluster(_STORAGE, "CSIDriver", "csidrivers"),
    _cluster(_STORAGE, "CSINode", "csinodes"),
    _namespaced(_STORAGE, "CSIStorageCapacity", "csistoragecapacities"),
    _cluster(_STORAGE, "StorageClass", "storageclasses", "sc"),
    _cluster(_STORAGE, "VolumeAttachment", "volumeattachments", subresources="status"),
    _cluster(_STORAGE, "VolumeAttributesClass", "volumeattributesclasses", "vac"),
)
# fmt: on
"""Every built-in kind, sorted by group, version and kind."""

_GROUP_ORDER = (
    "",
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
)
_GROUP_RANK = {group: rank for rank, group in enumerate(_GROUP_ORDER)}


class Scheme:
    """The kinds that a cluster knows now: the built-in ones and what CustomResourceDefinitions add.

    Attributes:
        version: Rises with every kind that comes or goes.
    """

    __slots__ = ("_by_kind", "_by_resource", "version")

    def __init__(self, kinds: tuple[ResourceInfo, ...] = BUILTIN_KINDS) -> None:
        self.version = 0
        self._by_resource: dict[tuple[str, str, str], ResourceInfo] = {}
        self._by_kind: dict[tuple[str, str, str], ResourceInfo] = {}
        for info in kinds:
            self.add(info)

    def add(self, info: ResourceInfo) -> None:
        """Make a kind known; one already known under the same resource is replaced."""
        self.remove(info.group, info.version, info.resource)
        self.version += 1
        self._by_resource[info.group, info.version, info.resource] = info
        self._by_kind[info.group, info.version, info.kind] = info

    def remove(self, group: str, version: str, resource: str) -> None:
        """Forget a kind; nothing happens when it is unknown."""
        known = self._by_resource.pop((group, version, resource), None)
        if known is not None:
            self.version += 1
            self._by_kind.pop((known.group, known.version, known.kind), None)

    def by_resource(self, group: str, version: str, resource: str) -> ResourceInfo | None:
        """The kind behind a plural resource name, or ``None``."""
        return self._by_resource.get((group, version, resource))

    def by_kind(self, group: str, version: str, kind: str) -> ResourceInfo | None:
        """The resource of a kind, or ``None``."""
        return self._by_kind.get((group, version, kind))

    def resources(self) -> tuple[ResourceInfo, ...]:
        """All kinds: by group priority, then version priority, then resource name."""
        return tuple(sorted(self._by_resource.values(), key=_priority))

    def groups(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(group, versions) in priority order, core first; the first version is the preferred one."""
        versions: dict[str, list[str]] = {}
        for info in self.resources():
            known = versions.setdefault(info.group, [])
            if info.version not in known:
                known.append(info.version)
        return tuple((group, tuple(names)) for group, names in versions.items())


def _priority(info: ResourceInfo) -> tuple[int, str, tuple[int, int, int, str], str]:
    rank = _GROUP_RANK.get(info.group, len(_GROUP_ORDER))
    return rank, info.group, version_rank(info.version), info.resource


def version_rank(version: str) -> tuple[int, int, int, str]:
    """A sort key that puts the most stable and newest version first: v2, v1, v1beta2, v1alpha1, others.

    Models:
        staging/src/k8s.io/apimachinery/pkg/version/helpers.go CompareKubeAwareVersionStrings
    """
    major, stability, minor = _split_version(version)
    return (-stability, -major, -minor, version)


def _split_version(version: str) -> tuple[int, int, int]:
    for stability, word in ((1, "alpha"), (2, "beta")):
        major, found, minor = version.removeprefix("v").partition(word)
        if found and major.isdecimal() and minor.isdecimal():
            return int(major), stability, int(minor)
    if version.startswith("v") and version[1:].isdecimal():
        return int(version[1:]), 3, 0
    return 0, 0, 0
