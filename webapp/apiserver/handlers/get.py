"""GET of one object or of a list, at the newest revision or at an older one.

Lists come in pieces when the request sets a limit; the ``continue`` token names the revision and the
next key, so that all pieces show the same moment.

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/handlers/get.go GetResource, ListResource
    staging/src/k8s.io/apiserver/pkg/storage/continue.go
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import orjson

from webapp.apimachinery.field_path import Path, forbidden, invalid, not_supported
from webapp.apimachinery.status import BadRequest, Expired, GatewayTimeout, Invalid, NotFound
from webapp.apiserver.handlers.representation import list_response, object_response
from webapp.apiserver.handlers.update import namespace_of
from webapp.apiserver.selection import make_selection
from webapp.apiserver.storage import object_key
from webapp.etcd.errors import CompactedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.apimachinery.field_path import FieldError
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.wire import Response
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.registry import Registry
    from webapp.apiserver.selection import Selection
    from webapp.etcd.mvcc import KeyValue

_TOKEN_VERSION = "meta.k8s.io/v1"  # noqa: S105  # a format's name
_UINT64_DIGITS = 20
_MATCHES = ("Exact", "NotOlderThan")


class Continuation(NamedTuple):
    """Where the next piece of a list begins.

    Attributes:
        revision: Of which moment; 0 for the newest.
        start: The first key of the piece.
    """

    revision: int
    start: str


class ContinueExpired(Expired):
    """A list's next piece is of a moment no longer kept; the Status tells how to go on regardless."""

    def __init__(self, message: str, token: str) -> None:
        super().__init__(message)
        self._token = token

    def status(self) -> JSONObject:
        """The Status, with the token of an inconsistent continuation."""
        return {**super().status(), "metadata": {"continue": self._token}}


def get(ctx: RequestContext, registry: Registry) -> Response:
    """Answer a GET of one object, or of its status."""
    if ctx.request.past is not None:
        return object_response(ctx, _get_at(ctx, registry, ctx.request.past.revision))
    obj = registry.store_for(ctx.resource).get(namespace_of(ctx), ctx.info.name)
    version = ctx.request.parameter("resourceVersion") if ctx.request.query else ""
    if version:
        _require_not_future(parse_revision(version), registry.storage.revision)
    living = _living(ctx, registry)
    return object_response(ctx, living(obj) if living else obj)


def _get_at(ctx: RequestContext, registry: Registry, revision: int) -> JSONObject:
    bucket = registry.store_for(ctx.resource).bucket
    key = object_key(namespace_of(ctx), ctx.info.name)
    try:
        found = registry.storage.store.get_at(bucket, key, revision)
    except CompactedError as error:
        raise Expired(str(error)) from error
    if found is None:
        raise NotFound.of(ctx.resource.group, ctx.resource.resource, ctx.info.name)
    obj: JSONObject = found.value
    return obj


def list_objects(ctx: RequestContext, registry: Registry) -> Response:
    """Answer a GET of a collection."""
    storage = registry.storage
    bucket = registry.store_for(ctx.resource).bucket
    namespace = namespace_of(ctx)
    if not ctx.request.query:  # the informers' and most people's plain list
        items = _living_items(ctx, registry, storage.list(bucket, namespace))
        return list_response(ctx, items, {"resourceVersion": str(storage.revision)})
    selection = selection_of(ctx)
    limit = _limit(ctx)
    start = _start(ctx, storage.revision)
    revision = start.revision or storage.revision
    prefix = namespace + "/" if namespace else ""
    try:
        if start.revision and start.revision != storage.revision:
            found = storage.store.range_at(bucket, start.revision, prefix, start.start)
        else:
            found = storage.store.range(bucket, prefix, start.start)
        items, rest = _take(found, selection, limit)
    except CompactedError as error:
        raise _expired(ctx, start) from error
    metadata: JSONObject = {"resourceVersion": str(revision)}
    if rest is not None:
        metadata["continue"] = _token(Continuation(revision, rest.name))
        if selection.labels.selects_everything and selection.fields.selects_everything:
            metadata["remainingItemCount"] = 1 + sum(1 for _ in found)
    return list_response(ctx, _living_items(ctx, registry, items), metadata)


def _living(ctx: RequestContext, registry: Registry) -> Callable[[JSONObject], JSONObject] | None:
    """What completes objects of this resource for people; components read what is stored."""
    if ctx.is_trusted or ctx.request.past is not None:
        return None
    return registry.living.get((ctx.resource.group, ctx.resource.resource))


def _living_items(
    ctx: RequestContext, registry: Registry, items: list[JSONObject]
) -> list[JSONObject]:
    living = _living(ctx, registry)
    return [living(obj) for obj in items] if living else items


def list_body(ctx: RequestContext, items: list[JSONObject], revision: int) -> JSONObject:
    """A list as an answer's body."""
    return {
        "kind": ctx.served.list_kind,
        "apiVersion": ctx.served.gvr.api_version,
        "metadata": {"resourceVersion": str(revision)},
        "items": items,
    }


def selection_of(ctx: RequestContext) -> Selection:
    """What the request's namespace and selectors select.

    Raises:
        BadRequest: A selector cannot be understood.
    """
    parameter = ctx.request.parameter
    return make_selection(
        ctx.resource, namespace_of(ctx), parameter("labelSelector"), parameter("fieldSelector")
    )


def parse_revision(text: str) -> int:
    """A resourceVersion as a number.

    Raises:
        BadRequest: It is none.
    """
    problem = ""
    if not (text.isascii() and text.isdigit()):
        problem = "invalid syntax"
    elif len(text) > _UINT64_DIGITS or int(text) >= 1 << 64:
        problem = "value out of range"
    if problem:
        detail = f'strconv.ParseUint: parsing "{text}": {problem}'
        raise BadRequest(str(invalid(Path("resourceVersion"), text, detail)))
    return int(text)


def _take(
    found: Iterator[KeyValue], selection: Selection, limit: int
) -> tuple[list[JSONObject], KeyValue | None]:
    """At most ``limit`` selected objects, and the first version behind them."""
    if selection.is_everything or _is_namespace_only(selection):
        if not limit:
            return [version.value for version in found], None
        return [version.value for version in islice(found, limit)], next(found, None)
    items: list[JSONObject] = []
    for version in found:
        if selection.matches(version.value):
            if limit and len(items) == limit:
                return items, version
            items.append(version.value)
    return items, None


def _is_namespace_only(selection: Selection) -> bool:
    # The keys' prefix has already selected the Namespace.
    return selection.labels.selects_everything and selection.fields.selects_everything


def _limit(ctx: RequestContext) -> int:
    text = ctx.request.parameter("limit")
    if not text:
        return 0
    if not text.removeprefix("-").isdecimal():
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return max(0, int(text))


def _start(ctx: RequestContext, newest: int) -> Continuation:
    """Where the list begins, from ``continue``, ``resourceVersion`` and ``resourceVersionMatch``."""
    parameter = ctx.request.parameter
    token, version = parameter("continue"), parameter("resourceVersion")
    match = parameter("resourceVersionMatch")
    errors = _option_errors(token, version, match)
    if errors:
        raise Invalid.of("meta.k8s.io", "ListOptions", "", errors)
    if token:
        if version and version != "0":
            raise BadRequest("specifying resource version is not allowed when using continue")
        return _read_token(token)
    if not version or version == "0":
        return Continuation(0, "")
    revision = parse_revision(version)
    _require_not_future(revision, newest)
    if match == "Exact" or (not match and _limit(ctx)):
        return Continuation(revision, "")
    return Continuation(0, "")


def _option_errors(token: str, version: str, match: str) -> list[FieldError]:
    path = Path("resourceVersionMatch")
    if not match:
        return []
    errors = []
    if not version:
        errors.append(
            forbidden(path, "resourceVersionMatch is forbidden unless resourceVersion is provided")
        )
    if token:
        errors.append(
            forbidden(path, "resourceVersionMatch is forbidden when continue is provided")
        )
    if match not in _MATCHES:
        errors.append(not_supported(path, match, (*_MATCHES, "")))
    if match == "Exact" and version == "0":
        errors.append(
            forbidden(path, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
        )
    return errors


def _require_not_future(revision: int, newest: int) -> None:
    if revision > newest:
        raise GatewayTimeout(
            f"Too large resource version: {revision}, current: {newest}",
            {
                "causes": [
                    {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
                ],
                "retryAfterSeconds": 1,
            },
        )


def _token(continuation: Continuation) -> str:
    content = {
        "v": _TOKEN_VERSION,
        "rv": continuation.revision,
        "start": continuation.start,
    }
    return urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")


def _read_token(token: str) -> Continuation:
    try:
        content = orjson.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if content["v"] != _TOKEN_VERSION:
            raise BadRequest("continue key is not valid: incorrect version")
        revision, start = int(content["rv"]), str(content["start"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadRequest("continue key is not valid: not a token of this server") from error
    if not start:
        raise BadRequest("continue key is not valid: no start")
    return Continuation(max(0, revision), start)


def _expired(ctx: RequestContext, start: Continuation) -> Expired:
    if not ctx.request.parameter("continue"):
        return Expired("The resourceVersion for the provided list is too old.")
    return ContinueExpired(
        "The provided continue parameter is too old to display a consistent list result. You can start a "
        "new list without the continue parameter, or use the continue token in this response to retrieve "
        "the remainder of the results. Continuing with the provided token results in an inconsistent list "
        "- objects that were created, modified, or deleted between the time the first chunk was returned "
        "and now may show up in the list.",
        _token(Continuation(0, start.start)),
    )
