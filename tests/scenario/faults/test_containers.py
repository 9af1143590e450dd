"""Containers that crash, run out of memory, fail their probes or cannot be pulled."""

from __future__ import annotations

from tests.factories import make_container, make_pod
from tests.scenario.faults.helpers import container_status, make_fault
from webapp.api.core.pods import is_pod_ready


def probed(name, kind, **probe):
    """A Pod of nginx with one probe."""
    pod = make_pod(name)
    pod["spec"]["containers"][0][kind] = {"httpGet": {"path": "/", "port": 80}, **probe}
    return pod


def test_a_container_crashes_once_and_is_restarted(world):
    """The Fault is a moment: healed at once, RESTARTS is 1, lastState says Error."""
    world.create(make_pod("web"))
    world.settle()
    world.create(make_fault("ContainerCrash", pod="web", exitCode=3))
    world.run_for(seconds=5)

    status = container_status(world, "web")
    assert status["restartCount"] == 1
    assert status["lastState"]["terminated"]["exitCode"] == 3
    assert status["lastState"]["terminated"]["reason"] == "Error"
    assert world.get("Fault", "fault")["status"]["phase"] == "Healed"
    assert is_pod_ready(world.get("Pod", "web"))


def test_a_container_that_keeps_crashing_backs_off(world):
    """As long as the Fault lasts: 10 s, 20 s, 40 s …; afterwards it stays up."""
    world.create(make_pod("web"))
    world.settle()
    world.create(make_fault("ContainerCrash", pod="web", duration="100s"))
    world.run_for(seconds=60)
    waiting = container_status(world, "web")["state"]["waiting"]
    assert waiting["reason"] == "CrashLoopBackOff"
    assert container_status(world, "web")["restartCount"] == 3

    world.run_for(seconds=200)
    assert world.get("Fault", "fault")["status"]["phase"] == "Healed"
    assert is_pod_ready(world.get("Pod", "web"))


def test_a_crash_can_be_repeated_so_many_times(world):
    """Two crashes, then it runs."""
    world.create(make_pod("web"))
    world.settle()
    world.create(make_fault("ContainerCrash", pod="web", repeat=2))
    world.run_for(seconds=120)

    assert container_status(world, "web")["restartCount"] == 2
    assert is_pod_ready(world.get("Pod", "web"))


def test_a_container_runs_out_of_memory(world):
    """OOMKilled with 137."""
    world.create(make_pod("web"))
    world.settle()
    world.create(make_fault("ContainerOOM", pod="web"))
    world.run_for(seconds=5)

    ended = container_status(world, "web")["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)


def test_a_readiness_probe_that_fails_takes_the_pod_out(world):
    """Not ready after three failures; ready again once the Fault is healed; never restarted."""
    world.create(probed("web", "readinessProbe", periodSeconds=5))
    world.settle()
    world.create(make_fault("ProbeFailure", pod="web", probe="Readiness"))
    world.run_for(seconds=21)

    assert not is_pod_ready(world.get("Pod", "web"))
    assert any("Unhealthy: Readiness probe failed: Get " in text for text in world.events("web"))
    world.delete("Fault", "fault")
    world.run_for(seconds=15)
    assert is_pod_ready(world.get("Pod", "web"))
    assert container_status(world, "web")["restartCount"] == 0


def test_a_liveness_probe_that_fails_restarts_the_container(world):
    """After failureThreshold tries."""
    world.create(probed("web", "livenessProbe", periodSeconds=5))
    world.settle()
    world.create(make_fault("ProbeFailure", pod="web"))
    world.run_for(seconds=30)

    assert container_status(world, "web")["restartCount"] >= 1
    assert any("failed liveness probe, will be restarted" in text for text in world.events("web"))


def test_images_cannot_be_pulled_for_an_app(world):
    """New Pods wait; once the Fault is healed they run at their next try."""
    world.create(make_fault("ImagePullFailure", app="web"))
    world.create(make_pod("web"))
    world.run_for(seconds=10)
    waiting = container_status(world, "web")["state"]["waiting"]
    assert waiting["reason"] in {"ErrImagePull", "ImagePullBackOff"}
    assert "no such host" in waiting["message"]

    world.delete("Fault", "fault")
    world.run_for(seconds=60)
    assert is_pod_ready(world.get("Pod", "web"))


def test_pulls_fail_on_one_node_for_one_image(world):
    """Other Nodes and other images are not touched."""
    fault = make_fault("ImagePullFailure", "worker-1", image="nginx")
    world.create(
        fault,
        make_pod("here", nodeName="worker-1"),
        make_pod("other", containers=[make_container(image="httpd:2.4")], nodeName="worker-1"),
        make_pod("there", nodeName="worker-2"),
    )
    world.run_for(seconds=30)

    assert not is_pod_ready(world.get("Pod", "here"))
    assert is_pod_ready(world.get("Pod", "other"))
    assert is_pod_ready(world.get("Pod", "there"))
