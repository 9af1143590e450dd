"""Nodes and Pods for scheduler tests, as the API would hand them over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

MIB = 1024 * 1024


def make_node(
    name: str,
    cpu: str = "4",
    memory: str = "8Gi",
    pods: str = "110",
    *,
    labels: dict[str, str] | None = None,
    taints: list[tuple[str, str, str]] | None = None,
    unschedulable: bool = False,
    images: dict[str, int] | None = None,
    **allocatable: str,
) -> JSONObject:
    """A Node; further amounts by keyword, with ``__`` for ``/`` and ``_`` for ``-``."""
    spec: JSONObject = {}
    if taints:
        spec["taints"] = [{"key": k, "value": v, "effect": e} for k, v, e in taints]
    if unschedulable:
        spec["unschedulable"] = True
    extra = {key.replace("__", "/").replace("_", "-"): value for key, value in allocatable.items()}
    return {
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "uid": f"node-{name}",
            "labels": {"kubernetes.io/hostname": name, **(labels or {})},
        },
        "spec": spec,
        "status": {
            "allocatable": {"cpu": cpu, "memory": memory, "pods": pods, **extra},
            "images": [
                {"names": [image], "sizeBytes": size} for image, size in (images or {}).items()
            ],
        },
    }


def make_pod(
    name: str,
    cpu: str | None = None,
    memory: str | None = None,
    *,
    image: str = "app:1",
    ports: list[tuple[str, str, int]] | None = None,
    requests: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    owner: str | None = None,
    namespace: str = "default",
    **spec: Any,
) -> JSONObject:
    """A Pod with one container; further fields of its spec by keyword."""
    wanted = dict(requests or {})
    if cpu is not None:
        wanted["cpu"] = cpu
    if memory is not None:
        wanted["memory"] = memory
    container: JSONObject = {"name": "app", "image": image}
    if wanted:
        container["resources"] = {"requests": wanted}
    if ports:
        container["ports"] = [
            {"hostIP": ip, "protocol": protocol, "containerPort": port, "hostPort": port}
            for ip, protocol, port in ports
        ]
    metadata: JSONObject = {"name": name, "namespace": namespace, "uid": f"uid-{name}"}
    if labels:
        metadata["labels"] = labels
    if owner:
        reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner}
        metadata["ownerReferences"] = [{**reference, "controller": True}]
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": metadata,
        "spec": {"containers": [container], **spec},
        "status": {"phase": "Pending"},
    }


def required_affinity(*terms: JSONObject) -> JSONObject:
    """``spec.affinity`` with required node selector terms."""
    required = {"nodeSelectorTerms": list(terms)}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


def preferred_affinity(*weighted: tuple[int, JSONObject]) -> JSONObject:
    """``spec.affinity`` with preferred node selector terms."""
    terms = [{"weight": weight, "preference": term} for weight, term in weighted]
    return {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": terms}}


def expression(key: str, operator: str, *values: str) -> JSONObject:
    """A term with one match expression."""
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def named(operator: str, *names: str) -> JSONObject:
    """A term with one match on ``metadata.name``."""
    return {"matchFields": [{"key": "metadata.name", "operator": operator, "values": list(names)}]}
