"""Real curl and kubectl reach simulated Pods: published ports, the proxy subresource, kubectl proxy."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.api.conftest import ROOT, eventually

if TYPE_CHECKING:
    from pathlib import Path

PODS = "/api/v1/namespaces/default/pods"
SERVICES = "/api/v1/namespaces/default/services"


def make_pod(name: str, app: str = "web") -> dict:
    container = {"name": "c", "image": "nginx", "ports": [{"name": "http", "containerPort": 80}]}
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": name, "labels": {"app": app}},
        "spec": {"containers": [container]},
    }


def make_service(name: str, type_: str) -> dict:
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": {"name": name},
        "spec": {"type": type_, "selector": {"app": "web"}, "ports": [{"port": 80}]},
    }


def curl(*words: str) -> str:
    done = subprocess.run(
        ["curl", "-s", "--max-time", "10", *words], capture_output=True, text=True, check=False
    )
    return done.stdout


def raw(kubectl: Path, server, path: str) -> tuple[int, str]:
    done = subprocess.run(
        [kubectl, "-s", server.url, "get", "--raw", path],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def kubectl(kubectl_binary):
    """The newest kubectl."""
    return kubectl_binary(36)


@pytest.fixture
def published(start_server):
    server = start_server("--speed", "max", "--publish")
    server.send("POST", PODS, make_pod("web-1"))
    eventually(lambda: server.get(f"{PODS}/web-1")["status"]["phase"] == "Running")
    return server


def ports(server) -> dict:
    return {entry["service"]: entry["address"] for entry in server.get("/published")["ports"]}


def test_curl_reaches_a_pod_through_a_published_node_port(published):
    """The answer has the simulated Pod's name in it; the port has the NodePort's number."""
    published.send("POST", SERVICES, make_service("web", "NodePort"))
    eventually(lambda: "default/web" in ports(published))
    address = ports(published)["default/web"]

    assert "simulated Pod <b>web-1</b>" in curl(f"http://{address}/")
    node_port = published.get(f"{SERVICES}/web")["spec"]["ports"][0]["nodePort"]
    assert address == f"127.0.0.1:{node_port}"


def test_a_load_balancer_is_published_once_it_has_an_address(published):
    """When the Service goes, its port is closed."""
    published.send("POST", SERVICES, make_service("balanced", "LoadBalancer"))
    eventually(lambda: "default/balanced" in ports(published))
    address = ports(published)["default/balanced"]
    assert "simulated Pod <b>web-1</b>" in curl(f"http://{address}/")

    published.send("DELETE", f"{SERVICES}/balanced", {})
    eventually(lambda: "default/balanced" not in ports(published))

    assert curl(f"http://{address}/") == ""


def test_a_taken_port_is_replaced_by_a_free_one(published):
    """Another program may listen where the NodePort would be."""
    with socket.create_server(("127.0.0.1", 31877)):
        wanted = make_service("web", "NodePort")
        wanted["spec"]["ports"][0]["nodePort"] = 31877
        published.send("POST", SERVICES, wanted)
        eventually(lambda: "default/web" in ports(published))
        address = ports(published)["default/web"]

        assert address != "127.0.0.1:31877"
        assert "web-1" in curl(f"http://{address}/")


def test_many_connections_come_and_go(published):
    """Clients that say nothing do not keep the others out for long."""
    published.send("POST", SERVICES, make_service("web", "NodePort"))
    eventually(lambda: "default/web" in ports(published))
    host, _, port = ports(published)["default/web"].partition(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(30)]

    answers = [curl(f"http://{host}:{port}/") for _ in range(20)]

    assert all("web-1" in answer for answer in answers)
    for connection in silent:
        connection.close()


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/default/pods/web-1/proxy/",
        "/api/v1/namespaces/default/pods/web-1:80/proxy/",
        "/api/v1/namespaces/default/pods/http:web-1:80/proxy/",
        "/api/v1/namespaces/default/services/web/proxy/",
        "/api/v1/namespaces/default/services/web:80/proxy/",
    ],
)
def test_the_proxy_subresource_reaches_pods_and_services(published, kubectl, path):
    """kubectl get --raw prints what the Pod answers."""
    published.send("POST", SERVICES, make_service("web", "ClusterIP"))
    eventually(lambda: raw(kubectl, published, path)[0] == 0)

    assert "simulated Pod <b>web-1</b>" in raw(kubectl, published, path)[1]


def test_proxy_refusals_have_the_api_servers_words(published, kubectl):
    """No such port, no endpoint, nobody who listens."""
    lonely = make_service("lonely", "ClusterIP")
    lonely["spec"]["selector"] = {"app": "nobody"}
    published.send("POST", SERVICES, lonely)

    code, text = raw(kubectl, published, f"{PODS}/web-1:81/proxy/")
    assert code == 1
    assert re.search(
        r"error trying to reach service: dial tcp 10\.[0-9.]+:81: connect: connection refused", text
    )
    assert (
        'no endpoints available for service "lonely"'
        in raw(kubectl, published, f"{SERVICES}/lonely/proxy/")[1]
    )
    assert (
        'no service port "web" found for service "lonely"'
        in raw(kubectl, published, f"{SERVICES}/lonely:web/proxy/")[1]
    )
    assert 'pods "nobody" not found' in raw(kubectl, published, f"{PODS}/nobody/proxy/")[1]


def test_a_kubelets_own_pages_are_behind_its_node(published, kubectl):
    """healthz and the Pods that it runs."""
    assert raw(kubectl, published, "/api/v1/nodes/worker-1/proxy/healthz") == (0, "ok")
    node = published.get(f"{PODS}/web-1")["spec"]["nodeName"]
    assert "web-1" in raw(kubectl, published, f"/api/v1/nodes/{node}/proxy/pods")[1]


def test_what_a_pod_serves_cannot_run_as_part_of_the_page(published):
    """A browser shows it in a sandbox, without this server's cookies and scripts."""
    head = curl("-i", f"{published.url}{PODS}/web-1/proxy/")

    assert "Content-Security-Policy: sandbox" in head


def test_kubectl_proxy_leads_to_a_pod(published, kubectl):
    """The tutorial's way: kubectl proxy, then curl."""
    with subprocess.Popen(
        [kubectl, "-s", published.url, "proxy", "--port=0"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            address = re.search(r"127\.0\.0\.1:\d+", process.stdout.readline()).group()
            answer = curl(f"http://{address}{PODS}/web-1:80/proxy/")
        finally:
            process.terminate()

    assert "simulated Pod <b>web-1</b>" in answer


def test_can_reach_prints_the_verdict(published):
    """``podarium can-reach`` asks the server; its exit code is the answer."""
    published.send("POST", PODS, make_pod("client", "client"))
    policies = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
    closed = {
        "kind": "NetworkPolicy",
        "apiVersion": "networking.k8s.io/v1",
        "metadata": {"name": "closed"},
        "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]},
    }
    eventually(lambda: published.get(f"{PODS}/client")["status"]["phase"] == "Running")
    command = [sys.executable, "-m", "webapp", "can-reach", "client", "web-1"]

    open_ = subprocess.run(
        [*command, "--server", published.url], capture_output=True, text=True, cwd=ROOT, check=False
    )
    published.send("POST", policies, closed)
    eventually(
        lambda: "closed" in str(published.get("/explain/reach?namespace=default")["verdicts"])
    )
    stopped = subprocess.run(
        [*command, "--server", published.url], capture_output=True, text=True, cwd=ROOT, check=False
    )

    assert (open_.returncode, stopped.returncode) == (0, 1)
    assert "port 80/TCP: yes" in open_.stdout
    assert "ingress, no rule of default/closed allows it" in stopped.stdout
