"""The run's inputs on disk: genesis, every stamped command, and how far the run had come.

One SQLite file in WAL mode with ``synchronous=FULL``. The driver adds commands as it handles them and
commits once a slice, before it lets anybody see an answer; so what was acknowledged survives
``kill -9``. Since the world below the driver is deterministic, genesis plus commands *is* the world:
:meth:`Journal.commands` in order, each at its stamp, repeats the run.

Nothing but this module opens the file. Every problem with it is a :class:`JournalError` of one line.
"""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from webapp.apimachinery.wire import Request, UserInfo
from webapp.driver.inbox import Stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME = "journal.sqlite3"
APPLICATION_ID = 0x504F4441
"""``PODA``: how a journal is told from other SQLite files."""
SCHEMA_VERSION = 1

REQUEST = "request"
PAUSE = "pause"

_SCHEMA = """
CREATE TABLE genesis (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE commands (
    sequence INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    events_processed INTEGER NOT NULL,
    kind TEXT NOT NULL,
    request BLOB,
    revision INTEGER NOT NULL
);
CREATE TABLE progress (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at_ms INTEGER NOT NULL,
    events_processed INTEGER NOT NULL
);
"""


class JournalError(Exception):
    """The journal cannot be used; the message is one line for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Genesis:
    """What a run begins from.

    Attributes:
        seed: Seed of every random stream.
        start_ms: Virtual time of the beginning, milliseconds since the Unix epoch.
        nodes: Number of Nodes.
        product_version: The version that wrote the journal; another one may behave differently.
        config: Further settings of the cluster, by name.
    """

    seed: int
    start_ms: int
    nodes: int
    product_version: str
    config: dict[str, Any] = field(default_factory=dict)


class JournalEntry(NamedTuple):
    """One stamped command.

    Attributes:
        stamp: Where in the run it was handled.
        kind: ``request``, or ``pause`` when the driver stopped the clock itself.
        request: The request, for that kind.
        revision: The store's revision afterwards, which a replay must meet.
    """

    stamp: Stamp
    kind: str
    request: Request | None
    revision: int


class _StoredRequest(msgspec.Struct, array_like=True):
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes | None
    user: tuple[str, tuple[str, ...], str] | None
    client: str


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_StoredRequest)


class Journal:
    """An open journal; exclusive to this process until :meth:`close`.

    Attributes:
        path: The file.
        genesis: What the run begins from.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, genesis: Genesis) -> None:
        self.path = path
        self.genesis = genesis
        self._connection = connection
        self._rows: list[tuple[int, int, int, str, bytes | None, int]] = []
        self._progress = self._stored_progress()

    @classmethod
    def create(cls, directory: Path, genesis: Genesis) -> Journal:
        """Begin a journal in ``directory``, which is made if it is missing.

        Raises:
            JournalError: The directory cannot be written, or another process is creating there.
        """
        path = directory / FILE_NAME
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            connection = _connect(path)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.executescript("BEGIN IMMEDIATE;" + _SCHEMA + "COMMIT;")
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(
                    "INSERT INTO genesis VALUES (?, ?)",
                    [(name, msgspec.json.encode(value)) for name, value in asdict(genesis).items()],
                )
                connection.execute("INSERT INTO progress VALUES (1, ?, 0)", (genesis.start_ms,))
        except (OSError, sqlite3.Error) as error:
            raise JournalError(_explain(path, error)) from error
        return cls(path, connection, genesis)

    @classmethod
    def open(cls, directory: Path) -> Journal:
        """Open the journal in ``directory``.

        Raises:
            JournalError: It is in use, damaged, or was made by something else.
        """
        path = directory / FILE_NAME
        try:
            connection = _connect(path)
            _check(path, connection)
            rows = connection.execute("SELECT name, value FROM genesis").fetchall()
            genesis = msgspec.convert(
                {name: msgspec.json.decode(value) for name, value in rows}, Genesis
            )
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            raise JournalError(_explain(path, error)) from error
        return cls(path, connection, genesis)

    @staticmethod
    def exists(directory: Path) -> bool:
        """Whether ``directory`` holds a journal that was begun."""
        path = directory / FILE_NAME
        return path.exists() and path.stat().st_size > 0

    @property
    def progress(self) -> tuple[int, int]:
        """How far the run had come at the last commit: (virtual ms, events processed)."""
        return self._progress

    def commands(self, after: int = 0) -> Iterator[JournalEntry]:
        """Every committed command with a sequence number above ``after``, in order.

        Raises:
            JournalError: A row cannot be read.
        """
        try:
            rows = self._connection.execute(
                "SELECT sequence, at_ms, events_processed, kind, request, revision"
                " FROM commands WHERE sequence > ? ORDER BY sequence",
                (after,),
            )
            for sequence, at_ms, events_processed, kind, request, revision in rows:
                yield JournalEntry(
                    Stamp(at_ms, events_processed, sequence),
                    kind,
                    _decode_request(request) if request is not None else None,
                    revision,
                )
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            raise JournalError(_explain(self.path, error)) from error

    def add(self, entry: JournalEntry) -> None:
        """Take a command into the next commit."""
        request = _encode_request(entry.request) if entry.request is not None else None
        stamp = entry.stamp
        self._rows.append(
            (
                stamp.sequence,
                stamp.at_ms,
                stamp.events_processed,
                entry.kind,
                request,
                entry.revision,
            )
        )

    def commit(self, at_ms: int, events_processed: int) -> None:
        """Make everything added so far durable, and note how far the run has come.

        Raises:
            JournalError: The disk refused; the commands are not durable.
        """
        if not self._rows and self._progress == (at_ms, events_processed):
            return
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany(
                    "INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?)", self._rows
                )
                self._connection.execute(
                    "UPDATE progress SET at_ms = ?, events_processed = ?", (at_ms, events_processed)
                )
        except sqlite3.Error as error:
            raise JournalError(_explain(self.path, error)) from error
        self._rows.clear()
        self._progress = (at_ms, events_processed)

    def as_bytes(self) -> bytes:
        """The committed journal as one SQLite file, to be downloaded."""
        copy = sqlite3.connect(":memory:")
        try:
            self._connection.backup(copy)
            return copy.serialize()
        finally:
            copy.close()

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def _stored_progress(self) -> tuple[int, int]:
        row = self._connection.execute("SELECT at_ms, events_processed FROM progress").fetchone()
        if row is None:
            raise JournalError(f"{self.path} is damaged: it does not say how far the run had come")
        at_ms, events_processed = row
        return at_ms, events_processed


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # Exclusive mode takes its lock at the first access, and keeps it.
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")
    return connection


def _check(path: Path, connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise JournalError(f"{path} was not made by podarium")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA_VERSION:
        raise JournalError(
            f"{path} has journal format {version}; this version of podarium reads format {SCHEMA_VERSION}"
        )
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise JournalError(f"{path} is damaged: {verdict}")


def _explain(path: Path, error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, JournalError):
        return text
    if "locked" in text:
        return f"{path} is in use by another podarium process"
    if "not a database" in text:
        return f"{path} is not a podarium journal (it is not an SQLite file)"
    if "malformed" in text or isinstance(error, msgspec.MsgspecError) or "no such table" in text:
        return f"{path} is damaged: {text}"
    return f"{path} cannot be used: {text}"


def _encode_request(request: Request) -> bytes:
    body = request.body
    user = request.user
    return _encoder.encode(
        _StoredRequest(
            request.method,
            request.path,
            {name: list(values) for name, values in request.query.items()},
            dict(request.headers),
            msgspec.json.encode(body) if isinstance(body, dict) else body,
            (user.name, user.groups, user.uid) if user else None,
            request.client,
        )
    )


def _decode_request(data: bytes) -> Request:
    stored = _decoder.decode(data)
    return Request(
        stored.method,
        stored.path,
        stored.query,
        stored.headers,
        stored.body,
        UserInfo(*stored.user) if stored.user else None,
        stored.client,
    )
