"""What both OpenAPI versions share: which definitions a document needs, and enumerations.

The extracted definitions lack enumerations; the table here adds those that ``kubectl explain`` prints.

Models:
    staging/src/k8s.io/api/core/v1/types.go and siblings, the types marked ``+enum``
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.apiextensions.kinds import (
    definition_name_of,
    published_list_schema,
    published_schema,
)
from webapp.api.schema.definitions import definition_name, definitions, reference_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import CustomKind, ResourceInfo

PATCH_MEDIA_TYPES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)
WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")
PATCH_PARAMETERS = (*WRITE_PARAMETERS, "force")

_PROTOCOL = ("SCTP", "TCP", "UDP")
_EFFECT = ("NoExecute", "NoSchedule", "PreferNoSchedule")
_CORE = "io.k8s.api.core.v1."
_APPS = "io.k8s.api.apps.v1."
_TRAFFIC = ("Cluster", "Local")
_HONOR = ("Honor", "Ignore")
_RECLAIM = ("Delete", "Recycle", "Retain")
_ACCESS = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")

ENUMS: dict[tuple[str, str], tuple[str, ...]] = {
    (_APPS + "DaemonSetUpdateStrategy", "type"): ("OnDelete", "RollingUpdate"),
    (_APPS + "DeploymentStrategy", "type"): ("Recreate", "RollingUpdate"),
    (_APPS + "StatefulSetSpec", "podManagementPolicy"): ("OrderedReady", "Parallel"),
    (_APPS + "StatefulSetUpdateStrategy", "type"): ("OnDelete", "RollingUpdate"),
    ("io.k8s.api.batch.v1.CronJobSpec", "concurrencyPolicy"): ("Allow", "Forbid", "Replace"),
    ("io.k8s.api.batch.v1.JobSpec", "completionMode"): ("Indexed", "NonIndexed"),
    ("io.k8s.api.batch.v1.JobSpec", "podReplacementPolicy"): ("Failed", "TerminatingOrFailed"),
    (_CORE + "AppArmorProfile", "type"): ("Localhost", "RuntimeDefault", "Unconfined"),
    (_CORE + "Container", "imagePullPolicy"): ("Always", "IfNotPresent", "Never"),
    (_CORE + "Container", "terminationMessagePolicy"): ("FallbackToLogsOnError", "File"),
    (_CORE + "ContainerPort", "protocol"): _PROTOCOL,
    (_CORE + "EndpointPort", "protocol"): _PROTOCOL,
    (_CORE + "EphemeralContainer", "imagePullPolicy"): ("Always", "IfNotPresent", "Never"),
    (_CORE + "EphemeralContainer", "terminationMessagePolicy"): ("FallbackToLogsOnError", "File"),
    (_CORE + "HTTPGetAction", "scheme"): ("HTTP", "HTTPS"),
    (_CORE + "HostPathVolumeSource", "type"): (
        "",
        "BlockDevice",
        "CharDevice",
        "Directory",
        "DirectoryOrCreate",
        "File",
        "FileOrCreate",
        "Socket",
    ),
    (_CORE + "NamespaceStatus", "phase"): ("Active", "Terminating"),
    (_CORE + "NodeSelectorRequirement", "operator"): (
        "DoesNotExist",
        "Exists",
        "Gt",
        "In",
        "Lt",
        "NotIn",
    ),
    (_CORE + "PersistentVolumeClaimSpec", "accessModes"): _ACCESS,
    (_CORE + "PersistentVolumeClaimSpec", "volumeMode"): ("Block", "Filesystem"),
    (_CORE + "PersistentVolumeClaimStatus", "phase"): ("Bound", "Lost", "Pending"),
    (_CORE + "PersistentVolumeSpec", "accessModes"): _ACCESS,
    (_CORE + "PersistentVolumeSpec", "persistentVolumeReclaimPolicy"): _RECLAIM,
    (_CORE + "PersistentVolumeSpec", "volumeMode"): ("Block", "Filesystem"),
    (_CORE + "PersistentVolumeStatus", "phase"): (
        "Available",
        "Bound",
        "Failed",
        "Pending",
        "Released",
    ),
    (_CORE + "PodSecurityContext", "fsGroupChangePolicy"): ("Always", "OnRootMismatch"),
    (_CORE + "PodSecurityContext", "supplementalGroupsPolicy"): ("Merge", "Strict"),
    (_CORE + "PodSpec", "dnsPolicy"): (
        "ClusterFirst",
        "ClusterFirstWithHostNet",
        "Default",
        "None",
    ),
    (_CORE + "PodSpec", "preemptionPolicy"): ("Never", "PreemptLowerPriority"),
    (_CORE + "PodSpec", "restartPolicy"): ("Always", "Never", "OnFailure"),
    (_CORE + "PodStatus", "phase"): ("Failed", "Pending", "Running", "Succeeded", "Unknown"),
    (_CORE + "PodStatus", "qosClass"): ("BestEffort", "Burstable", "Guaranteed"),
    (_CORE + "SeccompProfile", "type"): ("Localhost", "RuntimeDefault", "Unconfined"),
    (_CORE + "ServicePort", "protocol"): _PROTOCOL,
    (_CORE + "ServiceSpec", "externalTrafficPolicy"): _TRAFFIC,
    (_CORE + "ServiceSpec", "internalTrafficPolicy"): _TRAFFIC,
    (_CORE + "ServiceSpec", "sessionAffinity"): ("ClientIP", "None"),
    (_CORE + "ServiceSpec", "type"): ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
    (_CORE + "Taint", "effect"): _EFFECT,
    (_CORE + "Toleration", "effect"): _EFFECT,
    (_CORE + "Toleration", "operator"): ("Equal", "Exists", "Gt", "Lt"),
    (_CORE + "TopologySpreadConstraint", "nodeAffinityPolicy"): _HONOR,
    (_CORE + "TopologySpreadConstraint", "nodeTaintsPolicy"): _HONOR,
    (_CORE + "TopologySpreadConstraint", "whenUnsatisfiable"): ("DoNotSchedule", "ScheduleAnyway"),
    ("io.k8s.api.discovery.v1.EndpointSlice", "addressType"): ("FQDN", "IPv4", "IPv6"),
    ("io.k8s.api.networking.v1.HTTPIngressPath", "pathType"): (
        "Exact",
        "ImplementationSpecific",
        "Prefix",
    ),
    ("io.k8s.api.networking.v1.NetworkPolicySpec", "policyTypes"): ("Egress", "Ingress"),
    ("io.k8s.api.policy.v1.PodDisruptionBudgetSpec", "unhealthyPodEvictionPolicy"): (
        "AlwaysAllow",
        "IfHealthyBudget",
    ),
    ("io.k8s.api.scheduling.v1.PriorityClass", "preemptionPolicy"): (
        "Never",
        "PreemptLowerPriority",
    ),
    ("io.k8s.api.storage.v1.StorageClass", "reclaimPolicy"): _RECLAIM,
    ("io.k8s.api.storage.v1.StorageClass", "volumeBindingMode"): (
        "Immediate",
        "WaitForFirstConsumer",
    ),
}
"""(definition, property) → its values, sorted; of a list property, its items'."""


def schema_name(info: ResourceInfo) -> str | None:
    """What documents call a kind, or ``None`` for kinds without a definition."""
    if info.custom is not None:
        return definition_name_of(info)
    return definition_name(*info.gvk)


def schemas_for(resources: Iterable[ResourceInfo]) -> dict[str, JSONObject]:
    """Name → schema of everything that these kinds and their lists refer to, sorted by name."""
    known = definitions().schemas
    found: dict[str, JSONObject] = {}
    waiting: list[str] = []
    for info in resources:
        if info.custom is None:
            waiting += _root_names(info)
            continue
        for name, schema in _custom_schemas(info, info.custom):
            found[name] = schema
            waiting += references(schema)
    while waiting:
        name = waiting.pop()
        if name in found or name not in known:
            continue
        found[name] = with_enums(name, known[name])
        waiting += references(known[name])
    return dict(sorted(found.items()))


def _custom_schemas(info: ResourceInfo, custom: CustomKind) -> Iterator[tuple[str, JSONObject]]:
    """A custom kind's schema and that of its lists, each saying which kind it is."""
    name = definition_name_of(info)
    for suffix, kind, schema in (
        ("", info.kind, published_schema(custom)),
        ("List", custom.list_kind, published_list_schema(info)),
    ):
        said = {"group": info.group, "version": info.version, "kind": kind}
        yield name + suffix, {**schema, "x-kubernetes-group-version-kind": [said]}


def with_enums(name: str, schema: JSONObject) -> JSONObject:
    """``schema`` with the values of its enumerated properties."""
    changed = {
        field: _with_values(schema["properties"][field], values)
        for (owner, field), values in ENUMS.items()
        if owner == name and field in schema.get("properties", {})
    }
    return {**schema, "properties": {**schema["properties"], **changed}} if changed else schema


def references(schema: JSONObject) -> Iterator[str]:
    """Names of the definitions that ``schema`` refers to, repeated as often as it does."""
    name = reference_of(schema)
    if name is not None:
        yield name
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from references(schema[key])
    for item in schema.get("properties", {}).values():
        yield from references(item)


def _root_names(info: ResourceInfo) -> list[str]:
    names = (
        definition_name(info.group, info.version, kind) for kind in (info.kind, info.kind + "List")
    )
    return [name for name in names if name is not None]


def _with_values(schema: JSONObject, values: Sequence[str]) -> JSONObject:
    if schema.get("type") == "array":
        return {**schema, "items": {**schema["items"], "enum": list(values)}}
    return {**schema, "enum": list(values)}
