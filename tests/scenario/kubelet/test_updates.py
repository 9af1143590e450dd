"""What may change in a running Pod, and what its kubelet does then."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_pod
from webapp.api.resources import PODS
from webapp.apimachinery.status import Invalid

STRATEGIC = "application/strategic-merge-patch+json"


def change(world, spec, name="p"):
    """Patch a Pod's spec."""
    world.cluster.admin.patch(PODS, "default", name, {"spec": spec}, STRATEGIC)


def status(world, name="p", container=0):
    """A container's status."""
    return world.get("Pod", name)["status"]["containerStatuses"][container]


def shell(script, name="app", **fields):
    """A container that runs a script."""
    return make_container(name, "busybox:1.36", command=["sh", "-c", script], **fields)


def test_a_new_image_restarts_that_container_in_place(world):
    """Only that one, in the same Pod with the same address, and with upstream's words."""
    containers = [make_container("web"), make_container("other", "redis:8")]
    world.create(make_pod("p", containers=containers))
    world.settle()
    before = world.get("Pod", "p")["status"]

    change(world, {"containers": [{"name": "web", "image": "nginx:1.29"}]})
    world.run_for(seconds=30)

    after = world.get("Pod", "p")["status"]
    assert after["podIP"] == before["podIP"]
    assert status(world)["image"] == "docker.io/library/nginx:1.29"
    assert (status(world)["restartCount"], status(world, container=1)["restartCount"]) == (1, 0)
    assert status(world)["state"].get("running")
    killing = "Killing: Container web definition changed, will be restarted"
    assert killing in world.events("p")


def test_a_deadline_can_be_set_while_the_pod_runs(world):
    """activeDeadlineSeconds counts from the Pod's start."""
    world.create(make_pod("p"))
    world.run_for(seconds=60)

    change(world, {"activeDeadlineSeconds": 90})
    world.run_for(seconds=20)
    assert world.get("Pod", "p")["status"]["phase"] == "Running"

    world.run_for(seconds=20)
    assert world.get("Pod", "p")["status"]["reason"] == "DeadlineExceeded"


def test_tolerations_can_be_added_and_change_nothing_else(world):
    """The containers run on."""
    world.create(make_pod("p"))
    world.settle()
    container_id = status(world)["containerID"]

    tolerations = world.get("Pod", "p")["spec"]["tolerations"]
    world.patch(
        "Pod", "p", {"spec": {"tolerations": [*tolerations, {"key": "x", "operator": "Exists"}]}}
    )
    world.run_for(seconds=30)

    assert status(world)["containerID"] == container_id


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"containers": [{"name": "app", "command": ["true"]}]}, id="command"),
        pytest.param({"restartPolicy": "Never"}, id="restart-policy"),
        pytest.param({"hostNetwork": True}, id="host-network"),
    ],
)
def test_everything_else_is_refused(world, spec):
    """Pods are immutable but for a few fields."""
    world.create(make_pod("p"))

    with pytest.raises(Invalid, match="pod updates may not change fields other than"):
        change(world, spec)


def test_a_rule_of_its_own_restarts_a_container_of_a_pod_that_never_restarts(world):
    """restartPolicyRules: exit code 42 means again."""
    rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
    flaky = shell("exit 42", restartPolicy="Never", restartPolicyRules=rules)
    steady = shell("exit 1", "steady", restartPolicy="Never", restartPolicyRules=rules)
    world.create(make_pod("p", containers=[flaky, steady], restartPolicy="Never"))
    world.run_for(seconds=40)

    assert status(world)["restartCount"] >= 2
    assert status(world, container=1)["restartCount"] == 0


@pytest.mark.parametrize(
    ("script", "fields", "message"),
    [
        pytest.param("echo why > /dev/termination-log; exit 1", {}, "why\n", id="file"),
        pytest.param(
            "echo why > /tmp/end; exit 1",
            {"terminationMessagePath": "/tmp/end"},
            "why\n",
            id="path",
        ),
        pytest.param(
            "echo from the log; exit 1",
            {"terminationMessagePolicy": "FallbackToLogsOnError"},
            "from the log\n",
            id="log",
        ),
        pytest.param(
            "echo fine; exit 0",
            {"terminationMessagePolicy": "FallbackToLogsOnError"},
            None,
            id="no-error",
        ),
    ],
)
def test_a_container_leaves_a_message_behind(world, script, fields, message):
    """terminationMessagePath and terminationMessagePolicy."""
    world.create(make_pod("p", containers=[shell(script, **fields)], restartPolicy="Never"))
    world.settle()
    world.run_for(seconds=10)

    assert status(world)["state"]["terminated"].get("message") == message


def test_a_readiness_gate_holds_ready_back_until_somebody_opens_it(world):
    """The condition is another controller's; ContainersReady does not wait for it."""
    gate = {"conditionType": "example.com/ready"}
    world.create(make_pod("p", readinessGates=[gate]))
    world.settle()

    def condition(kind):
        conditions = world.get("Pod", "p")["status"]["conditions"]
        return next(item for item in conditions if item["type"] == kind)

    assert condition("ContainersReady")["status"] == "True"
    assert condition("Ready")["reason"] == "ReadinessGatesNotReady"

    opened = {"status": {"conditions": [{"type": "example.com/ready", "status": "True"}]}}
    world.cluster.admin.patch(PODS, "default", "p", opened, STRATEGIC, "status")
    world.run_for(seconds=5)
    assert condition("Ready")["status"] == "True"


def test_conditions_come_true_in_order(world):
    """Scheduled, initialised, sandbox made, containers ready, ready."""
    world.create(make_pod("p"))
    world.settle()

    kinds = [item["type"] for item in world.get("Pod", "p")["status"]["conditions"]]
    assert kinds == [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    ]
    assert {item["status"] for item in world.get("Pod", "p")["status"]["conditions"]} == {"True"}
