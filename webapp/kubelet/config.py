"""Which Pods are mine: one Pod informer for all kubelets of the process, split by ``spec.nodeName``.

Real kubelets each watch with a field selector; here one watch serves all, so that thousands of Nodes
cost nothing while nothing happens on them. A kubelet hears only of its own Pods.

Models:
    pkg/kubelet/config/apiserver.go NewSourceApiserver
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webapp.api.resources import PODS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory

_BY_NODE = "spec.nodeName"


class PodHandler(Protocol):
    """Who runs Pods: a kubelet."""

    def on_pod_added(self, pod: JSONObject) -> None:
        """A Pod was bound to this Node."""

    def on_pod_updated(self, old: JSONObject, pod: JSONObject) -> None:
        """A Pod of this Node changed."""

    def on_pod_deleted(self, pod: JSONObject) -> None:
        """A Pod of this Node is gone from the API server."""


class PodSource:
    """Splits the stream of Pods by Node."""

    def __init__(self, informers: InformerFactory) -> None:
        self._handlers: dict[str, PodHandler] = {}
        self._informer = informers.informer(PODS)
        self._informer.add_index(_BY_NODE, _node_names)
        self._informer.add_handler(
            on_add=self._on_add, on_update=self._on_update, on_delete=self._on_delete
        )

    def add(self, node: str, handler: PodHandler) -> None:
        """Tell ``handler`` of the Pods of a Node from now on, first of those that are there."""
        self._handlers[node] = handler
        for pod in self._informer.by_index(_BY_NODE, node):
            handler.on_pod_added(pod)

    def pods(self, node: str) -> list[JSONObject]:
        """The Pods of a Node, sorted by key."""
        return self._informer.by_index(_BY_NODE, node)

    def remove(self, node: str) -> None:
        """Stop telling about a Node's Pods."""
        self._handlers.pop(node, None)

    def _on_add(self, pod: JSONObject) -> None:
        handler = self._handlers.get(pod["spec"].get("nodeName", ""))
        if handler is not None:
            handler.on_pod_added(pod)

    def _on_update(self, old: JSONObject, pod: JSONObject) -> None:
        handler = self._handlers.get(pod["spec"].get("nodeName", ""))
        if handler is None:
            return
        if old["metadata"]["uid"] != pod["metadata"]["uid"]:
            handler.on_pod_deleted(old)
            handler.on_pod_added(pod)
        elif not old["spec"].get("nodeName"):
            handler.on_pod_added(pod)
        else:
            handler.on_pod_updated(old, pod)

    def _on_delete(self, pod: JSONObject) -> None:
        handler = self._handlers.get(pod["spec"].get("nodeName", ""))
        if handler is not None:
            handler.on_pod_deleted(pod)


def _node_names(pod: JSONObject) -> Iterable[str]:
    name = pod["spec"].get("nodeName")
    return (name,) if name else ()
