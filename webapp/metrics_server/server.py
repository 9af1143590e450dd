"""The objects of metrics.k8s.io: NodeMetrics and PodMetrics.

The API server asks :class:`NodeMetrics` and :class:`PodMetrics` as it asks an aggregated server. Pods that
do not run, and Pods with a container that is younger than a scrape can see, are not there.

Models:
    sigs.k8s.io/metrics-server/pkg/api/node.go
    sigs.k8s.io/metrics-server/pkg/api/pod.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import time_text
from webapp.metrics_server.scrape import last_scrape_ms

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import SharedInformer
    from webapp.metrics_server.scrape import Kubelets, Use
    from webapp.sim.loop import Simulation

API_VERSION = "metrics.k8s.io/v1beta1"
BY_NAMESPACE = "metadata.namespace"


class NodeMetrics:
    """What Nodes use."""

    def __init__(self, sim: Simulation, nodes: SharedInformer, kubelets: Kubelets) -> None:
        self._sim = sim
        self._nodes = nodes
        self._kubelets = kubelets

    def get(self, namespace: str, name: str) -> JSONObject | None:
        """One Node's, or ``None``."""
        del namespace
        node = self._nodes.get(name)
        return self._metrics(node) if node is not None else None

    def list(self, namespace: str) -> list[JSONObject]:
        """All, sorted by name."""
        del namespace
        found = (self._metrics(node) for node in self._nodes.list())
        return sorted((item for item in found if item is not None), key=_sort_key)

    def full_name(self, namespace: str, name: str) -> str:
        """What a refusal calls it."""
        del namespace
        return name

    def _metrics(self, node: JSONObject) -> JSONObject | None:
        name = node["metadata"]["name"]
        use = self._kubelets.node_use(name)
        if use is None:
            return None
        now_ms = self._sim.now_ms
        return {
            **_head("NodeMetrics", node, now_ms),
            **_window(now_ms, use.window_ms),
            "usage": _usage(use),
        }


class PodMetrics:
    """What Pods use."""

    def __init__(self, sim: Simulation, pods: SharedInformer, kubelets: Kubelets) -> None:
        self._sim = sim
        self._pods = pods
        self._kubelets = kubelets
        pods.add_index(BY_NAMESPACE, _namespaces)

    def get(self, namespace: str, name: str) -> JSONObject | None:
        """One Pod's, or ``None``."""
        pod = self._pods.get(f"{namespace}/{name}")
        return self._metrics(pod) if pod is not None else None

    def list(self, namespace: str) -> list[JSONObject]:
        """Those of a Namespace, or of all for "", sorted by name."""
        pods = self._pods.by_index(BY_NAMESPACE, namespace) if namespace else self._pods.list()
        found = (self._metrics(pod) for pod in pods)
        return sorted((item for item in found if item is not None), key=_sort_key)

    def full_name(self, namespace: str, name: str) -> str:
        """What a refusal calls it."""
        return f"{namespace}/{name}"

    def _metrics(self, pod: JSONObject) -> JSONObject | None:
        if (pod.get("status") or {}).get("phase") != "Running":
            return None
        uses = self._kubelets.pod_use(pod["spec"].get("nodeName", ""), pod["metadata"]["uid"])
        if not uses:
            return None
        now_ms = self._sim.now_ms
        return {
            **_head("PodMetrics", pod, now_ms),
            **_window(now_ms, max(use.window_ms for use in uses)),
            "containers": [{"name": use.name, "usage": _usage(use)} for use in uses],
        }


def _namespaces(pod: JSONObject) -> tuple[str, ...]:
    return (pod["metadata"]["namespace"],)


def _sort_key(obj: JSONObject) -> tuple[str, str]:
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _head(kind: str, obj: JSONObject, now_ms: int) -> JSONObject:
    source = obj["metadata"]
    metadata = {"name": source["name"]}
    if source.get("namespace"):
        metadata["namespace"] = source["namespace"]
    metadata["creationTimestamp"] = time_text(now_ms)
    if source.get("labels"):
        metadata["labels"] = source["labels"]
    return {"kind": kind, "apiVersion": API_VERSION, "metadata": metadata}


def _window(now_ms: int, window_ms: int) -> JSONObject:
    seconds = f"{window_ms / 1000:.3f}".rstrip("0").rstrip(".")
    return {"timestamp": time_text(last_scrape_ms(now_ms)), "window": f"{seconds}s"}


def _usage(use: Use) -> JSONObject:
    return {"cpu": f"{use.cpu_nanocores}n", "memory": f"{use.memory_bytes >> 10}Ki"}
