"""``nc``: a connection typed by hand, and its other end."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.http_client import Failure, find_address, words_of
from webapp.cri.programs.commands.options import parse_options
from webapp.cri.programs.incoming import Incoming
from webapp.cri.programs.network import (
    ANSWERED,
    LONGEST_WAIT_MS,
    TIMEOUT,
    Stopped,
)
from webapp.sim.task import Task, Waiter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.cri.programs.network import (
        Connection,
        Conversation,
        HTTPAnswer,
        HTTPRequest,
    )
    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

UDP_LINGER_MS = 1_000
"""How long a client waits for an answer to a datagram after its input has ended."""


def nc(call: Invocation) -> Steps:
    """``nc [-zvu] [-w seconds] host port``, or ``nc -l [-k] [-p] port``."""
    options, names = parse_options(call.argv[1:], "zvunlkNq", "wpes")
    port_text = options.get("p") or (names[-1] if names else "")
    if not port_text.isdigit() or int(port_text) > 65_535:
        return call.complain("usage: nc [-zvu] [-w seconds] host port")
    protocol = "UDP" if "u" in options else "TCP"
    if "l" in options:
        return (yield from _serve(call, int(port_text), protocol, options))
    if len(names) < 2:
        return call.complain("usage: nc [-zvu] [-w seconds] host port")
    return (yield from _dial(call, names[0], int(names[1]), protocol, options))


def _dial(call: Invocation, host: str, port: int, protocol: str, options: dict[str, str]) -> Steps:
    yield from call.flush()
    limit_ms = round(float(options.get("w", "0")) * 1000) or LONGEST_WAIT_MS
    request = call.userland.network.begin(f"{protocol.lower()} {host}:{port}")
    ip = yield from find_address(call, request, host, limit_ms)
    if isinstance(ip, Failure):
        return call.complain(f"bad address '{host}'")
    found = request.connect(ip, port, protocol)
    if isinstance(found, Stopped):
        if protocol == "UDP":
            request.end(found.kind, 0, words_of(found.kind))
            return (yield from _into_nothing(call))
        kind = found.kind if found.wait_ms <= limit_ms else TIMEOUT
        yield max(1, min(found.wait_ms, limit_ms))
        request.end(kind, 0, words_of(kind))
        return _refused(call, host, ip, port, words_of(kind), options)
    yield found.latency_ms
    if "v" in options:
        text = (
            f"{host} ({ip}:{port}) open"
            if call.userland.style == "busybox"
            else f"Connection to {host} ({ip}) {port} port [{protocol.lower()}/*] succeeded!"
        )
        call.write(f"{text}\n".encode(), 2)
    if "z" not in options:
        yield from _talk(call, found, protocol)
    request.end(ANSWERED, 0, "connected")
    return 0


def _into_nothing(call: Invocation) -> Steps:
    """Datagrams are sent whether anybody gets them or not."""
    yield from call.read_all()
    yield UDP_LINGER_MS
    return 0


def _refused(
    call: Invocation, host: str, ip: str, port: int, words: str, options: dict[str, str]
) -> int:
    if call.userland.style == "busybox":
        if "z" in options and "v" not in options:
            return 1
        return call.complain(f"{host} ({ip}:{port}): {words}")
    return call.complain(f"connect to {host} ({ip}) port {port} (tcp) failed: {words}")


def _talk(call: Invocation, connection: Connection, protocol: str) -> Generator[Wait, Any, None]:
    """What is typed goes there, what comes back is printed, until the other end hangs up."""
    incoming = Incoming()
    conversation = connection.server.converse(incoming.take)
    if conversation is None:
        return
    pump = Task(call.userland.sim, _pump(call, conversation, incoming, protocol))
    try:
        while data := (yield from incoming.read()):
            call.write(data)
            yield from call.flush()
    finally:
        pump.cancel()
        conversation.cancel()


def _pump(
    call: Invocation, conversation: Conversation, incoming: Incoming, protocol: str
) -> Generator[Wait, Any, None]:
    while data := (yield from call.read()):
        conversation.send(data)
    conversation.send(None)
    if protocol == "UDP":
        yield UDP_LINGER_MS
        incoming.take(None)


class _Visitor:
    """A connection that somebody opened to ``nc -l``, from the visitor's side."""

    def __init__(self, on_data: Callable[[bytes | None], None]) -> None:
        self.on_data = on_data
        self.incoming = Incoming()

    def send(self, data: bytes | None) -> None:
        """The visitor sends."""
        self.incoming.take(data)

    def cancel(self) -> None:
        """The visitor is gone."""
        self.incoming.take(None)


class _Door:
    """Where ``nc -l`` waits; visitors beyond the first wait in line."""

    def __init__(self) -> None:
        self.visitors: deque[_Visitor] = deque()
        self.waiter: Waiter | None = None

    def answer(self, request: HTTPRequest) -> HTTPAnswer | None:  # noqa: ARG002
        """None: an HTTP client gets what is typed here, which takes a conversation."""
        return None

    def converse(self, on_data: Callable[[bytes | None], None]) -> Conversation | None:
        """Somebody comes."""
        visitor = _Visitor(on_data)
        self.visitors.append(visitor)
        if self.waiter is not None:
            waiter, self.waiter = self.waiter, None
            waiter.wake()
        return visitor


def _serve(call: Invocation, port: int, protocol: str, options: dict[str, str]) -> Steps:
    door = _Door()
    end = call.userland.network.listen(port, door, protocol)
    if end is None:
        return call.complain("bind: Address already in use")
    try:
        if "v" in options:
            call.write(f"listening on [::]:{port} ...\n".encode(), 2)
        yield from call.flush()
        while True:
            while not door.visitors:
                door.waiter = Waiter()
                yield door.waiter
            yield from _receive(call, door.visitors.popleft())
            if "k" not in options:
                return 0
    finally:
        end()


def _receive(call: Invocation, visitor: _Visitor) -> Generator[Wait, Any, None]:
    """What the visitor sends is printed, and what is typed is sent, until the visitor hangs up."""
    pump = Task(call.userland.sim, _reply(call, visitor))
    try:
        while data := (yield from visitor.incoming.read()):
            call.write(data)
            yield from call.flush()
    finally:
        pump.cancel()
        visitor.on_data(None)


def _reply(call: Invocation, visitor: _Visitor) -> Generator[Wait, Any, None]:
    while data := (yield from call.read()):
        visitor.on_data(data)
