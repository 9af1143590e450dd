"""Between WSGI and the wire: an environ into a ``Request``, a ``Response`` into status, headers and body.

Limits are enforced here, before anything is decoded. Protobuf bodies, which kubectl's typed commands
send, become JSON here, so that the API server and the journal know one form only.
"""

from __future__ import annotations

import zlib
from http.client import responses
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import gevent
import orjson

from webapp.api.schema.definitions import definitions
from webapp.apimachinery.protobuf import MEDIA_TYPE as PROTOBUF
from webapp.apimachinery.protobuf import decode_protobuf
from webapp.apimachinery.status import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from webapp.apimachinery.wire import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.wire import Response, UserInfo

MAX_BODY_BYTES = 3 * 1024 * 1024
GZIP_FROM_BYTES = 128 * 1024
MAX_QUERY_FIELDS = 1000
ITEMS_IN_ONE_PIECE = 500
ITEMS_A_CHUNK = 100
"""Large lists are encoded in chunks of this many, so that nothing else waits for more than milliseconds."""

USER_KEY = "podarium.user"
"""environ key: the ``UserInfo`` that the gate found out, if any."""

_PASSED_HEADERS = (
    "accept",
    "accept-encoding",
    "authorization",
    "content-type",
    "if-none-match",
    "impersonate-group",
    "impersonate-uid",
    "impersonate-user",
    "kubectl-command",
    "user-agent",
)
_ENVIRON_NAMES = {
    name: name.upper().replace("-", "_")
    if name == "content-type"
    else "HTTP_" + name.upper().replace("-", "_")
    for name in _PASSED_HEADERS
}


def read_request(environ: dict[str, Any]) -> Request:
    """The API request in a WSGI environ.

    Raises:
        BadRequest: Path, query or body are not what HTTP and UTF-8 allow.
        RequestEntityTooLarge: The body is larger than the server takes.
        UnsupportedMediaType: The body is encoded in a way that nobody here reads.
    """
    headers = {
        name: environ[key] for name, key in _ENVIRON_NAMES.items() if environ.get(key) is not None
    }
    method = environ["REQUEST_METHOD"]
    body = _read_body(environ) if method not in {"GET", "HEAD"} else None
    if body and headers.get("content-type", "").startswith(PROTOBUF):
        body = orjson.dumps(decode_protobuf(body, definitions()))
        headers["content-type"] = "application/json"
    user: UserInfo | None = environ.get(USER_KEY)
    if user is not None:
        # Whoever is known already needs no token any more, and none gets into the journal.
        headers.pop("authorization", None)
    return Request(
        "GET" if method == "HEAD" else method,
        _path(environ),
        _query(environ),
        headers,
        body,
        user,
        _client_name(headers.get("user-agent", "")),
    )


def _path(environ: dict[str, Any]) -> str:
    try:
        path: str = environ["PATH_INFO"].encode("latin-1").decode("utf-8")
    except UnicodeError as error:
        raise BadRequest("the request path is not valid UTF-8") from error
    return path


def _query(environ: dict[str, Any]) -> dict[str, list[str]]:
    text = environ.get("QUERY_STRING", "")
    if not text:
        return {}
    try:
        return parse_qs(
            text, keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS
        )
    except ValueError as error:
        raise BadRequest(f"the query cannot be read: {error}") from error


def _read_body(environ: dict[str, Any]) -> bytes | None:
    if environ.get("HTTP_CONTENT_ENCODING", "identity") not in {"identity", ""}:
        raise UnsupportedMediaType("compressed request bodies are not supported")
    length = environ.get("CONTENT_LENGTH") or ""
    too_large = RequestEntityTooLarge(f"Request entity too large: limit is {MAX_BODY_BYTES}")
    wanted = MAX_BODY_BYTES + 1
    if "HTTP_TRANSFER_ENCODING" not in environ:
        # An upgrade request's input is the connection itself: never read more than was announced.
        if length in {"", "0"}:
            return None
        if not length.isdecimal():
            raise BadRequest("Content-Length is not a number")
        wanted = int(length)
        if wanted > MAX_BODY_BYTES:
            raise too_large
    try:
        body: bytes = environ["wsgi.input"].read(wanted)
    except (OSError, ValueError) as error:
        raise BadRequest(f"the request body cannot be read: {error}") from error
    if len(body) > MAX_BODY_BYTES:
        raise too_large
    if length and len(body) < wanted:
        raise BadRequest("the request body ended early")
    return body or None


def _client_name(user_agent: str) -> str:
    """The program in a User-Agent: ``kubectl``; browsers are the page."""
    name = user_agent.partition("/")[0].strip()
    if name == "Mozilla":
        return "page"
    return name[:64] or "unknown"


def status_line(code: int) -> str:
    """An HTTP status with its phrase."""
    return f"{code} {responses.get(code, 'Unknown')}"


def warning_headers(warnings: Iterable[str]) -> list[tuple[str, str]]:
    """``Warning`` headers as kubectl reads them."""
    return [("Warning", f'299 - "{_quoted(text)}"') for text in warnings]


def _quoted(text: str) -> str:
    one_line = " ".join(text.split())
    escaped = one_line.replace("\\", "\\\\").replace('"', '\\"')
    # Headers are latin-1 on the wire; UTF-8 bytes get through as such.
    return escaped.encode().decode("latin-1")


def encode_response(
    response: Response, environ: dict[str, Any]
) -> tuple[str, list[tuple[str, str]], Iterable[bytes]]:
    """Status line, headers and body of a whole answer; gzip when it is large and welcome."""
    headers = [
        ("Content-Type", response.content_type),
        *response.headers,
        *warning_headers(response.warnings),
    ]
    if not any(name.lower() == "cache-control" for name, _ in headers):
        headers.append(("Cache-Control", "no-cache, private"))
    line = status_line(response.status_code)
    takes_gzip = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
    body = response.body
    if isinstance(body, dict) and len(body.get("items") or ()) > ITEMS_IN_ONE_PIECE:
        pieces = _list_pieces(body)
        if takes_gzip:
            headers.append(("Content-Encoding", "gzip"))
            pieces = _gzip_pieces(pieces)
        return line, headers, pieces
    data = body if isinstance(body, bytes) else orjson.dumps(body) if body is not None else b""
    encoded = any(name.lower() == "content-encoding" for name, _ in headers)
    if takes_gzip and not encoded and len(data) > GZIP_FROM_BYTES:
        headers.append(("Content-Encoding", "gzip"))
        data = b"".join(_gzip_pieces(iter((data,))))
    if response.status_code not in {204, 304}:
        headers.append(("Content-Length", str(len(data))))
    return line, headers, (data,)


def _list_pieces(body: JSONObject) -> Iterator[bytes]:
    head = orjson.dumps({name: value for name, value in body.items() if name != "items"})
    yield head[:-1] + (b"," if len(head) > 2 else b"") + b'"items":['
    items = body["items"]
    for start in range(0, len(items), ITEMS_A_CHUNK):
        chunk = orjson.dumps(items[start : start + ITEMS_A_CHUNK])[1:-1]
        yield chunk if start == 0 else b"," + chunk
        gevent.sleep(0)
    yield b"]}"


def _gzip_pieces(pieces: Iterator[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(1, wbits=31)
    for piece in pieces:
        if compressed := compressor.compress(piece):
            yield compressed
    yield compressor.flush()
