"""All down, then all up: when a Recreate rollout may go on. Pure.

Models:
    pkg/controller/deployment/recreate.go oldPodsRunning
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from webapp.apimachinery.meta import JSONObject


def old_pods_running(
    new: JSONObject | None,
    old_replica_sets: Iterable[JSONObject],
    pods_by_uid: Mapping[str, Iterable[JSONObject]],
) -> bool:
    """Whether Pods of an old version may still run.

    Args:
        new: The new ReplicaSet, ``None`` before it exists.
        old_replica_sets: The old ones; their status counts Pods.
        pods_by_uid: ReplicaSet UID → its Pods, those on their way out included.
    """
    if any((rs.get("status") or {}).get("replicas", 0) for rs in old_replica_sets):
        return True
    new_uid = new["metadata"]["uid"] if new is not None else ""
    return any(
        (pod.get("status") or {}).get("phase") not in {"Failed", "Succeeded"}
        for uid, pods in pods_by_uid.items()
        if uid != new_uid
        for pod in pods
    )
