"""Programs that would bring a machine down are bounded, and what becomes of them is their own failure."""

from __future__ import annotations

import pytest

from tests.scenario.docs_pages.hands import container, execute, log, pod, run, sh, status
from tests.world import World

MOST_LOG_BYTES = 2 << 20


@pytest.fixture
def world():
    """One machine, which has to bear it all."""
    return World(nodes=1)


def _inside(world, name):
    found = world.get("Pod", name)
    runtime = world.cluster._machines.runtime_of(found["spec"]["nodeName"])
    held = [
        item
        for sandboxes in runtime._sandboxes.values()
        for sandbox in sandboxes
        for item in sandbox.containers
        if sandbox.config.pod.name == name
    ]
    return runtime, held[-1]


def test_a_fork_bomb_fills_its_own_container_only(world):
    """It runs out of processes and says so; a neighbour on the same machine still answers."""
    run(world, pod("bomb", sh("f() { f | f & }; f; sleep 1000")), pod("web", sh("sleep 1000")))

    world.run_for(seconds=20)

    runtime, bomb = _inside(world, "bomb")
    assert 1 < runtime.process_count(bomb) <= 200
    assert "can't fork: Resource temporarily unavailable" in log(world, "bomb")
    assert execute(world, "web", "echo here") == "here\n"
    assert container(world, "web")["restartCount"] == 0


def test_endless_output_keeps_its_newest_lines_only(world):
    """The log is rotated as a kubelet rotates it; the container goes on."""
    run(
        world, pod("loud", sh("while true; do echo 0123456789012345678901234567890123456789; done"))
    )

    world.run_for(seconds=60)

    runtime, loud = _inside(world, "loud")
    assert 0 < runtime.disk_bytes(loud) < MOST_LOG_BYTES
    assert log(world, "loud", tail_lines=1) == "0123456789012345678901234567890123456789\n"
    assert container(world, "loud")["state"]["running"]


def test_a_file_without_end_meets_a_full_disk(world):
    """What cannot be written fails with the kernel's words and the program's exit code."""
    run(world, pod("writer", sh("yes > /big; echo it ended with $?"), restartPolicy="Never"))

    world.run_for(seconds=60)

    assert status(world, "writer")["phase"] == "Succeeded"
    assert "No space left on device" in log(world, "writer")
    assert log(world, "writer").endswith("it ended with 1\n")


def test_gigabytes_of_zeros_count_against_the_pods_storage_and_not_against_the_host(world):
    """A container above its limit of ephemeral storage is evicted."""
    script = "dd if=/dev/zero of=/big bs=1M count=2000; sleep 1000"
    limits = {"limits": {"ephemeral-storage": "1Gi"}}
    run(world, pod("big", sh(script, resources=limits)))

    world.run_for(seconds=60)

    assert status(world, "big")["phase"] == "Failed"
    assert status(world, "big")["reason"] == "Evicted"


def test_recursion_without_end_is_the_shells_own_failure(world):
    """The script ends with an error, as it would on a stack that is full, and is started again."""
    run(world, pod("deep", sh("f() { f; }; f; echo never")))

    world.run_for(seconds=15)

    found = container(world, "deep")
    assert found["lastState"]["terminated"]["exitCode"] == 2
    assert found["lastState"]["terminated"]["reason"] == "Error"
    assert found["restartCount"] >= 1
    assert "too deep" in log(world, "deep")
    assert "never" not in log(world, "deep")


def test_a_variable_without_end_is_out_of_memory(world):
    """Larger values than the model holds end the shell with a message."""
    run(world, pod("greedy", sh("x=a; while :; do x=$x$x; done"), restartPolicy="Never"))

    world.run_for(seconds=15)

    assert status(world, "greedy")["phase"] == "Failed"
    assert "out of memory" in log(world, "greedy")


def test_six_endless_loops_share_the_machine_and_leave_a_neighbour_room(world):
    """They burn its processor, so they are slow; a probe of a neighbour still succeeds."""
    loops = [pod(f"loop{number}", sh("while :; do :; done")) for number in range(6)]
    probe = {"exec": {"command": ["sh", "-c", "echo ok"]}, "periodSeconds": 1}
    run(world, *loops, pod("web", sh("sleep 1000", readinessProbe=probe)))
    before = world.cluster.sim.events_processed

    world.run_for(seconds=10)

    assert world.cluster.sim.events_processed - before < 60_000
    assert container(world, "web")["ready"]
    assert all(container(world, f"loop{number}")["state"]["running"] for number in range(6))
