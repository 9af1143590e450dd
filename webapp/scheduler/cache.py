"""The scheduler's cache: which Pods are on which Nodes, those included that it only assumes there.

Informers tell of Nodes and bound Pods; the scheduling cycle assumes the Pod that it has just placed,
so that the next cycle counts it before the binding is written, and forgets it if binding fails. The
numbers live in the node table. Pods on Nodes that are not (or no longer) known wait as strays.

Models:
    pkg/scheduler/backend/cache/cache.go cacheImpl
    Deviation: an assumed Pod does not expire (upstream's default as well since 1.24).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.scheduler.framework.node_table import NodeTable
from webapp.sim.errors import SimulationError

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.types import ActionType, PodInfo


class _CachedPod:
    __slots__ = ("assumed", "info", "node_name")

    def __init__(self, info: PodInfo, node_name: str, *, assumed: bool) -> None:
        self.info = info
        self.node_name = node_name
        self.assumed = assumed


class Cache:
    """Nodes and the Pods on them.

    Attributes:
        nodes: The table of all Nodes.
    """

    def __init__(self) -> None:
        self.nodes = NodeTable()
        self._pods: dict[str, _CachedPod] = {}
        self._strays: dict[str, dict[str, PodInfo]] = {}

    @property
    def generation(self) -> tuple[int, int, int]:
        """Changes whenever anything in the table does."""
        nodes = self.nodes
        return nodes.layout, nodes.node_log.end, nodes.usage_log.end

    # --- Nodes ------------------------------------------------------------------------------

    def add_node(self, node: JSONObject) -> None:
        """A Node came."""
        name = node["metadata"]["name"]
        if name in self.nodes.rows:
            self.nodes.update_node(node)
            return
        self.nodes.add_node(node)
        for pod in self._strays.pop(name, {}).values():
            self.nodes.add_pod(self.nodes.rows[name], pod)

    def update_node(self, node: JSONObject) -> ActionType:
        """A Node changed; returns what of it scheduling looks at."""
        return self.nodes.update_node(node)

    def remove_node(self, name: str) -> None:
        """A Node went; its Pods stay known until they go as well."""
        pods = self.nodes.remove_node(name)
        if pods:
            self._strays[name] = pods

    # --- Pods -------------------------------------------------------------------------------

    def assume_pod(self, pod: PodInfo, node_name: str) -> None:
        """Count a Pod as bound, before it is.

        Raises:
            SimulationError: The Pod is in the cache already.
        """
        if pod.uid in self._pods:
            raise SimulationError(f"Pod {pod.key} is in the scheduler's cache already")
        self._pods[pod.uid] = _CachedPod(pod, node_name, assumed=True)
        self.nodes.add_pod(self.nodes.rows[node_name], pod)

    def forget_pod(self, uid: str) -> None:
        """Take an assumption back; a Pod that has turned out to be bound stays."""
        cached = self._pods.get(uid)
        if cached is not None and cached.assumed:
            self.remove_pod(uid)

    def pod(self, uid: str) -> PodInfo | None:
        """A Pod that is in the cache."""
        cached = self._pods.get(uid)
        return None if cached is None else cached.info

    def is_assumed(self, uid: str) -> bool:
        """Whether the Pod is assumed and not yet seen as bound."""
        cached = self._pods.get(uid)
        return cached is not None and cached.assumed

    def node_of(self, uid: str) -> str | None:
        """The Node that the Pod is on or assumed on."""
        cached = self._pods.get(uid)
        return None if cached is None else cached.node_name

    def put_pod(self, pod: PodInfo, node_name: str) -> None:
        """A bound Pod came or changed: count it where it is, confirming an assumption."""
        cached = self._pods.get(pod.uid)
        if cached is not None:
            if cached.node_name == node_name and cached.info.requests == pod.requests:
                cached.assumed = False
                self._replace(cached, pod)
                return
            self.remove_pod(pod.uid)
        self._pods[pod.uid] = _CachedPod(pod, node_name, assumed=False)
        row = self.nodes.rows.get(node_name)
        if row is None:
            self._strays.setdefault(node_name, {})[pod.uid] = pod
        else:
            self.nodes.add_pod(row, pod)

    def remove_pod(self, uid: str) -> None:
        """A Pod went."""
        cached = self._pods.pop(uid, None)
        if cached is None:
            return
        row = self.nodes.rows.get(cached.node_name)
        if row is not None:
            self.nodes.remove_pod(row, cached.info)
            return
        strays = self._strays[cached.node_name]
        del strays[uid]
        if not strays:
            del self._strays[cached.node_name]

    def _replace(self, cached: _CachedPod, pod: PodInfo) -> None:
        old, cached.info = cached.info, pod
        row = self.nodes.rows.get(cached.node_name)
        if row is None:
            self._strays[cached.node_name][pod.uid] = pod
        else:
            self.nodes.replace_pod(row, old, pod)
