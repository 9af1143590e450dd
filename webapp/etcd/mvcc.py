"""The revisioned key space.

Keys are ``bucket`` (a resource's prefix, such as ``/registry/pods``) and ``name`` below it; values
are opaque and never changed. Every put or delete is one revision. The change log is kept from the
last compaction on; so are the versions of each key, for reads in the past.

Models:
    etcd server/storage/mvcc (one revision counter, compaction, watch from a revision)
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from webapp.etcd.errors import CompactedError, FutureRevisionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class KeyValue(NamedTuple):
    """One version of one key.

    Attributes:
        name: The key below its bucket.
        value: What was put.
        create_revision: When this incarnation of the key began.
        mod_revision: When this version was written.
    """

    name: str
    value: Any
    create_revision: int
    mod_revision: int


class Change(NamedTuple):
    """One revision of the log.

    Attributes:
        revision: Its number.
        bucket: Where.
        name: Which key.
        value: What was put; for a deletion what ``delete`` was given as the last word on the key.
        previous: The value before, or ``None`` when the key was new.
        deleted: Whether the key was deleted.
    """

    revision: int
    bucket: str
    name: str
    value: Any
    previous: Any
    deleted: bool


class _Bucket:
    """The live keys of one prefix, and their older versions."""

    __slots__ = ("_sorted", "live", "versions")

    def __init__(self) -> None:
        self.live: dict[str, KeyValue] = {}
        self.versions: dict[str, list[Change]] = {}
        self._sorted: list[str] | None = None

    def names(self) -> list[str]:
        if self._sorted is None:
            self._sorted = sorted(self.live)
        return self._sorted

    def forget_order(self) -> None:
        self._sorted = None


class Store:
    """All buckets under one revision counter.

    Attributes:
        revision: The newest revision; 1 when empty, as a new etcd has it.
        compacted: The newest revision that can no longer be read or watched from.
    """

    def __init__(self) -> None:
        self.revision = 1
        self.compacted = 0
        self._first_logged = 2
        self._log: list[Change] = []
        self._buckets: dict[str, _Bucket] = {}
        self._listeners: list[Callable[[Change], None]] = []

    def put(self, bucket: str, name: str, value: Any) -> int:
        """Write a version of a key; return its revision."""
        held = self._bucket(bucket)
        before = held.live.get(name)
        self.revision = revision = self.revision + 1
        if before is None:
            held.forget_order()
            created, previous = revision, None
        else:
            created, previous = before.create_revision, before.value
        # The short way to a NamedTuple: every revision needs two.
        held.live[name] = tuple.__new__(KeyValue, (name, value, created, revision))
        self._commit(held, tuple.__new__(Change, (revision, bucket, name, value, previous, False)))
        return revision

    def delete(self, bucket: str, name: str, last: Any = None) -> int:
        """Delete a key; return the deletion's revision.

        Args:
            bucket: Where.
            name: Which key.
            last: What watchers are told was there; the stored value when ``None``.

        Raises:
            KeyError: There is no such key.
        """
        held = self._bucket(bucket)
        before = held.live.pop(name)
        held.forget_order()
        self.revision += 1
        value = before.value if last is None else last
        self._commit(held, Change(self.revision, bucket, name, value, before.value, deleted=True))
        return self.revision

    def get(self, bucket: str, name: str) -> KeyValue | None:
        """The live version of a key."""
        held = self._buckets.get(bucket)
        return held.live.get(name) if held else None

    def names(self, bucket: str) -> list[str]:
        """Live keys of a bucket, sorted; not to be changed."""
        held = self._buckets.get(bucket)
        return held.names() if held else []

    def range(self, bucket: str, prefix: str = "", start: str = "") -> Iterator[KeyValue]:
        """Live versions in key order.

        Args:
            bucket: Where.
            prefix: Only keys that begin so.
            start: Only keys at or after this one.
        """
        held = self._buckets.get(bucket)
        if held is None:
            return
        names = held.names()
        live = held.live
        for position in range(bisect_left(names, max(prefix, start)), len(names)):
            name = names[position]
            if not name.startswith(prefix):
                return
            yield live[name]

    def range_at(
        self, bucket: str, revision: int, prefix: str = "", start: str = ""
    ) -> Iterator[KeyValue]:
        """Versions as they were at ``revision``, in key order.

        Raises:
            CompactedError: The revision is no longer kept.
            FutureRevisionError: The revision is not yet written.
        """
        self._check_readable(revision)
        held = self._buckets.get(bucket)
        if held is None:
            return
        for name in sorted(held.versions.keys() | held.live.keys()):
            if name < start or not name.startswith(prefix):
                continue
            found = self._version_at(held, name, revision)
            if found is not None:
                yield found

    def get_at(self, bucket: str, name: str, revision: int) -> KeyValue | None:
        """One key as it was at ``revision``; raises as :meth:`range_at`."""
        self._check_readable(revision)
        held = self._buckets.get(bucket)
        return self._version_at(held, name, revision) if held else None

    def buckets(self) -> list[str]:
        """All bucket names, sorted."""
        return sorted(self._buckets)

    def changes_since(self, revision: int) -> list[Change]:
        """Changes with a greater revision, in order.

        Raises:
            CompactedError: Some of them are no longer kept.
        """
        if revision < self.compacted:
            raise CompactedError(revision, self.compacted)
        return self._log[max(0, revision + 1 - self._first_logged) :]

    def on_change(self, listener: Callable[[Change], None]) -> None:
        """Call ``listener`` with every change, in order, as it is written."""
        self._listeners.append(listener)

    def compact(self, revision: int) -> None:
        """Forget history up to and including ``revision``; live values stay.

        Raises:
            FutureRevisionError: The revision is not yet written.
        """
        if revision > self.revision:
            raise FutureRevisionError(revision, self.revision)
        if revision <= self.compacted:
            return
        dropped = self._log[: revision + 1 - self._first_logged]
        self._log = self._log[len(dropped) :]
        self._first_logged = revision + 1
        self.compacted = revision
        for bucket, name in dict.fromkeys((change.bucket, change.name) for change in dropped):
            held = self._buckets[bucket]
            kept = _since(held.versions[name], revision)
            if kept:
                held.versions[name] = kept
            else:
                del held.versions[name]

    def _bucket(self, bucket: str) -> _Bucket:
        held = self._buckets.get(bucket)
        if held is None:
            held = self._buckets[bucket] = _Bucket()
        return held

    def _commit(self, held: _Bucket, change: Change) -> None:
        self._log.append(change)
        versions = held.versions.get(change.name)
        if versions is None:
            held.versions[change.name] = [change]
        else:
            versions.append(change)
        for listener in self._listeners:
            listener(change)

    def _check_readable(self, revision: int) -> None:
        if revision < self.compacted:
            raise CompactedError(revision, self.compacted)
        if revision > self.revision:
            raise FutureRevisionError(revision, self.revision)

    @staticmethod
    def _version_at(held: _Bucket, name: str, revision: int) -> KeyValue | None:
        versions = held.versions.get(name)
        if versions is None:  # unchanged since before the last compaction
            return held.live.get(name)
        position = bisect_right(versions, revision, key=lambda change: change.revision) - 1
        if position < 0:
            # The oldest kept version came later: what stood there before it, if anything.
            before = versions[0].previous
            return None if before is None else KeyValue(name, before, 0, 0)
        change = versions[position]
        return None if change.deleted else KeyValue(name, change.value, 0, change.revision)


def _since(versions: list[Change], revision: int) -> list[Change]:
    """The versions still needed once ``revision`` is compacted: the later ones."""
    return versions[bisect_right(versions, revision, key=lambda change: change.revision) :]
