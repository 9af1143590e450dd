"""What a kubelet is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from webapp.cri.continuation import later
from webapp.kubelet.allocation import AllocationManager
from webapp.kubelet.eviction.eviction_manager import EvictionManager
from webapp.kubelet.host_files import HostFiles, StorageFiles
from webapp.kubelet.image_manager import ImageManager
from webapp.kubelet.kuberuntime.container import ContainerStarter
from webapp.kubelet.kuberuntime.manager import RuntimeManager, grace_seconds
from webapp.kubelet.lifecycle import NodeUse, Rejection
from webapp.kubelet.prober import Prober
from webapp.kubelet.pull_secrets import pull_secrets
from webapp.kubelet.static_pods import StaticPods
from webapp.kubelet.status_manager import StatusManager
from webapp.kubelet.volumes import Storage
from webapp.sim.latency import Latency

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.cri.api import Container
    from webapp.kubelet.nodeshutdown import NodeShutdown
    from webapp.kubelet.pod_workers import PodWorker
    from webapp.kubelet.surroundings import Surroundings


NOTICE_LATENCY = Latency(20, 0.4, 10)
"""From the watch's delivery to the Pod's worker."""
PARALLEL_PULLS_ANNOTATION = "sim.podarium.dev/max-parallel-image-pulls"


class KubeletParts(ABC):
    """The managers of one kubelet, and what each is given.

    Attributes:
        workers: UID → worker, of all Pods that are known here.
        paused: Whether its process has stopped; containers go on without it.
    """

    def __init__(self, given: Surroundings) -> None:
        self._given = given
        self._sim = given.sim
        self._actor = f"kubelet/{given.node}"
        self._use = NodeUse()
        self._storage = Storage(HostFiles(), given.storage or StorageFiles())
        self._arriving: dict[str, JSONObject] = {}
        self.workers: dict[str, PodWorker] = {}
        self.paused = False
        self._power_lost_ms = 0
        self._shutdown: NodeShutdown | None = None
        self._images = ImageManager(
            given.sim,
            given.recorder,
            given.runtime.images,
            given.events,
            node=given.node,
            on_pulled=given.on_image_pulled,
            sabotage=given.sabotage,
            secrets_of=lambda pod: pull_secrets(given.client, pod),
            get_parallel=self._parallel_pulls,
        )
        self._prober = Prober(
            given.sim,
            given.recorder,
            given.runtime,
            given.events,
            node=given.node,
            on_result=self.sync,
            sabotage=given.sabotage,
        )
        self._starter = ContainerStarter(
            given.sim,
            given.client,
            given.runtime,
            self._images,
            self._prober,
            given.events,
            host_ip=given.host_ip,
            services_in=given.services_in,
            allocatable=self._allocatable,
        )
        self._manager = RuntimeManager(
            given.sim,
            given.recorder,
            given.stream,
            given.runtime,
            self._starter,
            given.client,
            given.events,
            node=given.node,
            network_ready=given.network_ready,
            on_progress=self.sync,
        )
        self._statuses = StatusManager(
            given.sim,
            given.recorder,
            given.client,
            given.stream,
            node=given.node,
            host_ip=given.host_ip,
        )

        self._allocations = AllocationManager(
            given.sim,
            given.runtime,
            given.events,
            self._use,
            given.get_node,
            self._restart_resized,
            self._statuses.mark,
        )
        self._static_pods = StaticPods(given.sim, given.client, given.get_node)
        self._evictions = EvictionManager(
            given.sim,
            given.runtime,
            given.events,
            self,
            self.workers,
            given.get_node,
            node=given.node,
        )

    def _restart_resized(self, worker: PodWorker, container: Container) -> None:
        message = f"Container {container.name} resize requires restart"
        self._starter.kill_container(worker, container, message, grace_seconds(worker) * 1000)

    def _allocatable(self) -> JSONObject:
        found: JSONObject = (self._given.get_node() or {}).get("status") or {}
        allocatable: JSONObject = found.get("allocatable") or {}
        return allocatable

    def _parallel_pulls(self) -> int:
        """How many pulls may happen at a time: one, unless the Node's annotation says more."""
        node = self._given.get_node() or {}
        annotations = (node.get("metadata") or {}).get("annotations") or {}
        text = annotations.get(PARALLEL_PULLS_ANNOTATION, "")
        return max(1, int(text)) if text.isdecimal() else 1

    def _later(self, latency: Latency, handler: Callable[[Any], None], key: Any) -> None:
        later(self._sim, self._given.recorder, latency.draw(self._given.stream), handler, key)

    @abstractmethod
    def sync(self, worker: PodWorker) -> None:
        """Move a Pod along."""

    @abstractmethod
    def evict(self, worker: PodWorker, failure: Rejection) -> None:
        """End a Pod for good, within a second."""

    @abstractmethod
    def report_pressure(self, condition: str, *, holds: bool) -> None:
        """Say in the Node's status whether a condition holds."""
