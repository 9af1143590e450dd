"""Complete valid objects for tests; keyword arguments go where people look for them."""

from __future__ import annotations

from typing import Any


def make_node(
    name: str, *, labels: dict[str, str] | None = None, taints: list[dict[str, str]] | None = None
) -> Any:
    """A Node manifest: creating it adds a machine."""
    return {
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"taints": taints} if taints else {},
    }


def make_container(name: str = "app", image: str = "nginx:1.27", **fields: Any) -> Any:
    """One container."""
    return {"name": name, "image": image, **fields}


def make_pod(
    name: str,
    *,
    namespace: str = "default",
    cpu: str = "",
    labels: dict[str, str] | None = None,
    containers: list[Any] | None = None,
    **spec: Any,
) -> Any:
    """A Pod of one container unless told otherwise; ``cpu`` is its first container's request."""
    containers = containers or [make_container()]
    if cpu:
        containers = [{**containers[0], "resources": {"requests": {"cpu": cpu}}}, *containers[1:]]
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace, "labels": labels or {"app": name}},
        "spec": {"containers": containers, **spec},
    }


def make_deployment(name: str, *, replicas: int = 3, image: str = "nginx:1.27", **spec: Any) -> Any:
    """A Deployment of one container."""
    labels = {"app": name}
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [make_container(image=image)]},
            },
            **spec,
        },
    }


def make_service(name: str, *, port: int = 80, **spec: Any) -> Any:
    """A ClusterIP Service for Pods with the label ``app=NAME``."""
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"app": name}, "ports": [{"port": port}], **spec},
    }
