"""What a kubelet answers when somebody wants into a Pod: exec, attach and port-forward.

Models:
    pkg/kubelet/kubelet_pods.go GetExec, GetAttach, GetPortForward
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.streams import NodeRefused

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.streams import ExecOptions, ExecSession, PortForwarder
    from webapp.cri.runtime import ContainerRuntime
    from webapp.kubelet.pod_workers import PodWorker


def container_exec(
    runtime: ContainerRuntime,
    worker: PodWorker | None,
    container: str,
    options: ExecOptions,
) -> ExecSession:
    """A command begun in a container; without words, the container itself.

    Raises:
        NodeRefused: The Pod is not here, or the container does not run.
    """
    if worker is None:
        raise NodeRefused("pod does not exist")
    instance = worker.observed.containers.get(container)
    if instance is None or not instance.running:
        raise NodeRefused(f'container not found ("{container}")')
    if options.command:
        return runtime.exec(instance, options)
    spec = next(item for item in _containers(worker.spec) if item["name"] == container)
    return runtime.attach(instance, options, stdin_once=bool(spec.get("stdinOnce")))


def _containers(spec: JSONObject) -> list[JSONObject]:
    return [
        *spec["containers"],
        *(spec.get("initContainers") or ()),
        *(spec.get("ephemeralContainers") or ()),
    ]


def port_forwarder(
    runtime: ContainerRuntime, worker: PodWorker | None, pod: JSONObject
) -> PortForwarder:
    """The way to a Pod's ports.

    Raises:
        NodeRefused: The Pod is not here, or has no network.
    """
    metadata = pod["metadata"]
    sandbox = worker.observed.sandbox if worker is not None else None
    if sandbox is None or not sandbox.ready:
        raise NodeRefused(f'pod not found ("{metadata["name"]}_{metadata["namespace"]}")')
    return runtime.port_forwarder(sandbox)
