"""Who owns whom: the owner graph, kept as its edges alone. Pure.

Upstream keeps a node for every object in the cluster. Here only objects with owner references are
kept, under the UIDs of their owners; whether an owner exists is asked of the informers' stores.

Models:
    pkg/controller/garbagecollector/graph.go
    pkg/controller/garbagecollector/graph_builder.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class ObjectIdentity(NamedTuple):
    """An object, as the collector finds it again."""

    resource: GroupVersionResource
    namespace: str
    name: str
    uid: str


class Dependent(NamedTuple):
    """An object that has owners.

    Attributes:
        identity: Which object.
        owner_references: As in its metadata.
    """

    identity: ObjectIdentity
    owner_references: tuple[JSONObject, ...]


class OwnerGraph:
    """Dependents by their own UID and by the UIDs of their owners."""

    def __init__(self) -> None:
        self._dependents: dict[str, Dependent] = {}
        self._by_owner: dict[str, dict[str, Dependent]] = {}

    def put(self, identity: ObjectIdentity, references: Iterable[JSONObject]) -> None:
        """Take over an object's owner references as they are now."""
        self.remove(identity.uid)
        dependent = Dependent(identity, tuple(references))
        if not dependent.owner_references:
            return
        self._dependents[identity.uid] = dependent
        for reference in dependent.owner_references:
            self._by_owner.setdefault(reference["uid"], {})[identity.uid] = dependent

    def remove(self, uid: str) -> Dependent | None:
        """Forget an object as a dependent; its own dependents keep their edges to it."""
        dependent = self._dependents.pop(uid, None)
        if dependent is None:
            return None
        for reference in dependent.owner_references:
            held = self._by_owner.get(reference["uid"])
            if held is not None:
                held.pop(uid, None)
                if not held:
                    del self._by_owner[reference["uid"]]
        return dependent

    def dependents_of(self, uid: str) -> list[Dependent]:
        """Objects that name ``uid`` as an owner, in order of arrival."""
        return list(self._by_owner.get(uid, {}).values())

    def blocking_dependents_of(self, uid: str) -> list[Dependent]:
        """Those dependents that must be gone before a foreground deletion of ``uid`` may end."""
        return [
            dependent
            for dependent in self.dependents_of(uid)
            if any(
                reference["uid"] == uid and reference.get("blockOwnerDeletion")
                for reference in dependent.owner_references
            )
        ]


def finalizers_of(obj: JSONObject) -> list[str]:
    """``metadata.finalizers``."""
    return obj["metadata"].get("finalizers") or []


def is_deleting_dependents(obj: JSONObject) -> bool:
    """Whether the object is being deleted in the foreground: it waits for its dependents."""
    return "deletionTimestamp" in obj["metadata"] and FOREGROUND in finalizers_of(obj)


def is_orphaning_dependents(obj: JSONObject) -> bool:
    """Whether the object is being deleted and its dependents are to be left alone."""
    return "deletionTimestamp" in obj["metadata"] and ORPHAN in finalizers_of(obj)


def propagation_policy_of(obj: JSONObject) -> str:
    """How to delete a dependent: as its own finalizers ask for, else in the background."""
    if ORPHAN in finalizers_of(obj):
        return "Orphan"
    if FOREGROUND in finalizers_of(obj):
        return "Foreground"
    return "Background"
