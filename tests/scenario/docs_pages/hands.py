"""What the pages' readers do: write a manifest, wait, look at the status, the log and the inside."""

from __future__ import annotations

from typing import Any

from webapp.apimachinery.log_options import LogOptions
from webapp.apimachinery.streams import ExecOptions


def pod(name: str, *containers: Any, **spec: Any) -> Any:
    """A Pod's manifest."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
        "spec": {"containers": list(containers), **spec},
    }


def sh(script: str, name: str = "c", image: str = "busybox:1.36", **fields: Any) -> Any:
    """A container that runs a script."""
    return {"name": name, "image": image, "command": ["sh", "-c", script], **fields}


def data(kind: str, name: str, **values: str) -> Any:
    """A ConfigMap, or a Secret with plain texts."""
    field = "stringData" if kind == "Secret" else "data"
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "default"},
        field: {key.replace("__", "."): value for key, value in values.items()},
    }


def mount(volume: str, path: str, **fields: Any) -> Any:
    """A volumeMount."""
    return {"name": volume, "mountPath": path, **fields}


def run(world: Any, *objects: Any, seconds: float = 0) -> None:
    """Create objects, let everything in progress end, and some time pass."""
    world.create(*objects)
    world.settle()
    world.run_for(seconds=seconds)


def status(world: Any, name: str) -> Any:
    """A Pod's status."""
    return world.get("Pod", name)["status"]


def container(world: Any, name: str, which: str = "") -> Any:
    """A container's status, by its name, or the first."""
    found = status(world, name)
    every = [
        *(found.get("initContainerStatuses") or ()),
        *found["containerStatuses"],
        *(found.get("ephemeralContainerStatuses") or ()),
    ]
    return next(
        item
        for item in (every if which else found["containerStatuses"])
        if which in ("", item["name"])
    )


def condition(world: Any, name: str, kind: str) -> Any:
    """A Pod's condition."""
    return next(item for item in status(world, name)["conditions"] if item["type"] == kind)


def log(world: Any, name: str, which: str = "", **options: Any) -> str:
    """What ``kubectl logs`` prints."""
    found = world.get("Pod", name)
    which = which or found["spec"]["containers"][0]["name"]
    chunks: list[bytes] = []
    answer = world.cluster._machines.container_log(
        found["spec"]["nodeName"], found, which, LogOptions(**options)
    )
    answer.subscribe(lambda chunk: chunks.append(chunk) if chunk else None)
    return b"".join(chunks).decode()


def execute(world: Any, name: str, script: str, which: str = "", shell: str = "sh") -> str:
    """What ``kubectl exec … -- sh -c script`` prints."""
    found = world.get("Pod", name)
    which = which or found["spec"]["containers"][0]["name"]
    options = ExecOptions((shell, "-c", script), stdout=True, stderr=True)
    session = world.cluster._machines.container_exec(
        found["spec"]["nodeName"], found, which, options
    )
    output: list[bytes] = []
    codes: list[int] = []
    session.on_stdout = session.on_stderr = output.append
    session.on_exit = codes.append
    for _ in range(50):
        world.run_for(seconds=0.2)
        if codes:
            break
    assert codes, "the command goes on"
    return b"".join(output).decode()


def events(world: Any, name: str, reason: str) -> list[str]:
    """Messages of the Events with a reason."""
    return [
        text.partition(": ")[2] for text in world.events(name) if text.partition(": ")[0] == reason
    ]
