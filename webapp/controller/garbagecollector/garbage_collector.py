"""The garbage collector: deletes objects whose owners are all gone.

Objects of every kind enter through informers; deletions, and patches of owner references and
finalizers, leave. Three ways of deleting an owner: in the *background* (the owner goes at once, its
dependents after it), in the *foreground* (the owner waits, with a finalizer, until its dependents are
gone) and *orphan* (the dependents lose their reference and stay).

Models:
    pkg/controller/garbagecollector/garbagecollector.go attemptToDeleteItem, orphanDependents
    pkg/controller/garbagecollector/graph_builder.go processGraphChanges
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.apimachinery.schema import parse_api_version
from webapp.apimachinery.status import NotFound
from webapp.controller.controller import Controller
from webapp.controller.custom_kinds import CustomKinds
from webapp.controller.garbagecollector.graph import (
    FOREGROUND,
    ORPHAN,
    ObjectIdentity,
    OwnerGraph,
    finalizers_of,
    is_deleting_dependents,
    is_orphaning_dependents,
    propagation_policy_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.controller.context import ControllerContext
    from webapp.controller.garbagecollector.graph import Dependent

IGNORED_RESOURCES = frozenset({("", "events"), ("events.k8s.io", "events")})


@dataclass(slots=True)
class _Owners:
    """An object's owner references by what has become of the owners."""

    solid: list[JSONObject] = field(default_factory=list)
    waiting: list[JSONObject] = field(default_factory=list)
    dangling: list[JSONObject] = field(default_factory=list)


class GarbageCollector(Controller):
    """Keys are UIDs of objects to look at."""

    name = "garbage-collector-controller"
    service_ms = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._graph = OwnerGraph()
        self._identities: dict[str, ObjectIdentity] = {}
        self._events = context.events(self.name)
        self._infos: dict[tuple[str, str], ResourceInfo] = {}
        self._started = False
        for info in context.resources:
            if _is_collectable(info):
                self._infos.setdefault((info.group, info.kind), info)
        for info in self._infos.values():
            self._follow(info)
        CustomKinds(context.informers).on_established(self._follow_custom)

    def start(self) -> None:
        """All informers have listed: from now on a missing owner is news."""
        self._started = True
        for uid in list(self._identities):
            self.enqueue(uid)

    def sync(self, key: str) -> None:
        """Look at one object: has it lost its owners, or does it wait for its dependents?"""
        identity = self._identities.pop(key, None)
        if identity is None:
            return
        obj = self._live(identity)
        if obj is None:
            # It is gone already; what it owned may not have heard.
            for dependent in self._graph.dependents_of(key):
                self._look_at(dependent.identity)
        elif is_orphaning_dependents(obj):
            self._orphan_dependents(identity, obj)
        elif is_deleting_dependents(obj):
            self._process_deleting_dependents(identity, obj)
        elif "deletionTimestamp" not in obj["metadata"]:
            self._attempt_to_delete(identity, obj)

    # --- one object

    def _attempt_to_delete(self, identity: ObjectIdentity, obj: JSONObject) -> None:
        references = obj["metadata"].get("ownerReferences") or []
        if not references:
            return
        owners = self._classify(identity, obj, references)
        if owners.solid:
            if owners.dangling or owners.waiting:
                self._patch(identity, {"ownerReferences": owners.solid})
                self.acted(obj, "garbage collector removed references to owners that are gone")
            return
        dependents = self._graph.dependents_of(identity.uid)
        if owners.waiting and dependents:
            if any(self._is_deleting_dependents(dependent) for dependent in dependents):
                self._unblock_owners(identity, references)
            self._delete(identity, obj, "Foreground", owners)
        else:
            self._delete(identity, obj, propagation_policy_of(obj), owners)

    def _classify(
        self, identity: ObjectIdentity, obj: JSONObject, references: list[JSONObject]
    ) -> _Owners:
        owners = _Owners()
        for reference in references:
            info = self._info_of(reference)
            if info is None or (info.namespaced and not identity.namespace):
                # Nothing can be known about such an owner, so nothing is deleted for it.
                self._tell_unresolvable(info, obj, reference)
                owners.solid.append(reference)
                continue
            owner = self._owner(info, identity.namespace, reference)
            if owner is None:
                owners.dangling.append(reference)
            elif is_deleting_dependents(owner):
                owners.waiting.append(reference)
            else:
                owners.solid.append(reference)
        return owners

    def _delete(
        self, identity: ObjectIdentity, obj: JSONObject, policy: str, owners: _Owners
    ) -> None:
        try:
            self.client.delete(
                identity.resource,
                identity.namespace,
                identity.name,
                propagation_policy=policy,
                uid=identity.uid,
            )
        except NotFound:
            return
        lost = (owners.dangling + owners.waiting)[0]
        self.acted(
            obj,
            f"garbage collector deleted {obj['kind']} {identity.name}: "
            f"its owner, {lost['kind']} {lost['name']}, is gone or going",
        )

    def _process_deleting_dependents(self, identity: ObjectIdentity, obj: JSONObject) -> None:
        blocking = self._graph.blocking_dependents_of(identity.uid)
        if not blocking:
            self._remove_finalizer(identity, obj, FOREGROUND)
            return
        for dependent in blocking:
            if not self._is_deleting_dependents(dependent):
                self._look_at(dependent.identity)

    def _orphan_dependents(self, identity: ObjectIdentity, obj: JSONObject) -> None:
        dependents = self._graph.dependents_of(identity.uid)
        for dependent in dependents:
            left = [
                reference
                for reference in dependent.owner_references
                if reference["uid"] != identity.uid
            ]
            self._patch(dependent.identity, {"ownerReferences": left or None})
        self._remove_finalizer(identity, obj, ORPHAN)
        if dependents:
            self.acted(obj, f"garbage collector orphaned {len(dependents)} dependents")

    def _unblock_owners(self, identity: ObjectIdentity, references: list[JSONObject]) -> None:
        """Let a circle of foreground deletions end: this object no longer blocks its owners."""
        unblocked = [{**reference, "blockOwnerDeletion": False} for reference in references]
        self._patch(identity, {"ownerReferences": unblocked})

    # --- requests

    def _live(self, identity: ObjectIdentity) -> JSONObject | None:
        try:
            obj = self.client.get(identity.resource, identity.namespace, identity.name)
        except NotFound:
            return None
        return obj if obj["metadata"]["uid"] == identity.uid else None

    def _owner(
        self, info: ResourceInfo, namespace: str, reference: JSONObject
    ) -> JSONObject | None:
        """The owner, from the informer if it knows it, else from the API server."""
        owner_namespace = namespace if info.namespaced else ""
        key = f"{owner_namespace}/{reference['name']}" if owner_namespace else reference["name"]
        known = self.informers.informer(info.gvr).get(key)
        if known is not None and known["metadata"]["uid"] == reference["uid"]:
            return known
        identity = ObjectIdentity(info.gvr, owner_namespace, reference["name"], reference["uid"])
        return self._live(identity)

    def _patch(self, identity: ObjectIdentity, metadata: JSONObject) -> None:
        patch = {"metadata": {"uid": identity.uid, **metadata}}
        try:
            self.client.patch(identity.resource, identity.namespace, identity.name, patch)
        except NotFound:
            return

    def _remove_finalizer(self, identity: ObjectIdentity, obj: JSONObject, name: str) -> None:
        left = [finalizer for finalizer in finalizers_of(obj) if finalizer != name]
        version = obj["metadata"]["resourceVersion"]
        self._patch(identity, {"resourceVersion": version, "finalizers": left or None})

    def _tell_unresolvable(
        self, info: ResourceInfo | None, obj: JSONObject, reference: JSONObject
    ) -> None:
        if info is None:
            return
        message = (
            f"ownerRef [{reference['apiVersion']}/{reference['kind']}, namespace: , "
            f"name: {reference['name']}, uid: {reference['uid']}] does not exist in namespace "
            f'"{obj["metadata"].get("namespace", "")}"'
        )
        self._events.event(obj, "Warning", "OwnerRefInvalidNamespace", message)

    # --- the informers' side

    def _follow_custom(self, info: ResourceInfo) -> None:
        is_new = self._infos.get((info.group, info.kind)) is None
        self._infos[info.group, info.kind] = info
        if is_new:
            self._follow(info)

    def _follow(self, info: ResourceInfo) -> None:
        resource = info.gvr
        self.informers.informer(resource).add_handler(
            on_add=self._adder(resource),
            on_update=self._updater(resource),
            on_delete=self._deleter(resource),
        )

    def _adder(self, resource: GroupVersionResource) -> Callable[[JSONObject], None]:
        def on_add(obj: JSONObject) -> None:
            identity = _identity(resource, obj)
            references = obj["metadata"].get("ownerReferences") or ()
            self._graph.put(identity, references)
            if any(self._is_missing(identity, reference) for reference in references):
                self._look_at(identity)
            self._on_deletion_started(identity, obj)

        return on_add

    def _updater(self, resource: GroupVersionResource) -> Callable[[JSONObject, JSONObject], None]:
        def on_update(old: JSONObject, new: JSONObject) -> None:
            before, after = old["metadata"], new["metadata"]
            if before["uid"] != after["uid"]:
                on_delete(old)
                on_add(new)
                return
            references = after.get("ownerReferences") or []
            old_references = before.get("ownerReferences") or []
            if references is not old_references and references != old_references:
                identity = _identity(resource, new)
                self._graph.put(identity, references)
                self._look_at(identity)
                self._look_at_waiting_owners(identity, old_references)
            if ("deletionTimestamp" in after) != ("deletionTimestamp" in before) or after.get(
                "finalizers"
            ) != before.get("finalizers"):
                self._on_deletion_started(_identity(resource, new), new)

        on_add, on_delete = self._adder(resource), self._deleter(resource)
        return on_update

    def _deleter(self, resource: GroupVersionResource) -> Callable[[JSONObject], None]:
        def on_delete(obj: JSONObject) -> None:
            identity = _identity(resource, obj)
            gone = self._graph.remove(identity.uid)
            self._identities.pop(identity.uid, None)
            for dependent in self._graph.dependents_of(identity.uid):
                self._look_at(dependent.identity)
            if gone is not None:
                self._look_at_waiting_owners(identity, list(gone.owner_references))

        return on_delete

    def _on_deletion_started(self, identity: ObjectIdentity, obj: JSONObject) -> None:
        if is_orphaning_dependents(obj):
            self._look_at(identity)
        elif is_deleting_dependents(obj):
            for dependent in self._graph.dependents_of(identity.uid):
                self._look_at(dependent.identity)
            self._look_at(identity)

    def _look_at_waiting_owners(
        self, identity: ObjectIdentity, references: list[JSONObject]
    ) -> None:
        for reference in references:
            owner = self._known_owner(identity.namespace, reference)
            if owner is not None and is_deleting_dependents(owner[1]):
                self._look_at(_identity(owner[0].gvr, owner[1]))

    def _known_owner(
        self, namespace: str, reference: JSONObject
    ) -> tuple[ResourceInfo, JSONObject] | None:
        info = self._info_of(reference)
        if info is None:
            return None
        name = reference["name"]
        key = f"{namespace}/{name}" if info.namespaced else name
        known = self.informers.informer(info.gvr).get(key)
        if known is None or known["metadata"]["uid"] != reference["uid"]:
            return None
        return info, known

    def _is_missing(self, identity: ObjectIdentity, reference: JSONObject) -> bool:
        known = self._known_owner(identity.namespace, reference)
        return known is None or is_deleting_dependents(known[1])

    def _is_deleting_dependents(self, dependent: Dependent) -> bool:
        identity = dependent.identity
        key = f"{identity.namespace}/{identity.name}" if identity.namespace else identity.name
        obj = self.informers.informer(identity.resource).get(key)
        return obj is not None and is_deleting_dependents(obj)

    def _info_of(self, reference: JSONObject) -> ResourceInfo | None:
        group, _ = parse_api_version(reference["apiVersion"])
        return self._infos.get((group, reference["kind"]))

    def _look_at(self, identity: ObjectIdentity) -> None:
        self._identities[identity.uid] = identity
        if self._started:
            self.enqueue(identity.uid)


def _is_collectable(info: ResourceInfo) -> bool:
    return (
        info.is_stored
        and info.stored_as is None
        and {"delete", "watch"} <= set(info.verbs)
        and (info.group, info.resource) not in IGNORED_RESOURCES
    )


def _identity(resource: GroupVersionResource, obj: JSONObject) -> ObjectIdentity:
    metadata = obj["metadata"]
    return ObjectIdentity(
        resource, metadata.get("namespace", ""), metadata["name"], metadata["uid"]
    )
