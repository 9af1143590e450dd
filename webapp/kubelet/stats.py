"""How much a Node and its Pods use, for whoever scrapes the kubelet.

Models:
    pkg/kubelet/server/stats/summary.go
    pkg/kubelet/metrics/collectors/resource_metrics.go
"""

from __future__ import annotations

from hashlib import blake2s
from typing import TYPE_CHECKING

from webapp.cri.handlers import HANDLERS
from webapp.cri.meter import WINDOW_MS

if TYPE_CHECKING:
    from webapp.cri.runtime import ContainerRuntime
    from webapp.cri.stats import ContainerStats
    from webapp.kubelet.pod_workers import PodWorker

SYSTEM_MILLIS = 62
"""Millicores of kubelet, runtime and operating system on an empty Node."""
POD_MILLIS = 1.1
"""Millicores that they use for each container."""
SYSTEM_BYTES = 640 << 20
POD_BYTES = 2 << 20


def pod_stats(runtime: ContainerRuntime, worker: PodWorker) -> list[ContainerStats]:
    """What a Pod's running containers used, in order; empty while one of them is fresh."""
    found = []
    for container in worker.running():
        stats = runtime.container_stats(container)
        if stats is None:
            return []
        found.append(stats)
    return found


def node_stats(
    runtime: ContainerRuntime, workers: list[PodWorker], node: str, now_ms: int
) -> tuple[int, int]:
    """What the machine used altogether: nanocores and bytes."""
    nanocores, memory_bytes, containers = 0, SYSTEM_BYTES, 0
    for worker in workers:
        sandbox = worker.observed.sandbox
        if sandbox is not None and sandbox.ready:
            handler = HANDLERS.get(sandbox.config.runtime_handler)
            memory_bytes += handler.memory_bytes if handler is not None else 0
        for container in worker.running():
            containers += 1
            memory_bytes += POD_BYTES + runtime.memory_bytes(container)
            stats = runtime.container_stats(container)
            if stats is not None:
                nanocores += stats.cpu_nanocores
    text = f"{node}/{now_ms // WINDOW_MS}"
    chance = int.from_bytes(blake2s(text.encode(), digest_size=2).digest()) / (1 << 16)
    system_millis = (SYSTEM_MILLIS + POD_MILLIS * containers) * (0.85 + 0.3 * chance)
    return nanocores + round(system_millis * 1_000_000), memory_bytes
