"""``wget`` and ``curl``: asking HTTP servers."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.options import OptionError, parse_options
from webapp.cri.programs.files.nodes import FileError
from webapp.cri.programs.network import (
    REFUSED,
    TIMEOUT,
    Connection,
    HTTPAnswer,
    HTTPRequest,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

_URL = re.compile(r"(?:(https?)://)?(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]+)(?::(\d+))?([/?][^#]*)?")
_IP = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
LONGEST_WAIT_MS = 130_000
"""How long a connection is tried that nobody answers."""


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


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer: ``name``, ``refused``, ``timeout``, ``unreachable`` or ``protocol``."""

    kind: str
    ip: str = ""


def parse_url(text: str) -> Target | None:
    """A URL's parts; ``None`` when it is none."""
    match = _URL.fullmatch(text)
    if match is None:
        return None
    scheme, host, port, path = match.groups()
    scheme = scheme or "http"
    number = int(port or (443 if scheme == "https" else 80))
    path = path or "/"
    return Target(scheme, host, number, path if path.startswith("/") else f"/{path}")


def resolve(call: Invocation, host: str) -> str:
    """An address for a name; "" when it does not exist."""
    if _IP.fullmatch(host):
        return host
    if host in ("localhost", ""):
        return "127.0.0.1"
    for line in hosts_lines(call):
        if host in line[1:]:
            return line[0]
    found = call.userland.network.lookup(host)
    return found[0][1] if found else ""


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


def fetch(
    call: Invocation, target: Target, request: HTTPRequest, limit_ms: int
) -> Generator[Wait, Any, tuple[HTTPAnswer | Failure, str]]:
    """Ask a server: its answer or why there is none, and the address that was asked."""
    yield from call.flush()
    ip = resolve(call, target.host)
    if not ip:
        yield 5
        return Failure("name"), ""
    found = call.userland.network.connect(ip, target.port)
    if not isinstance(found, Connection):
        yield min(limit_ms, LONGEST_WAIT_MS) if found == TIMEOUT else 1
        return Failure(found, ip), ip
    if target.scheme == "https":
        yield found.latency_ms
        return Failure("protocol", ip), ip
    answer = found.server.answer(request)
    took_ms = found.latency_ms + (answer.took_ms if answer is not None else 0)
    if took_ms > limit_ms:
        yield limit_ms
        return Failure(TIMEOUT, ip), ip
    yield took_ms
    return (Failure("protocol", ip) if answer is None else answer), ip


def wget(call: Invocation) -> Steps:
    """``wget [-qSO file] [-T seconds] [--spider] [--post-data text] [--header text] url``."""
    try:
        options, names = parse_options(
            call.argv[1:],
            "qSc",
            "OTtPUH#",
            {
                "header": "H",
                "no-check-certificate": "q",
                "no-verbose": "q",
                "output-document": "O",
                "post-data": "#",
                "quiet": "q",
                "server-response": "S",
                "spider": "s",
                "timeout": "T",
                "tries": "t",
            },
        )
    except OptionError as error:
        return call.complain(str(error))
    gnu = call.userland.style != "busybox"
    target = parse_url(names[0]) if names else None
    if target is None:
        return call.complain("missing URL" if not names else f"bad address '{names[0]}'")
    limit_ms = round(float(options.get("T", "900")) * 1000)
    request = _request(call, target, "POST" if "#" in options else "GET", options.get("#", ""), {})
    quiet = "q" in options
    address = resolve(call, target.host)
    if not quiet and address and not gnu:
        call.write(f"Connecting to {target.authority} ({address}:{target.port})\n".encode(), 2)
    answer, _ = yield from fetch(call, target, request, limit_ms)
    if isinstance(answer, Failure):
        return _wget_failure(call, target, answer, gnu=gnu, quiet=quiet)
    if "S" in options:
        call.write(f"  HTTP/1.1 {answer.status} {reason(answer.status)}\n".encode(), 2)
    if answer.status >= 400:
        if gnu:
            if not quiet:
                call.write(f"ERROR {answer.status}: {reason(answer.status)}.\n".encode(), 2)
            return 8
        return call.complain(
            f"server returned error: HTTP/1.1 {answer.status} {reason(answer.status)}"
        )
    if "s" in options:
        return 0
    return _save(call, options.get("O"), target, answer, quiet=quiet)


def _wget_failure(
    call: Invocation, target: Target, failure: Failure, *, gnu: bool, quiet: bool
) -> int:
    if gnu:
        if not quiet:
            reasons = {"name": f"unable to resolve host address '{target.host}'"}
            call.complain(
                reasons.get(
                    failure.kind,
                    f"Connecting to {target.authority} failed: {_words(failure.kind)}.",
                )
            )
        return 4
    if failure.kind == "name":
        return call.complain(f"bad address '{target.authority}'")
    if failure.kind == "protocol":
        return call.complain("error getting response")
    if failure.kind == TIMEOUT:
        return call.complain("download timed out")
    return call.complain(f"can't connect to remote host ({failure.ip}): {_words(failure.kind)}")


def _words(kind: str) -> str:
    return {
        REFUSED: "Connection refused",
        TIMEOUT: "Connection timed out",
        "unreachable": "No route to host",
    }.get(kind, kind)


def _save(
    call: Invocation, name: str | None, target: Target, answer: HTTPAnswer, *, quiet: bool
) -> int:
    if name == "-":
        call.write(answer.body)
        return 0
    name = name or posixpath.basename(target.path.partition("?")[0]) or "index.html"
    try:
        stream = call.userland.open_for_writing(call, name, truncate=True)
        stream.try_write(answer.body)
    except FileError as error:
        return call.complain(f"can't open '{name}': {error.reason}")
    if not quiet:
        size = len(answer.body)
        call.write(
            f"saving to '{name}'\n{name:<20} 100% |{'*' * 32}| {size:5d}  0:00:00 ETA\n'{name}' saved\n".encode(),
            2,
        )
    return 0


def _request(
    call: Invocation, target: Target, method: str, body: str, headers: dict[str, str]
) -> HTTPRequest:
    return HTTPRequest(
        method,
        target.path,
        headers.pop("Host", target.authority),
        headers,
        body.encode(errors="surrogateescape"),
        call.userland.identity.ip,
    )


def reason(status: int) -> str:
    """The words that go with a status code."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


_CURL_LONG = {
    "connect-timeout": "c",
    "data": "d",
    "data-raw": "d",
    "fail": "f",
    "head": "I",
    "header": "H",
    "include": "i",
    "insecure": "k",
    "location": "L",
    "max-time": "m",
    "output": "o",
    "request": "X",
    "retry": "r",
    "show-error": "S",
    "silent": "s",
    "user-agent": "A",
    "verbose": "v",
    "write-out": "w",
}


def curl(call: Invocation) -> Steps:
    """``curl [-sSfiIkLv] [-o file] [-w format] [-m seconds] [-X method] [-H header] [-d data] url…``."""
    words = call.argv[1:]
    headers = {}
    for at, word in enumerate(words[:-1]):
        if word in ("-H", "--header"):
            name, _, value = words[at + 1].partition(":")
            headers[name.strip()] = value.strip()
    try:
        options, names = parse_options(words, "sSfiIkLvOgN46", "omwXHdAurc", _CURL_LONG)
    except OptionError as error:
        return call.complain(str(error), 2)
    if not names:
        call.write(
            b"curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
            2,
        )
        return 2
    code = 0
    for name in names:
        code = yield from _curl_one(call, name, options, dict(headers))
    return code


def _curl_one(
    call: Invocation, name: str, options: dict[str, str], headers: dict[str, str]
) -> Steps:
    quiet = "s" in options and "S" not in options
    target = parse_url(name)
    if target is None:
        return _curl_complain(
            call, 3, "URL rejected: Malformed input to a URL function", quiet=quiet
        )
    method = options.get("X") or ("HEAD" if "I" in options else "POST" if "d" in options else "GET")
    limit_ms = round(float(options.get("m") or options.get("c") or 300) * 1000)
    request = _request(call, target, method, options.get("d", ""), headers)
    started_ms = call.userland.sim.now_ms
    answer, ip = yield from fetch(call, target, request, limit_ms)
    took_ms = call.userland.sim.now_ms - started_ms
    if isinstance(answer, Failure):
        code = _curl_failure(call, target, answer, took_ms, quiet=quiet)
        _write_out(call, options, 0, took_ms, b"", ip)
        return code
    if "f" in options and answer.status >= 400:
        _write_out(call, options, answer.status, took_ms, b"", ip)
        return _curl_complain(
            call, 22, f"The requested URL returned error: {answer.status}", quiet=quiet
        )
    output = b"" if "I" in options else answer.body
    if "i" in options or "I" in options:
        output = _head(answer) + output
    destination = options.get("o") or (
        "" if "O" not in options else posixpath.basename(target.path)
    )
    if not destination or destination == "-":
        call.write(output)
    else:
        try:
            call.userland.open_for_writing(call, destination, truncate=True).try_write(output)
        except FileError as error:
            return _curl_complain(
                call, 23, f"Failure writing output to destination: {error.reason}", quiet=quiet
            )
    _write_out(call, options, answer.status, took_ms, answer.body, ip)
    return 0


def _head(answer: HTTPAnswer) -> bytes:
    headers = {
        "Content-Type": answer.content_type,
        "Content-Length": str(len(answer.body)),
        **answer.headers,
    }
    lines = [f"HTTP/1.1 {answer.status} {reason(answer.status)}"]
    lines.extend(f"{name}: {value}" for name, value in headers.items())
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _write_out(
    call: Invocation, options: dict[str, str], status: int, took_ms: int, body: bytes, ip: str
) -> None:
    text = options.get("w", "")
    if not text:
        return
    values = {
        "http_code": f"{status:03d}",
        "response_code": f"{status:03d}",
        "remote_ip": ip,
        "size_download": str(len(body)),
        "time_total": f"{took_ms / 1000:.6f}",
    }
    for name, value in values.items():
        text = text.replace(f"%{{{name}}}", value)
    call.write(text.replace("\\n", "\n").replace("\\t", "\t").encode())


def _curl_failure(
    call: Invocation, target: Target, failure: Failure, took_ms: int, *, quiet: bool
) -> int:
    if failure.kind == "name":
        return _curl_complain(call, 6, f"Could not resolve host: {target.host}", quiet=quiet)
    if failure.kind == TIMEOUT:
        words = f"Connection timed out after {took_ms} milliseconds"
        return _curl_complain(call, 28, words, quiet=quiet)
    if failure.kind == "protocol" and target.scheme == "https":
        words = "TLS connect error: https is not modelled by Podarium"
        return _curl_complain(call, 35, words, quiet=quiet)
    if failure.kind == "protocol":
        return _curl_complain(call, 52, "Empty reply from server", quiet=quiet)
    words = f"Failed to connect to {target.host} port {target.port} after {took_ms} ms: Could not connect to server"
    return _curl_complain(call, 7, words, quiet=quiet)


def _curl_complain(call: Invocation, code: int, message: str, *, quiet: bool) -> int:
    if not quiet:
        call.write(f"curl: ({code}) {message}\n".encode(), 2)
    return code
