"""Machines that are cut off, shut down, short of something, or whose runtime does not answer."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_deployment, make_pod
from tests.scenario.faults.helpers import (
    condition,
    container_status,
    is_ending,
    make_fault,
    pods_of,
    seconds_until,
    taints,
)
from webapp.api.core.pods import get_pod_condition, is_pod_ready
from webapp.api.resources import PODS
from webapp.apimachinery.status import StatusError
from webapp.apimachinery.wire import Request
from webapp.cluster.cluster import ADMIN

NODE = "worker-2"
LOOPING = make_container(image="busybox", command=["sh", "-c", "sleep 40; exit 1"])


@pytest.fixture
def populated(world):
    """A Deployment with a Pod on each machine, and a bare Pod on worker-2."""
    world.create(make_deployment("web", replicas=3))
    world.settle()
    world.create(make_pod("alone", nodeName=NODE))
    world.settle()
    assert len(pods_of(world, "web", NODE)) == 1
    return world


def log(world, pod):
    """The answer to `kubectl logs`."""
    request = Request("GET", f"{PODS.path}/namespaces/default/pods/{pod}/log", user=ADMIN)
    return world.cluster.handle(request)


def test_a_partitioned_node_is_given_up_while_its_containers_run(populated):
    """Seen from outside it is dead; healed it reports, and ends what was deleted meanwhile."""
    world = populated
    world.create(make_fault("NodePartition", NODE))
    world.run_for(seconds=100)
    assert condition(world, NODE)["status"] == "Unknown"
    assert not is_pod_ready(world.get("Pod", "alone"))

    world.delete("Fault", "fault")
    world.run_for(seconds=20)
    assert condition(world, NODE)["status"] == "True"
    assert taints(world, NODE) == []
    assert is_pod_ready(world.get("Pod", "alone"))
    assert container_status(world, "alone")["restartCount"] == 0
    assert not any(text.startswith("Starting: ") for text in world.events(NODE)[2:])


def test_pods_deleted_behind_a_partition_end_when_it_heals(populated):
    """They stay Terminating for as long as nobody can say that they have stopped."""
    world = populated
    world.create(make_fault("NodePartition", NODE))
    world.run_for(seconds=500)
    assert is_ending(world.get("Pod", "alone"))
    assert len([pod for pod in pods_of(world, "web") if not is_ending(pod)]) == 3

    world.delete("Fault", "fault")
    world.run_for(seconds=60)
    assert world.get("Pod", "alone") is None
    assert len(pods_of(world, "web")) == 3


def test_containers_restart_behind_a_partition(world):
    """The kubelet needs nobody for that; it tells afterwards."""
    world.create(make_pod("flaky", containers=[LOOPING], nodeName=NODE))
    world.settle()
    world.create(make_fault("NodePartition", NODE))
    world.run_for(seconds=150)
    assert container_status(world, "flaky")["restartCount"] == 0

    world.delete("Fault", "fault")
    world.run_for(seconds=5)
    assert container_status(world, "flaky")["restartCount"] >= 2


def test_a_machine_that_boots_behind_a_partition_registers_once_it_is_healed(populated):
    """Faults overlap and end in any order."""
    world = populated
    world.create(make_fault("NodePartition", NODE, name="cut"), make_fault(node=NODE, name="off"))
    world.run_for(seconds=100)
    world.delete("Fault", "off")
    world.run_for(seconds=100)
    assert condition(world, NODE)["status"] == "Unknown"

    world.delete("Fault", "cut")
    world.run_for(seconds=30)
    assert condition(world, NODE)["status"] == "True"
    assert container_status(world, "alone")["restartCount"] == 1


def test_a_dead_runtime_is_reported_and_its_containers_go_on(populated):
    """After 30 s the kubelet says so, after 3 min that it has not seen its containers."""
    world = populated
    world.create(make_fault("RuntimeDown", NODE))

    reported = seconds_until(world, lambda: condition(world, NODE)["status"] == "False")
    assert 30 <= reported <= 40.2
    assert condition(world, NODE)["message"] == "container runtime is down"
    world.run_for(seconds=160)
    message = condition(world, NODE)["message"]
    assert message.startswith(
        "[container runtime is down, PLEG is not healthy: pleg was last seen active 3m"
    )
    assert ("node.kubernetes.io/not-ready", "NoExecute") in taints(world, NODE)

    world.delete("Fault", "fault")
    world.run_for(seconds=20)
    assert condition(world, NODE)["status"] == "True"
    assert is_pod_ready(world.get("Pod", "alone"))
    assert container_status(world, "alone")["restartCount"] == 0


def test_nothing_starts_or_stops_while_the_runtime_is_down(populated):
    """A deleted Pod stays, a new one waits; both move on afterwards."""
    world = populated
    world.create(make_fault("RuntimeDown", NODE))
    world.run_for(seconds=1)
    world.delete("Pod", "alone")
    world.create(make_pod("new", nodeName=NODE))
    world.run_for(seconds=30)
    assert is_ending(world.get("Pod", "alone"))
    assert world.get("Pod", "new")["status"]["phase"] == "Pending"

    world.delete("Fault", "fault")
    world.run_for(seconds=60)
    assert world.get("Pod", "alone") is None
    assert is_pod_ready(world.get("Pod", "new"))


def test_a_node_is_shut_down_in_good_order(populated):
    """Pods fail with reason Terminated, the Deployment's is replaced, the machine goes off and boots."""
    world = populated
    [victim] = pods_of(world, "web", NODE)
    world.create(make_fault("NodeShutdown", NODE))
    world.run_for(seconds=1)
    assert condition(world, NODE)["message"] == "node is shutting down"
    world.run_for(seconds=40)

    ended = world.get("Pod", "alone")["status"]
    assert (ended["phase"], ended["reason"]) == ("Failed", "Terminated")
    assert ended["message"] == "Pod was terminated in response to imminent node shutdown."
    target = get_pod_condition(world.get("Pod", "alone"), "DisruptionTarget")
    assert target["reason"] == "TerminationByKubelet"
    assert "Shutdown: Shutdown manager detected shutdown event" in world.events(NODE)
    live = [pod for pod in pods_of(world, "web") if pod["status"]["phase"] == "Running"]
    assert len(live) == 3
    assert victim["metadata"]["name"] not in {pod["metadata"]["name"] for pod in live}

    world.run_for(seconds=60)
    assert condition(world, NODE)["status"] == "Unknown"
    world.delete("Fault", "fault")
    world.run_for(seconds=60)
    assert condition(world, NODE)["status"] == "True"
    assert world.get("Pod", "alone")["status"]["phase"] == "Failed"


def test_critical_pods_end_after_the_others(world):
    """Twenty seconds for the rest, then ten for them."""
    stubborn = make_container(image="busybox", command=["sh", "-c", "trap '' TERM; sleep 1000"])
    world.create(
        make_pod("plain", containers=[stubborn], nodeName=NODE),
        make_pod("vital", nodeName=NODE, priorityClassName="system-node-critical"),
    )
    world.settle()
    world.create(make_fault("NodeShutdown", NODE))
    world.run_for(seconds=18)
    assert world.get("Pod", "vital")["status"]["phase"] == "Running"
    world.run_for(seconds=6)
    assert world.get("Pod", "plain")["status"]["phase"] == "Failed"
    world.run_for(seconds=6)
    assert world.get("Pod", "vital")["status"]["phase"] == "Failed"


@pytest.mark.parametrize(
    ("type_", "taint"),
    [
        ("MemoryPressure", "node.kubernetes.io/memory-pressure"),
        ("DiskPressure", "node.kubernetes.io/disk-pressure"),
        ("PIDPressure", "node.kubernetes.io/pid-pressure"),
    ],
)
def test_a_machine_that_is_short_of_something_says_so_and_keeps_new_pods_away(world, type_, taint):
    """The condition and its taint come and go with the Fault; Pods are evicted."""
    world.create(make_pod("web", nodeName=NODE))
    world.settle()
    world.create(make_fault(type_, NODE))
    world.run_for(seconds=60)
    assert condition(world, NODE, type_)["status"] == "True"
    assert (taint, "NoSchedule") in taints(world, NODE)
    assert world.get("Pod", "web")["status"]["reason"] == "Evicted"

    world.delete("Fault", "fault")
    world.run_for(seconds=400)
    assert condition(world, NODE, type_)["status"] == "False"
    assert taints(world, NODE) == []


@pytest.mark.parametrize(
    ("type_", "problem"),
    [
        ("NodeDown", "connect: no route to host"),
        ("KubeletDown", "connect: connection refused"),
        ("NodePartition", "i/o timeout"),
    ],
)
def test_logs_of_a_node_that_does_not_answer_are_an_error_of_the_connection(
    populated, type_, problem
):
    """As `kubectl logs` prints it, without a reason in brackets."""
    world = populated
    address = world.get("Node", NODE)["status"]["addresses"][0]["address"]
    world.create(make_fault(type_, NODE))
    world.run_for(seconds=1)

    answer = log(world, "alone")

    assert (answer.status_code, answer.body["reason"]) == (500, "")
    url = f"https://{address}:10250/containerLogs/default/alone/app"
    assert answer.body["message"] == f'Get "{url}": dial tcp {address}:10250: {problem}'


def test_faults_say_what_they_do(world):
    """In the condition, an Event, and status.watchFor."""
    world.create(make_fault(node=NODE))
    world.run_for(seconds=1)

    status = world.get("Fault", "fault")["status"]
    [active] = status["conditions"]
    text = "NodeDown on node/worker-2: machines lose their power"
    assert (active["status"], active["reason"], active["message"]) == ("True", "Started", text)
    assert status["watchFor"].startswith("Unknown 50s after the last Lease")
    assert world.events("fault")[0] == f"Started: {text}"
    assert world.events("fault")[1].startswith("WatchFor: ")


def test_a_fault_without_a_target_waits_and_says_so(world):
    """Nothing breaks."""
    world.create(make_fault(node="nowhere"))
    world.run_for(seconds=1)

    status = world.get("Fault", "fault")["status"]
    assert status["phase"] == "Pending"
    assert status["conditions"][0]["reason"] == "NoTarget"


def test_what_makes_no_sense_is_refused_at_once(world):
    """By validation, in upstream's words."""
    with pytest.raises(StatusError, match='time: missing unit in duration "5"'):
        world.create(make_fault(node=NODE, duration="5"))
