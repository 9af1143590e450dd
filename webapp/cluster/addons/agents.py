"""What runs on every machine for the pod network: kube-proxy, and the network plugin's agents.

The rules and routes that they would write are the data plane's; here they are Pods that can be seen,
deleted and broken.

Models:
    cmd/kubeadm/app/phases/addons/proxy/manifests.go KubeProxyDaemonSet19, KubeProxyConfigMap19
    kubernetes-sigs/kind/images/kindnetd/cmd/kindnetd/main.go
    flannel-io/flannel/Documentation/kube-flannel.yml
    projectcalico/calico/manifests/calico.yaml
    cilium/cilium/install/kubernetes/cilium/templates/cilium-agent/daemonset.yaml
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cluster.addons.objects import (
    ANYWHERE,
    CLUSTER_CRITICAL,
    CRITICAL_ONLY,
    LINUX,
    daemon_set,
    deployment,
    make_object,
    resources,
    service_account,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject

PROXY_IMAGE = "registry.k8s.io/kube-proxy:v1.36.0"
KINDNET_IMAGE = "docker.io/kindest/kindnetd:v20250512-df8de77b"
FLANNEL_IMAGE = "ghcr.io/flannel-io/flannel:v0.27.4"
CALICO_IMAGE = "quay.io/calico/node:v3.31.2"
CALICO_CONTROLLERS_IMAGE = "quay.io/calico/kube-controllers:v3.31.2"
CILIUM_IMAGE = "quay.io/cilium/cilium:v1.18.4"
CILIUM_OPERATOR_IMAGE = "quay.io/cilium/operator-generic:v1.18.4"


def proxy_objects(mode: str) -> list[JSONObject]:
    """kube-proxy on every machine; ``mode`` is iptables or ipvs."""
    config = (
        "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
        f"bindAddress: 0.0.0.0\nmode: {mode}\n"
    )
    container: JSONObject = {
        "name": "kube-proxy",
        "image": PROXY_IMAGE,
        "command": [
            "/usr/local/bin/kube-proxy",
            "--config=/var/lib/kube-proxy/config.conf",
            "--hostname-override=$(NODE_NAME)",
        ],
        "env": [_field("NODE_NAME", "spec.nodeName")],
        "securityContext": {"privileged": True},
        "volumeMounts": [{"name": "kube-proxy", "mountPath": "/var/lib/kube-proxy"}],
    }
    labels = {"k8s-app": "kube-proxy"}
    volumes: list[JSONObject] = [{"name": "kube-proxy", "configMap": {"name": "kube-proxy"}}]
    return [
        service_account("kube-proxy"),
        make_object("v1", "ConfigMap", "kube-proxy", labels=labels, data={"config.conf": config}),
        daemon_set("kube-proxy", labels, container, account="kube-proxy", volumes=volumes),
    ]


def agent_objects(plugin: str) -> list[JSONObject]:
    """The agents of a network plugin; none for ``none``."""
    make = _AGENTS.get(plugin)
    return make() if make is not None else []


def _kindnet() -> list[JSONObject]:
    labels = {"app": "kindnet", "k8s-app": "kindnet", "tier": "node"}
    return [
        service_account("kindnet"),
        daemon_set(
            "kindnet",
            labels,
            _agent("kindnet-cni", KINDNET_IMAGE, "100m", "50Mi", limit_memory="50Mi"),
            account="kindnet",
        ),
    ]


def _flannel() -> list[JSONObject]:
    namespace = "kube-flannel"
    labels = {"app": "flannel", "k8s-app": "flannel", "tier": "node"}
    network = '{"Network": "10.244.0.0/16", "EnableNFTables": false, "Backend": {"Type": "vxlan"}}'
    container = _agent("kube-flannel", FLANNEL_IMAGE, "100m", "50Mi")
    container["command"] = ["/opt/bin/flanneld"]
    container["args"] = ["--ip-masq", "--kube-subnet-mgr"]
    return [
        make_object("v1", "Namespace", namespace, "", labels={"k8s-app": "flannel"}),
        service_account("flannel", namespace),
        make_object(
            "v1", "ConfigMap", "kube-flannel-cfg", namespace, data={"net-conf.json": network}
        ),
        daemon_set("kube-flannel-ds", labels, container, account="flannel", namespace=namespace),
    ]


def _calico() -> list[JSONObject]:
    controllers = {"k8s-app": "calico-kube-controllers"}
    container: JSONObject = {
        "name": "calico-kube-controllers",
        "image": CALICO_CONTROLLERS_IMAGE,
        "env": [{"name": "ENABLED_CONTROLLERS", "value": "node,loadbalancer"}],
    }
    return [
        service_account("calico-node"),
        service_account("calico-kube-controllers"),
        daemon_set(
            "calico-node",
            {"k8s-app": "calico-node"},
            _agent("calico-node", CALICO_IMAGE, "250m", "0"),
            account="calico-node",
        ),
        deployment(
            "calico-kube-controllers",
            controllers,
            _controller_pod(container, "calico-kube-controllers", CRITICAL_ONLY),
        ),
    ]


def _cilium() -> list[JSONObject]:
    operator = {"io.cilium/app": "operator", "name": "cilium-operator"}
    container: JSONObject = {"name": "cilium-operator", "image": CILIUM_OPERATOR_IMAGE}
    return [
        service_account("cilium"),
        service_account("cilium-operator"),
        daemon_set(
            "cilium",
            {"k8s-app": "cilium"},
            _agent("cilium-agent", CILIUM_IMAGE, "0", "0"),
            account="cilium",
        ),
        deployment(
            "cilium-operator",
            operator,
            {**_controller_pod(container, "cilium-operator", ANYWHERE), "hostNetwork": True},
        ),
    ]


def _agent(name: str, image: str, cpu: str, memory: str, *, limit_memory: str = "") -> JSONObject:
    return {
        "name": name,
        "image": image,
        "env": [
            _field("NODE_NAME", "spec.nodeName"),
            _field("POD_NAME", "metadata.name"),
            _field("POD_NAMESPACE", "metadata.namespace"),
        ],
        "resources": resources(cpu, memory, limit_memory=limit_memory),
        "securityContext": {"privileged": True},
    }


def _controller_pod(
    container: JSONObject, account: str, tolerations: list[JSONObject]
) -> JSONObject:
    return {
        "priorityClassName": CLUSTER_CRITICAL,
        "serviceAccountName": account,
        "nodeSelector": LINUX,
        "tolerations": tolerations,
        "containers": [container],
    }


def _field(name: str, path: str) -> JSONObject:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


_AGENTS: dict[str, Callable[[], list[JSONObject]]] = {
    "calico": _calico,
    "cilium": _cilium,
    "flannel": _flannel,
    "kindnet": _kindnet,
}
