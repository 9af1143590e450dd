"""Pods on a whole cluster: what people see of back-offs, rejections, logs, Nodes and Services."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_deployment, make_node, make_pod, make_service
from webapp.api.core.pods import kubectl_status
from webapp.apimachinery.wire import LogResponse, Request
from webapp.trace.facts import NodeRegistered, PodRejected, RulesSynced


def shell(script, image="busybox:1.36"):
    """A container that runs a script."""
    return make_container("app", image, command=["sh", "-c", script])


def read_log(world, name, **query):
    """The text that ``kubectl logs`` prints at once."""
    path = f"/api/v1/namespaces/default/pods/{name}/log"
    parameters = {key: (value,) for key, value in query.items()}
    answer = world.cluster.handle(Request("GET", path, parameters))
    assert isinstance(answer, LogResponse)
    chunks = []
    answer.subscribe(lambda chunk: chunks.append(chunk or b""))
    return b"".join(chunks).decode()


@pytest.mark.parametrize(
    ("pod", "word"),
    [
        pytest.param(make_pod("p", containers=[shell("exit 1")]), "CrashLoopBackOff", id="crash"),
        pytest.param(
            make_pod("p", containers=[make_container(image="nginx:1.161")]),
            "ImagePullBackOff",
            id="tag",
        ),
        pytest.param(
            make_pod("p", containers=[make_container(image="ngnix")]), "ImagePullBackOff", id="typo"
        ),
        pytest.param(
            make_pod("p", containers=[shell("true")], restartPolicy="Never"), "Completed", id="done"
        ),
        pytest.param(
            make_pod("p", containers=[shell("false")], restartPolicy="Never"), "Error", id="failed"
        ),
        pytest.param(
            make_pod("p", initContainers=[{**shell("sleep 600"), "name": "init"}]),
            "Init:0/1",
            id="init",
        ),
        pytest.param(make_pod("p"), "Running", id="running"),
    ],
)
def test_the_status_column_says_what_is_going_on(world, pod, word):
    """The word that kubectl prints after a minute."""
    world.create(pod)
    world.run_for(seconds=60)

    assert kubectl_status(world.get("Pod", "p")) == word


def test_logs_come_through_the_api(world):
    """The present instance and the one before it."""
    world.create(make_pod("p", containers=[shell("echo one; echo two; exit 1")]))
    world.run_for(seconds=60)

    assert read_log(world, "p") == "one\ntwo\n"
    assert read_log(world, "p", previous="true", tailLines="1") == "two\n"


def test_a_pod_placed_by_hand_on_a_full_node_is_rejected(world):
    """spec.nodeName passes by the scheduler; the kubelet says OutOfcpu."""
    container = make_container(resources={"requests": {"cpu": "5"}})
    world.create(make_pod("p", nodeName="worker-1", containers=[container]))
    world.settle()

    assert world.get("Pod", "p")["status"]["reason"] == "OutOfcpu"
    assert [fact.reason for fact in world.facts(PodRejected)] == ["OutOfcpu"]


def test_creating_a_node_adds_a_machine_that_takes_pods(world):
    """It registers, gets a range of addresses, becomes Ready, and runs what is bound to it."""
    world.create(make_node("extra"), make_pod("p", nodeName="extra"))
    world.run_for(seconds=20)

    assert [fact.node for fact in world.facts(NodeRegistered)][-1] == "extra"
    assert world.get("Pod", "p")["status"]["phase"] == "Running"
    assert world.get("Pod", "p")["status"]["hostIP"] == "10.0.0.14"


def test_a_deleted_node_takes_its_machine_along(world):
    """Its Deployment's Pods come up elsewhere."""
    world.create(make_deployment("web", replicas=6))
    world.settle()
    world.delete("Node", "worker-2")
    world.run_for(seconds=120)

    pods = world.list("Pod", label_selector="app=web")
    assert {pod["spec"]["nodeName"] for pod in pods} == {"worker-1", "worker-3"}
    assert len(pods) == 6


def test_every_node_routes_a_service_to_ready_pods(world):
    """The ClusterIP leads to Pod addresses, the name to the ClusterIP."""
    world.create(make_deployment("web", replicas=2), make_service("web"))
    world.settle()
    machines = world.cluster._machines
    cluster_ip = world.get("Service", "web")["spec"]["clusterIP"]
    ips = {pod["status"]["podIP"] for pod in world.list("Pod", label_selector="app=web")}

    for node in machines.names():
        assert {machines.plane.route(node, cluster_ip, 80).ip for _ in range(40)} == ips
    assert {fact.node for fact in world.facts(RulesSynced)} == set(machines.names())

    world.create(make_pod("ask", containers=[shell("nslookup web")], restartPolicy="Never"))
    world.run_for(seconds=20)
    assert cluster_ip in read_log(world, "ask")


def test_a_node_shows_the_images_that_it_has(world):
    """For the scheduler's ImageLocality, a little later."""
    world.create(make_pod("p", nodeName="worker-1"))
    world.run_for(seconds=30)

    names = [
        name
        for image in world.get("Node", "worker-1")["status"]["images"]
        for name in image["names"]
    ]
    assert "docker.io/library/nginx:1.27" in names


def test_an_idle_cluster_stays_idle(world):
    """Running Pods, Leases and successful probes cause nothing, however long one waits."""
    probe = {"httpGet": {"path": "/", "port": 80}}
    world.create(
        make_pod("p", containers=[make_container(readinessProbe=probe, livenessProbe=probe)])
    )
    world.run_for(seconds=60)
    before = world.cluster.sim.events_processed

    world.run_for(seconds=3600)

    assert world.cluster.sim.events_processed - before < 20
