"""Objects and verbs of the scenarios in the pod network."""

from __future__ import annotations

from typing import Any

from webapp.apimachinery.log_options import LogOptions
from webapp.cri.programs.network import Stopped
from webapp.trace.facts import NetworkRequestEnded, NetworkRequestRouted


def make_pod(name: str, script: str = "", **spec: Any) -> Any:
    """A busybox that runs a script and then waits; without a script, nginx."""
    container = {"name": "c", "image": "nginx", "ports": [{"containerPort": 80}]}
    if script:
        container = {
            "name": "c",
            "image": "busybox",
            "command": ["sh", "-c", f"{script}; sleep 1d"],
        }
    namespace = spec.pop("namespace", "default")
    labels = {"app": name.rstrip("0123456789").rstrip("-"), **spec.pop("labels", {})}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1, **spec},
    }


def make_service(name: str = "web", **spec: Any) -> Any:
    """A Service in front of the Pods labelled with its name."""
    namespace = spec.pop("namespace", "default")
    spec = {"selector": {"app": name}, "ports": [{"port": 80}], **spec}
    spec = {key: value for key, value in spec.items() if value is not None}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def make_policy(name: str, **spec: Any) -> Any:
    """A NetworkPolicy for all Pods of the namespace unless it says otherwise."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": spec.pop("namespace", "default")},
        "spec": {"podSelector": {}, **spec},
    }


def make_namespace(name: str, **labels: str) -> Any:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def make_fault(name: str, type_: str, **spec: Any) -> Any:
    return {
        "apiVersion": "sim.podarium.dev/v1alpha1",
        "kind": "Fault",
        "metadata": {"name": name},
        "spec": {"type": type_, **spec},
    }


def log(world: Any, name: str, namespace: str = "default") -> str:
    """What a Pod's container has printed."""
    pod = world.get("Pod", name, namespace)
    chunks: list[bytes] = []
    answer = world.cluster._machines.container_log(pod["spec"]["nodeName"], pod, "c", LogOptions())
    answer.subscribe(lambda chunk: chunks.append(chunk) if chunk else None)
    return b"".join(chunks).decode()


def run(world: Any, script: str, seconds: float = 5, **spec: Any) -> str:
    """What a script prints in a Pod of its own."""
    name = spec.pop("name", "client")
    world.create(make_pod(name, script, **spec))
    world.settle()
    world.run_for(seconds=seconds)
    return log(world, name, spec.get("namespace", "default"))


def routed(world: Any) -> Any:
    """The ways of all requests, in order."""
    return world.facts(NetworkRequestRouted)


def last_way(world: Any) -> Any:
    """The newest request's way."""
    return routed(world)[-1]


def ended(world: Any) -> Any:
    """How requests ended, in order."""
    return world.facts(NetworkRequestEnded)


def pod_ip(world: Any, name: str) -> str:
    return str(world.get("Pod", name)["status"]["podIP"])


def curl(world: Any, address: str, path: str = "/", host: str = "", port: int = 80) -> str:
    """What a client outside gets, head and body; why there is no connection, if there is none."""
    chunks: list[bytes] = []
    connection = world.cluster.dial(address, port, lambda data: chunks.append(data or b""))
    if isinstance(connection, Stopped):
        return connection.kind
    head = f"GET {path} HTTP/1.1\r\nHost: {host or address}\r\nConnection: close\r\n\r\n"
    connection.send(head.encode())
    world.run_for(seconds=1)
    return b"".join(chunks).decode()
