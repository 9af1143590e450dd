"""The built-in ingress controller: an IngressClass ``nginx``, and the Pod that its requests pass through.

Models:
    kubernetes/ingress-nginx/deploy/static/provider/cloud/deploy.yaml
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cluster.addons.objects import (
    LINUX,
    deployment,
    make_object,
    resources,
    service_account,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

NAMESPACE = "ingress-nginx"
NAME = "ingress-nginx-controller"
IMAGE = "registry.k8s.io/ingress-nginx/controller:v1.14.0"
_LABELS = {
    "app.kubernetes.io/component": "controller",
    "app.kubernetes.io/instance": "ingress-nginx",
    "app.kubernetes.io/name": "ingress-nginx",
}


def ingress_objects() -> list[JSONObject]:
    """Everything the controller needs, in order."""
    ports = [
        {
            "name": "http",
            "port": 80,
            "protocol": "TCP",
            "targetPort": "http",
            "appProtocol": "http",
        },
        {
            "name": "https",
            "port": 443,
            "protocol": "TCP",
            "targetPort": "https",
            "appProtocol": "https",
        },
    ]
    return [
        make_object("v1", "Namespace", NAMESPACE, "", labels=_LABELS),
        service_account("ingress-nginx", NAMESPACE),
        make_object(
            "networking.k8s.io/v1",
            "IngressClass",
            "nginx",
            "",
            labels=_LABELS,
            spec={"controller": "k8s.io/ingress-nginx"},
        ),
        make_object(
            "v1",
            "Service",
            NAME,
            NAMESPACE,
            labels=_LABELS,
            spec={"type": "LoadBalancer", "selector": _LABELS, "ports": ports},
        ),
        deployment(NAME, _LABELS, _pod(), namespace=NAMESPACE),
    ]


def _pod() -> JSONObject:
    container: JSONObject = {
        "name": "controller",
        "image": IMAGE,
        "args": [
            "/nginx-ingress-controller",
            "--publish-service=$(POD_NAMESPACE)/ingress-nginx-controller",
            "--controller-class=k8s.io/ingress-nginx",
            "--ingress-class=nginx",
        ],
        "env": [
            {
                "name": "POD_NAMESPACE",
                "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}},
            }
        ],
        "ports": [
            {"name": "http", "containerPort": 80, "protocol": "TCP"},
            {"name": "https", "containerPort": 443, "protocol": "TCP"},
        ],
        "readinessProbe": {
            "httpGet": {"path": "/healthz", "port": 10254},
            "initialDelaySeconds": 10,
        },
        "resources": resources("100m", "90Mi"),
    }
    return {
        "serviceAccountName": "ingress-nginx",
        "nodeSelector": LINUX,
        "containers": [container],
    }
