"""The generic registry: how objects of one resource are created, read, changed and deleted.

Handlers call it with authorized, decoded and admitted objects; it names, prepares, validates and
stores them, checks resourceVersions and preconditions, and carries out deletion with grace period,
finalizers and propagation. Kinds differ by their :class:`Strategy`.

Models:
    staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go Store
    staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go BeforeDelete
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from webapp.api.objectmeta import validate_object_meta
from webapp.apimachinery.meta import with_fields
from webapp.apimachinery.status import (
    AlreadyExists,
    BadRequest,
    Conflict,
    Invalid,
    NotFound,
    StatusError,
)
from webapp.apimachinery.timestamps import parse_time, time_text
from webapp.apiserver.storage import bucket_name, object_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.field_path import FieldError
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.names import Namer
    from webapp.apiserver.registry.strategy import Strategy
    from webapp.apiserver.storage import Storage
    from webapp.sim.loop import Simulation

Admit: TypeAlias = "Callable[[JSONObject], None]"
"""Validating admission: raises to refuse the object."""

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
_ABSENT_FROM_NEW = frozenset(
    ("deletionGracePeriodSeconds", "deletionTimestamp", "resourceVersion", "selfLink")
)


class ResourceVersionSet(StatusError):
    """A new object must not bring a resourceVersion; upstream answers this without a reason."""

    reason = ""


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How to delete.

    Attributes:
        grace_period_seconds: Seconds to live on, or ``None`` for the object's own wish.
        propagation_policy: Background, Foreground, Orphan or "" for the kind's default.
        uid: The object must have this UID, unless "".
        resource_version: The object must be at this version, unless "".
    """

    grace_period_seconds: int | None = None
    propagation_policy: str = ""
    uid: str = ""
    resource_version: str = ""


class ResourceStore:
    """Objects of one resource.

    Attributes:
        info: The resource.
        strategy: How it differs from others.
        bucket: Where its objects are stored.
    """

    def __init__(
        self,
        info: ResourceInfo,
        strategy: Strategy,
        storage: Storage,
        namer: Namer,
        sim: Simulation,
    ) -> None:
        stored = info.storage_gvr
        self.info = info
        self.strategy = strategy
        self.bucket = bucket_name(stored.group, stored.resource)
        self._storage = storage
        self._namer = namer
        self._sim = sim

    # --- reading ---------------------------------------------------------------------------

    def find(self, namespace: str, name: str) -> JSONObject | None:
        """The stored object, or ``None``."""
        return self._storage.get(self.bucket, object_key(namespace, name))

    def get(self, namespace: str, name: str) -> JSONObject:
        """The stored object.

        Raises:
            NotFound: There is none.
        """
        found = self._storage.get(self.bucket, object_key(namespace, name))
        if found is None:
            raise NotFound.of(self.info.group, self.info.resource, name)
        return found

    # --- creating --------------------------------------------------------------------------

    def name_new(self, obj: JSONObject, namespace: str) -> JSONObject:
        """A new object with name, namespace, UID and creation time: what facts can refer to.

        Raises:
            AlreadyExists: No free name could be generated.
            ResourceVersionSet: The object brings a resourceVersion.
        """
        metadata = dict(obj.get("metadata") or {})
        if not _ABSENT_FROM_NEW.isdisjoint(metadata):
            if metadata.get("resourceVersion"):
                raise ResourceVersionSet(
                    "resourceVersion should not be set on objects to be created"
                )
            for field in _ABSENT_FROM_NEW:
                metadata.pop(field, None)
        if namespace:
            metadata["namespace"] = namespace
        if not metadata.get("name"):
            metadata = self._namer.with_name(metadata, namespace, self.bucket, self.info)
        metadata["uid"] = self._namer.new_uid()
        metadata["creationTimestamp"] = time_text(self._sim.now_ms)
        return {**obj, "metadata": metadata}

    def create(
        self, ctx: RequestContext, obj: JSONObject, admit: Admit, *, dry_run: bool
    ) -> JSONObject:
        """Prepare, validate and store an object made by :meth:`name_new`.

        Raises:
            Invalid: It breaks its kind's rules.
            AlreadyExists: Its name is taken.
        """
        strategy = self.strategy
        obj = strategy.rules.prepare_for_create(obj)
        if strategy.rules.has_status and "status" not in obj and self.info.custom is None:
            obj = {**obj, "status": {}}  # clients may read below status from the first moment
        obj = strategy.begin_create(obj, dry_run=dry_run)
        try:
            self._require_valid(obj, self._creation_errors(ctx, obj))
            ctx.gates.validated()
            admit(obj)
            metadata = obj["metadata"]
            key = object_key(metadata.get("namespace", ""), metadata["name"])
            if self._storage.get(self.bucket, key) is not None:
                raise AlreadyExists.of(self.info.group, self.info.resource, metadata["name"])
        except StatusError:
            strategy.cancel_create(obj)
            raise
        if dry_run:
            strategy.cancel_create(obj)
            return obj
        return self._storage.create(self.bucket, key, obj, ctx.actor)

    def _creation_errors(self, ctx: RequestContext, obj: JSONObject) -> list[FieldError]:
        rules = self.strategy.rules
        if ctx.is_trusted and self.info.resource == "pods":
            # Controllers make Pods from templates that were validated with their owner; what differs
            # from Pod to Pod is the metadata.
            return validate_object_meta(obj["metadata"], rules.namespaced, rules.name_rule)
        return rules.validate(obj)

    # --- changing --------------------------------------------------------------------------

    def update(
        self, ctx: RequestContext, old: JSONObject, new: JSONObject, admit: Admit, *, dry_run: bool
    ) -> JSONObject:
        """Store ``new`` in place of ``old``; what equals the stored object writes nothing.

        Raises:
            Conflict: ``new`` was made from another version.
            Invalid: It breaks its kind's rules, or changes what must not change.
        """
        if new is old:
            return old
        strategy = self.strategy
        new = strategy.rules.prepare_for_update(self._aligned(new, old), old)
        new = strategy.begin_update(new, old, dry_run=dry_run)
        try:
            self._require_valid(new, strategy.rules.validate_update(new, old))
            ctx.gates.validated()
            admit(new)
        except StatusError:
            strategy.cancel_update(new, old)
            raise
        if dry_run:
            strategy.cancel_update(new, old)
            return new
        stored = self._store_change(ctx, old, new)
        strategy.after_update(stored, old)
        return stored

    def update_status(
        self, ctx: RequestContext, old: JSONObject, new: JSONObject, *, dry_run: bool
    ) -> JSONObject:
        """Store the status of ``new``; the rest stays as in ``old``.

        Raises:
            Conflict: ``new`` was made from another version.
            Invalid: The status breaks its kind's rules.
        """
        if new is old:
            return old
        if ctx.is_trusted and new["metadata"] is old["metadata"]:
            # A component's patch of status alone: nothing else can have changed.
            return self._store_change(ctx, old, self.strategy.rules.prepare_status(new, old))
        rules = self.strategy.rules
        new = rules.prepare_for_status_update(self._aligned(new, old), old)
        self._require_valid(new, rules.validate_status_update(new, old))
        return new if dry_run else self._store_change(ctx, old, new)

    def replace(self, ctx: RequestContext, old: JSONObject, new: JSONObject) -> JSONObject:
        """Store a change that a subresource made itself, without rules."""
        return self._store_change(ctx, old, new)

    def replace_part(
        self, ctx: RequestContext, old: JSONObject, new: JSONObject, *, dry_run: bool
    ) -> JSONObject:
        """Store a change of the spec that a subresource made and checked itself.

        Raises:
            Conflict: ``new`` was made from another version.
        """
        new = self._aligned(new, old)
        if new["spec"] != old["spec"]:
            generation = (old["metadata"].get("generation") or 0) + 1
            new = with_fields(new, ("metadata", "generation"), generation)
        return new if dry_run else self._store_change(ctx, old, new)

    def _store_change(self, ctx: RequestContext, old: JSONObject, new: JSONObject) -> JSONObject:
        if _is_same(new, old):
            return old
        metadata = new["metadata"]
        key = object_key(metadata.get("namespace", ""), metadata["name"])
        if _is_ready_to_go(old, new) and not self.strategy.blocks_deletion(new):
            return self._remove(ctx, key, new)
        return self._storage.update(self.bucket, key, new, ctx.actor)

    def _aligned(self, new: JSONObject, old: JSONObject) -> JSONObject:
        """``new`` with the metadata that no client sets, checked against the stored version.

        Raises:
            Conflict: UID or resourceVersion are others than the stored ones.
        """
        meta, stored = new["metadata"], old["metadata"]
        if meta is stored:
            return new
        uid, version = meta.get("uid"), meta.get("resourceVersion")
        if uid and uid != stored["uid"]:
            raise self._conflict(
                stored["name"],
                f"Precondition failed: UID in precondition: {uid}, UID in object meta: {stored['uid']}",
            )
        if version and version != stored["resourceVersion"]:
            raise self._conflict(stored["name"])
        aligned = dict(meta)
        if "namespace" in stored:
            aligned.setdefault("namespace", stored["namespace"])
        aligned["uid"] = stored["uid"]
        aligned["resourceVersion"] = stored["resourceVersion"]
        aligned.setdefault("creationTimestamp", stored.get("creationTimestamp"))
        if not aligned["creationTimestamp"]:
            aligned["creationTimestamp"] = stored.get("creationTimestamp")
        for field in ("deletionTimestamp", "deletionGracePeriodSeconds"):
            if field in stored:
                aligned[field] = stored[field]
            else:
                aligned.pop(field, None)
        return {**new, "metadata": aligned}

    # --- deleting --------------------------------------------------------------------------

    def delete(
        self,
        ctx: RequestContext,
        namespace: str,
        name: str,
        options: DeleteOptions,
        *,
        dry_run: bool = False,
    ) -> tuple[JSONObject, bool]:
        """Delete an object, at once or once its grace period and finalizers have passed.

        Returns:
            The object as it is or last was, and whether it is gone.

        Raises:
            NotFound: There is none.
            Conflict: A precondition does not hold.
        """
        old = self.get(namespace, name)
        self._check_preconditions(old, options)
        strategy = self.strategy
        grace = strategy.grace_period(old, options.grace_period_seconds)
        finalizers = self._finalizers_for(old, options.propagation_policy)
        new = self._marked(old, grace, finalizers)
        lives_on = bool(finalizers) or bool(grace) or strategy.blocks_deletion(new)
        if dry_run:
            return new, not lives_on
        key = object_key(namespace, name)
        if lives_on:
            return (
                old if new is old else self._storage.update(self.bucket, key, new, ctx.actor)
            ), False
        return self._remove(ctx, key, new if grace == 0 else old), True

    def _marked(self, old: JSONObject, grace: int | None, finalizers: list[str]) -> JSONObject:
        """``old`` with deletion time, grace period and finalizers; ``old`` itself when it has them."""
        metadata = old["metadata"]
        deleted_at = metadata.get("deletionTimestamp")
        seconds = grace or 0
        changed = dict(metadata)
        if deleted_at is None:
            changed["deletionTimestamp"] = time_text(self._sim.now_ms + seconds * 1000)
            changed["deletionGracePeriodSeconds"] = seconds
            if metadata.get("generation"):
                changed["generation"] = metadata["generation"] + 1
        else:
            before = metadata.get("deletionGracePeriodSeconds") or 0
            if grace is not None and seconds < before:
                # Only ever sooner: the end moves by as much as the period was shortened.
                end_ms = parse_time(deleted_at) - (before - seconds) * 1000
                changed["deletionTimestamp"] = time_text(end_ms)
                changed["deletionGracePeriodSeconds"] = seconds
        if finalizers != (metadata.get("finalizers") or []):
            changed["finalizers"] = finalizers
            if not finalizers:
                del changed["finalizers"]
        if changed == metadata:
            return old
        marked = {**old, "metadata": changed}
        return marked if deleted_at else self.strategy.on_deletion_marked(marked)

    def _finalizers_for(self, obj: JSONObject, policy: str) -> list[str]:
        """The object's finalizers with those that ``policy`` asks for.

        Models:
            staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go deletionFinalizersForGarbageCollection
        """
        held: list[str] = obj["metadata"].get("finalizers") or []
        if policy:
            orphan, foreground = policy == "Orphan", policy == "Foreground"
        elif ORPHAN in held or FOREGROUND in held:
            return held
        else:
            orphan, foreground = self.strategy.orphans_by_default, False
        kept = [finalizer for finalizer in held if finalizer not in {ORPHAN, FOREGROUND}]
        if orphan:
            kept.append(ORPHAN)
        if foreground:
            kept.append(FOREGROUND)
        return held if sorted(kept) == sorted(held) else kept

    def _check_preconditions(self, obj: JSONObject, options: DeleteOptions) -> None:
        metadata = obj["metadata"]
        for wanted, found, what in (
            (options.uid, metadata["uid"], "UID"),
            (options.resource_version, metadata["resourceVersion"], "ResourceVersion"),
        ):
            if wanted and wanted != found:
                raise self._conflict(
                    metadata["name"],
                    f"Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}",
                )

    def _remove(self, ctx: RequestContext, key: str, last: JSONObject) -> JSONObject:
        gone = self._storage.delete(self.bucket, key, last, ctx.actor)
        self.strategy.after_delete(gone)
        return gone

    # --- refusals --------------------------------------------------------------------------

    def _require_valid(self, obj: JSONObject, errors: list[FieldError]) -> None:
        if errors:
            name = obj["metadata"].get("name") or obj["metadata"].get("generateName") or ""
            raise Invalid.of(self.info.group, self.info.kind, name, errors)

    def _conflict(self, name: str, problem: str = "") -> Conflict:
        return Conflict.of(self.info.group, self.info.resource, name, problem)


def check_scope(info: ResourceInfo, obj: JSONObject, namespace: str) -> None:
    """The object's own namespace must be the path's.

    Raises:
        BadRequest: It is another one.
    """
    own = (obj.get("metadata") or {}).get("namespace") or ""
    if info.namespaced and own and own != namespace:
        raise BadRequest(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def with_status(obj: JSONObject, status: JSONObject) -> JSONObject:
    """``obj`` with another status."""
    return with_fields(obj, ("status",), status)


def _is_same(new: JSONObject, old: JSONObject) -> bool:
    """Whether a write would change nothing but the times of field managers."""
    if new is old:
        return True
    if new.keys() != old.keys():
        return False
    for key, value in new.items():
        if key != "metadata" and value is not old[key] and value != old[key]:
            return False
    new_meta, old_meta = new["metadata"], old["metadata"]
    if new_meta is old_meta or new_meta == old_meta:
        return True
    return _without_manager_times(new_meta) == _without_manager_times(old_meta)


def _without_manager_times(metadata: JSONObject) -> JSONObject:
    managers = metadata.get("managedFields")
    if not managers:
        return metadata
    timeless = [{**entry, "time": None} for entry in managers]
    return {**metadata, "managedFields": timeless}


def _is_ready_to_go(old: JSONObject, new: JSONObject) -> bool:
    """Whether the last finalizer of an object whose grace period is over has just been removed."""
    metadata = new["metadata"]
    return (
        bool(metadata.get("deletionTimestamp"))
        and not metadata.get("finalizers")
        and old["metadata"].get("deletionGracePeriodSeconds") == 0
    )
