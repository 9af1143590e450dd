"""Revisions: which ReplicaSet stands for which version of the template, and what they are called. Pure.

Each version of a Deployment's Pod template has a ReplicaSet, told apart by the label
``pod-template-hash``. Revisions number the versions in the order of their latest use, so going back
to an old template gives its ReplicaSet a new number and keeps the old one in its history.

The hash has upstream's shape (FNV-1a over the template, written in the alphabet of generated names)
but is taken over canonical JSON, not over Go's memory layout: the letters differ from a real cluster's.

Models:
    pkg/controller/deployment/util/deployment_util.go
    pkg/controller/controller_utils.go ComputeHash
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from webapp.controller.hashing import safe_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject

POD_TEMPLATE_HASH = "pod-template-hash"
REVISION_ANNOTATION = "deployment.kubernetes.io/revision"
REVISION_HISTORY_ANNOTATION = "deployment.kubernetes.io/revision-history"
DESIRED_REPLICAS_ANNOTATION = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS_ANNOTATION = "deployment.kubernetes.io/max-replicas"

NOT_COPIED = frozenset(
    {
        "deprecated.deployment.rollback.to",
        DESIRED_REPLICAS_ANNOTATION,
        MAX_REPLICAS_ANNOTATION,
        REVISION_ANNOTATION,
        REVISION_HISTORY_ANNOTATION,
        "kubectl.kubernetes.io/last-applied-configuration",
    }
)
"""Annotations that a Deployment does not hand down to its ReplicaSets."""


def pod_template_hash(template: JSONObject, collision_count: int | None = None) -> str:
    """The label value for ``template``; ``collision_count`` makes another one for the same template."""
    data = json.dumps(template, sort_keys=True, separators=(",", ":")).encode()
    if collision_count is not None:
        data += collision_count.to_bytes(8, "little")
    return safe_hash(data)


def with_hash_label(labels: JSONObject | None, hash_value: str) -> JSONObject:
    """A copy of ``labels`` with the template hash added."""
    return {**(labels or {}), POD_TEMPLATE_HASH: hash_value}


def template_with_hash(template: JSONObject, hash_value: str) -> JSONObject:
    """The Pod template of a ReplicaSet: the Deployment's, labelled; its spec is shared."""
    metadata = template.get("metadata") or {}
    labels = with_hash_label(metadata.get("labels"), hash_value)
    return {**template, "metadata": {**metadata, "labels": labels}}


def selector_with_hash(selector: JSONObject, hash_value: str) -> JSONObject:
    """The selector of a ReplicaSet: the Deployment's, narrowed to one template."""
    return {**selector, "matchLabels": with_hash_label(selector.get("matchLabels"), hash_value)}


def equal_ignoring_hash(first: JSONObject, second: JSONObject) -> bool:
    """Whether two Pod templates are the same version."""
    if first is second:
        return True
    return first.get("spec") == second.get("spec") and _metadata_without_hash(
        first
    ) == _metadata_without_hash(second)


def _metadata_without_hash(template: JSONObject) -> JSONObject:
    metadata = dict(template.get("metadata") or {})
    labels = {
        key: value
        for key, value in (metadata.get("labels") or {}).items()
        if key != POD_TEMPLATE_HASH
    }
    metadata["labels"] = labels
    metadata.pop("creationTimestamp", None)
    return metadata


def find_new_replica_set(
    deployment: JSONObject, replica_sets: Iterable[JSONObject]
) -> JSONObject | None:
    """The ReplicaSet of the Deployment's present template; the oldest, should there be several."""
    template = deployment["spec"]["template"]
    found = [rs for rs in replica_sets if equal_ignoring_hash(rs["spec"]["template"], template)]
    return min(
        found,
        key=lambda rs: (rs["metadata"].get("creationTimestamp") or "", rs["metadata"]["name"]),
        default=None,
    )


def revision_of(obj: JSONObject) -> int:
    """The revision that an object carries; 0 when it has none that is a number."""
    text = (obj["metadata"].get("annotations") or {}).get(REVISION_ANNOTATION, "")
    return int(text) if text.isdecimal() else 0


def max_revision(replica_sets: Iterable[JSONObject]) -> int:
    """The highest revision among ReplicaSets, 0 without any."""
    return max(map(revision_of, replica_sets), default=0)


def new_replica_set_annotations(
    deployment: JSONObject, annotations: JSONObject, revision: int
) -> JSONObject:
    """Annotations of the ReplicaSet that stands for the Deployment's present template.

    Args:
        deployment: Its annotations are handed down.
        annotations: What the ReplicaSet has; ``{}`` for one about to be created.
        revision: The number that it should have at least.

    Returns:
        ``annotations`` itself when nothing changes.
    """
    inherited = {
        key: value
        for key, value in (deployment["metadata"].get("annotations") or {}).items()
        if key not in NOT_COPIED and annotations.get(key) != value
    }
    old_text = annotations.get(REVISION_ANNOTATION)
    old = int(old_text) if old_text and old_text.isdecimal() else 0
    if not inherited and old >= revision:
        return annotations
    changed = {**annotations, **inherited}
    if old < revision:
        changed[REVISION_ANNOTATION] = str(revision)
        if old_text:
            history = changed.get(REVISION_HISTORY_ANNOTATION)
            changed[REVISION_HISTORY_ANNOTATION] = f"{history},{old_text}" if history else old_text
    return changed


def with_replica_annotations(
    annotations: JSONObject, desired_replicas: int, max_replicas: int
) -> JSONObject:
    """Annotations that let a later sync tell a change of scale from a rollout.

    Returns:
        ``annotations`` itself when nothing changes.
    """
    wanted = {
        DESIRED_REPLICAS_ANNOTATION: str(desired_replicas),
        MAX_REPLICAS_ANNOTATION: str(max_replicas),
    }
    if all(annotations.get(key) == value for key, value in wanted.items()):
        return annotations
    return {**annotations, **wanted}


def plan_history_cleanup(
    deployment: JSONObject, old_replica_sets: Iterable[JSONObject]
) -> list[JSONObject]:
    """Old ReplicaSets beyond ``revisionHistoryLimit``: empty, at rest, lowest revision first."""
    limit = deployment["spec"].get("revisionHistoryLimit")
    if limit is None or limit == 2**31 - 1:
        return []
    old = [rs for rs in old_replica_sets if "deletionTimestamp" not in rs["metadata"]]
    surplus = len(old) - limit
    if surplus <= 0:
        return []
    old.sort(
        key=lambda rs: (
            revision_of(rs),
            rs["metadata"].get("creationTimestamp") or "",
            rs["metadata"]["name"],
        )
    )
    return [rs for rs in old[:surplus] if _is_at_rest(rs)]


def _is_at_rest(replica_set: JSONObject) -> bool:
    status = replica_set.get("status") or {}
    return (
        not status.get("replicas", 0)
        and replica_set["spec"].get("replicas") == 0
        and replica_set["metadata"].get("generation", 0) <= status.get("observedGeneration", 0)
    )
