"""THE SEAM to the network: what a program in a container may ask of it.

Whoever builds a container gives it a :class:`Network`; :class:`NoNetwork` knows no name and reaches
nobody but the container's own loopback.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

REFUSED = "refused"
TIMEOUT = "timeout"
UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class HTTPRequest:
    """A request to a server.

    Attributes:
        method: Upper case.
        path: With query, beginning with a slash.
        host: The Host header.
        headers: Further headers, name → value.
        body: As sent.
        client_ip: Who asks.
    """

    method: str
    path: str
    host: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    client_ip: str = ""


@dataclass(frozen=True, slots=True)
class HTTPAnswer:
    """What a server answers.

    Attributes:
        status: Status code.
        body: As sent.
        content_type: The header.
        headers: Further headers, name → value.
        took_ms: How long the server worked on it.
    """

    status: int
    body: bytes = b""
    content_type: str = "text/html"
    headers: dict[str, str] = field(default_factory=dict)
    took_ms: int = 1


class Server(Protocol):
    """Whoever listens on a port."""

    def answer(self, request: HTTPRequest) -> HTTPAnswer | None:
        """Answer a request; ``None`` from a server that does not speak HTTP."""


@dataclass(frozen=True, slots=True)
class Connection:
    """An established connection.

    Attributes:
        ip: Whom it reached, after Services were resolved.
        port: The port there.
        server: Who answers.
        latency_ms: One way and back.
    """

    ip: str
    port: int
    server: Server
    latency_ms: int = 1


class Network(Protocol):
    """What the network answers to one container."""

    @property
    def nameserver(self) -> str:
        """Address of the name server; "" for none."""

    def lookup(self, name: str) -> list[tuple[str, str]]:
        """Full name and address of everything a name means; empty when it does not exist."""

    def connect(self, ip: str, port: int, protocol: str = "TCP") -> Connection | str:
        """Connect to an address: a connection, or REFUSED, TIMEOUT or UNREACHABLE."""

    def ping(self, ip: str) -> bool:
        """Whether an address answers echo requests."""


class NoNetwork:
    """A network without anybody."""

    __slots__ = ()

    @property
    def nameserver(self) -> str:
        """None."""
        return ""

    def lookup(self, name: str) -> list[tuple[str, str]]:  # noqa: ARG002
        """No name exists."""
        return []

    def connect(self, ip: str, port: int, protocol: str = "TCP") -> Connection | str:  # noqa: ARG002
        """Nobody is there."""
        return REFUSED if ip.startswith("127.") else UNREACHABLE

    def ping(self, ip: str) -> bool:
        """Only oneself answers."""
        return ip.startswith("127.")
