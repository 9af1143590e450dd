"""How many new Pods, how many old: the arithmetic of a rolling update. Pure.

A Deployment and its ReplicaSets enter, sizes leave. ``deployment_controller`` asks and writes.
ReplicaSets are JSON objects; sizes are ``spec.replicas``, availability is
``status.availableReplicas``.

Deviation: when old ReplicaSets shrink, a status that still counts more available Pods than the
ReplicaSet is to keep is cut to that size. Upstream trusts it, and may for a moment go below the
minimum when several Pods become ready within the same few milliseconds.

Models:
    pkg/controller/deployment/rolling.go
    pkg/controller/deployment/util/deployment_util.go NewRSNewReplicas, ResolveFenceposts
    pkg/controller/deployment/sync.go scale
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple

from webapp.controller.deployment.revision import (
    DESIRED_REPLICAS_ANNOTATION,
    MAX_REPLICAS_ANNOTATION,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject


class Resize(NamedTuple):
    """One step of a plan: the ReplicaSet with this UID gets this many replicas."""

    uid: str
    replicas: int


def desired_replicas(obj: JSONObject) -> int:
    """``spec.replicas`` of a Deployment or ReplicaSet; 1 when it is not given."""
    replicas = obj["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def available_replicas(replica_set: JSONObject) -> int:
    """``status.availableReplicas``."""
    return int((replica_set.get("status") or {}).get("availableReplicas", 0))


def available_of_desired(replica_set: JSONObject) -> int:
    """Available replicas among those that are to stay.

    A status written before the ReplicaSet last shrank counts Pods that are already on their way out.
    """
    return min(available_replicas(replica_set), desired_replicas(replica_set))


def total_replicas(replica_sets: Iterable[JSONObject]) -> int:
    """Sum of the desired sizes."""
    return sum(desired_replicas(replica_set) for replica_set in replica_sets)


def creation_order(replica_set: JSONObject) -> tuple[str, str]:
    """Sort key: oldest first, by name within the same second."""
    metadata = replica_set["metadata"]
    return metadata.get("creationTimestamp") or "", metadata["name"]


def scaled_value(value: int | str, total: int, *, round_up: bool) -> int:
    """An ``IntOrString``: a number as it is, a percentage as its share of ``total``.

    Models:
        staging/src/k8s.io/apimachinery/pkg/util/intstr/intstr.go GetScaledValueFromIntOrPercent
    """
    if isinstance(value, int):
        return value
    share = int(value.removesuffix("%")) * total / 100
    return ceil(share) if round_up else floor(share)


def resolve_fenceposts(
    max_surge: int | str | None, max_unavailable: int | str | None, desired: int
) -> tuple[int, int]:
    """Surge and unavailability allowed, in Pods; never both 0, or nothing could ever move."""
    surge = scaled_value(max_surge or 0, desired, round_up=True)
    unavailable = scaled_value(max_unavailable or 0, desired, round_up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return surge, unavailable


def is_rolling_update(deployment: JSONObject) -> bool:
    """Whether the strategy is RollingUpdate, which it also is when none is given."""
    strategy = deployment["spec"].get("strategy") or {}
    return bool(strategy.get("type", "RollingUpdate") == "RollingUpdate")


def _fenceposts(deployment: JSONObject) -> tuple[int, int]:
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    return resolve_fenceposts(
        rolling.get("maxSurge", "25%"),
        rolling.get("maxUnavailable", "25%"),
        desired_replicas(deployment),
    )


def max_surge(deployment: JSONObject) -> int:
    """How many Pods there may be beyond the desired number."""
    return _fenceposts(deployment)[0] if is_rolling_update(deployment) else 0


def max_unavailable(deployment: JSONObject) -> int:
    """How many of the desired Pods may be unavailable."""
    desired = desired_replicas(deployment)
    if not is_rolling_update(deployment) or desired == 0:
        return 0
    return min(_fenceposts(deployment)[1], desired)


def new_replica_set_size(
    deployment: JSONObject, all_replica_sets: Iterable[JSONObject], current: int
) -> int:
    """What the new ReplicaSet may grow to now.

    Args:
        deployment: What is desired.
        all_replica_sets: Every ReplicaSet of the Deployment, the new one included if it exists.
        current: Present size of the new ReplicaSet, 0 before it exists.
    """
    desired = desired_replicas(deployment)
    if not is_rolling_update(deployment):
        return desired
    room = desired + max_surge(deployment) - total_replicas(all_replica_sets)
    if room <= 0:
        return current
    return current + min(room, desired - current)


def plan_new_replica_set(
    deployment: JSONObject, all_replica_sets: Iterable[JSONObject], new: JSONObject
) -> int:
    """The size that the new ReplicaSet should have now: down at once, up as surge allows."""
    desired, current = desired_replicas(deployment), desired_replicas(new)
    if current >= desired:
        return desired
    return new_replica_set_size(deployment, all_replica_sets, current)


def plan_old_replica_sets(
    deployment: JSONObject, old_replica_sets: Iterable[JSONObject], new: JSONObject
) -> list[Resize]:
    """How far the old ReplicaSets may shrink now, unhealthy Pods first.

    New Pods that are not available yet count as unavailable, so that a version that never becomes
    ready does not eat up the old one.

    Args:
        deployment: What is desired.
        old_replica_sets: The old ones in any order; empty ones may be among them.
        new: The new ReplicaSet.

    Returns:
        Steps in order; a ReplicaSet may shrink twice.
    """
    old = sorted((rs for rs in old_replica_sets if desired_replicas(rs) > 0), key=creation_order)
    if not old:
        return []
    min_available = desired_replicas(deployment) - max_unavailable(deployment)
    new_unavailable = desired_replicas(new) - available_of_desired(new)
    room = total_replicas(old) + desired_replicas(new) - min_available - new_unavailable
    if room <= 0:
        return []
    sizes = {rs["metadata"]["uid"]: desired_replicas(rs) for rs in old}
    return _clean_up_unhealthy(old, sizes, room) + _scale_down(old, sizes, new, min_available)


def _clean_up_unhealthy(old: list[JSONObject], sizes: dict[str, int], room: int) -> list[Resize]:
    steps = []
    for replica_set in old:
        uid = replica_set["metadata"]["uid"]
        count = min(room, sizes[uid] - available_of_desired(replica_set))
        if count > 0:
            sizes[uid] -= count
            room -= count
            steps.append(Resize(uid, sizes[uid]))
    return steps


def _scale_down(
    old: list[JSONObject], sizes: dict[str, int], new: JSONObject, min_available: int
) -> list[Resize]:
    available = sum(map(available_of_desired, old)) + available_of_desired(new)
    room = available - min_available
    steps = []
    for replica_set in old:
        uid = replica_set["metadata"]["uid"]
        count = min(room, sizes[uid])
        if count > 0:
            sizes[uid] -= count
            room -= count
            steps.append(Resize(uid, sizes[uid]))
    return steps


def is_saturated(deployment: JSONObject, new: JSONObject | None) -> bool:
    """Whether the new ReplicaSet alone is the whole Deployment, and available."""
    if new is None:
        return False
    annotations = new["metadata"].get("annotations") or {}
    desired = desired_replicas(deployment)
    return (
        desired_replicas(new) == desired
        and annotations.get(DESIRED_REPLICAS_ANNOTATION) == str(desired)
        and available_replicas(new) == desired
    )


def find_active_or_latest(
    new: JSONObject | None, old_replica_sets: Iterable[JSONObject]
) -> JSONObject | None:
    """The ReplicaSet that a change of scale concerns alone, or ``None`` when several are active."""
    old = sorted(old_replica_sets, key=creation_order, reverse=True)
    candidates = [*old, new] if new is not None else old
    active = [rs for rs in candidates if desired_replicas(rs) > 0]
    if len(active) > 1:
        return None
    if active:
        return active[0]
    if new is not None:
        return new
    return old[0] if old else None


def plan_proportional(
    deployment: JSONObject, active_replica_sets: Iterable[JSONObject]
) -> list[Resize]:
    """Share a change of ``spec.replicas`` among several active ReplicaSets by their sizes.

    That happens when a Deployment is scaled in the middle of a rolling update. The largest
    ReplicaSet gets what rounding left over.

    Returns:
        A step for each ReplicaSet, also for those that keep their size (their annotations change).
    """
    active = list(active_replica_sets)
    desired = desired_replicas(deployment)
    allowed = desired + max_surge(deployment) if desired > 0 else 0
    to_add = allowed - total_replicas(active)
    # Ties in size go to the newest when growing, to the oldest when shrinking.
    active.sort(key=creation_order, reverse=to_add > 0)
    active.sort(key=desired_replicas, reverse=True)
    sizes: list[int] = []
    added = 0
    for replica_set in active:
        share = _proportion(deployment, replica_set, to_add, added)
        added += share
        sizes.append(desired_replicas(replica_set) + share)
    if sizes and to_add:
        sizes[0] = max(0, sizes[0] + to_add - added)
    return [Resize(rs["metadata"]["uid"], size) for rs, size in zip(active, sizes, strict=True)]


def _proportion(deployment: JSONObject, replica_set: JSONObject, to_add: int, added: int) -> int:
    if not desired_replicas(replica_set) or to_add in {0, added}:
        return 0
    fraction = _fraction(deployment, replica_set)
    left = to_add - added
    return min(fraction, left) if to_add > 0 else max(fraction, left)


def _fraction(deployment: JSONObject, replica_set: JSONObject) -> int:
    size = desired_replicas(replica_set)
    desired = desired_replicas(deployment)
    if desired == 0:
        return -size
    annotations = replica_set["metadata"].get("annotations") or {}
    before = int(annotations.get(MAX_REPLICAS_ANNOTATION) or 0)
    if not before:
        before = (deployment.get("status") or {}).get("replicas", 0)
    if not before:
        return 0
    return floor(size * (desired + max_surge(deployment)) / before + 0.5) - size
