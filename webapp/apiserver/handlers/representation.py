"""What an answer looks like: whole objects, a Table for ``kubectl get``, or metadata only.

The request's Accept header decides; handlers give objects and lists, this module gives responses and
encodes watch events.

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/handlers/response.go transformObject
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from webapp.apimachinery.status import StatusError
from webapp.apimachinery.watch import BOOKMARK, ERROR
from webapp.apimachinery.wire import Response
from webapp.apiserver.printers.tables import printer_for, printer_of
from webapp.apiserver.registry.conversion import from_stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.apimachinery.watch import WatchEvent
    from webapp.apiserver.context import RequestContext

_META = "meta.k8s.io/v1"
_TABLE = "Table"
_METADATA_KINDS = frozenset(("PartialObjectMetadata", "PartialObjectMetadataList"))
_PLAIN_TYPES = frozenset(("application/json", "application/*", "*/*", "application/yaml"))


class NotAcceptable(StatusError):
    """None of the media types asked for can be given."""

    code = 406
    reason = "NotAcceptable"


class Representation(NamedTuple):
    """What the request wants.

    Attributes:
        form: "" for whole objects, ``Table`` or ``PartialObjectMetadata``.
        include_object: For tables: None, Metadata or Object.
    """

    form: str
    include_object: str = "Metadata"


_WHOLE = Representation("")


def representation_of(ctx: RequestContext) -> Representation:
    """The first of the request's accepted media types that can be given.

    Raises:
        NotAcceptable: There is none.
    """
    accept = ctx.request.headers.get("accept", "")
    if "as=" not in accept:
        return _WHOLE
    for part in accept.split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        options = dict(parameter.partition("=")[::2] for parameter in parameters)
        form = options.get("as", "")
        if not form and (name in _PLAIN_TYPES or name.startswith("application/vnd.")):
            return _WHOLE
        if name != "application/json" or options.get("g", "meta.k8s.io") != "meta.k8s.io":
            continue
        if options.get("v", "v1") != "v1":
            continue
        if form == _TABLE:
            return Representation(_TABLE, ctx.request.parameter("includeObject") or "Metadata")
        if form in _METADATA_KINDS:
            return Representation("PartialObjectMetadata")
    raise NotAcceptable(
        "only the following media types are accepted: application/json, application/yaml, "
        "application/json;as=Table;v=v1;g=meta.k8s.io"
    )


def object_response(ctx: RequestContext, obj: JSONObject, status_code: int = 200) -> Response:
    """An answer with one object."""
    wanted = _WHOLE if ctx.is_trusted else representation_of(ctx)
    if wanted.form == _TABLE:
        body = table(ctx, (obj,), wanted, ctx.now_ms)
        body["metadata"] = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
    elif wanted.form:
        body = partial_metadata(obj)
    else:
        body = from_stored(ctx.served, obj)
    return Response(status_code, body, warnings=tuple(ctx.warnings))


def list_response(
    ctx: RequestContext, items: Sequence[JSONObject], metadata: JSONObject
) -> Response:
    """An answer with a list; ``metadata`` is the list's own."""
    wanted = _WHOLE if ctx.is_trusted else representation_of(ctx)
    if wanted.form == _TABLE:
        body = table(ctx, items, wanted, ctx.now_ms)
        body["metadata"] = metadata
    elif wanted.form:
        body = {
            "kind": "PartialObjectMetadataList",
            "apiVersion": _META,
            "metadata": metadata,
            "items": [partial_metadata(obj) for obj in items],
        }
    else:
        shown = list(items)
        if ctx.served is not ctx.resource:
            shown = [from_stored(ctx.served, obj) for obj in items]
        body = {
            "kind": ctx.served.list_kind,
            "apiVersion": ctx.served.gvr.api_version,
            "metadata": metadata,
            "items": shown,
        }
    return Response(200, body, warnings=tuple(ctx.warnings))


def table(
    ctx: RequestContext,
    objects: Sequence[JSONObject],
    wanted: Representation,
    now_ms: int,
    printed_as: tuple[str, str] | None = None,
) -> JSONObject:
    """A Table with one row an object; ``printed_as`` (group, resource) where it isn't the request's."""
    printer = printer_for(ctx.served) if printed_as is None else printer_of(*printed_as)
    return {
        "kind": _TABLE,
        "apiVersion": _META,
        "metadata": {},
        "columnDefinitions": [column.definition() for column in printer.columns],
        "rows": [
            {
                "cells": printer.row(obj, now_ms),
                "object": _row_object(obj, wanted.include_object),
            }
            for obj in objects
        ],
    }


def partial_metadata(obj: JSONObject) -> JSONObject:
    """An object's metadata alone."""
    return {"kind": "PartialObjectMetadata", "apiVersion": _META, "metadata": obj["metadata"]}


def event_encoder(ctx: RequestContext) -> Callable[[WatchEvent], bytes]:
    """How watch events of this request become lines.

    Raises:
        NotAcceptable: The request asks for a form that cannot be given.
    """
    wanted = representation_of(ctx)
    if wanted.form == _TABLE:
        return _TableEncoder(ctx, wanted)
    if wanted.form:
        return _encode_metadata
    if ctx.served is not ctx.resource:
        return lambda event: _encode_converted(ctx.served, event)
    return encode_event


def encode_event(event: WatchEvent) -> bytes:
    """An event with its whole object; encoded once for all watchers."""
    line = event.encoded
    if line is None:
        line = event.encoded = _line(event.type, event.object)
    return line


def _encode_converted(served: ResourceInfo, event: WatchEvent) -> bytes:
    if event.type in {BOOKMARK, ERROR}:
        return encode_event(event)
    return _line(event.type, from_stored(served, event.object))


def _encode_metadata(event: WatchEvent) -> bytes:
    if event.type == ERROR:
        return encode_event(event)
    return _line(event.type, partial_metadata(event.object))


class _TableEncoder:
    """Events as one-row tables; the columns are defined in the first one only."""

    def __init__(self, ctx: RequestContext, wanted: Representation) -> None:
        self._ctx = ctx
        self._wanted = wanted
        self._is_first = True

    def __call__(self, event: WatchEvent) -> bytes:
        if event.type == ERROR:
            return encode_event(event)
        objects = () if event.type == BOOKMARK else (event.object,)
        body = table(self._ctx, objects, self._wanted, self._ctx.now_ms)
        body["metadata"] = {"resourceVersion": event.object["metadata"]["resourceVersion"]}
        if not self._is_first:
            body["columnDefinitions"] = None
        self._is_first = False
        return _line(event.type, body)


def _line(type_: str, obj: JSONObject) -> bytes:
    return orjson.dumps({"type": type_, "object": obj}) + b"\n"


def _row_object(obj: JSONObject, include: str) -> JSONObject | None:
    if include == "None":
        return None
    return obj if include == "Object" else partial_metadata(obj)
