"""What runs in kube-system, and what the cluster loses with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenario.network.net import make_pod, run
from tests.world import World

BOOT_MS = 30_000
AGENTS = {
    "calico": ("calico-node", "kube-system"),
    "cilium": ("cilium", "kube-system"),
    "flannel": ("kube-flannel-ds", "kube-flannel"),
    "kindnet": ("kindnet", "kube-system"),
}
LOOK_UP = "nslookup kubernetes.default.svc.cluster.local"


def make_world(**config: Any) -> World:
    return World(addons=True, boot_ms=BOOT_MS, **config)


def test_a_cluster_comes_up_with_core_dns_and_kube_proxy_running() -> None:
    """Two CoreDNS Pods stand behind 10.96.0.10, and every Node has its kube-proxy."""
    world = make_world()

    dns = world.get("Service", "kube-dns", "kube-system")
    assert dns["spec"]["clusterIP"] == "10.96.0.10"
    assert world.get("Deployment", "coredns", "kube-system")["status"]["readyReplicas"] == 2
    assert world.get("DaemonSet", "kube-proxy", "kube-system")["status"]["numberReady"] == 3
    pods = world.list("Pod", namespace="kube-system")
    assert {pod["status"]["phase"] for pod in pods} == {"Running"}


@pytest.mark.parametrize("plugin", sorted(AGENTS))
def test_every_network_plugin_brings_its_agents(plugin: str) -> None:
    """One agent runs on each Node, with the Node's own address."""
    world = make_world(network_plugin=plugin)

    name, namespace = AGENTS[plugin]
    assert world.get("DaemonSet", name, namespace)["status"]["numberReady"] == 3
    assert not [pod for pod in world.list("Pod") if pod["status"]["phase"] != "Running"]


def test_names_are_looked_up_at_a_core_dns_pod() -> None:
    """The answer comes from one of the Pods behind the Service."""
    world = make_world()

    output = run(world, LOOK_UP)

    assert "Server:\t\t10.96.0.10" in output
    assert "Address: 10.96.0.1" in output


def test_without_core_dns_names_time_out_while_addresses_still_work() -> None:
    """Scaled to nothing, the Service has no endpoint: no name resolves any more."""
    world = make_world()
    world.create(make_pod("web"))
    world.cluster.admin.patch(
        world.resource("Deployment"), "kube-system", "coredns", {"spec": {"replicas": 0}}
    )
    world.settle()
    address = world.get("Pod", "web")["status"]["podIP"]

    output = run(world, f"{LOOK_UP}; wget -qO- http://{address} | grep -c nginx", 30)

    assert "connection timed out; no servers could be reached" in output
    assert output.splitlines()[-1] != "0"


def test_a_deleted_core_dns_pod_comes_back_and_answers() -> None:
    """The Deployment heals the cluster's names."""
    world = make_world()
    for pod in world.list("Pod", label_selector="k8s-app=kube-dns"):
        world.cluster.admin.delete(world.resource("Pod"), "kube-system", pod["metadata"]["name"])
    world.settle()
    world.run_for(seconds=30)

    assert "Address: 10.96.0.1" in run(world, LOOK_UP)


def test_without_a_network_plugin_nodes_stay_not_ready_and_pods_wait() -> None:
    """Only what uses the machines' own network runs."""
    world = make_world(network_plugin="none")
    world.create(make_pod("web", tolerations=[{"operator": "Exists"}]))
    world.settle()

    (ready,) = [
        condition
        for condition in world.get("Node", "worker-1")["status"]["conditions"]
        if condition["type"] == "Ready"
    ]
    assert (ready["status"], ready["reason"]) == ("False", "KubeletNotReady")
    assert ready["message"] == (
        "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
        "message:Network plugin returns error: cni plugin not initialized"
    )
    waiting = world.get("Pod", "web")["status"]["containerStatuses"][0]["state"]["waiting"]
    assert waiting["reason"] == "ContainerCreating"
    assert any(
        event.startswith("NetworkNotReady: network is not ready") for event in world.events("web")
    )
    assert world.get("DaemonSet", "kube-proxy", "kube-system")["status"]["numberReady"] == 3
    dns = world.list("Pod", label_selector="k8s-app=kube-dns")
    assert {pod["status"]["phase"] for pod in dns} == {"Pending"}
