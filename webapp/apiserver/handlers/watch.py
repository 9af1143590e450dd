"""GET with ``watch``: a running watch, from a revision, from now, or with the present objects first.

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/handlers/watch.go
    staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go Watch
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.field_path import Path, forbidden
from webapp.apimachinery.status import BadRequest, Invalid
from webapp.apimachinery.wire import WatchResponse
from webapp.apiserver.cacher import too_old
from webapp.apiserver.handlers.get import parse_revision, selection_of
from webapp.apiserver.handlers.representation import event_encoder
from webapp.apiserver.handlers.update import namespace_of

if TYPE_CHECKING:
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.registry import Registry

_TRUE = frozenset(("1", "true", "True"))


def watch(ctx: RequestContext, registry: Registry) -> WatchResponse:
    """Answer a watch.

    Raises:
        Expired: The revision to begin from is no longer kept.
        Invalid: The options contradict each other.
    """
    parameter = ctx.request.parameter
    selection = selection_of(ctx)
    storage = registry.storage
    bucket = registry.store_for(ctx.resource).bucket
    version = parameter("resourceVersion")
    sends_initial = parameter("sendInitialEvents") in _TRUE
    wants_bookmarks = parameter("allowWatchBookmarks") in _TRUE
    match = parameter("resourceVersionMatch")
    _check_options(parameter("sendInitialEvents"), match)
    initial = None
    from_revision = None
    if sends_initial or version in {"", "0"}:
        initial = [obj for obj in storage.list(bucket, namespace_of(ctx)) if selection.matches(obj)]
    else:
        # A revision that is not yet written is waited for; what comes first is after it.
        from_revision = parse_revision(version)
        if from_revision < storage.store.compacted:
            raise too_old(from_revision)
        from_revision = min(from_revision, storage.revision)
    if parameter("sendInitialEvents") == "false":
        initial = None
    watcher = registry.cacher.watch(
        bucket,
        selection,
        (ctx.served.gvr.api_version, ctx.served.kind),
        from_revision,
        initial=initial,
        marks_initial_end=sends_initial,
        wants_bookmarks=wants_bookmarks,
    )
    return WatchResponse(watcher, event_encoder(ctx), _timeout(ctx), tuple(ctx.warnings))


def _check_options(sends_initial: str, match: str) -> None:
    if sends_initial and match != "NotOlderThan":
        text = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        problem = forbidden(Path("resourceVersionMatch"), text)
        raise Invalid.of("meta.k8s.io", "ListOptions", "", [problem])
    if match and not sends_initial:
        text = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        raise Invalid.of(
            "meta.k8s.io", "ListOptions", "", [forbidden(Path("resourceVersionMatch"), text)]
        )


def _timeout(ctx: RequestContext) -> int | None:
    text = ctx.request.parameter("timeoutSeconds")
    if not text:
        return None
    if not text.isdigit():
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text) or None
