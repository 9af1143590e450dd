"""The scale subresource: how many replicas, whatever the kind that has them.

Models:
    pkg/registry/apps/deployment/storage/storage.go ScaleREST
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from webapp.apimachinery.field_path import Path, invalid
from webapp.apimachinery.labels import selector_from_label_selector, selector_from_labels
from webapp.apimachinery.meta import with_fields
from webapp.apimachinery.patch import json_patch, merge_patch
from webapp.apimachinery.status import BadRequest, Conflict, Invalid, MethodNotAllowed
from webapp.apimachinery.wire import Response
from webapp.apiserver.handlers.body import decode_any, decode_as, media_type, structured_as
from webapp.apiserver.handlers.patch import JSON_PATCH
from webapp.apiserver.handlers.representation import representation_of, table
from webapp.apiserver.handlers.update import namespace_of, store_update

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.registry import Registry

_PRINTED_AS = ("autoscaling", "scales")


def handle(ctx: RequestContext, registry: Registry) -> Response:
    """Answer a request on the scale of an object."""
    verb = ctx.info.verb
    obj = registry.store_for(ctx.resource).get(namespace_of(ctx), ctx.info.name)
    paths = _paths(ctx.resource)
    current = scale_of(obj, paths)
    if verb == "get":
        return _shown(ctx, current)
    if verb == "update":
        wanted = decode_as(ctx, "autoscaling", "v1", "Scale")
    elif verb == "patch":
        body = decode_any(ctx)
        patched = (
            json_patch(current, body)
            if media_type(ctx) == JSON_PATCH
            else merge_patch(current, body)
        )
        wanted = structured_as(patched, "autoscaling", "v1", "Scale")
    else:
        raise MethodNotAllowed
    changed = _scaled(ctx, registry, obj, wanted, paths)
    return Response(200, scale_of(changed, paths), warnings=tuple(ctx.warnings))


def _shown(ctx: RequestContext, scale: JSONObject) -> Response:
    wanted = representation_of(ctx)
    if wanted.form != "Table":
        return Response(200, scale)
    return Response(200, table(ctx, (scale,), wanted, ctx.now_ms, _PRINTED_AS))


class ScalePaths(NamedTuple):
    """Where an object keeps its numbers, as keys from the root; ``selector`` is empty when there is none."""

    replicas: tuple[str, ...] = ("spec", "replicas")
    observed: tuple[str, ...] = ("status", "replicas")
    selector: tuple[str, ...] = ("spec", "selector")


def _paths(info: ResourceInfo) -> ScalePaths:
    if info.custom is None:
        return ScalePaths()
    scale = info.custom.scale
    names = ("specReplicasPath", "statusReplicasPath", "labelSelectorPath")
    return ScalePaths(*(tuple(scale.get(name, "").removeprefix(".").split(".")) for name in names))


def _at(obj: JSONObject, path: tuple[str, ...]) -> Any:
    value: Any = obj
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def scale_of(obj: JSONObject, paths: ScalePaths) -> JSONObject:
    """An object's ``Scale``."""
    metadata = obj["metadata"]
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            field: metadata[field]
            for field in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
            if field in metadata
        },
        "spec": {"replicas": _at(obj, paths.replicas) or 0},
        "status": {
            "replicas": _at(obj, paths.observed) or 0,
            "selector": _selector_text(_at(obj, paths.selector)),
        },
    }


def _selector_text(selector: Any) -> str:
    if selector is None:
        return ""
    if isinstance(selector, str):  # as custom kinds give it
        return selector
    if "matchLabels" in selector or "matchExpressions" in selector:
        return str(selector_from_label_selector(selector))
    return str(selector_from_labels(selector))  # a ReplicationController's plain map


def _scaled(
    ctx: RequestContext,
    registry: Registry,
    obj: JSONObject,
    wanted: JSONObject,
    paths: ScalePaths,
) -> JSONObject:
    """The object with the replicas that ``wanted`` asks for, stored.

    Raises:
        BadRequest: ``wanted`` is another object's Scale.
        Conflict: It was made from another version.
        Invalid: It asks for less than nothing.
    """
    metadata = wanted.get("metadata") or {}
    name = obj["metadata"]["name"]
    if metadata.get("name", name) != name:
        raise BadRequest(
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
        )
    replicas = (wanted.get("spec") or {}).get("replicas") or 0
    if not isinstance(replicas, int) or replicas < 0:
        problem = "must be greater than or equal to 0"
        error = invalid(Path("spec.replicas"), replicas, problem)
        raise Invalid.of("autoscaling", "Scale", name, [error])
    version = metadata.get("resourceVersion")
    if version and version != obj["metadata"]["resourceVersion"]:
        raise Conflict.of(ctx.resource.group, ctx.resource.resource, name)
    if _at(obj, paths.replicas) == replicas:
        return obj
    changed = with_fields(obj, paths.replicas, replicas)
    return store_update(ctx, registry, obj, changed, dry_run=ctx.dry_run)
