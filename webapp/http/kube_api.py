"""The Kubernetes API over HTTP: a WSGI application in front of Flask, for ``/api``, ``/apis`` and kin.

Each request becomes a wire ``Request``; reads are answered from the world as it is, writes and
watches go through the driver's inbox. It bypasses Flask since a class of clients sends thousands of
small requests a second, and streams need the server's ``write``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from webapp.apimachinery.wire import LogResponse, Response, StreamResponse, WatchResponse
from webapp.apiserver.request_info import parse_request_info
from webapp.cluster.door import ConnectionRefused
from webapp.driver.driver import StoppedError
from webapp.driver.pacing import monotonic
from webapp.http import metrics as metrics_module
from webapp.http.codec import encode_response, read_request, status_line, warning_headers
from webapp.http.errors import error_response
from webapp.http.past import PARAMETER, in_the_past
from webapp.http.refusal import refuse_connection
from webapp.http.upgrade import STREAMING, Upgrade
from webapp.http.watch_stream import LogStream, WatchStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webapp.apimachinery.wire import Answer, Request
    from webapp.apiserver.request_info import RequestInfo
    from webapp.driver.driver import SimulationDriver
    from webapp.http.metrics import Metrics
    from webapp.http.past import Moments

ROOTS = frozenset({"api", "apis", "openapi", "version", "healthz", "livez", "readyz", "metrics"})
HEALTH_ROOTS = frozenset({"healthz", "livez", "readyz"})
CHANGING = STREAMING | {"proxy"}
"""Subresources whose reads do something in the world."""
BOOKMARKS = "allowWatchBookmarks"
_STREAM_METHODS = frozenset({"GET", "POST"})
PLAIN_TEXT = "text/plain; charset=utf-8"


class KubeAPI:
    """The WSGI application."""

    def __init__(
        self, driver: SimulationDriver, metrics: Metrics, moments: Moments | None = None
    ) -> None:
        """Serve a world.

        Args:
            driver: Owns the world.
            metrics: Where requests are counted.
            moments: The world's past, for reads of earlier moments.
        """
        self._driver = driver
        self._metrics = metrics
        self._moments = moments
        self._streams: set[WatchStream | LogStream] = set()

    @staticmethod
    def serves(path: str) -> bool:
        """Whether ``path`` belongs to the API server rather than to the page."""
        return path.split("/", 2)[1:2] != [] and path.split("/", 2)[1] in ROOTS

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Callable[[bytes], object]]
    ) -> Iterable[bytes]:
        """Answer one request."""
        began = monotonic()
        info: RequestInfo | None = None
        upgrade: Upgrade | None = None
        try:
            request = read_request(environ)
            info = parse_request_info(request)
            if PARAMETER in request.query and self._moments is not None:
                request = in_the_past(request, info, self._moments)
            if info.subresource in STREAMING and request.method in _STREAM_METHODS:
                upgrade = Upgrade(environ, request, info.subresource)
            answer = self._answer(request, info)
        except Exception as error:  # noqa: BLE001 - error_response logs what is no refusal
            answer = error_response(error, self._driver)
        if isinstance(answer, ConnectionRefused):
            refuse_connection(environ)
            return ()
        if isinstance(answer, WatchResponse):
            stream = WatchStream(answer, environ, self._bookmark_revision(environ))
            return self._stream(stream, "application/json", answer.warnings, info, start_response)
        if isinstance(answer, StreamResponse):
            if upgrade is not None and info is not None:
                self._carry(upgrade, answer, info)
            # Nothing may be answered on a connection that speaks another protocol by now.
            return ()
        if isinstance(answer, LogResponse):
            return self._stream(LogStream(answer, environ), PLAIN_TEXT, (), info, start_response)
        if info is not None and info.is_resource_request:
            coordinates = (info.group, info.version, info.resource, info.subresource)
            self._metrics.observe(info.verb, coordinates, answer.status_code, monotonic() - began)
        line, headers, body = encode_response(answer, environ)
        start_response(line, headers)
        return () if environ["REQUEST_METHOD"] == "HEAD" else body

    def end_streams(self) -> None:
        """End every watch and followed log: the world is no more."""
        for stream in list(self._streams):
            stream.end()

    def _answer(self, request: Request, info: RequestInfo) -> Answer:
        root = request.path.split("/", 2)[1]
        if root in HEALTH_ROOTS:
            return self._health(root, request)
        if root == "metrics":
            return Response(200, self._metrics.text(), metrics_module.CONTENT_TYPE)
        if request.method != "GET" or info.subresource in CHANGING:
            return self._driver.submit(request, durable=True)
        if info.verb == "watch":
            # Bookmarks are this layer's affair: see WatchStream.
            query = {name: value for name, value in request.query.items() if name != BOOKMARKS}
            return self._driver.submit(replace(request, query=query), durable=False)
        return self._driver.read(request)

    def _bookmark_revision(self, environ: dict[str, Any]) -> Callable[[], int] | None:
        wanted = f"{BOOKMARKS}=true" in environ.get("QUERY_STRING", "")
        return (lambda: self._driver.world.revision) if wanted else None

    def _health(self, root: str, request: Request) -> Response:
        if self._driver.failure:
            raise StoppedError(self._driver.failure)
        text = f"[+]ping ok\n[+]simulation ok\n{root} check passed\n"
        return Response(200, text.encode() if "verbose" in request.query else b"ok", PLAIN_TEXT)

    def _carry(self, upgrade: Upgrade, answer: StreamResponse, info: RequestInfo) -> None:
        labels = (info.verb, info.full_resource)
        self._metrics.stream_opened(*labels)
        try:
            upgrade.carry(self._driver, answer.stream)
        finally:
            self._metrics.stream_closed(*labels)

    def _stream(
        self,
        stream: WatchStream | LogStream,
        content_type: str,
        warnings: tuple[str, ...],
        info: RequestInfo | None,
        start_response: Callable[..., Callable[[bytes], object]],
    ) -> Iterable[bytes]:
        headers = [
            ("Content-Type", content_type),
            ("Cache-Control", "no-cache, private"),
            *warning_headers(warnings),
        ]
        # The empty write sends the headers now: clients wait for them before they go on.
        start_response(status_line(200), headers)(b"")
        self._streams.add(stream)
        return _Counted(stream, info, self._metrics, self._streams) if info else stream


class _Counted:
    """A streaming body that is counted while it is open."""

    def __init__(
        self,
        stream: WatchStream | LogStream,
        info: RequestInfo,
        metrics: Metrics,
        open_streams: set[WatchStream | LogStream],
    ) -> None:
        self._stream = stream
        self._open_streams = open_streams
        self._metrics = metrics
        self._labels = (info.verb, info.full_resource)
        metrics.stream_opened(*self._labels)

    def __iter__(self) -> Any:
        return iter(self._stream)

    def close(self) -> None:
        """Called by the server when the answer is over."""
        self._metrics.stream_closed(*self._labels)
        self._open_streams.discard(self._stream)
        self._stream.close()
