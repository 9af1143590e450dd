"""Paths that name no object: ``/version``, discovery and OpenAPI.

A request whose path is no resource's enters, the answer leaves; :class:`NonResourceAPI` is called by the
chain in ``server.py`` once the request is authorized.

Models:
    staging/src/k8s.io/apiserver/pkg/server/routes/version.go
"""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

import orjson

from webapp.apimachinery.status import MethodNotAllowed, NotFound
from webapp.apimachinery.wire import Response
from webapp.apiserver import discovery, openapi_v2
from webapp.apiserver.openapi_v3 import OpenAPIv3

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import Scheme
    from webapp.apimachinery.wire import Request

GIT_VERSION = "v1.36.0+podarium"
VERSION: JSONObject = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": GIT_VERSION,
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2026-04-22T00:00:00Z",
    "goVersion": "none (simulated)",
    "compiler": "none",
    "platform": "linux/amd64",
}

_FAR_AHEAD = "Thu, 31 Dec 2099 23:59:59 GMT"


class NonResourceAPI:
    """The answers of one scheme."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._v3 = OpenAPIv3(scheme)
        self._v2: dict[int, tuple[bytes, bytes]] = {}

    def handle(self, request: Request) -> Response:
        """Answer a request for a path that names no resource.

        Raises:
            NotFound: Nothing is served there.
            MethodNotAllowed: Such paths can only be read.
        """
        parts = [part for part in request.path.split("/") if part]
        answer = self._answer(request, parts)
        if answer is None:
            raise NotFound.of_path()
        if request.method != "GET":
            raise MethodNotAllowed
        return answer

    def _answer(self, request: Request, parts: list[str]) -> Response | None:
        match parts:
            case ["version"]:
                return Response(200, VERSION)
            case ["api"]:
                return self._roots(request, core=True)
            case ["apis"]:
                return self._roots(request, core=False)
            case ["apis", group]:
                return _maybe(discovery.api_group(self._scheme, group))
            case ["api", version]:
                return _maybe(discovery.api_resource_list(self._scheme, "", version))
            case ["apis", group, version] if group:
                return _maybe(discovery.api_resource_list(self._scheme, group, version))
            case ["openapi", "v2"]:
                return self._openapi_v2(request)
            case ["openapi", "v3"]:
                return Response(200, self._v3.index())
            case ["openapi", "v3", *key]:
                return self._openapi_v3(request, "/".join(key))
            case _:
                return None

    def _roots(self, request: Request, *, core: bool) -> Response:
        version = discovery.wanted_aggregation(request.headers.get("accept", ""))
        if version is None:
            plain = discovery.api_versions() if core else discovery.api_group_list(self._scheme)
            return Response(200, plain)
        body = orjson.dumps(discovery.aggregated(self._scheme, core=core, version=version))
        etag = f'"{hashlib.sha256(body).hexdigest().upper()}"'
        media = f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
        headers = (("ETag", etag), ("Cache-Control", "public"), ("Vary", "Accept"))
        if request.headers.get("if-none-match") == etag:
            return Response(304, None, media, headers)
        return Response(200, body, media, headers)

    def _openapi_v3(self, request: Request, key: str) -> Response | None:
        found = self._v3.document(key)
        if found is None:
            return None
        compressed, version = found
        headers = (
            ("ETag", f'"{version}"'),
            ("Cache-Control", "public, immutable"),
            ("Expires", _FAR_AHEAD),
            ("Vary", "Accept-Encoding"),
        )
        if request.headers.get("if-none-match") == f'"{version}"':
            return Response(304, None, headers=headers)
        return _maybe_compressed(request, compressed, "application/json", headers)

    def _openapi_v2(self, request: Request) -> Response:
        as_json, as_protobuf = self._v2_documents()
        accept = request.headers.get("accept", "")
        if "proto-openapi.spec.v2" in accept:
            media = openapi_v2.PROTOBUF_MEDIA_TYPE
            return _maybe_compressed(request, as_protobuf, media, ())
        return _maybe_compressed(request, as_json, "application/json", ())

    def _v2_documents(self) -> tuple[bytes, bytes]:
        """Both forms, compressed; made anew when kinds were added."""
        key = self._scheme.version
        if key not in self._v2:
            document = openapi_v2.make_document(self._scheme)
            forms = (orjson.dumps(document), openapi_v2.encode_document(document))
            self._v2 = {
                key: (gzip.compress(forms[0], 1, mtime=0), gzip.compress(forms[1], 1, mtime=0))
            }
        return self._v2[key]


def _maybe(body: JSONObject | None) -> Response | None:
    return None if body is None else Response(200, body)


def _maybe_compressed(
    request: Request, compressed: bytes, media: str, headers: tuple[tuple[str, str], ...]
) -> Response:
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(200, compressed, media, (*headers, ("Content-Encoding", "gzip")))
    return Response(200, gzip.decompress(compressed), media, headers)
