"""Which Pods go first when there are too many. Pure.

In order: not yet on a Node, then by phase, not Ready, cheap to delete (``pod-deletion-cost``), many
siblings on the same Node, Ready for a short time, many restarts, young. Ages are compared by their
order of magnitude, and by UID within one, so that not always the newest Pods go.

Models:
    pkg/controller/controller_utils.go ActivePodsWithRanks
    pkg/controller/replicaset/replica_set.go getPodsToDelete, getPodsRankedByRelatedPodsOnSameNode
"""

from __future__ import annotations

from collections import Counter
from functools import cmp_to_key
from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import parse_time
from webapp.controller.pods import is_pod_active, is_pod_ready, pod_phase, ready_since_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webapp.apimachinery.meta import JSONObject

DELETION_COST_ANNOTATION = "controller.kubernetes.io/pod-deletion-cost"

_PHASE_ORDER = {"Pending": 0, "Unknown": 1, "Running": 2}


def deletion_cost(pod: JSONObject) -> int:
    """The Pod's ``pod-deletion-cost``; 0 when it has none that is a number."""
    text = (pod["metadata"].get("annotations") or {}).get(DELETION_COST_ANNOTATION, "")
    try:
        return int(text)
    except ValueError:
        return 0


def plan_deletions(
    pods: Sequence[JSONObject], related: Iterable[JSONObject], count: int, now_ms: int
) -> list[JSONObject]:
    """The ``count`` Pods to delete, first to go first.

    Args:
        pods: Active Pods of the ReplicaSet.
        related: Pods of all ReplicaSets with the same owner, these included: where siblings are.
        count: How many have to go.
        now_ms: Virtual now.
    """
    if count >= len(pods):
        return list(pods)
    on_node = Counter(_node_name(pod) for pod in related if is_pod_active(pod))
    ranked = [_Ranked(pod, on_node[_node_name(pod)], now_ms) for pod in pods]
    ranked.sort(key=cmp_to_key(_compare))
    return [entry.pod for entry in ranked[:count]]


def _node_name(pod: JSONObject) -> str:
    return str(pod["spec"].get("nodeName", ""))


class _Ranked:
    """A Pod with what the comparison needs, computed once."""

    __slots__ = ("age", "created", "first", "pod", "ready_age", "ready_at", "restarts", "uid")

    def __init__(self, pod: JSONObject, rank: int, now_ms: int) -> None:
        self.pod = pod
        ready = is_pod_ready(pod)
        self.first = (
            bool(_node_name(pod)),
            _PHASE_ORDER.get(pod_phase(pod), 0),
            ready,
            deletion_cost(pod),
            -rank,
        )
        self.ready_at = ready_since_ms(pod) if ready else 0
        self.created = parse_time(pod["metadata"]["creationTimestamp"])
        self.ready_age = _magnitude(now_ms - self.ready_at)
        self.age = _magnitude(now_ms - self.created)
        self.restarts = max(
            (
                status.get("restartCount", 0)
                for status in (pod.get("status") or {}).get("containerStatuses") or ()
            ),
            default=0,
        )
        self.uid: str = pod["metadata"]["uid"]


def _magnitude(age_ms: int) -> int:
    return (age_ms * 1_000_000).bit_length() - 1 if age_ms > 0 else -1


def _compare(one: _Ranked, other: _Ranked) -> int:
    """Negative when ``one`` goes first."""
    if one.first != other.first:
        return -1 if one.first < other.first else 1
    if one.ready_at != other.ready_at:
        if not one.ready_at or not other.ready_at:
            return -1 if not one.ready_at else 1
        return _by_magnitude(one.ready_age, other.ready_age, one, other)
    if one.restarts != other.restarts:
        return other.restarts - one.restarts
    if one.created != other.created:
        return _by_magnitude(one.age, other.age, one, other)
    return 0


def _by_magnitude(age: int, other_age: int, one: _Ranked, other: _Ranked) -> int:
    if age != other_age:
        return age - other_age
    return -1 if one.uid < other.uid else 1
