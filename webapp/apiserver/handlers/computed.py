"""Resources that are served and never stored: what an aggregated API server would answer.

A :class:`ComputedResource` gives objects when it is asked; get and list with selectors, tables included.

Models:
    staging/src/k8s.io/kube-aggregator/pkg/apiserver/handler_proxy.go proxyHandler
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webapp.apimachinery.status import NotFound, ServiceUnavailable
from webapp.apiserver.handlers.get import selection_of
from webapp.apiserver.handlers.representation import list_response, object_response

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.wire import Response
    from webapp.apiserver.context import RequestContext


class ComputedResource(Protocol):
    """Whoever knows the objects of one resource."""

    def get(self, namespace: str, name: str) -> JSONObject | None:
        """One object, or ``None``."""

    def list(self, namespace: str) -> list[JSONObject]:
        """All objects, of one Namespace unless that is "", in order."""

    def full_name(self, namespace: str, name: str) -> str:
        """What a refusal calls an object."""


def computed(ctx: RequestContext, source: ComputedResource | None) -> Response:
    """Answer a get or a list.

    Raises:
        ServiceUnavailable: Nobody serves the resource.
        NotFound: There is no such object.
    """
    if source is None:
        raise ServiceUnavailable("the server is currently unable to handle the request")
    info = ctx.info
    if info.verb == "get":
        obj = source.get(info.namespace, info.name)
        if obj is None:
            resource = ctx.resource
            name = source.full_name(info.namespace, info.name)
            raise NotFound.of(resource.group, resource.kind.lower(), name)
        return object_response(ctx, obj)
    selection = selection_of(ctx)
    items = [obj for obj in source.list(info.namespace) if selection.matches(obj)]
    return list_response(ctx, items, {})
