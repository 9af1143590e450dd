"""Pods that wait for the room that was made for them, by the Node where it was made.

Models:
    pkg/scheduler/backend/queue/nominator.go nominator
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.types import PodInfo


class Nominator:
    """Which waiting Pod is to go to which Node."""

    def __init__(self) -> None:
        self._nodes: dict[str, str] = {}
        self._pods: dict[str, dict[str, PodInfo]] = {}

    def __bool__(self) -> bool:
        return bool(self._nodes)

    def put(self, pod: PodInfo, node_name: str) -> None:
        """Nominate a Pod; "" takes its nomination back."""
        self.remove(pod.uid)
        if node_name:
            self._nodes[pod.uid] = node_name
            self._pods.setdefault(node_name, {})[pod.uid] = pod

    def follow(self, pod: PodInfo, old: JSONObject | None) -> None:
        """Take over what the API says of a waiting Pod; ``old`` is the version before, if any.

        A nomination that is not in the API yet stays.
        """
        name = nominated_node_name(pod.pod)
        known = self._nodes.get(pod.uid, "")
        if name or (old is not None and nominated_node_name(old)):
            self.put(pod, name)
        elif known:
            self.put(pod, known)

    def remove(self, uid: str) -> None:
        """The Pod waits no longer."""
        node_name = self._nodes.pop(uid, None)
        if node_name is not None:
            held = self._pods[node_name]
            del held[uid]
            if not held:
                del self._pods[node_name]

    def node_of(self, uid: str) -> str:
        """The Node that a Pod waits for, or ""."""
        return self._nodes.get(uid, "")

    def nodes(self) -> Iterable[str]:
        """Nodes that Pods wait for."""
        return tuple(self._pods)

    def pods_on(self, node_name: str) -> list[PodInfo]:
        """Pods that wait for a Node, in order of nomination."""
        return list(self._pods.get(node_name, {}).values())


def nominated_node_name(pod: JSONObject) -> str:
    """``status.nominatedNodeName``."""
    name: str = pod.get("status", {}).get("nominatedNodeName") or ""
    return name
