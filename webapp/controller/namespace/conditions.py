"""What an ending Namespace says about what is left in it. Pure.

Models:
    pkg/controller/namespace/deletion/status_condition_utils.go
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import time_text

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_FINE = {
    "NamespaceDeletionDiscoveryFailure": (
        "ResourcesDiscovered",
        "All resources successfully discovered",
    ),
    "NamespaceDeletionGroupVersionParsingFailure": (
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": (
        "ContentHasNoFinalizers",
        "All content-preserving finalizers finished",
    ),
}
"""Condition type → reason and message while its status is False, in order."""


@dataclass(slots=True)
class Remains:
    """What one pass over the Namespace left.

    Attributes:
        instances: ``resource.group`` → objects left.
        finalizers: Finalizer → objects that wait for it.
        failures: Messages of refused deletions.
        budget: Deletions that may still be tried.
        cut_short: Whether that was too few.
    """

    instances: Counter[str] = field(default_factory=Counter)
    finalizers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    budget: int = 0
    cut_short: bool = False

    def count(self, resource: str, objects: list[JSONObject]) -> None:
        """Add the objects that a resource has left."""
        if objects:
            self.instances[resource] += len(objects)
        for obj in objects:
            self.finalizers.update(obj["metadata"].get("finalizers") or ())


def compute_conditions(
    current: list[JSONObject], remains: Remains, now_ms: int
) -> list[JSONObject]:
    """The Namespace's conditions; equal to ``current`` when nothing changed."""
    troubles: dict[str, tuple[str, str]] = {}
    if remains.failures:
        texts = ", ".join(sorted(remains.failures))
        troubles["NamespaceDeletionContentFailure"] = (
            "ContentDeletionFailed",
            f"Failed to delete all resource types, {len(remains.failures)} remaining: {texts}",
        )
    if remains.instances:
        texts = ", ".join(
            f"{resource} has {count} resource instances"
            for resource, count in sorted(remains.instances.items())
        )
        troubles["NamespaceContentRemaining"] = (
            "SomeResourcesRemain",
            f"Some resources are remaining: {texts}",
        )
    if remains.finalizers:
        texts = ", ".join(
            f"{finalizer} in {count} resource instances"
            for finalizer, count in sorted(remains.finalizers.items())
        )
        troubles["NamespaceFinalizersRemaining"] = (
            "SomeFinalizersRemain",
            f"Some content in the namespace has finalizers remaining: {texts}",
        )
    held = {condition["type"]: condition for condition in current}
    computed = [
        _condition(held.get(type_), type_, troubles.get(type_), fine, now_ms)
        for type_, fine in _FINE.items()
    ]
    others = [condition for condition in current if condition["type"] not in _FINE]
    return others + computed


def _condition(
    before: JSONObject | None,
    type_: str,
    trouble: tuple[str, str] | None,
    fine: tuple[str, str],
    now_ms: int,
) -> JSONObject:
    status = "False" if trouble is None else "True"
    reason, message = trouble or fine
    if (
        before is not None
        and before["status"] == status
        and before.get("message") == message
        and before.get("reason") == reason
    ):
        return before
    same = before is not None and before["status"] == status
    since = before["lastTransitionTime"] if before is not None and same else time_text(now_ms)
    return {
        "type": type_,
        "status": status,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }
