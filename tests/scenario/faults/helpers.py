"""Faults and looks at what they do, for the scenario tests of Faults."""

from __future__ import annotations


def make_fault(type_="NodeDown", node="", *, name="fault", pod="", app="", container="", **spec):
    """A Fault of a Node, of a Pod, of the Pods of an app, or of the control plane."""
    target = {}
    if node:
        target["node"] = node
    if pod:
        target["pod"] = pod
    if app:
        target["podSelector"] = {"matchLabels": {"app": app}}
    if container:
        target["container"] = container
    return {
        "kind": "Fault",
        "apiVersion": "sim.podarium.dev/v1alpha1",
        "metadata": {"name": name},
        "spec": {"type": type_, **({"target": target} if target else {}), **spec},
    }


def condition(world, node, type_="Ready"):
    """One of a Node's conditions."""
    conditions = world.get("Node", node)["status"]["conditions"]
    return next(item for item in conditions if item["type"] == type_)


def taints(world, node):
    """Key and effect of a Node's taints."""
    held = world.get("Node", node)["spec"].get("taints") or ()
    return [(taint["key"], taint["effect"]) for taint in held]


def pods_of(world, app, node=""):
    """The Pods of an app, or those of them on a Node."""
    return [
        pod
        for pod in world.list("Pod", label_selector=f"app={app}")
        if not node or pod["spec"].get("nodeName") == node
    ]


def container_status(world, pod):
    """The status of a Pod's only container."""
    [status] = world.get("Pod", pod)["status"]["containerStatuses"]
    return status


def is_ending(pod):
    """Whether somebody has deleted a Pod that is still there."""
    return "deletionTimestamp" in pod["metadata"]


def seconds_until(world, happened, limit=1000):
    """Virtual seconds until something is so, looked at every 100 ms."""
    start_ms = world.cluster.sim.now_ms
    for _ in range(limit * 10):
        if happened():
            return (world.cluster.sim.now_ms - start_ms) / 1000
        world.run_for(seconds=0.1)
    raise AssertionError("it does not happen")
