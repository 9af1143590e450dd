"""restartPolicyRules with RestartAllContainers: one container's exit begins the whole Pod anew, in place."""

from __future__ import annotations

import pytest

from tests.scenario.docs_pages.hands import condition, container, execute, log, pod, run, sh, status
from tests.world import World

RULE = {
    "action": "RestartAllContainers",
    "exitCodes": {"operator": "In", "values": [88]},
}


@pytest.fixture
def world():
    """A small cluster."""
    return World(nodes=1)


def _job(world, watcher, **spec):
    volume = {"name": "shared", "emptyDir": {}}
    mounts = [{"name": "shared", "mountPath": "/shared"}]
    setup = sh("echo run >> /shared/runs", "setup", volumeMounts=mounts)
    worker = sh("sleep 1000", "worker", volumeMounts=mounts)
    fields = {"restartPolicy": "Never", "restartPolicyRules": [RULE], "volumeMounts": mounts}
    run(
        world,
        pod(
            "job",
            worker,
            sh(watcher, "watcher", **fields),
            initContainers=[setup],
            volumes=[volume],
            restartPolicy="Never",
            **spec,
        ),
    )


ONCE = "if [ -f /shared/asked ]; then sleep 1000; fi; sleep 5; touch /shared/asked; exit 88"


def test_all_containers_begin_anew_in_the_same_sandbox(world):
    """Init containers run again, volumes and the address stay, and every count goes up."""
    _job(world, ONCE)
    address = status(world, "job")["podIP"]

    world.run_for(seconds=30)

    assert status(world, "job")["phase"] == "Running"
    assert status(world, "job")["podIP"] == address
    assert execute(world, "job", "cat /shared/runs", "worker") == "run\nrun\n"
    assert [
        container(world, "job", name)["restartCount"] for name in ("setup", "worker", "watcher")
    ] == [
        1,
        1,
        1,
    ]
    assert container(world, "job", "watcher")["lastState"]["terminated"]["exitCode"] == 88
    assert container(world, "job", "worker")["lastState"]["terminated"]["exitCode"] == 137


def test_the_restart_is_a_condition_and_the_phase_never_goes_back(world):
    """AllContainersRestarting is true while they end, and false again afterwards."""
    _job(world, ONCE)
    seen = []

    def look():
        found = status(world, "job")
        restarting = next(
            (item for item in found["conditions"] if item["type"] == "AllContainersRestarting"), {}
        )
        seen.append((found["phase"], restarting.get("status"), restarting.get("reason")))

    world.watch(seconds=30, check=look)

    assert {phase for phase, _, _ in seen} == {"Running"}
    assert ("Running", "True", "RestartAllContainersStarted") in seen
    assert condition(world, "job", "AllContainersRestarting")["status"] == "False"


def test_other_exit_codes_follow_the_policy(world):
    """The rule names 88 only."""
    _job(world, "echo bye; exit 3")

    world.run_for(seconds=30)

    assert log(world, "job", "watcher") == "bye\n"
    assert container(world, "job", "watcher")["restartCount"] == 0
    assert container(world, "job", "worker")["restartCount"] == 0
