"""``curl``: asking a server, with what people write into its options."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.http_client import (
    Failure,
    Target,
    fetch,
    http_request,
    parse_url,
    reason,
)
from webapp.cri.programs.commands.options import OptionError, parse_options
from webapp.cri.programs.files.nodes import FileError
from webapp.cri.programs.network import NO_NAME, REFUSED, RESET, TIMEOUT, HTTPAnswer

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]


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
    "retry-connrefused": "R",
    "retry-delay": "D",
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
        options, names = parse_options(words, "sSfiIkLvOgNR46", "omwXHdAurcD", _CURL_LONG)
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
        code = yield from _ask(call, name, options, dict(headers))
    return code


def _ask(call: Invocation, name: str, options: dict[str, str], headers: dict[str, str]) -> Steps:
    quiet = "s" in options and "S" not in options
    target = parse_url(name)
    if target is None:
        return _complain(call, 3, "URL rejected: Malformed input to a URL function", quiet=quiet)
    method = options.get("X") or ("HEAD" if "I" in options else "POST" if "d" in options else "GET")
    limit_ms = round(float(options.get("m") or 300) * 1000)
    connect_ms = round(float(options.get("c") or 0) * 1000)
    request = http_request(call, target, method, options.get("d", ""), headers)
    started_ms = call.userland.sim.now_ms
    tries = int(options.get("r") or 0)
    answer, ip = yield from fetch(call, target, request, limit_ms, connect_ms)
    for attempt in range(tries):
        if not _is_transient(answer, refused_too="R" in options):
            break
        yield round(float(options.get("D") or min(1 << attempt, 600)) * 1000)
        answer, ip = yield from fetch(call, target, request, limit_ms, connect_ms)
    took_ms = call.userland.sim.now_ms - started_ms
    if isinstance(answer, Failure):
        code = _fail(call, target, answer, took_ms, options, quiet=quiet)
        _write_out(call, options, 0, took_ms, b"", ip)
        return code
    if "f" in options and answer.status >= 400:
        _write_out(call, options, answer.status, took_ms, b"", ip)
        return _complain(
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
            return _complain(
                call, 23, f"Failure writing output to destination: {error.reason}", quiet=quiet
            )
    _write_out(call, options, answer.status, took_ms, answer.body, ip)
    return 0


def _is_transient(answer: HTTPAnswer | Failure, *, refused_too: bool) -> bool:
    """Whether ``--retry`` tries again."""
    if isinstance(answer, Failure):
        return answer.kind == TIMEOUT or (answer.kind == REFUSED and refused_too)
    return answer.status in (408, 429, 500, 502, 503, 504)


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


def _fail(
    call: Invocation,
    target: Target,
    failure: Failure,
    took_ms: int,
    options: dict[str, str],
    *,
    quiet: bool,
) -> int:
    if failure.resolving and ("m" in options or "c" in options):
        words = f"Resolving timed out after {took_ms} milliseconds"
        return _complain(call, 28, words, quiet=quiet)
    if failure.kind == NO_NAME:
        return _complain(call, 6, f"Could not resolve host: {target.host}", quiet=quiet)
    if failure.kind == TIMEOUT:
        words = f"Connection timed out after {took_ms} milliseconds"
        return _complain(call, 28, words, quiet=quiet)
    if failure.kind == RESET and target.scheme == "https":
        words = "TLS connect error: https is not modelled by Podarium"
        return _complain(call, 35, words, quiet=quiet)
    if failure.kind == RESET:
        return _complain(call, 52, "Empty reply from server", quiet=quiet)
    words = f"Failed to connect to {target.host} port {target.port} after {took_ms} ms: Could not connect to server"
    return _complain(call, 7, words, quiet=quiet)


def _complain(call: Invocation, code: int, message: str, *, quiet: bool) -> int:
    if not quiet:
        call.write(f"curl: ({code}) {message}\n".encode(), 2)
    return code
