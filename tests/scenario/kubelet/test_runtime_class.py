"""RuntimeClasses: what Pods are run by, and what that costs."""

from __future__ import annotations

import pytest

from tests.factories import make_node, make_pod
from webapp.api.resources import NODES, RUNTIME_CLASSES
from webapp.apimachinery.status import Forbidden
from webapp.cri.handlers import ANNOTATION
from webapp.live.projector import Projector
from webapp.trace.facts import SandboxCreated


def runtime_class(name, handler, **fields):
    """A RuntimeClass."""
    return {
        "kind": "RuntimeClass",
        "apiVersion": "node.k8s.io/v1",
        "metadata": {"name": name},
        "handler": handler,
        **fields,
    }


def add_class(world, *classes):
    """Create RuntimeClasses."""
    for obj in classes:
        world.cluster.admin.create(RUNTIME_CLASSES, "", obj)


def give_handlers(world, node, handlers):
    """Install handlers on a Node."""
    patch = {"metadata": {"annotations": {ANNOTATION: handlers}}}
    world.cluster.admin.patch(NODES, "", node, patch)


def test_a_node_without_the_handler_cannot_make_the_sandbox(world):
    """containerd's words in an Event, again and again; the Pod stays where it is."""
    add_class(world, runtime_class("secure", "kata"))
    world.create(make_pod("p", nodeName="worker-1", runtimeClassName="secure"))
    world.run_for(seconds=40)

    assert world.get("Pod", "p")["status"]["phase"] == "Pending"
    assert world.events("p")[-1] == (
        "FailedCreatePodSandBox: Failed to create pod sandbox: rpc error: code = Unknown desc = "
        'failed to get sandbox runtime: no runtime for "kata" is configured'
    )


def test_a_handler_that_is_installed_later_is_found(world):
    """The kubelet tries again; the Pod runs in a VM."""
    add_class(world, runtime_class("secure", "kata"))
    world.create(make_pod("p", nodeName="worker-1", runtimeClassName="secure"))
    world.run_for(seconds=20)

    give_handlers(world, "worker-1", "runc,kata")
    world.run_for(seconds=60)

    assert world.get("Pod", "p")["status"]["phase"] == "Running"


def test_virtual_machines_take_longer_than_containers_and_wasm_is_quicker(world):
    """Time from one Pod's beginning to its sandbox."""
    give_handlers(world, "worker-1", "runc,kata,wasmtime")
    add_class(world, runtime_class("vm", "kata"), runtime_class("wasm", "wasmtime"))
    for name, fields in (
        ("plain", {}),
        ("vm", {"runtimeClassName": "vm"}),
        ("wasm", {"runtimeClassName": "wasm"}),
    ):
        world.create(make_pod(name, nodeName="worker-1", **fields))
    began_ms = world.cluster.sim.now_ms
    world.settle()

    took_ms = {
        record.fact.subject.name: record.at_ms - began_ms
        for record in world.cluster.recorder.records
        if isinstance(record.fact, SandboxCreated)
    }
    assert took_ms["wasm"] < took_ms["plain"] + 100 < took_ms["vm"]


def test_the_class_brings_overhead_and_scheduling(world):
    """Admission merges them into the Pod, and the scheduler counts the overhead."""
    scheduling = {
        "nodeSelector": {"sandbox": "kata"},
        "tolerations": [{"key": "kata", "operator": "Exists"}],
    }
    overhead = {"podFixed": {"cpu": "250m", "memory": "120Mi"}}
    add_class(world, runtime_class("vm", "kata", overhead=overhead, scheduling=scheduling))
    world.create(make_node("kata-1", labels={"sandbox": "kata"}))
    give_handlers(world, "kata-1", "runc,kata")
    world.run_for(seconds=20)
    world.create(make_pod("p", runtimeClassName="vm"))
    world.settle()

    spec = world.get("Pod", "p")["spec"]
    assert spec["overhead"] == overhead["podFixed"]
    assert spec["nodeName"] == "kata-1"
    assert scheduling["tolerations"][0] in spec["tolerations"]


def test_a_pod_of_an_unknown_class_is_refused(world):
    """Upstream's words."""
    with pytest.raises(Forbidden, match='pod rejected: RuntimeClass "nosuch" not found'):
        world.create(make_pod("p", runtimeClassName="nosuch"))


def test_a_pod_cannot_choose_another_overhead(world):
    """What it says must be what the class says."""
    overhead = {"podFixed": {"cpu": "250m"}}
    add_class(world, runtime_class("vm", "kata", overhead=overhead))

    with pytest.raises(Forbidden, match="Pod's Overhead doesn't match RuntimeClass's"):
        world.create(make_pod("p", runtimeClassName="vm", overhead={"cpu": "1"}))


def test_the_page_tells_containers_virtual_machines_and_wasm_apart(world):
    """By the handler of the class."""
    give_handlers(world, "worker-1", "runc,kata,spin")
    add_class(world, runtime_class("a", "kata"), runtime_class("b", "spin"))
    world.create(
        make_pod("plain", nodeName="worker-1"),
        make_pod("vm", nodeName="worker-1", runtimeClassName="a"),
        make_pod("wasm", nodeName="worker-1", runtimeClassName="b"),
    )
    world.settle()

    pods = Projector(world.cluster).snapshot().pods

    shown = {pod.name: pod.sandbox for pod in pods}
    assert shown == {"plain": "container", "vm": "vm", "wasm": "wasm"}


def test_a_node_tells_which_handlers_it_has(world):
    """status.runtimeHandlers: the default one without a name, then the others."""
    give_handlers(world, "worker-1", "runc,wasmtime")
    world.create(make_pod("p", nodeName="worker-1"))
    world.run_for(seconds=40)

    listed = world.get("Node", "worker-1")["status"]["runtimeHandlers"]
    assert [item["name"] for item in listed] == ["", "runc", "wasmtime"]
