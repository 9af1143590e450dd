"""Clients of databases, as far as probes and examples go: is the server up, and a first question.

``pg_isready``, ``psql``, ``redis-cli``, ``mysqladmin``, ``mysql``, ``mongosh``: each asks whether somebody
listens; what a database holds is not modelled.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.http_client import (
    Failure,
    find_address,
    known_address,
    words_of,
)
from webapp.cri.programs.commands.options import parse_options
from webapp.cri.programs.network import ANSWERED, Stopped

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

LIMIT_MS = 3_000
_NOT_MODELLED = "not modelled by Podarium"


def _reach(call: Invocation, host: str, port: str) -> Generator[Wait, Any, bool]:
    """Whether a server answers."""
    yield from call.flush()
    request = call.userland.network.begin(f"tcp {host}:{port}")
    ip = yield from find_address(call, request, host, LIMIT_MS)
    if isinstance(ip, Failure):
        return False
    found = request.connect(ip, int(port) if port.isdigit() else 0)
    if isinstance(found, Stopped):
        yield max(1, min(found.wait_ms, LIMIT_MS))
        request.end(found.kind, 0, words_of(found.kind))
        return False
    yield found.latency_ms
    request.end(ANSWERED, 0, "connected")
    return True


def pg_isready(call: Invocation) -> Steps:
    """``pg_isready [-h host] [-p port] [-U user] [-d database] [-q]``."""
    options, _ = parse_options(
        call.argv[1:],
        "q",
        "hpUdt",
        {"dbname": "d", "host": "h", "port": "p", "quiet": "q", "timeout": "t", "username": "U"},
    )
    host, port = options.get("h", ""), options.get("p", "5432")
    up = yield from _reach(call, host or "localhost", port)
    if "q" not in options:
        where = host or "/var/run/postgresql"
        call.print(f"{where}:{port} - {'accepting connections' if up else 'no response'}")
    return 0 if up else 2


def psql(call: Invocation) -> Steps:
    """``psql [-h host] -c 'SELECT 1'``."""
    options, _ = parse_options(
        call.argv[1:],
        "Atqwx",
        "hpUdcf",
        {"command": "c", "dbname": "d", "host": "h", "port": "p", "username": "U"},
    )
    host, port = options.get("h", "localhost"), options.get("p", "5432")
    if not (yield from _reach(call, host, port)):
        words = f'connection to server at "{host}", port {port} failed: Connection refused'
        return call.complain(f"error: {words}\n\tIs the server running on that host?", 2)
    match = re.fullmatch(r"\s*select\s+(\d+)\s*;?\s*", options.get("c", ""), re.IGNORECASE)
    if match is None:
        return call.complain(f"error: only SELECT of a number is modelled: {_NOT_MODELLED}", 1)
    if "t" in options:
        call.print(match[1] if "A" in options else f"        {match[1]}\n")
    else:
        call.print(f" ?column? \n----------\n{match[1]:>9}\n(1 row)\n")
    return 0


def redis_cli(call: Invocation) -> Steps:
    """``redis-cli [-h host] [-p port] ping``; ``config get`` of what a configuration file says."""
    options, words = parse_options(
        call.argv[1:], "r", "hpan", {"no-auth-warning": "r", "raw": "r", "tls": "r"}
    )
    host, port = options.get("h", "127.0.0.1"), options.get("p", "6379")
    if not (yield from _reach(call, host, port)):
        known = known_address(call, host)
        reason = "Connection refused" if known else "Name or service not known"
        call.write(f"Could not connect to Redis at {host}:{port}: {reason}\n".encode())
        return 1
    name = words[0].lower() if words else ""
    if name == "ping":
        call.print(words[1] if len(words) > 1 else "PONG")
    elif name == "echo" and len(words) > 1:
        call.print(words[1])
    elif name == "config" and len(words) > 2 and words[1].lower() == "get":
        value = _redis_setting(call, words[2].lower())
        for line in (words[2].lower(), value) if value is not None else ("",):
            call.print(line)
    elif name == "role":
        call.print("master\n0")
    else:
        return call.complain(f"{name or 'a session'}: {_NOT_MODELLED}", 1)
    return 0


def _redis_setting(call: Invocation, name: str) -> str | None:
    """A setting: out of the configuration file that the server was started with, or the default."""
    first = call.userland.first
    for word in first.argv[1:] if first is not None else ():
        if not word.endswith(".conf"):
            continue
        for line in call.files.read(call.path(word)).decode(errors="replace").splitlines():
            key, _, value = line.strip().partition(" ")
            if key.lower() == name:
                return _redis_bytes(value.strip()) if name == "maxmemory" else value.strip()
    return {
        "maxmemory": "0",
        "maxmemory-policy": "noeviction",
        "save": "3600 1 300 100 60 10000",
    }.get(name)


def _redis_bytes(text: str) -> str:
    match = re.fullmatch(r"(\d+)(k|kb|m|mb|g|gb)?", text.lower())
    if match is None:
        return text
    scale = {"": 1, "k": 1000, "kb": 1 << 10, "m": 10**6, "mb": 1 << 20, "g": 10**9, "gb": 1 << 30}
    return str(int(match[1]) * scale[match[2] or ""])


def mysql(call: Invocation) -> Steps:
    """``mysqladmin ping`` and ``mysql -e 'SELECT 1'``, also under MariaDB's names."""
    words = [word for word in call.argv[1:] if not re.match(r"-[uph].|--", word)]
    host = next((word[2:] for word in call.argv[1:] if re.match(r"-h.", word)), "")
    statement = ""
    rest: list[str] = []
    while words:
        word = words.pop(0)
        if word == "-h" and words:
            host = words.pop(0)
        elif word in ("-e", "-u", "-P") and words:
            value = words.pop(0)
            statement = value if word == "-e" else statement
        elif not word.startswith("-"):
            rest.append(word)
    for word in call.argv[1:]:
        if word.startswith("--host="):
            host = word[7:]
    if not (yield from _reach(call, host or "localhost", "3306")):
        return _mysql_unreachable(call, host)
    if call.name in ("mysqladmin", "mariadb-admin"):
        if rest[:1] == ["ping"]:
            call.print("mysqld is alive")
            return 0
        return call.complain(f"{' '.join(rest)}: {_NOT_MODELLED}", 1)
    match = re.fullmatch(r"\s*select\s+(\d+)\s*;?\s*", statement, re.IGNORECASE)
    if match is None:
        return call.complain(f"only SELECT of a number: {_NOT_MODELLED}", 1)
    call.print(f"{match[1]}\n{match[1]}")
    return 0


def _mysql_unreachable(call: Invocation, host: str) -> int:
    target = (
        f"MySQL server on '{host}:3306' (111)"
        if host and host != "localhost"
        else "local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)"
    )
    if call.name in ("mysqladmin", "mariadb-admin"):
        call.complain(f"connect to server at '{host or 'localhost'}' failed", 1)
        call.write(f"error: 'Can't connect to {target}'\n".encode(), 2)
        return 1
    call.write(f"ERROR 2002 (HY000): Can't connect to {target}\n".encode(), 2)
    return 1


def mongosh(call: Invocation) -> Steps:
    """``mongosh [--host host] --eval "db.adminCommand('ping')"``."""
    words = call.argv[1:]
    script = next((words[at + 1] for at, word in enumerate(words[:-1]) if word == "--eval"), "")
    host = next(
        (words[at + 1] for at, word in enumerate(words[:-1]) if word == "--host"), "127.0.0.1"
    )
    if not (yield from _reach(call, host.partition(":")[0], "27017")):
        words_ = f"connect ECONNREFUSED {host}:27017"
        call.write(f"MongoNetworkError: {words_}\n".encode(), 2)
        return 1
    if "ping" in script:
        call.print("{ ok: 1 }")
    elif "hello" in script or "isMaster" in script:
        call.print("{ isWritablePrimary: true, ok: 1 }")
    else:
        return call.complain(f"{script or 'a session'}: {_NOT_MODELLED}", 1)
    return 0
