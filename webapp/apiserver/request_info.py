"""What a request is about: verb, group, version, resource, subresource, namespace and name.

Method and path enter, a :class:`RequestInfo` leaves; nothing is looked up. The chain in ``server.py``
calls it first.

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go RequestInfoFactory
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.fields import parse_field_selector
from webapp.apimachinery.status import BadRequest
from webapp.apimachinery.wire import Location

if TYPE_CHECKING:
    from webapp.apimachinery.wire import Request

_VERB_BY_METHOD = {
    "DELETE": "delete",
    "GET": "get",
    "HEAD": "get",
    "PATCH": "patch",
    "POST": "create",
    "PUT": "update",
}
NOWHERE = Location("", "", "", "", "", "")
_NAMESPACE_SUBRESOURCES = frozenset(("finalize", "status"))


class RequestInfo:
    """A request's coordinates.

    Attributes:
        is_resource_request: Whether the path names an API resource.
        path: The URL path.
        verb: create, get, list, watch, update, patch, delete or deletecollection; the lower-case
            method for other paths.
        group, version: API group and version.
        resource: Plural resource name.
        subresource: What stands behind the name, or "".
        namespace: Namespace, or "" for all of them and for cluster-scoped resources.
        name: The object's name, or "".
        rest: Path segments behind the subresource.
    """

    __slots__ = (
        "group",
        "is_resource_request",
        "name",
        "namespace",
        "path",
        "resource",
        "rest",
        "subresource",
        "verb",
        "version",
    )

    def __init__(self, path: str, verb: str, location: Location | None = None) -> None:
        self.path = path
        self.verb = verb
        self.is_resource_request = location is not None
        self.group, self.version, self.resource, self.namespace, self.name, self.subresource = (
            location or NOWHERE
        )
        self.rest: tuple[str, ...] = ()

    @property
    def is_read(self) -> bool:
        """Whether the request changes nothing."""
        return self.verb in {"get", "list", "watch"}

    @property
    def full_resource(self) -> str:
        """``plural`` or ``plural/subresource``."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


def parse_request_info(request: Request) -> RequestInfo:
    """The coordinates of ``request``."""
    path = request.path
    if request.location is not None:  # a component's write: it says where, nothing is to be parsed
        return RequestInfo(path, _VERB_BY_METHOD[request.method], request.location)
    info = RequestInfo(path, request.method.lower())
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) >= 3:
        info.version = parts[1]
        rest = parts[2:]
    elif parts[0] == "apis" and len(parts) >= 4:
        info.group, info.version = parts[1], parts[2]
        rest = parts[3:]
    else:
        return info
    info.is_resource_request = True
    info.verb = _VERB_BY_METHOD.get(request.method, info.verb)
    _locate(info, rest)
    if not info.name and info.verb in {"get", "delete"}:
        _widen_verb(info, request)
    return info


def _locate(info: RequestInfo, parts: list[str]) -> None:
    """Fill in namespace, resource, name and subresource from the path behind the version."""
    if parts[0] == "namespaces" and len(parts) > 1:
        info.namespace = parts[1]
        if len(parts) > 2 and parts[2] not in _NAMESPACE_SUBRESOURCES:
            parts = parts[2:]
    info.resource = parts[0]
    if len(parts) > 1:
        info.name = parts[1]
    if len(parts) > 2:
        info.subresource = parts[2]
        info.rest = tuple(parts[3:])


def _widen_verb(info: RequestInfo, request: Request) -> None:
    """GET and DELETE without a name mean the collection."""
    if info.verb == "delete":
        info.verb = "deletecollection"
        return
    query = request.query
    info.verb = "watch" if query and _is_true(request.parameter("watch")) else "list"
    if query and "fieldSelector" in query:
        # A list of one name is authorized as that name.
        info.name = _selected_name(request.parameter("fieldSelector"))


def _selected_name(selector: str) -> str:
    try:
        return parse_field_selector(selector).exact_value("metadata.name") or ""
    except BadRequest:  # the handler will say what is wrong with it
        return ""


def _is_true(text: str) -> bool:
    return text in {"1", "true", "True", "TRUE", "t", "T"}
