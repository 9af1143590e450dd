"""What a Gateway's proxy consists of: a Deployment and a Service. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.controller.controller_ref_manager import new_controller_ref
from webapp.network.gateway_routes import GATEWAY_LABEL, GROUP, IMAGE

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

VERSION = "v1.36.0"


def proxy_service(gateway: JSONObject, name: str) -> JSONObject:
    """A load balancer with the ports of all listeners."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(gateway, name),
        "spec": {
            "type": "LoadBalancer",
            "selector": {GATEWAY_LABEL: gateway["metadata"]["name"]},
            "ports": [
                {"name": f"port-{port}", "port": port, "protocol": "TCP"}
                for port in _listened(gateway)
            ],
        },
    }


def proxy_deployment(gateway: JSONObject, name: str) -> JSONObject:
    """One Pod that listens on them."""
    labels = {GATEWAY_LABEL: gateway["metadata"]["name"]}
    container = {
        "name": "envoy",
        "image": f"{IMAGE}:{VERSION}",
        "ports": [{"containerPort": port, "protocol": "TCP"} for port in _listened(gateway)],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(gateway, name),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def _metadata(gateway: JSONObject, name: str) -> JSONObject:
    owner = {"apiVersion": f"{GROUP}/v1", "kind": "Gateway", **gateway}
    return {
        "name": name,
        "namespace": gateway["metadata"]["namespace"],
        "labels": {GATEWAY_LABEL: gateway["metadata"]["name"]},
        "ownerReferences": [new_controller_ref(owner)],
    }


def _listened(gateway: JSONObject) -> list[int]:
    listeners = gateway["spec"].get("listeners") or ()
    return list(dict.fromkeys(listener["port"] for listener in listeners))
