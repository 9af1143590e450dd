"""What a new cluster starts with: Namespaces, roles, priorities, its own Service, a storage class.

Written once, when the API server finds them missing; a restored store keeps what people made of them.

Models:
    plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go
    pkg/controlplane/controller/systemnamespaces/system_namespaces_controller.go
    pkg/registry/scheduling/rest/storage_scheduling.go
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import time_text
from webapp.apiserver.authorization import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    RBAC_GROUP,
    ROLE_BINDINGS,
    ROLES,
)
from webapp.apiserver.bootstrap_policy import (
    CLUSTER_ROLE_RULES,
    GROUP_BINDINGS,
    NAMESPACED_BINDINGS,
    NAMESPACED_ROLE_RULES,
    USER_BINDINGS,
)
from webapp.apiserver.storage import bucket_name, object_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.config import APIServerConfig
    from webapp.apiserver.registry.names import Namer
    from webapp.apiserver.storage import Storage

_ACTOR = "kube-apiserver"
_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_RBAC_VERSION = f"{RBAC_GROUP}/v1"
_BOOTSTRAP_METADATA = {
    "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
    "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
}
_AGGREGATED = {"admin": "edit", "edit": "view"}
_PRIORITIES = {
    "system-cluster-critical": (
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    "system-node-critical": (
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
}


def bootstrap(storage: Storage, namer: Namer, now_ms: int, config: APIServerConfig) -> None:
    """Write what is missing, sorted by resource and name."""
    created = time_text(now_ms)
    for bucket, obj in _objects(config):
        metadata = obj["metadata"]
        key = object_key(metadata.get("namespace", ""), metadata["name"])
        if storage.get(bucket, key) is None:
            whole = {**metadata, "uid": namer.new_uid(), "creationTimestamp": created}
            storage.create(bucket, key, {**obj, "metadata": whole}, _ACTOR)


def _objects(config: APIServerConfig) -> Iterator[tuple[str, JSONObject]]:
    for name in _NAMESPACES:
        yield bucket_name("", "namespaces"), _namespace(name)
    for name, rules in sorted(CLUSTER_ROLE_RULES.items()):
        yield CLUSTER_ROLES, _cluster_role(name, rules)
    for name, (role, subject) in sorted(USER_BINDINGS.items()):
        yield (
            CLUSTER_ROLE_BINDINGS,
            _binding(name, "ClusterRole", role, [_subject("User", subject)]),
        )
    for name, (role, groups) in sorted(GROUP_BINDINGS.items()):
        subjects = [_subject("Group", group) for group in groups]
        yield CLUSTER_ROLE_BINDINGS, _binding(name, "ClusterRole", role, subjects)
    for (namespace, name), rules in sorted(NAMESPACED_ROLE_RULES.items()):
        yield ROLES, _role(namespace, name, rules)
    for (namespace, name), (role, user) in sorted(NAMESPACED_BINDINGS.items()):
        subjects = [_subject("User", user)]
        yield ROLE_BINDINGS, _binding(name, "Role", role, subjects, namespace)
    for name, (value, description) in sorted(_PRIORITIES.items()):
        yield (
            bucket_name("scheduling.k8s.io", "priorityclasses"),
            _priority_class(name, value, description),
        )
    yield bucket_name("", "services"), _kubernetes_service(config)
    yield bucket_name("storage.k8s.io", "storageclasses"), _standard_storage_class()


def _namespace(name: str) -> JSONObject:
    return {
        "kind": "Namespace",
        "apiVersion": "v1",
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def _cluster_role(name: str, rules: list[JSONObject]) -> JSONObject:
    metadata: JSONObject = {"name": name, **_BOOTSTRAP_METADATA}
    role: JSONObject = {
        "kind": "ClusterRole",
        "apiVersion": _RBAC_VERSION,
        "metadata": metadata,
        "rules": rules,
    }
    part = _AGGREGATED.get(name)
    if part:
        label = f"rbac.authorization.k8s.io/aggregate-to-{name}"
        role["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": {label: "true"}}]}
    return role


def _role(namespace: str, name: str, rules: list[JSONObject]) -> JSONObject:
    return {
        "kind": "Role",
        "apiVersion": _RBAC_VERSION,
        "metadata": {"name": name, "namespace": namespace, **_BOOTSTRAP_METADATA},
        "rules": rules,
    }


def _binding(
    name: str, kind: str, role: str, subjects: list[JSONObject], namespace: str = ""
) -> JSONObject:
    metadata: JSONObject = {"name": name, **_BOOTSTRAP_METADATA}
    if namespace:
        metadata["namespace"] = namespace
    return {
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "apiVersion": _RBAC_VERSION,
        "metadata": metadata,
        "subjects": subjects,
        "roleRef": {"apiGroup": RBAC_GROUP, "kind": kind, "name": role},
    }


def _subject(kind: str, name: str) -> JSONObject:
    return {"apiGroup": RBAC_GROUP, "kind": kind, "name": name}


def _standard_storage_class() -> JSONObject:
    # No part of Kubernetes itself, but what small clusters come with.
    return {
        "kind": "StorageClass",
        "apiVersion": "storage.k8s.io/v1",
        "metadata": {
            "name": "standard",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "rancher.io/local-path",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    }


def _priority_class(name: str, value: int, description: str) -> JSONObject:
    return {
        "kind": "PriorityClass",
        "apiVersion": "scheduling.k8s.io/v1",
        "metadata": {"name": name, "generation": 1},
        "value": value,
        "description": description,
        "preemptionPolicy": "PreemptLowerPriority",
    }


def _kubernetes_service(config: APIServerConfig) -> JSONObject:
    network = ip_network(config.service_cidrs[0])
    address = str(network.network_address + 1)
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "ports": [{"name": "https", "protocol": "TCP", "port": 443, "targetPort": 6443}],
            "clusterIP": address,
            "clusterIPs": [address],
            "type": "ClusterIP",
            "sessionAffinity": "None",
            "ipFamilies": ["IPv4" if network.version == 4 else "IPv6"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
        },
        "status": {"loadBalancer": {}},
    }
