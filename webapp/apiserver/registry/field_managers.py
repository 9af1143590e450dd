"""Who owns which fields: each write is recorded under its manager, apply merges by ownership.

Components' new objects and their writes of status are not recorded (upstream does); a component's
other writes are, once the object has managers.

Models:
    staging/src/k8s.io/apimachinery/pkg/util/managedfields/fieldmanager.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.apiextensions.field_schema import field_schema_of
from webapp.apimachinery import managedfields
from webapp.apimachinery.timestamps import time_text

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.context import RequestContext

_UNTRACKED = frozenset(("events", "leases"))


def on_create(ctx: RequestContext, obj: JSONObject) -> JSONObject:
    """A new object with the record of its first manager."""
    return _recorded(ctx, None, obj)


def on_update(ctx: RequestContext, new: JSONObject, old: JSONObject) -> JSONObject:
    """A changed object with the record of who changed it."""
    if ctx.info.subresource == "status" or new.get("status") is old.get("status"):
        return _recorded(ctx, old, new)
    # Status in a write to the object itself counts for nothing.
    status = {"status": old["status"]} if "status" in old else {}
    bare = {key: value for key, value in new.items() if key != "status"}
    return _recorded(ctx, old, {**bare, **status})


def apply(
    ctx: RequestContext, live: JSONObject | None, config: JSONObject, *, force: bool
) -> JSONObject:
    """The applied configuration merged into the stored object.

    Raises:
        Conflict: Other managers own fields that would change, and ``force`` is false.
    """
    resource = ctx.resource
    return managedfields.apply(
        live,
        config,
        ctx.field_manager,
        force,
        time_text(ctx.now_ms),
        resource.gvr.api_version,
        field_schema_of(resource),
        ctx.info.subresource,
    )


def _recorded(ctx: RequestContext, old: JSONObject | None, new: JSONObject) -> JSONObject:
    resource = ctx.resource
    if resource.resource in _UNTRACKED:
        return new
    return managedfields.record_update(
        old,
        new,
        ctx.field_manager,
        time_text(ctx.now_ms),
        resource.gvr.api_version,
        ctx.info.subresource,
        field_schema_of(resource),
    )
