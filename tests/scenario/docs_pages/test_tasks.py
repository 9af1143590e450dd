"""Tasks of the documentation that need more than one Pod's own containers: shared volumes, nodes, ports."""

from __future__ import annotations

import pytest

from tests.scenario.docs_pages.hands import (
    container,
    events,
    execute,
    log,
    mount,
    pod,
    run,
    sh,
    status,
)
from tests.world import World
from webapp.api.resources import NODES, PODS
from webapp.apimachinery.status import TooManyRequests
from webapp.kubelet.static_pods import ANNOTATION

DONGLE = "example.com/dongle"


@pytest.fixture
def world():
    """A small cluster."""
    return World(nodes=2)


def test_two_containers_speak_through_a_shared_volume(world):
    """One writes a page and ends; nginx beside it serves the page."""
    writer = sh(
        "echo Hello from the debian container > /pod-data/index.html",
        "debian-container",
        "debian",
        volumeMounts=[mount("shared-data", "/pod-data")],
    )
    nginx = {
        "name": "nginx-container",
        "image": "nginx",
        "volumeMounts": [mount("shared-data", "/usr/share/nginx/html")],
    }
    volume = {"name": "shared-data", "emptyDir": {}}
    run(world, pod("two-containers", nginx, writer, volumes=[volume], restartPolicy="Never"))

    state = container(world, "two-containers", "debian-container")["state"]
    assert state["terminated"]["reason"] == "Completed"
    assert container(world, "two-containers", "nginx-container")["state"]["running"]
    page = execute(world, "two-containers", "curl -s localhost", "nginx-container")
    assert page == "Hello from the debian container\n"


def test_memory_and_cpu_are_resized_in_place(world):
    """CPU without a restart, memory with one where its policy asks for it."""
    amounts = {"cpu": "700m", "memory": "200Mi"}
    pause = {
        "name": "pause",
        "image": "registry.k8s.io/pause:3.10",
        "resources": {"limits": amounts, "requests": amounts},
        "resizePolicy": [
            {"resourceName": "cpu", "restartPolicy": "NotRequired"},
            {"resourceName": "memory", "restartPolicy": "RestartContainer"},
        ],
    }
    run(world, pod("resize-demo", pause))

    def resize(**changed):
        both = {**amounts, **changed}
        patch = {
            "spec": {
                "containers": [{"name": "pause", "resources": {"requests": both, "limits": both}}]
            }
        }
        kind = "application/strategic-merge-patch+json"
        world.cluster.admin.patch(PODS, "default", "resize-demo", patch, kind, "resize")
        world.settle()
        world.run_for(seconds=5)

    resize(cpu="800m")
    assert container(world, "resize-demo")["resources"]["limits"]["cpu"] == "800m"
    assert container(world, "resize-demo")["restartCount"] == 0

    resize(cpu="800m", memory="300Mi")
    assert container(world, "resize-demo")["resources"]["limits"]["memory"] == "300Mi"
    assert container(world, "resize-demo")["restartCount"] == 1
    assert status(world, "resize-demo")["qosClass"] == "Guaranteed"


def test_a_static_pod_is_made_by_its_node_alone(world):
    """Its mirror bears the Node's name; deleting that does not end it."""
    manifest = """
apiVersion: v1
kind: Pod
metadata: {name: static-web, labels: {role: myrole}}
spec:
  containers: [{name: web, image: nginx, ports: [{name: web, containerPort: 80}]}]
"""
    files = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "files", "namespace": "kube-system"},
        "data": {"static-web.yaml": manifest},
    }
    world.create(files)
    named = {"metadata": {"annotations": {ANNOTATION: "kube-system/files"}}}
    world.patch("Node", "worker-1", named)
    world.run_for(seconds=40)
    assert status(world, "static-web-worker-1")["phase"] == "Running"

    world.delete("Pod", "static-web-worker-1")
    world.run_for(seconds=60)

    assert status(world, "static-web-worker-1")["phase"] == "Running"
    assert world.get("Pod", "static-web-worker-1")["metadata"]["labels"] == {"role": "myrole"}


def test_extended_resources_are_given_out_by_number(world):
    """Four dongles for three and two: the second Pod waits until the first is gone."""
    patch = {"status": {"capacity": {DONGLE: "4"}}}
    world.settle()
    world.cluster.admin.patch(NODES, "", "worker-1", patch, subresource="status")
    world.run_for(seconds=20)
    assert world.get("Node", "worker-1")["status"]["allocatable"][DONGLE] == "4"

    def wants(count):
        resources = {"requests": {DONGLE: count}, "limits": {DONGLE: count}}
        return {"name": "demo", "image": "nginx", "resources": resources}

    run(world, pod("extended-resource-demo", wants("3")))
    run(world, pod("extended-resource-demo-2", wants("2")))
    assert status(world, "extended-resource-demo")["phase"] == "Running"
    assert status(world, "extended-resource-demo-2")["phase"] == "Pending"
    assert any(
        "Insufficient example.com/dongle" in message
        for message in events(world, "extended-resource-demo-2", "FailedScheduling")
    )

    world.delete("Pod", "extended-resource-demo")
    world.run_for(seconds=60)
    assert status(world, "extended-resource-demo-2")["phase"] == "Running"


def test_a_budget_refuses_the_eviction_of_one_pod_too_many(world):
    """Disruptions: a drained Node keeps its Pod until another is there."""
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
    }
    run(world, budget, pod("web", {"name": "web", "image": "nginx"}), seconds=5)
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "web", "namespace": "default"},
    }

    with pytest.raises(TooManyRequests, match="disruption budget"):
        world.cluster.admin.create(PODS, "default", eviction, "eviction", "web")

    assert status(world, "web")["phase"] == "Running"


def test_a_pod_may_have_users_of_its_own(world):
    """hostUsers: the field is kept, and root in there is still uid 0 to its programs."""
    run(world, pod("userns", sh("id -u; sleep 1000", "shell"), hostUsers=False))

    assert world.get("Pod", "userns")["spec"]["hostUsers"] is False
    assert log(world, "userns") == "0\n"


def test_probes_see_programs_that_listen_by_themselves(world):
    """Ready once httpd serves, and no more once it has ended."""
    script = "sleep 5; mkdir /w; echo hi > /w/index.html; httpd -f -p 8080 -h /w"
    probe = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1}
    run(world, pod("served", sh(script, readinessProbe=probe)), seconds=2)
    assert not container(world, "served")["ready"]

    world.run_for(seconds=10)
    assert container(world, "served")["ready"]

    execute(world, "served", "rm /w/index.html")
    world.run_for(seconds=10)
    execute(world, "served", "pkill httpd; true")
    world.run_for(seconds=10)
    assert (
        container(world, "served")["restartCount"] >= 1 or not container(world, "served")["ready"]
    )


def test_a_port_opened_by_nc_is_open_to_a_probe(world):
    """tcpSocket: a connection is all that it wants."""
    probe = {"tcpSocket": {"port": 9000}, "periodSeconds": 1}
    run(world, pod("open", sh("while true; do nc -l -p 9000; done", readinessProbe=probe)))
    run(world, pod("shut", sh("sleep 1000", readinessProbe=probe)))

    world.run_for(seconds=10)

    assert container(world, "open")["ready"]
    assert not container(world, "shut")["ready"]


def test_a_forwarded_port_speaks_the_servers_own_protocol(world):
    """Use port forwarding: redis answers PING through it."""
    run(
        world, pod("redis", {"name": "redis", "image": "redis", "ports": [{"containerPort": 6379}]})
    )
    found = world.get("Pod", "redis")
    heard = []
    forwarder = world.cluster._machines.port_forwarder(found["spec"]["nodeName"], found)

    connection = forwarder.connect(6379, heard.append)
    connection.send(b"*1\r\n$4\r\nPING\r\n")
    world.run_for(seconds=1)

    assert heard == [b"+PONG\r\n"]


def test_a_forwarded_port_reaches_a_program_that_listens(world):
    """httpd in a shell answers whoever comes through the tunnel."""
    script = "mkdir /w; echo by hand > /w/index.html; httpd -f -p 8080 -h /w"
    run(world, pod("served", sh(script)), seconds=2)
    found = world.get("Pod", "served")
    heard = []
    forwarder = world.cluster._machines.port_forwarder(found["spec"]["nodeName"], found)

    forwarder.connect(8080, heard.append).send(
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    world.run_for(seconds=1)

    answer = b"".join(item for item in heard if item)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"by hand\n")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "p"),
        ({"hostname": "busybox-1"}, "busybox-1"),
        ({"hostname": "busybox-1", "subdomain": "sub"}, "busybox-1"),
        (
            {"hostname": "busybox-1", "subdomain": "sub", "setHostnameAsFQDN": True},
            "busybox-1.sub.default.svc.cluster.local",
        ),
        ({"hostnameOverride": "mine.example.com"}, "mine.example.com"),
    ],
)
def test_the_hostname_is_what_the_pod_says(world, fields, name):
    """hostname, subdomain, setHostnameAsFQDN and hostnameOverride, as ``hostname`` prints them."""
    run(world, pod("p", sh("hostname; sleep 1000"), **fields))

    assert log(world, "p") == f"{name}\n"
