"""Answers about cluster events that several plugins give alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.scheduler.framework.types import PodInfo, QueueingHint

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


def after_claim_changed(pod: PodInfo, old: JSONObject | None, new: JSONObject) -> QueueingHint:
    """Worth it when it is a claim of the Pod."""
    del old
    metadata = new["metadata"]
    is_own = metadata.get("namespace", "") == pod.namespace and any(
        name == metadata["name"] for name, _ in pod.claims
    )
    return QueueingHint.QUEUE if is_own else QueueingHint.SKIP
