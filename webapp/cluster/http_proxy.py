"""Proxies that run in Pods: an HTTP request comes in, a rule chooses a Service, an endpoint answers.

Ingress controllers and Gateways are such proxies. They dial endpoints themselves, from their own Pod, so
policies and broken wires stop them as they stop everybody.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from webapp.api.resources import ENDPOINT_SLICES, SERVICES
from webapp.cri.http_conversation import HTTPConversation
from webapp.cri.pages import Page
from webapp.cri.programs.network import (
    ANSWERED,
    RESET,
    TIMEOUT,
    HTTPAnswer,
    HTTPRequest,
    Stopped,
)
from webapp.network.http_routes import Backend, Rule, backend_addresses, choose
from webapp.network.resolver import NODE_RESOLVER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import h11

    from webapp.client.informer import InformerFactory
    from webapp.cluster.paths import Client
    from webapp.cluster.requests import Requests
    from webapp.cri.programs.network import Conversation
    from webapp.network.policy.ends import End
    from webapp.sim.rng import RandomStream

MOST_TRIES = 3
PASSED_HEADERS = frozenset({"Location", "Set-Cookie"})
CONNECT_TIMEOUT_MS = 5_000
_BY_SERVICE = "kubernetes.io/service-name"
_TEXTS = {
    404: "404 Not Found",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}


class HTTPProxies:
    """All proxies of a world.

    Attributes:
        makers: Image name → gives the rules of a proxy that runs in a Pod, for a port of it; ``None`` for a
            port where it speaks no HTTP.
    """

    def __init__(
        self, requests: Requests, informers: InformerFactory, stream: RandomStream
    ) -> None:
        self._requests = requests
        self._services = informers.informer(SERVICES)
        self._slices = informers.informer(ENDPOINT_SLICES)
        self._stream = stream
        self._turns: dict[Backend, int] = {}
        self.makers: dict[str, Callable[[End, int], Sequence[Rule] | None]] = {}

    def is_proxy(self, image: str) -> bool:
        """Whether an image is such a proxy."""
        return image in self.makers

    def server(self, image: str, client: Client, port: int) -> ProxyServer | None:
        """The proxy that an image is; ``None`` for others, and for ports that it is not asked by."""
        maker = self.makers.get(image)
        rules = maker(client.end, port) if maker is not None else None
        return ProxyServer(self, client, rules, self._requests) if rules is not None else None

    def addresses(self, backend: Backend) -> list[tuple[str, int]]:
        """Endpoints of a backend, the one whose turn it is first."""
        key = f"{backend.namespace}/{backend.service}"
        found = backend_addresses(
            self._services.get(key), self._slices.by_index(_BY_SERVICE, key), backend.port
        )
        if len(found) < 2:
            return found
        turn = self._turns.get(backend, 0)
        self._turns[backend] = turn + 1
        start = turn % len(found)
        return found[start:] + found[:start]

    def draw(self, backends: tuple[Backend, ...]) -> Backend | None:
        """One backend, by weight."""
        total = sum(backend.weight for backend in backends)
        if not total:
            return None
        if len(backends) == 1:
            return backends[0]
        mark = self._stream.uniform() * total
        for backend in backends:
            mark -= backend.weight
            if mark < 0:
                return backend
        return backends[-1]


class ProxyServer:
    """One proxy, as whoever dials it sees it."""

    __slots__ = ("_client", "_proxies", "_requests", "_rules")

    def __init__(
        self, proxies: HTTPProxies, client: Client, rules: Sequence[Rule], requests: Requests
    ) -> None:
        self._proxies = proxies
        self._client = client
        self._rules = rules
        self._requests = requests

    def answer(self, request: HTTPRequest) -> HTTPAnswer | None:
        """What the backend answers, or why there is none."""
        own = (value for name, value in request.headers.items() if name.lower() == "host")
        host = next(own, request.host)
        rule = choose(self._rules, host, request.path, request.method, request.headers)
        if rule is None:
            return _refusal(404)
        if rule.redirect is not None:
            status, location = rule.redirect
            return HTTPAnswer(status, b"", headers={"Location": location})
        backend = self._proxies.draw(rule.backends)
        addresses = self._proxies.addresses(backend) if backend is not None else []
        if not addresses:
            return _refusal(503)
        forwarded = {
            **request.headers,
            "X-Forwarded-For": request.client_ip,
            "X-Forwarded-Host": host,
            "X-Forwarded-Proto": "http",
        }
        sent = replace(
            request,
            path=rule.rewrite or request.path,
            headers=forwarded,
            client_ip=self._client.end.ip,
        )
        return self._ask(sent, addresses, rule.source)

    def _ask(
        self, request: HTTPRequest, addresses: list[tuple[str, int]], source: str
    ) -> HTTPAnswer:
        """Ask one endpoint after the other until one answers."""
        spent_ms, status = 1, 502
        for ip, port in addresses[:MOST_TRIES]:
            summary = f"{request.method} {request.path} ({source})"
            outgoing = self._requests.begin(self._client, NODE_RESOLVER, summary)
            found = outgoing.connect(ip, port)
            if isinstance(found, Stopped):
                outgoing.end(found.kind)
                spent_ms += min(found.wait_ms, CONNECT_TIMEOUT_MS)
                status = 504 if found.kind == TIMEOUT else 502
                continue
            answer = found.server.answer(request)
            if answer is None:
                outgoing.end(RESET)
                continue
            outgoing.end(ANSWERED, answer.status, source)
            return replace(answer, took_ms=spent_ms + found.latency_ms + answer.took_ms)
        return _refusal(status, spent_ms)

    def converse(self, on_data: Callable[[bytes | None], None]) -> Conversation | None:
        """HTTP, byte by byte."""
        return _ProxyConversation(self, self._requests, on_data)


class _ProxyConversation(HTTPConversation):
    """A connection to a proxy: it needs to know the host that is asked for."""

    def __init__(
        self, server: ProxyServer, requests: Requests, on_data: Callable[[bytes | None], None]
    ) -> None:
        super().__init__(requests.sim, _no_page, on_data)
        self._server = server

    def _page(self, request: h11.Request) -> Page | None:
        headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
        answer = self._server.answer(
            HTTPRequest(
                request.method.decode(),
                request.target.decode("latin-1"),
                headers.pop("host", ""),
                headers,
            )
        )
        if answer is None:
            return None
        self._more_headers = tuple(
            (name, value) for name, value in answer.headers.items() if name in PASSED_HEADERS
        )
        server = answer.headers.get("Server", "nginx")
        return Page(answer.status, answer.body, answer.content_type, server)


def _no_page(_method: str, _path: str) -> Page | None:
    return None


def _refusal(status: int, took_ms: int = 1) -> HTTPAnswer:
    title = _TEXTS[status]
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>"
        "</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return HTTPAnswer(status, body.encode(), headers={"Server": "nginx"}, took_ms=took_ms)
