"""What HTTP clients share: URLs, names, and asking a server."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.files.nodes import FileError
from webapp.cri.programs.incoming import Incoming
from webapp.cri.programs.network import (
    ANSWERED,
    LONGEST_WAIT_MS,
    NO_NAME,
    REFUSED,
    RESET,
    TIMEOUT,
    UNREACHABLE,
    HTTPAnswer,
    HTTPRequest,
    Stopped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.cri.programs.network import Connection, OutgoingRequest
    from webapp.cri.programs.userland import Invocation, Wait

_URL = re.compile(r"(?:(https?)://)?(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]+)(?::(\d+))?([/?][^#]*)?")
_IPV4 = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})")


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, taken apart."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        default = 443 if self.scheme == "https" else 80
        return self.host if self.port == default else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL again."""
        return f"{self.scheme}://{self.authority}{self.path}"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer.

    Attributes:
        kind: NO_NAME, REFUSED, TIMEOUT, UNREACHABLE or RESET.
        ip: Whom it was asked, "" before there is an address.
        resolving: Whether the name server was what did not answer.
    """

    kind: str
    ip: str = ""
    resolving: bool = False


def parse_url(text: str) -> Target | None:
    """A URL's parts; ``None`` when it is none."""
    match = _URL.fullmatch(text)
    if match is None:
        return None
    scheme, host, port, path = match.groups()
    scheme = scheme or "http"
    number = int(port or (443 if scheme == "https" else 80))
    path = path or "/"
    if number > 65_535:
        return None
    return Target(scheme, host, number, path if path.startswith("/") else f"/{path}")


def known_address(call: Invocation, host: str) -> str:
    """The address of a host that needs no name server: one as it is, or one of ``/etc/hosts``."""
    bare = host.strip("[]")
    if _IPV4.fullmatch(bare) or ":" in bare:
        return bare
    if host in ("localhost", ""):
        return "127.0.0.1"
    return next((line[0] for line in hosts_lines(call) if host in line[1:]), "")


def hosts_lines(call: Invocation) -> list[list[str]]:
    """``/etc/hosts``: address and names of each line."""
    try:
        text = call.files.read("/etc/hosts").decode(errors="replace")
    except FileError:
        return []
    return [
        line.partition("#")[0].split()
        for line in text.splitlines()
        if line.partition("#")[0].split()
    ]


def find_address(
    call: Invocation, request: OutgoingRequest, host: str, limit_ms: int
) -> Generator[Wait, Any, str | Failure]:
    """An address for a name, after the time that finding it takes."""
    ip = known_address(call, host)
    if ip:
        return ip
    found = request.lookup(host)
    if found.outcome == ANSWERED:
        yield min(limit_ms, found.took_ms)
        return found.addresses[0][1]
    yield max(1, min(limit_ms, found.took_ms))
    request.end(NO_NAME, 0, "bad address")
    return Failure(NO_NAME, resolving=found.outcome == TIMEOUT)


def fetch(
    call: Invocation,
    target: Target,
    request: HTTPRequest,
    limit_ms: int,
    connect_ms: int = 0,
    on_address: Callable[[str], None] | None = None,
) -> Generator[Wait, Any, tuple[HTTPAnswer | Failure, str]]:
    """Ask a server: its answer or why there is none, and the address that was asked.

    Args:
        call: Who asks.
        target: Whom.
        request: What.
        limit_ms: How long it may take altogether.
        connect_ms: How long name and connection may take; 0 for as long as everything.
        on_address: Told the address before it is dialled.
    """
    yield from call.flush()
    out = call.userland.network.begin(f"{request.method} {target.url}")
    patience_ms = min(limit_ms, connect_ms or limit_ms)
    ip = yield from find_address(call, out, target.host, patience_ms)
    if isinstance(ip, Failure):
        return ip, ""
    if on_address is not None:
        on_address(ip)
        yield from call.flush()
    found = out.connect(ip, target.port)
    if isinstance(found, Stopped):
        waited_ms = min(patience_ms, LONGEST_WAIT_MS, found.wait_ms)
        kind = found.kind if found.wait_ms <= patience_ms else TIMEOUT
        yield max(1, waited_ms)
        out.end(kind, 0, words_of(kind))
        return Failure(kind, ip), ip
    if target.scheme == "https":
        yield found.latency_ms
        out.end(RESET, 0, "https is not modelled")
        return Failure(RESET, ip), ip
    answer = found.server.answer(replace(request, client_ip=found.client_ip))
    if answer is None:
        answer = yield from _ask_by_hand(call, found, request, limit_ms)
    took_ms = found.latency_ms + (answer.took_ms if answer is not None else 0)
    if took_ms > limit_ms:
        yield limit_ms
        out.end(TIMEOUT, 0, words_of(TIMEOUT))
        return Failure(TIMEOUT, ip), ip
    yield took_ms
    if answer is None:
        out.end(RESET, 0, "the server hung up")
        return Failure(RESET, ip), ip
    out.end(ANSWERED, answer.status, f"{answer.status} {reason(answer.status)}")
    return answer, ip


def _ask_by_hand(
    call: Invocation, connection: Connection, request: HTTPRequest, limit_ms: int
) -> Generator[Wait, Any, HTTPAnswer | None]:
    """Write the request out, for a server that may answer byte by byte; ``None`` if that is no HTTP."""
    incoming = Incoming()
    conversation = connection.server.converse(incoming.take)
    if conversation is None:
        return None
    sim = call.userland.sim
    timer = sim.schedule(limit_ms, incoming.take, None, background=True)
    head = (
        f"{request.method} {request.path} HTTP/1.1\r\nHost: {request.host}\r\nConnection: close\r\n"
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    try:
        conversation.send(f"{head}{lines}\r\n".encode() + request.body)
        data = b""
        while piece := (yield from incoming.read()):
            data += piece
            if b"\n" in data and _STATUS_LINE.match(data) is None:
                break
    finally:
        sim.cancel(timer)
        conversation.cancel()
    return _parse(data)


def _parse(data: bytes) -> HTTPAnswer | None:
    head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    match = _STATUS_LINE.match(head)
    return HTTPAnswer(int(match[1]), body, took_ms=0) if match is not None else None


def http_request(
    call: Invocation, target: Target, method: str, body: str, headers: dict[str, str]
) -> HTTPRequest:
    """A request with the headers that a client sends."""
    return HTTPRequest(
        method,
        target.path,
        headers.pop("Host", target.authority),
        headers,
        body.encode(errors="surrogateescape"),
        call.userland.identity.ip,
    )


def words_of(kind: str) -> str:
    """What the C library says of a failure."""
    return {
        REFUSED: "Connection refused",
        RESET: "Connection reset by peer",
        TIMEOUT: "Connection timed out",
        UNREACHABLE: "No route to host",
    }.get(kind, kind)


def reason(status: int) -> str:
    """The words that go with a status code."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
