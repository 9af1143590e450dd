"""What goes on inside one Pod at this moment: memory, processor time, probes, waits, volumes.

Computed when somebody looks, from what is there anyway: nothing is counted, scheduled or made for it.
Enters: a Pod's worker. Leaves: a JSON tree for ``GET /inside/pods/NODE/UID``, which the page asks for
while a Pod is drawn open. Times are virtual milliseconds since the Unix epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cri.programs.files.nodes import Directory, File
from webapp.kubelet.ports import port_number
from webapp.kubelet.prober import STARTUP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.cri.api import Container
    from webapp.cri.runtime import ContainerRuntime
    from webapp.kubelet.pod_workers import PodWorker
    from webapp.kubelet.prober import Prober, ProbeWorker
    from webapp.kubelet.volumes import Volume

FIRST_PROBE_MS = 100
MOST_FILES = 2_000
"""So many files of a volume are looked at for the one that was written last."""


def look_inside(
    runtime: ContainerRuntime, prober: Prober, worker: PodWorker, now_ms: int
) -> JSONObject:
    """A Pod's inside now."""
    containers = [
        _container(runtime, prober, worker, name, now_ms)
        for name in dict.fromkeys((*worker.observed.containers, *worker.retry_at_ms))
        if name
    ]
    volumes = worker.volumes.looked_into() if worker.volumes is not None else {}
    return {
        "uid": worker.uid,
        "at": now_ms,
        "killAt": worker.deadline_ms,
        "retryAt": _later(worker.retry_at_ms.get(""), now_ms),
        "containers": containers,
        "volumes": [_volume(name, volume) for name, volume in volumes.items()],
    }


def _container(
    runtime: ContainerRuntime, prober: Prober, worker: PodWorker, name: str, now_ms: int
) -> JSONObject:
    container = worker.observed.containers.get(name)
    retry_at_ms = _later(worker.retry_at_ms.get(name), now_ms)
    found: JSONObject = {"name": name, "retryAt": retry_at_ms, "killAt": None, "probes": []}
    look = runtime.look(container) if container is not None else None
    if container is None or look is None:
        return found
    config = container.config
    return {
        **found,
        "killAt": runtime.killed_at_ms(container),
        "memoryBytes": look.memory_bytes,
        "memoryLimitBytes": config.memory_limit_bytes,
        "cpuMillis": look.cpu_millis,
        "cpuLimitMillis": config.cpu_limit_millis,
        "throttledPercent": look.throttled_percent,
        "throttledMs": look.throttled_ms,
        "ports": list(look.ports),
        "processes": look.processes,
        "probes": [_probe(probe, container, now_ms) for probe in prober.probes_of(container)],
    }


def _later(at_ms: int | None, now_ms: int) -> int | None:
    return at_ms if at_ms is not None and at_ms > now_ms else None


def _probe(probe: ProbeWorker, container: Container, now_ms: int) -> JSONObject:
    spec, period_ms = probe.probe, probe.period_ms
    over = probe.kind == STARTUP and probe.verdict is True
    next_ms = probe.timer.at_ms if probe.timer is not None and probe.timer.pending else None
    if next_ms is None and probe.verdict is True and not over:
        # It rests since it would go on succeeding; on a real machine it is asked all the same.
        next_ms = now_ms + period_ms - (now_ms - container.started_ms) % period_ms
    failed = spec.get("failureThreshold") or 3
    return {
        "kind": probe.kind,
        "asks": _question(spec, probe.spec),
        "periodMs": period_ms,
        "nextAt": next_ms,
        "succeeds": probe.verdict,
        "over": over,
        "run": probe.run,
        "threshold": int(failed if probe.run < 0 else spec.get("successThreshold") or 1),
        "message": probe.message,
    }


def _question(probe: JSONObject, container: JSONObject) -> str:
    """What a probe asks, as ``kubectl describe`` begins it."""
    if "exec" in probe:
        return f"exec {' '.join(probe['exec'].get('command') or ())}"
    if "httpGet" in probe:
        get = probe["httpGet"]
        return f"GET :{port_number(get['port'], container)}{get.get('path') or '/'}"
    if "grpc" in probe:
        return f"grpc :{probe['grpc']['port']}"
    return f"tcp :{port_number(probe['tcpSocket']['port'], container)}"


def _volume(name: str, volume: Volume) -> JSONObject:
    newest, path = _newest(volume)
    return {
        "name": name,
        "medium": volume.medium,
        "usedBytes": volume.quota.used_bytes,
        "limitBytes": volume.quota.limit_bytes,
        "last": None
        if newest is None
        else {
            "path": path,
            "size": newest.size,
            "by": newest.writer,
            "at": newest.modified_ms,
        },
    }


def _newest(volume: Volume) -> tuple[File | None, str]:
    """The file that was written last, and its path in the volume."""
    if isinstance(volume.root, File):
        return volume.root, ""
    newest, path = None, ""
    for looked_at, (file, where) in enumerate(_files(volume.root, "")):
        if looked_at >= MOST_FILES:
            break
        if newest is None or file.modified_ms >= newest.modified_ms:
            newest, path = file, where
    return newest, path


def _files(directory: Directory, prefix: str) -> Iterator[tuple[File, str]]:
    for name, node in directory.entries.items():
        if isinstance(node, File):
            yield node, f"{prefix}{name}"
        elif isinstance(node, Directory):
            # What follows objects lies in a directory with a stamp for a name.
            yield from _files(node, prefix if name.startswith("..") else f"{prefix}{name}/")
