"""PATCH in four kinds: JSON patch, merge patch, strategic merge patch, and server-side apply.

A patch is applied to the stored object and the outcome goes the way of an update; apply may create.

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go PatchResource
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api.schema.field_schema import field_schema
from webapp.apimachinery.field_path import Path, required
from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.patch import json_patch, merge_patch
from webapp.apimachinery.status import BadRequest, Conflict, NotFound, UnsupportedMediaType
from webapp.apimachinery.strategic_merge import strategic_merge_patch
from webapp.apiserver.handlers.body import check_applied, check_strictness, decode_any, media_type
from webapp.apiserver.handlers.create import create_object
from webapp.apiserver.handlers.representation import object_response
from webapp.apiserver.handlers.update import namespace_of, store_update
from webapp.apiserver.registry import field_managers
from webapp.apiserver.registry.conversion import from_stored, to_stored

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.wire import Response
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.registry import Registry

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY_YAML = "application/apply-patch+yaml"
PATCH_TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_YAML)


def patch(ctx: RequestContext, registry: Registry) -> Response:
    """Answer a PATCH to an object or to its status."""
    kind = media_type(ctx)
    if kind == APPLY_YAML:
        return apply(ctx, registry)
    dry_run = ctx.dry_run
    old = registry.store_for(ctx.resource).get(namespace_of(ctx), ctx.info.name)
    new = patched(ctx, old, kind)
    stored = store_update(ctx, registry, old, new, dry_run=dry_run)
    return object_response(ctx, stored)


def patched(ctx: RequestContext, old: JSONObject, kind: str) -> JSONObject:
    """``old`` with the request's patch applied; ``old`` itself when the patch changes nothing.

    Raises:
        UnsupportedMediaType: The patch is of no kind known for this resource.
        StatusError: The patch cannot be applied.
    """
    body = decode_any(ctx)
    if not ctx.is_trusted:
        ctx.gates.about(object_ref(old))
    shown = from_stored(ctx.served, old)
    new = _apply_patch(ctx, shown, body, kind)
    if not isinstance(new, dict):
        raise BadRequest("the patch does not leave an object")
    if new is shown:
        return old
    _check_identity(ctx, old, new)
    if not ctx.is_trusted:
        new = check_strictness(ctx, new, ctx.served, shown)
    return to_stored(ctx.served, new)


def apply(ctx: RequestContext, registry: Registry) -> Response:
    """Answer a server-side apply."""
    if not ctx.request.parameter("fieldManager"):
        problem = required(Path("fieldManager"), "is required for apply patch")
        raise ctx.invalid_options(problem)
    dry_run = ctx.dry_run
    force = ctx.request.parameter("force") in {"1", "true"}
    applied = decode_any(ctx)
    if not isinstance(applied, dict):
        raise BadRequest("the apply configuration must be an object")
    applied = check_applied(ctx, _with_applied_name(ctx, applied))
    applied = to_stored(ctx.served, applied)
    store = registry.store_for(ctx.resource)
    old = store.find(namespace_of(ctx), ctx.info.name)
    if old is None:
        if ctx.info.subresource:
            raise NotFound.of(ctx.resource.group, ctx.resource.resource, ctx.info.name)
        if (applied.get("metadata") or {}).get("uid"):
            raise Conflict.of(
                ctx.resource.group,
                ctx.resource.resource,
                ctx.info.name,
                f"uid mismatch: the provided object specified uid {applied['metadata']['uid']}, and no existing object was found",
            )
        created = field_managers.apply(ctx, None, applied, force=force)
        stored = create_object(ctx, registry, created, dry_run=dry_run, tracks_managers=False)
        return object_response(ctx, stored, 201)
    ctx.gates.about(object_ref(old))
    new = field_managers.apply(ctx, old, applied, force=force)
    stored = store_update(ctx, registry, old, new, dry_run=dry_run, tracks_managers=False)
    return object_response(ctx, stored)


def _apply_patch(ctx: RequestContext, old: JSONObject, body: Any, kind: str) -> Any:
    if kind == MERGE_PATCH:
        if not isinstance(body, dict):
            raise BadRequest("error decoding patch: a merge patch must be an object")
        return merge_patch(old, body)
    if kind == JSON_PATCH:
        return json_patch(old, body)
    if kind == STRATEGIC_MERGE_PATCH:
        resource = ctx.served
        schema = field_schema(resource.group, resource.version, resource.kind)
        if schema is not None:
            return strategic_merge_patch(old, body, schema)
    accepted = [name for name in PATCH_TYPES if name != STRATEGIC_MERGE_PATCH or kind != name]
    raise UnsupportedMediaType(
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted)
    )


def _check_identity(ctx: RequestContext, old: JSONObject, new: JSONObject) -> None:
    """A patch must not rename or move the object."""
    metadata, stored = new.get("metadata"), old["metadata"]
    if metadata is stored:
        return
    if not isinstance(metadata, dict) or metadata.get("name") != stored["name"]:
        name = metadata.get("name", "") if isinstance(metadata, dict) else ""
        raise BadRequest(
            f"the name of the object ({name}) does not match the name on the URL ({ctx.info.name})"
        )
    if metadata.get("namespace") != stored.get("namespace"):
        raise BadRequest(
            f"the namespace of the object ({metadata.get('namespace', '')}) does not match the namespace on the URL ({ctx.info.namespace})"
        )


def _with_applied_name(ctx: RequestContext, applied: JSONObject) -> JSONObject:
    """The configuration with the path's name.

    Raises:
        BadRequest: It has another one, or brings field managers along.
    """
    metadata = applied.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise BadRequest("the apply configuration's metadata must be an object")
    name = metadata.get("name") or ""
    if name and name != ctx.info.name:
        raise BadRequest(
            f"the name of the object ({name}) does not match the name on the URL ({ctx.info.name})"
        )
    if metadata.get("managedFields"):
        raise BadRequest("metadata.managedFields must be nil")
    return {**applied, "metadata": {**metadata, "name": ctx.info.name}}
