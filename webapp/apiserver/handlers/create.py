"""POST: a new object, from the request's body to a stored revision.

Called by the router for collections. The body is decoded, named, defaulted, admitted, validated and
stored; the answer is 201 with the object.

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/handlers/create.go createHandler
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.status import BadRequest
from webapp.apiserver.admission.plugin import CREATE, AdmissionAttributes
from webapp.apiserver.handlers.body import decode_object
from webapp.apiserver.handlers.representation import object_response
from webapp.apiserver.handlers.writing import admission_attributes, fill_in, validating
from webapp.apiserver.registry import field_managers
from webapp.apiserver.registry.store import check_scope

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.wire import Response
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.registry import Registry


def create(ctx: RequestContext, registry: Registry) -> Response:
    """Answer a POST to a collection."""
    if ctx.is_trusted and not ctx.gates.is_followed and not ctx.request.query:
        return _create_routine(ctx, registry)
    dry_run = ctx.dry_run
    obj = decode_object(ctx)
    stored = create_object(ctx, registry, obj, dry_run=dry_run)
    return object_response(ctx, stored, 201)


def _create_routine(ctx: RequestContext, registry: Registry) -> Response:
    """As :func:`create`, for a component's routine object: nobody follows it, nothing is optional."""
    resource, user = ctx.resource, ctx.user
    namespace = ctx.info.namespace if resource.namespaced else ""
    if resource.namespaced and not namespace:
        raise BadRequest("an empty namespace may not be set during creation")
    obj = decode_object(ctx)
    check_scope(resource, obj, namespace)
    store = registry.store_for(resource)
    asked_name = _asked_name(obj)
    obj = store.name_new(obj, namespace)
    name = obj["metadata"].get("name", "")
    attributes = AdmissionAttributes(CREATE, resource, "", namespace, asked_name, user)
    admission = registry.admission
    obj = admission.admit(attributes, store.strategy.rules.default(obj))
    attributes.name = name
    stored = store.create(ctx, obj, partial(admission.validate, attributes), dry_run=False)
    return object_response(ctx, stored, 201)


def create_object(
    ctx: RequestContext,
    registry: Registry,
    obj: JSONObject,
    *,
    dry_run: bool,
    tracks_managers: bool = True,
) -> JSONObject:
    """Store a decoded object; also used by server-side apply, which tracks managers itself.

    Raises:
        StatusError: The object is refused.
    """
    namespace = ctx.info.namespace if ctx.resource.namespaced else ""
    if ctx.resource.namespaced and not namespace:
        raise BadRequest("an empty namespace may not be set during creation")
    check_scope(ctx.resource, obj, namespace)
    store = registry.store_for(ctx.resource)
    asked_name = _asked_name(obj)
    obj = store.name_new(obj, namespace)
    ctx.gates.about(object_ref(obj))
    name = obj["metadata"].get("name", "")
    attributes = admission_attributes(ctx, CREATE, asked_name, None, dry_run=dry_run)
    record = (
        partial(field_managers.on_create, ctx) if tracks_managers and not ctx.is_trusted else None
    )
    obj = fill_in(ctx, registry, store, attributes, obj, record)
    attributes.name = name
    return store.create(ctx, obj, validating(registry, attributes), dry_run=dry_run)


def _asked_name(obj: JSONObject) -> str:
    """The name as mutating plugins know it: upstream draws names after them, so only their beginning."""
    metadata = obj.get("metadata") or {}
    name: str = metadata.get("name") or metadata.get("generateName") or ""
    return name
