"""Clients of the network: wget, curl, nslookup, nc, ping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.cri.programs.conftest import Box
from webapp.cri.conversations import LineConversation, memcached, redis
from webapp.cri.programs.files.skeleton import BUSYBOX
from webapp.cri.programs.network import (
    ANSWERED,
    NO_NAME,
    REFUSED,
    TIMEOUT,
    Connection,
    HTTPAnswer,
    HTTPRequest,
    Lookup,
    Stopped,
)
from webapp.network.dns import NO_SUCH_NAME, NOERROR, Answer, Record
from webapp.network.resolver import ResolverConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.cri.programs.network import Conversation, Server

NAME = "web.default.svc.cluster.local"
SEARCHES = ("default.svc.cluster.local", "svc.cluster.local", "cluster.local")


class Web:
    """A network with one server, web, and whoever listens by himself."""

    resolver = ResolverConfig(("10.96.0.10",), SEARCHES, ("ndots:5",))

    def __init__(self) -> None:
        self.told: list[str] = []
        self.own: dict[int, Server] = {}
        self.data: dict[bytes, bytes] = {}

    def begin(self, summary: str) -> Web:
        self.told.append(summary)
        return self

    def lookup(self, name: str, type_: str = "A") -> Lookup:  # noqa: ARG002
        if name == "slow":
            return Lookup(TIMEOUT, (), 10_000)
        if name not in ("web", "cache"):
            return Lookup(NO_NAME, (), 4)
        return Lookup(ANSWERED, ((NAME, "10.96.1.1"),), 1)

    def connect(self, ip: str, port: int, protocol: str = "TCP") -> Connection | Stopped:
        if port in self.own:
            return Connection(ip, port, self.own[port], 1)
        if (ip, protocol) != ("10.96.1.1", "TCP"):
            return Stopped(TIMEOUT, 130_000)
        return Connection(ip, port, self, 1) if port in (80, 6379) else Stopped(REFUSED, 1)

    def end(self, outcome: str, code: int = 0, summary: str = "") -> None:  # noqa: ARG002
        self.told.append(f"{outcome} {code}".removesuffix(" 0"))

    def query(self, server: str, names: list[tuple[str, str]]) -> tuple[list[Answer], int] | int:
        if server != "10.96.0.10":
            return 10_000
        found = Answer(NOERROR, (Record(NAME, "A", "10.96.1.1"),))
        return [
            found
            if question == (NAME, "A")
            else Answer(NOERROR)
            if question[0] == NAME
            else NO_SUCH_NAME
            for question in names
        ], 2

    def listen(
        self,
        port: int,
        server: Server,
        protocol: str = "TCP",  # noqa: ARG002
    ) -> Callable[[], None] | None:
        if port in self.own:
            return None
        self.own[port] = server
        return lambda: self.own.pop(port) and None

    def ping(self, ip: str) -> int | None:
        return 400 if ip == "10.96.1.1" else None

    def answer(self, request: HTTPRequest) -> HTTPAnswer | None:
        found = request.path == "/"
        status = 200 if found else 503 if request.path == "/busy" else 404
        return HTTPAnswer(status, f"{request.method} {request.host}\n".encode())

    def converse(self, on_data: Callable[[bytes | None], None]) -> Conversation | None:
        return LineConversation(b"", redis, self.data, on_data)


@pytest.mark.parametrize(
    ("script", "output", "code"),
    [
        ("wget -qO- http://web", "GET web\n", 0),
        ("wget -q web; cat index.html", "GET web\n", 0),
        ("wget -qO- http://web/x", "wget: server returned error: HTTP/1.1 404 Not Found\n", 1),
        ("wget -T 2 -qO- http://10.1.1.1", "wget: download timed out\n", 1),
        ("wget -qO- http://nobody", "wget: bad address 'nobody'\n", 1),
        (
            "wget -qO- web:81",
            "wget: can't connect to remote host (10.96.1.1): Connection refused\n",
            1,
        ),
        ("curl -s web/; curl -s -o /dev/null -w '%{http_code}\\n' web/x", "GET web\n404\n", 0),
        ("curl -sf web/x; echo $?; curl -X POST -s -d a=b web", "22\nPOST web\n", 0),
        ("curl -sI web | head -1", "HTTP/1.1 200 OK\r\n", 0),
        (
            "curl -m 2 http://10.1.1.1",
            "curl: (28) Connection timed out after 2000 milliseconds\n",
            28,
        ),
        ("curl -m 5 slow", "curl: (28) Resolving timed out after 5000 milliseconds\n", 28),
        ("curl slow", "curl: (6) Could not resolve host: slow\n", 6),
        (
            "curl web:81",
            "curl: (7) Failed to connect to web port 81 after 2 ms: Could not connect to server\n",
            7,
        ),
        ("nc -zv web 80; nc -z web 81; echo $?", "web (10.96.1.1:80) open\n1\n", 0),
        ("nc web 81", "nc: web (10.96.1.1:81): Connection refused\n", 1),
        ("nc -w 3 10.1.1.1 80", "nc: 10.1.1.1 (10.1.1.1:80): Connection timed out\n", 1),
        ("printf 'SET a 1\\nINCR a\\nGET a\\n' | nc cache 6379", "+OK\r\n:2\r\n$1\r\n2\r\n", 0),
        ("nslookup web 10.9.9.9", ";; connection timed out; no servers could be reached\n\n", 1),
    ],
)
def test_network_commands(script: str, output: str, code: int) -> None:
    """Names, pages and refusals."""
    assert Box(network=Web()).sh(script) == (output, code)


def test_busybox_tries_all_suffixes_of_a_short_name() -> None:
    """And says of each what it found, for both families."""
    head = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n"
    found = f"Name:\t{NAME}\nAddress: 10.96.1.1\n\n"
    missing = (
        "** server can't find web.svc.cluster.local: NXDOMAIN\n\n"
        "** server can't find web.cluster.local: NXDOMAIN\n\n"
    )

    output, code = Box(network=Web()).sh("nslookup web")

    assert output == head + found + missing + f"*** Can't find {NAME}: No answer\n\n" + missing
    assert code == 1


def test_the_other_nslookup_tells_the_first_name_that_exists() -> None:
    """As BIND's tool does."""
    output, code = Box(network=Web(), style="gnu").sh("nslookup web")

    assert (output, code) == (
        f"Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\nName:\t{NAME}\nAddress: 10.96.1.1\n\n",
        0,
    )


def test_each_request_says_how_it_ended() -> None:
    """For the facts."""
    network = Web()
    Box(network=network).sh("wget -qO- web/x; curl -s nobody; curl -s web:81")

    assert network.told == [
        "GET http://web/x",
        "answered 404",
        "GET http://nobody/",
        "noName",
        "GET http://web:81/",
        "refused",
    ]


def test_curl_tries_again_what_may_pass() -> None:
    """After one second, then two."""
    network = Web()
    box = Box(network=network)
    box.sh("curl -s --retry 2 web/busy; curl -s --retry 2 web/x")

    assert network.told.count("answered 503") == 3
    assert network.told.count("answered 404") == 1


def test_two_ends_of_nc_talk() -> None:
    """One listens, the other brings what it was given and takes the reply."""
    box = Box(network=Web())
    script = "(echo reply | nc -l -p 9000 > /got) & sleep 1; echo hello | nc web 9000; cat /got"

    assert box.sh(script) == ("reply\nhello\n", 0)


def test_a_shell_loop_is_a_web_server() -> None:
    """What nc sends is an HTTP answer to whoever can read one."""
    box = Box(network=Web())
    script = "(printf 'HTTP/1.1 200 OK\\r\\n\\r\\nby hand' | nc -l -p 8080 > /dev/null) & sleep 1; wget -qO- web:8080"

    assert box.sh(script) == ("by hand", 0)


def test_a_port_is_listened_on_once() -> None:
    """The second one is told."""
    box = Box(network=Web())

    assert box.sh("nc -l -p 80 & sleep 1; nc -l -p 80") == ("nc: bind: Address already in use\n", 1)


def test_ping_counts() -> None:
    """What came back, and how long it took."""
    output, code = Box(network=Web()).sh("ping -c 2 web")

    assert output.startswith("PING web (10.96.1.1): 56 data bytes\n64 bytes from 10.96.1.1: seq=0")
    assert "2 packets transmitted, 2 packets received, 0% packet loss" in output
    assert code == 0


@pytest.mark.parametrize(
    ("serve", "line", "reply"),
    [
        (redis, b"PING\r\n", b"+PONG\r\n"),
        (redis, b"*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n", b"$2\r\nhi\r\n"),
        (redis, b"GET nothing\n", b"$-1\r\n"),
        (redis, b"NOSUCH\n", b"-ERR unknown command 'NOSUCH', with args beginning with: \r\n"),
        (memcached, b"version\r\n", b"VERSION 1.6.39\r\n"),
        (memcached, b"get a\r\n", b"END\r\n"),
        (memcached, b"nonsense\r\n", b"ERROR\r\n"),
    ],
)
def test_line_servers(serve: object, line: bytes, reply: bytes) -> None:
    """What people type at them."""
    got: list[bytes | None] = []
    LineConversation(b"", serve, {}, got.append).send(line)  # type: ignore[arg-type]

    assert got == [reply]


def test_httpd_serves_a_directory() -> None:
    """Files as they are at that moment."""
    box = Box(kind=BUSYBOX, network=Web())
    script = "mkdir /www; echo hi > /www/index.html; httpd -f -p 8080 -h /www & sleep 1; wget -qO- web:8080; wget -qO- web:8080/x"

    assert box.sh(script) == ("hi\nwget: server returned error: HTTP/1.1 404 Not Found\n", 1)
