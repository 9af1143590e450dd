"""CoreDNS as kubeadm installs it: two Pods behind the Service kube-dns, which every Pod asks for names.

Models:
    cmd/kubeadm/app/phases/addons/dns/manifests.go CoreDNSDeployment, CoreDNSService, CoreDNSConfigMap
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cluster.addons.objects import (
    CLUSTER_CRITICAL,
    CRITICAL_ONLY,
    LINUX,
    SYSTEM,
    deployment,
    make_object,
    resources,
    service_account,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

IMAGE = "registry.k8s.io/coredns/coredns:v1.14.1"
ADDRESS = "10.96.0.10"
_LABELS = {"k8s-app": "kube-dns"}
_COREFILE = """\
.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
"""


def dns_objects() -> list[JSONObject]:
    """Everything CoreDNS needs, in order."""
    rules = [
        {
            "apiGroups": [""],
            "resources": ["endpoints", "services", "pods", "namespaces"],
            "verbs": ["list", "watch"],
        },
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]},
        {
            "apiGroups": ["discovery.k8s.io"],
            "resources": ["endpointslices"],
            "verbs": ["list", "watch"],
        },
    ]
    rbac = "rbac.authorization.k8s.io"
    return [
        service_account("coredns"),
        make_object(f"{rbac}/v1", "ClusterRole", "system:coredns", "", rules=rules),
        make_object(
            f"{rbac}/v1",
            "ClusterRoleBinding",
            "system:coredns",
            "",
            roleRef={"apiGroup": rbac, "kind": "ClusterRole", "name": "system:coredns"},
            subjects=[{"kind": "ServiceAccount", "name": "coredns", "namespace": SYSTEM}],
        ),
        make_object("v1", "ConfigMap", "coredns", data={"Corefile": _COREFILE}),
        _service(),
        deployment("coredns", _LABELS, _pod(), replicas=2),
    ]


def _service() -> JSONObject:
    return make_object(
        "v1",
        "Service",
        "kube-dns",
        labels={
            **_LABELS,
            "kubernetes.io/cluster-service": "true",
            "kubernetes.io/name": "CoreDNS",
        },
        annotations={"prometheus.io/port": "9153", "prometheus.io/scrape": "true"},
        spec={
            "clusterIP": ADDRESS,
            "selector": _LABELS,
            "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
                {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
                {"name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": 9153},
            ],
        },
    )


def _pod() -> JSONObject:
    container: JSONObject = {
        "name": "coredns",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "resources": resources("100m", "70Mi", limit_memory="170Mi"),
        "ports": [
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
            {"name": "metrics", "containerPort": 9153, "protocol": "TCP"},
            {"name": "liveness-probe", "containerPort": 8080, "protocol": "TCP"},
            {"name": "readiness-probe", "containerPort": 8181, "protocol": "TCP"},
        ],
        "livenessProbe": {
            "httpGet": {"path": "/health", "port": "liveness-probe", "scheme": "HTTP"},
            "initialDelaySeconds": 60,
            "timeoutSeconds": 5,
            "successThreshold": 1,
            "failureThreshold": 5,
        },
        "readinessProbe": {
            "httpGet": {"path": "/ready", "port": "readiness-probe", "scheme": "HTTP"}
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": "config-volume", "mountPath": "/etc/coredns", "readOnly": True}],
    }
    return {
        "priorityClassName": CLUSTER_CRITICAL,
        "serviceAccountName": "coredns",
        "nodeSelector": LINUX,
        "tolerations": CRITICAL_ONLY,
        "dnsPolicy": "Default",
        "containers": [container],
        "volumes": [
            {
                "name": "config-volume",
                "configMap": {
                    "name": "coredns",
                    "items": [{"key": "Corefile", "path": "Corefile"}],
                },
            }
        ],
    }
