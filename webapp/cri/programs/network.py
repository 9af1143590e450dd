"""THE SEAM to the network: what a program in a container may ask of it.

Whoever builds a container gives it a :class:`Network`; :class:`NoNetwork` knows no name and reaches
nobody but the container's own loopback. A client begins an :class:`OutgoingRequest`, looks a name up,
connects, and says how it ended; all of that is told as facts of one request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from webapp.network.resolver import ResolverConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.network.dns import Answer

ANSWERED = "answered"
REFUSED = "refused"
TIMEOUT = "timeout"
UNREACHABLE = "unreachable"
RESET = "reset"
NO_NAME = "noName"
LONGEST_WAIT_MS = 130_000
"""How long a connection is tried that nobody answers."""


@dataclass(frozen=True, slots=True)
class HTTPRequest:
    """A request to a server.

    Attributes:
        method: Upper case.
        path: With query, beginning with a slash.
        host: The Host header.
        headers: Further headers, name → value.
        body: As sent.
        client_ip: Who asks, as the server sees it; filled in on the way.
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


class Conversation(Protocol):
    """An open connection, from the client's side."""

    def send(self, data: bytes | None) -> None:
        """Send bytes; ``None`` says that there are no more."""

    def cancel(self) -> None:
        """Go away."""


class Server(Protocol):
    """Whoever listens on a port."""

    def answer(self, request: HTTPRequest) -> HTTPAnswer | None:
        """Answer a request; ``None`` from a server that does not speak HTTP."""

    def converse(self, on_data: Callable[[bytes | None], None]) -> Conversation | None:
        """Open a connection byte by byte; ``on_data`` gets what comes back, ``None`` at its end."""


@dataclass(frozen=True, slots=True)
class Connection:
    """An established connection.

    Attributes:
        ip: Whom it reached, after Services were resolved.
        port: The port there.
        server: Who answers.
        latency_ms: One way and back.
        client_ip: Who it comes from, as the server sees it.
    """

    ip: str
    port: int
    server: Server
    latency_ms: int = 1
    client_ip: str = ""


class Stopped(NamedTuple):
    """A connection that was not established.

    Attributes:
        kind: REFUSED, TIMEOUT or UNREACHABLE.
        wait_ms: How long until the client knows, if it has that much patience.
    """

    kind: str
    wait_ms: int


class Lookup(NamedTuple):
    """What looking a name up came to.

    Attributes:
        outcome: ANSWERED, NO_NAME or TIMEOUT.
        addresses: Pairs of full name and address.
        took_ms: Until the program knows.
    """

    outcome: str
    addresses: tuple[tuple[str, str], ...] = ()
    took_ms: int = 0


class OutgoingRequest(Protocol):
    """One request of a client, from the name to the answer."""

    def lookup(self, name: str, type_: str = "A") -> Lookup:
        """Addresses of a name, along the search path."""

    def connect(self, ip: str, port: int, protocol: str = "TCP") -> Connection | Stopped:
        """Connect to an address."""

    def end(self, outcome: str, code: int = 0, summary: str = "") -> None:
        """The client has its answer, or gave up."""


class Network(Protocol):
    """What the network answers to one container."""

    @property
    def resolver(self) -> ResolverConfig:
        """How names are looked up; ``/etc/resolv.conf``."""

    def begin(self, summary: str) -> OutgoingRequest:
        """A client begins a request."""

    def query(self, server: str, names: list[tuple[str, str]]) -> tuple[list[Answer], int] | int:
        """Ask a name server for pairs of full name and type.

        Returns:
            Its answers, and the milliseconds they took; the milliseconds alone when it does not answer.
        """

    def listen(self, port: int, server: Server, protocol: str = "TCP") -> Callable[[], None] | None:
        """Answer on a port until what is returned is called; ``None`` when the port is in use."""

    def ping(self, ip: str) -> int | None:
        """Microseconds until an echo comes back; ``None`` when none does."""


class NoNetwork:
    """A network without anybody."""

    __slots__ = ()

    @property
    def resolver(self) -> ResolverConfig:
        """None."""
        return ResolverConfig(())

    def begin(self, summary: str) -> OutgoingRequest:  # noqa: ARG002
        """It will fail."""
        return _NoRequest()

    def query(self, server: str, names: list[tuple[str, str]]) -> tuple[list[Answer], int] | int:  # noqa: ARG002
        """Nobody answers."""
        return 10_000

    def listen(self, port: int, server: Server, protocol: str = "TCP") -> Callable[[], None] | None:  # noqa: ARG002
        """Nobody will come."""
        return _nothing

    def ping(self, ip: str) -> int | None:
        """Only oneself answers."""
        return 50 if ip.startswith("127.") else None


class _NoRequest:
    __slots__ = ()

    def lookup(self, name: str, type_: str = "A") -> Lookup:  # noqa: ARG002
        return Lookup(NO_NAME, (), 5)

    def connect(self, ip: str, port: int, protocol: str = "TCP") -> Connection | Stopped:  # noqa: ARG002
        return Stopped(REFUSED if ip.startswith("127.") else UNREACHABLE, 1)

    def end(self, outcome: str, code: int = 0, summary: str = "") -> None:
        pass


def _nothing() -> None:
    return
