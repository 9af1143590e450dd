"""PUT: a whole object in place of the stored one, or its status.

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/handlers/update.go UpdateResource
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.status import BadRequest
from webapp.apiserver.admission.plugin import UPDATE
from webapp.apiserver.handlers.body import decode_object
from webapp.apiserver.handlers.representation import object_response
from webapp.apiserver.handlers.writing import admission_attributes, fill_in, validating
from webapp.apiserver.registry import field_managers
from webapp.apiserver.registry.pod import with_ephemeral_containers, with_resized_containers
from webapp.apiserver.registry.store import check_scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.wire import Response
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.registry import Registry


_PARTS: dict[str, Callable[[JSONObject, JSONObject], JSONObject]] = {
    "ephemeralcontainers": with_ephemeral_containers,
    "resize": with_resized_containers,
}
"""Subresource → (stored object, object as sent) → the stored object with that part changed."""


def update(ctx: RequestContext, registry: Registry) -> Response:
    """Answer a PUT to an object or to its status."""
    if ctx.is_trusted and ctx.info.subresource == "status" and not ctx.request.query:
        return _update_status_routine(ctx, registry)
    dry_run = ctx.dry_run
    obj = decode_object(ctx)
    check_name(ctx, obj)
    old = registry.store_for(ctx.resource).get(namespace_of(ctx), ctx.info.name)
    stored = store_update(ctx, registry, old, obj, dry_run=dry_run)
    return object_response(ctx, stored)


def _update_status_routine(ctx: RequestContext, registry: Registry) -> Response:
    """As :func:`update`, for the status that a component reports: nothing is optional."""
    obj = decode_object(ctx)
    check_name(ctx, obj)
    store = registry.store_for(ctx.resource)
    old = store.get(namespace_of(ctx), ctx.info.name)
    return object_response(ctx, store.update_status(ctx, old, obj, dry_run=False))


def store_update(
    ctx: RequestContext,
    registry: Registry,
    old: JSONObject,
    new: JSONObject,
    *,
    dry_run: bool,
    tracks_managers: bool = True,
) -> JSONObject:
    """Store ``new`` in place of ``old``; the request's subresource says which half of it counts.

    Raises:
        StatusError: The change is refused.
    """
    if new is old:
        return old
    store = registry.store_for(ctx.resource)
    record = partial(field_managers.on_update, ctx, old=old) if tracks_managers else None
    if ctx.info.subresource == "status":
        if not ctx.is_trusted:
            ctx.gates.about(object_ref(old))
            new = store.strategy.rules.default(new)
            new = record(new) if record is not None else new
        return store.update_status(ctx, old, new, dry_run=dry_run)
    ctx.gates.about(object_ref(old))
    part = _PARTS.get(ctx.info.subresource)
    if part is not None:
        changed = part(old, store.strategy.rules.default(new))
        return store.replace_part(ctx, old, changed, dry_run=dry_run)
    attributes = admission_attributes(ctx, UPDATE, ctx.info.name, old, dry_run=dry_run)
    new = fill_in(ctx, registry, store, attributes, new, record)
    return store.update(ctx, old, new, validating(registry, attributes), dry_run=dry_run)


def check_name(ctx: RequestContext, obj: JSONObject) -> None:
    """The object's name and namespace must be the path's; a missing name is filled in nowhere.

    Raises:
        BadRequest: They are others.
    """
    name = (obj.get("metadata") or {}).get("name") or ""
    if not name:
        raise BadRequest("name must be provided")
    if name != ctx.info.name:
        raise BadRequest(
            f"the name of the object ({name}) does not match the name on the URL ({ctx.info.name})"
        )
    check_scope(ctx.resource, obj, ctx.info.namespace)


def namespace_of(ctx: RequestContext) -> str:
    """The Namespace of the object the request is about, or ""."""
    return ctx.info.namespace if ctx.resource.namespaced else ""
