"""Shapes that the add-ons' manifests share: accounts, DaemonSets, Deployments. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

SYSTEM = "kube-system"
SYSTEM_NAMESPACES = frozenset({SYSTEM, "ingress-nginx", "kube-flannel"})
"""Where add-ons live: the page shows their Pods only when asked."""
NODE_CRITICAL = "system-node-critical"
CLUSTER_CRITICAL = "system-cluster-critical"
ANYWHERE: list[JSONObject] = [{"operator": "Exists"}]
CRITICAL_ONLY: list[JSONObject] = [
    {"key": "CriticalAddonsOnly", "operator": "Exists"},
    {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
]
LINUX = {"kubernetes.io/os": "linux"}


def make_object(
    api_version: str, kind: str, name: str, namespace: str = SYSTEM, **fields: Any
) -> JSONObject:
    """An object; ``labels`` and ``annotations`` go into its metadata, the rest stands beside it."""
    metadata: JSONObject = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    for field in ("labels", "annotations"):
        if field in fields:
            metadata[field] = fields.pop(field)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def service_account(name: str, namespace: str = SYSTEM) -> JSONObject:
    """A ServiceAccount."""
    return make_object("v1", "ServiceAccount", name, namespace)


def daemon_set(
    name: str,
    labels: dict[str, str],
    container: JSONObject,
    *,
    account: str,
    namespace: str = SYSTEM,
    volumes: list[JSONObject] | None = None,
) -> JSONObject:
    """One Pod on the network of every machine, whatever is wrong with it."""
    spec: JSONObject = {
        "priorityClassName": NODE_CRITICAL,
        "serviceAccountName": account,
        "hostNetwork": True,
        "nodeSelector": LINUX,
        "tolerations": ANYWHERE,
        "containers": [container],
    }
    if volumes:
        spec["volumes"] = volumes
    return make_object(
        "apps/v1",
        "DaemonSet",
        name,
        namespace,
        labels=labels,
        spec={
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
        },
    )


def deployment(
    name: str,
    labels: dict[str, str],
    pod: JSONObject,
    *,
    namespace: str = SYSTEM,
    replicas: int = 1,
) -> JSONObject:
    """A Deployment; ``pod`` is the spec of its Pods."""
    return make_object(
        "apps/v1",
        "Deployment",
        name,
        namespace,
        labels=labels,
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    )


def resources(cpu: str, memory: str, *, limit_memory: str = "") -> JSONObject:
    """Requests, and a limit of memory."""
    found: JSONObject = {"requests": {"cpu": cpu, "memory": memory}}
    if limit_memory:
        found["limits"] = {"memory": limit_memory}
    return found
