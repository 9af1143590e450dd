"""DELETE of one object or of a collection.

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/handlers/delete.go DeleteResource, DeleteCollection
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.field_path import Path, invalid, not_supported
from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.status import BadRequest, NotFound
from webapp.apimachinery.wire import Response
from webapp.apiserver.admission.plugin import DELETE
from webapp.apiserver.handlers.body import decode_as
from webapp.apiserver.handlers.get import list_body, selection_of
from webapp.apiserver.handlers.representation import object_response
from webapp.apiserver.handlers.update import namespace_of
from webapp.apiserver.handlers.writing import admission_attributes
from webapp.apiserver.registry.store import DeleteOptions

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.registry import Registry

_POLICIES = ("Background", "Foreground", "Orphan")


def delete(ctx: RequestContext, registry: Registry) -> Response:
    """Answer a DELETE of one object."""
    options, dry_run = read_options(ctx)
    store = registry.store_for(ctx.resource)
    namespace, name = namespace_of(ctx), ctx.info.name
    old = store.get(namespace, name)
    ctx.gates.about(object_ref(old))
    attributes = admission_attributes(ctx, DELETE, name, old, dry_run=dry_run)
    registry.admission.admit(attributes, old)
    obj, is_gone = store.delete(ctx, namespace, name, options, dry_run=dry_run)
    if is_gone and not store.strategy.returns_deleted:
        return Response(200, _success(ctx, obj), warnings=tuple(ctx.warnings))
    return object_response(ctx, obj)


def delete_collection(ctx: RequestContext, registry: Registry) -> Response:
    """Answer a DELETE of all objects that the selectors select."""
    options, dry_run = read_options(ctx)
    store = registry.store_for(ctx.resource)
    selection = selection_of(ctx)
    victims = [
        obj
        for obj in registry.storage.list(store.bucket, namespace_of(ctx))
        if selection.matches(obj)
    ]
    items = []
    for victim in victims:
        metadata = victim["metadata"]
        name = metadata["name"]
        attributes = admission_attributes(ctx, DELETE, name, victim, dry_run=dry_run)
        registry.admission.admit(attributes, victim)
        try:
            obj, _ = store.delete(
                ctx, metadata.get("namespace", ""), name, options, dry_run=dry_run
            )
        except NotFound:  # it went with one before it
            continue
        items.append(obj)
    return Response(
        200, list_body(ctx, items, registry.storage.revision), warnings=tuple(ctx.warnings)
    )


def read_options(ctx: RequestContext) -> tuple[DeleteOptions, bool]:
    """The options of a deletion from body or query, and whether it is a dry run.

    Raises:
        BadRequest: The options cannot be read.
        Invalid: They contradict each other.
    """
    body = decode_as(ctx, "", "v1", "DeleteOptions") if ctx.request.body else {}
    return options_from(ctx, body)


def options_from(ctx: RequestContext, body: JSONObject) -> tuple[DeleteOptions, bool]:
    """As :func:`read_options`, for options already decoded."""
    query = ctx.request.parameter
    grace = body.get("gracePeriodSeconds")
    if grace is None and query("gracePeriodSeconds"):
        text = query("gracePeriodSeconds")
        if not text.lstrip("-").isdigit():
            raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax')
        grace = int(text)
    policy = body.get("propagationPolicy") or query("propagationPolicy")
    orphans = body.get("orphanDependents")
    if orphans is None and query("orphanDependents"):
        orphans = query("orphanDependents") == "true"
    if policy and orphans is not None:
        text = "orphanDependents and deletionPropagation cannot be both set"
        raise ctx.invalid_options(invalid(Path("propagationPolicy"), policy, text))
    if policy and policy not in _POLICIES:
        raise ctx.invalid_options(
            not_supported(Path("propagationPolicy"), policy, (*_POLICIES, "nil"))
        )
    if orphans is not None:
        policy = "Orphan" if orphans else "Background"
    preconditions = body.get("preconditions") or {}
    dry_run = bool(body.get("dryRun")) or ctx.dry_run
    return (
        DeleteOptions(
            grace,
            policy,
            preconditions.get("uid") or "",
            preconditions.get("resourceVersion") or "",
        ),
        dry_run,
    )


def _success(ctx: RequestContext, obj: JSONObject) -> JSONObject:
    metadata = obj["metadata"]
    details = {"name": metadata["name"], "kind": ctx.resource.resource, "uid": metadata["uid"]}
    if ctx.resource.group:
        details["group"] = ctx.resource.group
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    }
