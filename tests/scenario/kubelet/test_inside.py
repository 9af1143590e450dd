"""What goes on inside a Pod, as the page asks for it while the Pod is drawn open."""

from typing import Any

import pytest

from tests.factories import make_container, make_pod

SHELL = {"image": "busybox:1.36"}


@pytest.fixture
def look(world):
    """Looks inside the Pod called ``web``."""

    def look_() -> Any:
        pod = world.get("Pod", "web")
        return world.cluster.look_inside(pod["spec"]["nodeName"], pod["metadata"]["uid"])

    return look_


def shell(name: str, script: str, **fields: Any) -> Any:
    """A container that runs a script."""
    return make_container(name, command=["sh", "-c", script], **SHELL, **fields)


def one(found: Any, name: str) -> Any:
    """A container of what was found."""
    return next(item for item in found["containers"] if item["name"] == name)


def test_a_volume_tells_what_was_written_last_by_whom_and_when(world, look):
    """The path inside the volume, its size, the container."""
    mounts = {"volumeMounts": [{"name": "shared", "mountPath": "/data"}]}
    volumes = [{"name": "shared", "emptyDir": {}}]
    writer = shell("writer", "mkdir /data/a; echo hello > /data/a/note; sleep 3600", **mounts)
    reader = shell("reader", "sleep 5; echo x >> /data/seen; sleep 3600", **mounts)
    world.create(make_pod("web", containers=[writer, reader], volumes=volumes))
    world.settle()

    volume = look()["volumes"][0]
    assert (volume["name"], volume["last"]["path"], volume["last"]["by"]) == (
        "shared",
        "a/note",
        "writer",
    )
    assert volume["last"]["size"] == 6
    world.run_for(seconds=10)
    volume = look()["volumes"][0]
    assert (volume["last"]["path"], volume["last"]["by"]) == ("seen", "reader")
    assert look()["at"] - 10_000 <= volume["last"]["at"] <= look()["at"]


def test_memory_and_processor_time_stand_against_their_limits(world, look):
    """A program that wants more processor time than it may have is throttled."""
    limits = {"resources": {"limits": {"cpu": "200m", "memory": "128Mi"}}}
    busy = make_container(
        "busy", "vish/stress", args=["-cpus", "1", "-mem-total", "50Mi"], **limits
    )
    world.create(make_pod("web", containers=[busy]))
    world.settle()
    world.run_for(seconds=60)

    found = one(look(), "busy")

    assert (found["cpuMillis"], found["cpuLimitMillis"]) == (200, 200)
    assert found["throttledPercent"] == 80
    assert found["throttledMs"] > 30_000
    assert 50 << 20 <= found["memoryBytes"] < found["memoryLimitBytes"] == 128 << 20


def test_looking_changes_nothing(world, look):
    """What metrics say afterwards is what they would have said."""
    busy = make_container("busy", "vish/stress", args=["-cpus", "1"])
    world.create(make_pod("web", containers=[busy]))
    world.settle()
    world.run_for(seconds=20.123)
    pending = world.cluster.sim.now_ms

    first, second = look(), look()

    assert first == second
    assert world.cluster.sim.now_ms == pending


def test_probes_tell_their_question_their_beat_and_their_outcome(world, look):
    """A failing probe counts up to its threshold; a succeeding one beats on."""
    probes = {
        "readinessProbe": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 5},
        "livenessProbe": {
            "exec": {"command": ["false"]},
            "periodSeconds": 10,
            "failureThreshold": 5,
        },
    }
    world.create(make_pod("web", containers=[make_container("app", **probes)]))
    world.settle()
    world.run_for(seconds=25)

    readiness, liveness = one(look(), "app")["probes"]

    assert (readiness["kind"], readiness["asks"], readiness["succeeds"]) == (
        "readiness",
        "GET :80/",
        True,
    )
    assert 0 < readiness["nextAt"] - look()["at"] <= 5_000
    assert (liveness["asks"], liveness["succeeds"], liveness["threshold"]) == (
        "exec false",
        None,
        5,
    )
    assert -4 <= liveness["run"] <= -2


def test_waits_and_ends_tell_their_time(world, look):
    """Back-off and grace are moments to count down to."""
    world.create(
        make_pod(
            "web",
            containers=[
                shell("loops", "exit 3"),
                shell("stays", "trap '' TERM; while true; do sleep 1; done"),
            ],
        )
    )
    world.settle()
    world.run_for(seconds=5)

    found = look()
    assert found["at"] < one(found, "loops")["retryAt"] <= found["at"] + 15_000
    world.delete("Pod", "web")
    world.run_for(seconds=2)
    found = look()
    assert 25_000 < one(found, "stays")["killAt"] - found["at"] <= 30_000
    assert found["killAt"] is not None


def test_a_pod_that_a_node_does_not_know_has_no_inside(world):
    """Nothing to tell."""
    assert world.cluster.look_inside("worker-1", "nobody") is None
    assert world.cluster.look_inside("nowhere", "nobody") is None
