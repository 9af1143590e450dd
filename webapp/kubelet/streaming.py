"""What a kubelet answers when somebody wants into a Pod: exec, attach and port-forward.

Models:
    pkg/kubelet/kubelet_pods.go GetExec, GetAttach, GetPortForward
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.status import BadRequest, NotFound
from webapp.apimachinery.streams import NodeRefused
from webapp.apimachinery.wire import LogResponse

if TYPE_CHECKING:
    from webapp.apimachinery.log_options import LogOptions
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


def container_log(
    worker: PodWorker | None, name: str, container: str, options: LogOptions
) -> LogResponse:
    """What a container printed.

    Raises:
        BadRequest: The container has not run yet, or has no previous instance.
        NotFound: The Pod is not here.
    """
    if worker is None:
        raise NotFound.of("", "pods", name)
    observed = worker.observed
    if options.previous:
        instance = observed.previous.get(container)
        if instance is None and container in worker.waiting:
            instance = observed.containers.get(container)
        if instance is None:
            raise BadRequest(
                f'previous terminated container "{container}" in pod "{name}" not found'
            )
    else:
        instance = observed.containers.get(container)
        if instance is None:
            reason = worker.waiting.get(container, ("ContainerCreating", ""))[0]
            words = {
                "ErrImagePull": "image can't be pulled",
                "ImagePullBackOff": "trying and failing to pull image",
            }.get(reason, reason)
            raise BadRequest(
                f'container "{container}" in pod "{name}" is waiting to start: {words}'
            )
    log = instance.log
    return LogResponse(lambda sink: log.read(options, sink))
