"""The verbs on a resource, for one user: objects in, objects out, ``StatusError`` on refusal.

Models:
    staging/src/k8s.io/client-go/rest/client.go RESTClient
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from webapp.apimachinery.status import BY_REASON, StatusError
from webapp.apimachinery.wire import Location, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.apimachinery.watch import WatchEvent
    from webapp.apimachinery.wire import UserInfo, Watcher
    from webapp.client.transport import Transport

Objects: TypeAlias = "list[JSONObject]"

MERGE_PATCH = "application/merge-patch+json"
NO_QUERY: Mapping[str, Sequence[str]] = {}
JSON_PATCH = "application/json-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"


class RESTClient:
    """Requests of one component.

    Attributes:
        name: Which component asks; the actor of the facts and the field manager of its writes.
    """

    def __init__(self, transport: Transport, user: UserInfo, name: str) -> None:
        self._transport = transport
        self._user = user
        self.name = name
        self._headers = {"user-agent": name}

    def get(
        self, resource: GroupVersionResource, namespace: str, name: str, subresource: str = ""
    ) -> JSONObject:
        """One object, or its ``subresource``; ``namespace`` is "" for cluster-scoped resources."""
        return self._read(resource_path(resource, namespace, name, subresource))

    def list(
        self,
        resource: GroupVersionResource,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
    ) -> Objects:
        """Objects in order of namespace and name; all namespaces when ``namespace`` is ""."""
        return self.list_with_version(resource, namespace, label_selector, field_selector)[0]

    def list_with_version(
        self,
        resource: GroupVersionResource,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
    ) -> tuple[Objects, str]:
        """As :meth:`list`, with the list's resourceVersion to watch from."""
        query = _selectors(label_selector, field_selector)
        answer = self._read(resource_path(resource, namespace), query)
        items: Objects = answer.get("items") or []
        return items, answer["metadata"].get("resourceVersion", "")

    def create(
        self,
        resource: GroupVersionResource,
        namespace: str,
        obj: JSONObject,
        subresource: str = "",
        name: str = "",
    ) -> JSONObject:
        """Create an object, or post to ``subresource`` of the object ``name``; returns what was stored."""
        return self._write("POST", resource, namespace, name, subresource, obj)

    def update(
        self, resource: GroupVersionResource, obj: JSONObject, subresource: str = ""
    ) -> JSONObject:
        """Replace an object, or its ``subresource``; conflicts by its resourceVersion."""
        metadata = obj["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        return self._write("PUT", resource, namespace, name, subresource, obj)

    def patch(
        self,
        resource: GroupVersionResource,
        namespace: str,
        name: str,
        patch: Any,
        patch_type: str = MERGE_PATCH,
        subresource: str = "",
    ) -> JSONObject:
        """Patch an object, or its ``subresource``; returns the object after it."""
        headers = {**self._headers, "content-type": patch_type}
        return self._write("PATCH", resource, namespace, name, subresource, patch, headers)

    def delete(
        self,
        resource: GroupVersionResource,
        namespace: str,
        name: str,
        grace_period_seconds: int | None = None,
        propagation_policy: str = "",
        uid: str = "",
    ) -> JSONObject:
        """Delete an object; ``uid`` makes sure that it is still the same one."""
        options: JSONObject = {"kind": "DeleteOptions", "apiVersion": "v1"}
        if grace_period_seconds is not None:
            options["gracePeriodSeconds"] = grace_period_seconds
        if propagation_policy:
            options["propagationPolicy"] = propagation_policy
        if uid:
            options["preconditions"] = {"uid": uid}
        return self._write("DELETE", resource, namespace, name, "", options)

    def watch(
        self,
        resource: GroupVersionResource,
        deliver: Callable[[Sequence[WatchEvent]], None],
        resource_version: str,
        field_selector: str = "",
    ) -> Watcher:
        """Watch a resource in all namespaces from a version on."""
        query = _selectors("", field_selector)
        query["watch"] = ("true",)
        query["resourceVersion"] = (resource_version,)
        request = Request(
            "GET", resource_path(resource, ""), query, self._headers, None, self._user, self.name
        )
        return self._transport.watch(request, deliver)

    def _read(self, path: str, query: dict[str, tuple[str, ...]] | None = None) -> JSONObject:
        return self._send(
            Request("GET", path, query or NO_QUERY, self._headers, None, self._user, self.name)
        )

    def _write(
        self,
        method: str,
        resource: GroupVersionResource,
        namespace: str,
        name: str,
        subresource: str,
        body: Any,
        headers: dict[str, str] | None = None,
    ) -> JSONObject:
        path = resource_path(resource, namespace, name, subresource)
        location = None
        if name or method == "POST":
            location = Location(*resource, namespace, name, subresource)
            if resource.resource == "namespaces":  # a Namespace's requests are in itself: parse
                location = None
        return self._send(
            Request(
                method,
                path,
                NO_QUERY,
                headers or self._headers,
                body,
                self._user,
                self.name,
                location,
            )
        )

    def _send(self, request: Request) -> JSONObject:
        response = self._transport.send(request)
        answer = response.body
        if not isinstance(answer, dict):
            raise StatusError(f"{request.method} {request.path} was not answered with an object")
        if response.status_code >= 400:
            raise error_of(answer)
        return answer


def resource_path(
    resource: GroupVersionResource, namespace: str, name: str = "", subresource: str = ""
) -> str:
    """URL path of a collection, an object or a subresource."""
    path = _collection_path(resource, namespace)
    if name:
        path += "/" + name
    if subresource:
        path += "/" + subresource
    return path


@lru_cache(maxsize=1024)
def _collection_path(resource: GroupVersionResource, namespace: str) -> str:
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"{resource.path}{within}/{resource.resource}"


def error_of(status: JSONObject) -> StatusError:
    """The exception that a ``Status`` body stands for."""
    kind = BY_REASON.get(status.get("reason", ""), StatusError)
    error = kind.__new__(kind)
    StatusError.__init__(error, status.get("message", ""), status.get("details"))
    return error


def _selectors(label_selector: str, field_selector: str) -> dict[str, tuple[str, ...]]:
    query: dict[str, tuple[str, ...]] = {}
    if label_selector:
        query["labelSelector"] = (label_selector,)
    if field_selector:
        query["fieldSelector"] = (field_selector,)
    return query
