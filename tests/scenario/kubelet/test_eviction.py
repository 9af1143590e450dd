"""Machines that run out of memory or disk, and Pods that write more than they may."""

from __future__ import annotations

import pytest

from tests.factories import make_container, make_pod


def load(size, **resources):
    """A container that takes memory quickly."""
    args = ["-mem-total", size, "-mem-alloc-size", "100Mi", "-mem-alloc-sleep", "10ms"]
    return make_container("app", "vish/stress", args=args, resources=resources)


def shell(script, **fields):
    """A container that runs a script."""
    return make_container("app", "busybox:1.36", command=["sh", "-c", script], **fields)


def on_worker_1(name, container, **spec):
    """A Pod bound to the first Node."""
    return make_pod(name, nodeName="worker-1", containers=[container], **spec)


def condition(world, kind):
    """A condition of the first Node."""
    conditions = world.get("Node", "worker-1")["status"]["conditions"]
    return next(item for item in conditions if item["type"] == kind)


def test_a_node_that_runs_out_of_memory_evicts_who_uses_more_than_it_asked_for(world):
    """The modest Pod stays; the greedy one fails as Evicted, with upstream's words."""
    world.create(
        on_worker_1("modest", load("2Gi", requests={"memory": "3Gi"})),
        on_worker_1("greedy", load("6Gi", requests={"memory": "1Gi"})),
    )
    world.run_for(seconds=60)

    status = world.get("Pod", "greedy")["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "Evicted")
    assert status["message"].startswith(
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: "
    )
    assert "Container app was using 6" in status["message"]
    assert ", request is 1Gi, has larger consumption of memory. " in status["message"]
    assert world.get("Pod", "modest")["status"]["phase"] == "Running"
    disruption = next(c for c in status["conditions"] if c["type"] == "DisruptionTarget")
    assert (disruption["status"], disruption["reason"]) == ("True", "TerminationByKubelet")


def test_memory_pressure_shows_on_the_node_and_keeps_new_pods_away_for_five_minutes(world):
    """Condition, taint and Event; gone after the transition period."""
    world.create(on_worker_1("greedy", load("7900Mi")))
    world.run_for(seconds=60)

    assert condition(world, "MemoryPressure")["reason"] == "KubeletHasInsufficientMemory"
    taints = world.get("Node", "worker-1")["spec"]["taints"]
    assert [taint["key"] for taint in taints] == ["node.kubernetes.io/memory-pressure"]
    assert "EvictionThresholdMet: Attempting to reclaim memory" in world.events("worker-1")

    world.create(on_worker_1("late", make_container(), priority=0))
    world.run_for(seconds=5)
    assert world.get("Pod", "late")["status"]["reason"] == "Evicted"
    assert (
        "The node had condition: [MemoryPressure]" in world.get("Pod", "late")["status"]["message"]
    )

    world.run_for(seconds=330)
    assert condition(world, "MemoryPressure")["status"] == "False"
    assert not world.get("Node", "worker-1")["spec"].get("taints")


@pytest.mark.parametrize(
    ("signal", "kind", "resource"),
    [
        ("memory", "MemoryPressure", "memory"),
        ("disk", "DiskPressure", "ephemeral-storage"),
        ("pid", "PIDPressure", "pids"),
    ],
)
def test_pressure_from_outside_evicts_one_pod_after_the_other(world, signal, kind, resource):
    """What a Fault does; the Pod of low priority goes first, the critical one stays."""
    world.create(
        on_worker_1("ordinary", make_container()),
        on_worker_1("critical", make_container(), priorityClassName="system-node-critical"),
    )
    world.settle()
    kubelet = world.cluster._machines.machine("worker-1").kubelet

    kubelet.pressure(signal, on=True)
    world.run_for(seconds=30)

    assert condition(world, kind)["status"] == "True"
    message = world.get("Pod", "ordinary")["status"]["message"]
    assert message.startswith(f"The node was low on resource: {resource}. Threshold quantity: ")
    assert world.get("Pod", "critical")["status"]["phase"] == "Running"

    kubelet.pressure(signal, on=False)
    world.run_for(seconds=320)
    assert condition(world, kind)["status"] == "False"


def test_a_pod_that_fills_its_empty_dir_is_evicted(world):
    """sizeLimit of an emptyDir on disk."""
    container = shell(
        "dd if=/dev/zero of=/cache/big bs=1M count=3; sleep 600",
        volumeMounts=[{"name": "cache", "mountPath": "/cache"}],
    )
    volume = {"name": "cache", "emptyDir": {"sizeLimit": "1Mi"}}
    world.create(on_worker_1("p", container, volumes=[volume]))
    world.run_for(seconds=60)

    status = world.get("Pod", "p")["status"]
    assert status["reason"] == "Evicted"
    assert status["message"] == 'Usage of EmptyDir volume "cache" exceeds the limit "1Mi". '


def test_a_pod_that_writes_more_than_its_ephemeral_storage_is_evicted(world):
    """limits.ephemeral-storage of its containers together."""
    container = shell(
        "dd if=/dev/zero of=/tmp/big bs=1M count=2000; sleep 600",
        resources={"limits": {"ephemeral-storage": "1Gi"}},
    )
    world.create(on_worker_1("p", container))
    world.run_for(seconds=60)

    assert world.get("Pod", "p")["status"]["message"] == (
        "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. "
    )
