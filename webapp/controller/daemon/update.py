"""The next step of a DaemonSet's rolling update: which old Pods go, which Nodes get a second Pod. Pure.

Models:
    pkg/controller/daemon/update.go rollingUpdate, findUpdatedPodsOnNode, updatedDesiredNodeCounts
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.apimachinery.intstr import scaled_value
from webapp.controller.history import hash_of
from webapp.controller.pods import is_pod_available

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webapp.apimachinery.meta import JSONObject


class UpdateStep(NamedTuple):
    """What to do now.

    Attributes:
        delete: Old Pods that go.
        create_on: Nodes that get a Pod of the new version beside the old one, sorted.
    """

    delete: list[JSONObject]
    create_on: list[str]


class _Found(NamedTuple):
    new: JSONObject | None
    old: JSONObject | None


def max_surge(daemon_set: JSONObject, desired: int) -> int:
    """How many Nodes may have two Pods."""
    return _bound(daemon_set, "maxSurge", desired)


def max_unavailable(daemon_set: JSONObject, desired: int) -> int:
    """How many Nodes may be without an available Pod; 1 when the bounds allow nothing at all."""
    bound = _bound(daemon_set, "maxUnavailable", desired)
    if desired > 0 and bound == 0 and max_surge(daemon_set, desired) == 0:
        return 1
    return bound


def allows_surge(daemon_set: JSONObject) -> bool:
    """Whether a Node may have two Pods during an update."""
    return max_surge(daemon_set, 100) > 0


def _bound(daemon_set: JSONObject, field: str, desired: int) -> int:
    strategy = daemon_set["spec"].get("updateStrategy") or {}
    if strategy.get("type") != "RollingUpdate":
        return 0
    value = (strategy.get("rollingUpdate") or {}).get(field, 0)
    return scaled_value(value, desired, round_up=True)


def plan_update(
    daemon_set: JSONObject,
    pods_by_node: Mapping[str, Sequence[JSONObject]],
    desired: int,
    hash_value: str,
    now_ms: int,
) -> UpdateStep:
    """The next step of a rolling update.

    Args:
        daemon_set: With its strategy.
        pods_by_node: Node → its Pods of this DaemonSet; every Node that should have one is there.
        desired: How many Nodes should have a Pod.
        hash_value: The present version.
        now_ms: Virtual now.
    """
    surge = max_surge(daemon_set, desired)
    if surge:
        return _plan_with_surge(daemon_set, pods_by_node, surge, hash_value, now_ms)
    unavailable = max_unavailable(daemon_set, desired)
    return _plan_without_surge(daemon_set, pods_by_node, unavailable, hash_value, now_ms)


def _plan_without_surge(
    daemon_set: JSONObject,
    pods_by_node: Mapping[str, Sequence[JSONObject]],
    allowed: int,
    hash_value: str,
    now_ms: int,
) -> UpdateStep:
    min_ready = daemon_set["spec"].get("minReadySeconds", 0)
    unavailable = 0
    broken, candidates = [], []
    for node in sorted(pods_by_node):
        found = _find(pods_by_node[node], hash_value)
        if found is None or (found.old is None) == (found.new is None):
            unavailable += 1  # syncing Nodes and Pods puts this one right
        elif found.old is None:
            unavailable += not is_pod_available(found.new, min_ready, now_ms)
        elif is_pod_available(found.old, min_ready, now_ms):
            candidates.append(found.old)
        else:
            broken.append(found.old)
    return UpdateStep([*broken, *candidates[: max(0, allowed - unavailable)]], [])


def _plan_with_surge(
    daemon_set: JSONObject,
    pods_by_node: Mapping[str, Sequence[JSONObject]],
    allowed: int,
    hash_value: str,
    now_ms: int,
) -> UpdateStep:
    min_ready = daemon_set["spec"].get("minReadySeconds", 0)
    surging = 0
    delete: list[JSONObject] = []
    broken: list[str] = []
    candidates: list[str] = []
    for node in sorted(pods_by_node):
        found = _find(pods_by_node[node], hash_value)
        if found is None:
            surging += 1
        elif found.old is None:
            continue
        elif found.new is None:
            available = is_pod_available(found.old, min_ready, now_ms)
            (candidates if available else broken).append(node)
        elif is_pod_available(found.new, min_ready, now_ms):
            delete.append(found.old)
        else:
            surging += 1
    return UpdateStep(delete, [*broken, *candidates[: max(0, allowed - surging)]])


def _find(pods: Sequence[JSONObject], hash_value: str) -> _Found | None:
    """The new and the old Pod of a Node; ``None`` when there are several of a kind."""
    new = [pod for pod in pods if _stays(pod) and hash_of(pod) == hash_value]
    old = [pod for pod in pods if _stays(pod) and hash_of(pod) != hash_value]
    if len(new) > 1 or len(old) > 1:
        return None
    return _Found(new[0] if new else None, old[0] if old else None)


def _stays(pod: JSONObject) -> bool:
    return "deletionTimestamp" not in pod["metadata"]
