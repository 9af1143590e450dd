"""SPDY/3.1 framing, server side, as far as kubectl speaks it: bytes in, events out, and back.

It knows nothing of sockets. Flow control is ignored when sending: these clients send no
WINDOW_UPDATE, so that obeying the window of 64 KiB would stall for ever.

Models:
    github.com/moby/spdystream
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_FRAME_BYTES = 4 * 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024
DATA_BYTES = 32 * 1024
"""Larger data leaves in frames of this size."""
DICTIONARY_ADLER = 0xE3C6A7C2

_CONTROL = 0x8000
_VERSION = 3
_SYN_STREAM = 1
_SYN_REPLY = 2
_RST_STREAM = 3
_PING = 6
_GOAWAY = 7
_HEADERS = 8
_FIN = 1
PROTOCOL_ERROR = 1
CANCEL = 5

_WORDS = """
options head post put delete trace accept accept-charset accept-encoding accept-language
accept-ranges age allow authorization cache-control connection content-base content-encoding
content-language content-length content-location content-md5 content-range content-type date
etag expect expires from host if-match if-modified-since if-none-match if-range
if-unmodified-since last-modified location max-forwards pragma proxy-authenticate
proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade
user-agent vary via warning www-authenticate method get status
"""
_STATUS_OK = "200 OK"
_TAIL_WORDS = ("version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin")
_TAIL = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request"
    "401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented"
    "503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 "
    "Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,"
    "application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age="
    "gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
"""Words of the dictionary that both sides of SPDY/3 know, each with its length before it, and its end."""


def _dictionary() -> bytes:
    words = (*_WORDS.split(), _STATUS_OK, *_TAIL_WORDS)
    return b"".join(struct.pack("!I", len(word)) + word.encode() for word in words) + _TAIL.encode()


DICTIONARY = _dictionary()


class SPDYError(Exception):
    """The peer does not speak SPDY/3.1."""


class StreamOpened(NamedTuple):
    """The peer opened a stream."""

    stream: int
    headers: Mapping[str, str]
    is_last: bool


class DataReceived(NamedTuple):
    """Bytes on a stream; ``is_last`` when the peer will send no more there."""

    stream: int
    data: bytes
    is_last: bool


class StreamReset(NamedTuple):
    """The peer gave a stream up."""

    stream: int


class PingReceived(NamedTuple):
    """To be sent back."""

    number: int


class GoAway(NamedTuple):
    """The peer opens no more streams."""


Event = StreamOpened | DataReceived | StreamReset | PingReceived | GoAway


class SPDYConnection:
    """The state of one connection: what was received in part, and the two compressors."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._deflate = zlib.compressobj(zdict=DICTIONARY)
        self._last_stream = 0

    # In

    def receive(self, data: bytes) -> Iterator[Event]:
        """Take bytes; the events that are complete.

        Raises:
            SPDYError: That is no SPDY.
        """
        self._buffer += data
        while len(self._buffer) >= 8:
            first, second = struct.unpack_from("!II", self._buffer)
            flags, length = second >> 24, second & 0xFFFFFF
            if length > MAX_FRAME_BYTES:
                raise SPDYError(f"a frame of {length} bytes")
            if len(self._buffer) < 8 + length:
                return
            payload = bytes(self._buffer[8 : 8 + length])
            del self._buffer[: 8 + length]
            if not first >> 31:
                yield DataReceived(first, payload, bool(flags & _FIN))
                continue
            if (first >> 16) & 0x7FFF != _VERSION:
                raise SPDYError(f"version {(first >> 16) & 0x7FFF}")
            event = self._control(first & 0xFFFF, flags, payload)
            if event is not None:
                yield event

    def _control(self, kind: int, flags: int, payload: bytes) -> Event | None:
        try:
            if kind == _SYN_STREAM:
                stream = struct.unpack_from("!I", payload)[0] & 0x7FFFFFFF
                self._last_stream = max(self._last_stream, stream)
                return StreamOpened(stream, self._headers(payload[10:]), bool(flags & _FIN))
            if kind == _RST_STREAM:
                return StreamReset(struct.unpack_from("!I", payload)[0] & 0x7FFFFFFF)
            if kind == _PING:
                return PingReceived(struct.unpack("!I", payload)[0])
            if kind == _HEADERS:
                # Nobody needs them, but they are part of the compressed stream.
                stream = struct.unpack_from("!I", payload)[0] & 0x7FFFFFFF
                self._headers(payload[4:])
                return DataReceived(stream, b"", is_last=True) if flags & _FIN else None
        except (struct.error, zlib.error, UnicodeError) as error:
            raise SPDYError(str(error)) from error
        return GoAway() if kind == _GOAWAY else None

    def _headers(self, block: bytes) -> dict[str, str]:
        plain = self._inflate.decompress(block, MAX_HEADER_BYTES)
        (count,) = struct.unpack_from("!I", plain)
        words: list[str] = []
        at = 4
        for _ in range(2 * count):
            (length,) = struct.unpack_from("!I", plain, at)
            at += 4
            words.append(plain[at : at + length].decode())
            at += length
        return dict(zip(words[::2], words[1::2], strict=True))

    # Out

    def reply(self, stream: int) -> bytes:
        """Accept a stream; each one must be."""
        block = self._deflate.compress(struct.pack("!I", 0))
        block += self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return _frame(_SYN_REPLY, struct.pack("!I", stream) + block)

    def data(self, stream: int, data: bytes, *, is_last: bool = False) -> bytes:
        """Bytes on a stream."""
        pieces = [data[at : at + DATA_BYTES] for at in range(0, len(data), DATA_BYTES)] or [b""]
        frames = bytearray()
        for number, piece in enumerate(pieces, 1):
            flags = _FIN if is_last and number == len(pieces) else 0
            frames += struct.pack("!II", stream, flags << 24 | len(piece)) + piece
        return bytes(frames)

    def reset(self, stream: int, status: int = CANCEL) -> bytes:
        """Give a stream up."""
        return _frame(_RST_STREAM, struct.pack("!II", stream, status))

    def ping(self, number: int) -> bytes:
        """Send a ping back."""
        return _frame(_PING, struct.pack("!I", number))

    def go_away(self) -> bytes:
        """Say that this is the end."""
        return _frame(_GOAWAY, struct.pack("!II", self._last_stream, 0))


def _frame(kind: int, payload: bytes) -> bytes:
    return struct.pack("!HHI", _CONTROL | _VERSION, kind, len(payload)) + payload
