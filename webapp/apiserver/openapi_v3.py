"""OpenAPI v3: an index, and one document a group and version, as kubectl's apply and explain read it.

Documents are built when first asked for and kept compressed. A document's URL carries a hash of what
it is made of, so that clients may keep it for ever.

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/openapi/openapi.go
    k8s.io/kube-openapi/pkg/handler3/handler.go
"""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

import orjson

from webapp.api.schema.definitions import REFERENCE_PREFIX, definitions
from webapp.apiserver.openapi_common import (
    PATCH_MEDIA_TYPES,
    PATCH_PARAMETERS,
    WRITE_PARAMETERS,
    schema_name,
    schemas_for,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo, Scheme

FORMAT = "1"
"""Part of every hash: raise it when the documents are made in another way."""


class OpenAPIv3:
    """The documents of one scheme."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._compressed: dict[str, bytes] = {}

    def index(self) -> JSONObject:
        """``/openapi/v3``: key of each document → where it is."""
        return {
            "paths": {
                key: {"serverRelativeURL": f"/openapi/v3/{key}?hash={document_hash(resources)}"}
                for key, resources in self._documents().items()
            }
        }

    def document(self, key: str) -> tuple[bytes, str] | None:
        """The gzipped JSON of ``/openapi/v3/KEY`` and its hash; ``None`` when there is none."""
        resources = self._documents().get(key)
        if resources is None:
            return None
        version = document_hash(resources)
        compressed = self._compressed.get(version)
        if compressed is None:
            compressed = gzip.compress(orjson.dumps(make_document(resources)), 6, mtime=0)
            self._compressed[version] = compressed
        return compressed, version

    def _documents(self) -> dict[str, list[ResourceInfo]]:
        by_key: dict[str, list[ResourceInfo]] = {}
        for info in self._scheme.resources():
            by_key.setdefault(info.gvr.path[1:], []).append(info)
        return by_key


def document_hash(resources: Sequence[ResourceInfo]) -> str:
    """Differs whenever the document of these resources does."""
    made_of = repr((FORMAT, definitions().version, resources))
    return hashlib.sha256(made_of.encode()).hexdigest().upper()


def make_document(resources: Sequence[ResourceInfo]) -> JSONObject:
    """One group and version's document."""
    paths: JSONObject = {}
    for info in resources:
        paths |= _paths(info)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": definitions().version},
        "paths": paths,
        "components": {"schemas": schemas_for(resources)},
    }


def _paths(info: ResourceInfo) -> JSONObject:
    scope = "namespaces/{namespace}/" if info.namespaced else ""
    collection = f"{info.gvr.path}/{scope}{info.resource}"
    paths = {
        collection: _operations(
            info, (("get", "list"), ("post", "create"), ("delete", "deletecollection"))
        ),
        collection + "/{name}": _operations(
            info, (("get", "get"), ("put", "update"), ("patch", "patch"), ("delete", "delete"))
        ),
    }
    if info.namespaced:
        paths[f"{info.gvr.path}/{info.resource}"] = _operations(info, (("get", "list"),))
    return {path: operations for path, operations in paths.items() if operations}


def _operations(info: ResourceInfo, methods: tuple[tuple[str, str], ...]) -> JSONObject:
    return {method: _operation(info, verb) for method, verb in methods if verb in info.verbs}


_ACTIONS = {"create": "post", "update": "put"}


def _operation(info: ResourceInfo, verb: str) -> JSONObject:
    kind = {"group": info.group, "version": info.version, "kind": info.kind}
    name = schema_name(info)
    schema: JSONObject = {"$ref": REFERENCE_PREFIX + name} if name else {"type": "object"}
    operation: JSONObject = {
        "operationId": f"{verb}_{info.version}_{info.resource}",
        "responses": {
            "200": {"description": "OK", "content": {"application/json": {"schema": schema}}}
        },
        "x-kubernetes-action": _ACTIONS.get(verb, verb),
        "x-kubernetes-group-version-kind": kind,
    }
    if verb == "patch":
        operation["parameters"] = _parameters(PATCH_PARAMETERS)
        operation["requestBody"] = {
            "content": {media: {"schema": {"type": "object"}} for media in PATCH_MEDIA_TYPES}
        }
    elif verb in {"create", "update"}:
        operation["parameters"] = _parameters(WRITE_PARAMETERS)
        operation["requestBody"] = {"content": {"*/*": {"schema": schema}}}
    return operation


def _parameters(names: tuple[str, ...]) -> list[JSONObject]:
    return [{"in": "query", "name": name, "schema": {"type": "string"}} for name in names]
