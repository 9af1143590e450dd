"""Servers that speak a line protocol instead of HTTP: redis and memcached, as far as people type them.

Bytes in, bytes out, at once. What a server holds lives as long as its container.

Models:
    redis/redis/src/networking.c processInlineBuffer
    memcached/memcached/doc/protocol.txt
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_KEYS = 10_000
MOST_BYTES = 1 << 20


class LineServer(Protocol):
    """Answers a line, given what the container holds."""

    def __call__(self, words: list[bytes], data: dict[bytes, bytes]) -> bytes | None:
        """The reply; ``None`` to hang up."""


def redis(words: list[bytes], data: dict[bytes, bytes]) -> bytes | None:
    """One command of redis."""
    name = words[0].upper()
    if name == b"PING":
        return b"+PONG\r\n" if len(words) < 2 else _bulk(words[1])
    if name == b"QUIT":
        return None
    if name == b"ECHO" and len(words) == 2:
        return _bulk(words[1])
    if name == b"SET" and len(words) >= 3:
        return _store(data, words[1], words[2])
    if name == b"GET" and len(words) == 2:
        return _bulk(data.get(words[1]))
    if name in (b"INCR", b"DECR") and len(words) == 2:
        return _count(data, words[1], 1 if name == b"INCR" else -1)
    if name == b"DEL":
        return b":%d\r\n" % sum(data.pop(key, None) is not None for key in words[1:])
    if name == b"EXISTS":
        return b":%d\r\n" % sum(key in data for key in words[1:])
    if name == b"DBSIZE":
        return b":%d\r\n" % len(data)
    if name == b"KEYS":
        return b"*%d\r\n" % len(data) + b"".join(_bulk(key) for key in data)
    if name == b"INFO":
        return _bulk(
            b"# Server\r\nredis_version:8.2.0\r\nredis_mode:standalone\r\n# Replication\r\nrole:master\r\n"
        )
    if name in (b"SET", b"GET", b"INCR", b"DECR", b"ECHO"):
        return b"-ERR wrong number of arguments for '%s' command\r\n" % name.lower()
    return b"-ERR unknown command '%s', with args beginning with: \r\n" % words[0]


def memcached(words: list[bytes], data: dict[bytes, bytes]) -> bytes | None:
    """One command of memcached, without those that send data in a second line."""
    name = words[0]
    if name == b"version":
        return b"VERSION 1.6.39\r\n"
    if name == b"quit":
        return None
    if name in (b"get", b"gets"):
        found = [key for key in words[1:] if key in data]
        lines = [b"VALUE %s 0 %d\r\n%s\r\n" % (key, len(data[key]), data[key]) for key in found]
        return b"".join(lines) + b"END\r\n"
    if name == b"delete" and len(words) > 1:
        return b"NOT_FOUND\r\n" if data.pop(words[1], None) is None else b"DELETED\r\n"
    if name == b"stats":
        return b"STAT pid 1\r\nSTAT version 1.6.39\r\nSTAT curr_items %d\r\nEND\r\n" % len(data)
    return b"ERROR\r\n"


LINE_SERVERS: dict[str, LineServer] = {
    "memcached": memcached,
    "redis": redis,
    "valkey/valkey": redis,
}
"""Image → what its server answers, sorted."""
GREETINGS: dict[str, bytes] = {
    "mariadb": b"_\x00\x00\x00\n11.8.2-MariaDB\x00",
    "mysql": b"I\x00\x00\x00\n9.4.0\x00",
    "nats": b'INFO {"server_name":"nats","version":"2.11.8","proto":1}\r\n',
}
"""Image → what its server says first, sorted."""


class LineConversation:
    """A connection to a server that answers line by line.

    Args:
        greeting: What the server says first.
        serve: Answers a line; ``None`` for a server that hangs up on whatever comes.
        data: What the container holds.
        on_data: Gets replies, and ``None`` at the end.
    """

    def __init__(
        self,
        greeting: bytes,
        serve: LineServer | None,
        data: dict[bytes, bytes],
        on_data: Callable[[bytes | None], None],
    ) -> None:
        self._serve = serve
        self._data = data
        self._on_data = on_data
        self._buffer = b""
        self._over = False
        if greeting:
            on_data(greeting)

    def send(self, data: bytes | None) -> None:
        """Take bytes from the client; at their end the server hangs up."""
        if self._over:
            return
        if data is None or self._serve is None:
            self._close()
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        self._buffer = self._buffer[-MOST_BYTES:]
        for words in _commands(lines):
            reply = self._serve(words, self._data)
            if reply is None:
                self._close()
                return
            self._on_data(reply)

    def cancel(self) -> None:
        """The client is gone."""
        self._over = True

    def _close(self) -> None:
        self._over = True
        self._on_data(None)


def _commands(lines: list[bytes]) -> list[list[bytes]]:
    """Words of each command; redis' own framing (``*2``, ``$4``) is left out of inline ones."""
    commands: list[list[bytes]] = []
    open_words = 0
    for line in (line.strip() for line in lines):
        if line.startswith(b"*") and line[1:].isdigit():
            open_words = int(line[1:])
            commands.append([])
        elif open_words:
            if not (line.startswith(b"$") and line[1:].isdigit()):
                commands[-1].append(line)
                open_words -= 1
        elif line:
            commands.append(line.split())
    return [words for words in commands if words]


def _store(data: dict[bytes, bytes], key: bytes, value: bytes) -> bytes:
    if key not in data and len(data) >= MOST_KEYS:
        return b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"
    data[key] = value
    return b"+OK\r\n"


def _count(data: dict[bytes, bytes], key: bytes, by: int) -> bytes:
    try:
        value = int(data.get(key, b"0")) + by
    except ValueError:
        return b"-ERR value is not an integer or out of range\r\n"
    data[key] = b"%d" % value
    return b":%d\r\n" % value


def _bulk(value: bytes | None) -> bytes:
    return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)
