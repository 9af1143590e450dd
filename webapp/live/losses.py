"""What the page shows of Nodes that are lost: clocks that run, Pods nobody hears of, and replacements.

Pure but for :class:`Replacements`, which remembers the Pods that controllers have lost lately.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.api.core.nodes import get_node_condition
from webapp.api.core.pods import is_pod_terminal
from webapp.apimachinery.meta import controller_of
from webapp.apimachinery.timestamps import parse_time
from webapp.controller.nodelifecycle.health import GRACE_PERIOD_MS, silent_since_ms
from webapp.controller.tainteviction.taint_eviction import no_execute_taints, tolerated_seconds

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

REPLACED_WITHIN_MS = 30_000
"""A controller replaces at once; later Pods are there because somebody wants more."""
REMEMBERED = 512


class NodeClocks(NamedTuple):
    """Virtual times of a Node that may be lost.

    Attributes:
        heartbeat: The last renewal of its Lease that was written; renewals go on from there every ten
            seconds while ``silent`` is false. ``None`` before the first.
        silent: Whether renewals have stopped.
        grace_ends: When a silent Node that is still Ready becomes Unknown, at the next look of every
            five seconds; ``None`` otherwise.
        not_ready_since: When it became NotReady or Unknown; ``None`` while it is Ready.
    """

    heartbeat: int | None
    silent: bool
    grace_ends: int | None
    not_ready_since: int | None


def node_clocks(node: JSONObject, lease: JSONObject | None) -> NodeClocks:
    """The clocks of a Node with this Lease."""
    ready = get_node_condition(node, "Ready")
    renewed = ((lease or {}).get("spec") or {}).get("renewTime")
    silent_ms = silent_since_ms(lease)
    waits = silent_ms is not None and ready is not None and ready["status"] != "Unknown"
    lost = ready is not None and ready["status"] != "True"
    return NodeClocks(
        heartbeat=parse_time(renewed) if renewed else None,
        silent=silent_ms is not None,
        grace_ends=silent_ms + GRACE_PERIOD_MS if waits and silent_ms is not None else None,
        not_ready_since=parse_time(ready["lastTransitionTime"]) if ready and lost else None,
    )


def is_lost(pod: JSONObject, node: JSONObject | None) -> bool:
    """Whether nobody can say how a Pod is: its Node is not heard of, or gone."""
    if not pod["spec"].get("nodeName") or is_pod_terminal(pod):
        return False
    if node is None:
        return True
    ready = get_node_condition(node, "Ready")
    return ready is not None and ready["status"] == "Unknown"


def evicted_at(pod: JSONObject, node: JSONObject | None) -> int | None:
    """When taints of its Node end a Pod's stay; ``None`` if they never do, or it ends already."""
    if node is None or "deletionTimestamp" in pod["metadata"] or is_pod_terminal(pod):
        return None
    taints = no_execute_taints(node)
    seconds = tolerated_seconds(pod, taints)
    if seconds is None:
        return None
    added = max(
        (parse_time(taint["timeAdded"]) for taint in taints if taint.get("timeAdded")), default=None
    )
    return None if added is None else added + seconds * 1000


class Replacements:
    """Which Pod stands for which: same controller, made right after the other was lost."""

    def __init__(self) -> None:
        self._lost: dict[str, dict[str, tuple[str, int]]] = {}
        self._replaced: dict[str, tuple[str, str]] = {}

    def lose(self, pod: JSONObject, now_ms: int) -> None:
        """A Pod was deleted, has failed or is gone."""
        controller = controller_of(pod)
        metadata = pod["metadata"]
        if controller is None or any(uid == metadata["uid"] for uid, _ in self._replaced.values()):
            return
        lost = self._lost.setdefault(controller["uid"], {})
        lost[metadata["uid"]] = (metadata["name"], now_ms)
        if len(lost) > REMEMBERED:
            del lost[next(iter(lost))]

    def gain(self, pod: JSONObject, now_ms: int) -> None:
        """A Pod is there: it replaces the one of its controller that was lost first."""
        controller = controller_of(pod)
        if controller is None:
            return
        lost = self._lost.get(controller["uid"], {})
        for uid, (name, at_ms) in list(lost.items()):
            if now_ms - at_ms > REPLACED_WITHIN_MS:
                del lost[uid]
            elif uid != pod["metadata"]["uid"]:
                del lost[uid]
                self._replaced[pod["metadata"]["uid"]] = (uid, name)
                return

    def forget(self, uid: str) -> None:
        """A Pod is gone, and with it what it stands for."""
        self._replaced.pop(uid, None)

    def of(self, uid: str) -> tuple[str, str]:
        """UID and name of the Pod that a Pod replaces, or two empty texts."""
        return self._replaced.get(uid, ("", ""))
