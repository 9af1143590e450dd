"""The run's past: which moments are kept, and what was written between two of them.

The versioned store keeps the newest revisions and the recorder the newest facts; :class:`Past` adds
when each revision was written, which is all that it does while nobody asks. Built by
``cluster.Cluster``; asked by ``webapp.history``. Nothing here changes the world.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from webapp.apimachinery.status import BadRequest, Expired
from webapp.apimachinery.timestamps import micro_time_text, parse_time
from webapp.trace.facts import ObjectStored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.etcd.mvcc import Change, Store
    from webapp.sim.loop import Simulation
    from webapp.trace.recorder import FactRecord, Recorder

FACT_PREFIX = "seq:"
EARLIEST_TIME_MS = 100_000_000_000
"""Numbers from here on (the year 1973) are times, smaller ones revisions."""
_MAX_DIGITS = 18
_FIRST_TRIM = 4096


class Moment(NamedTuple):
    """A point of the run.

    Attributes:
        revision: The newest revision then.
        at_ms: Virtual time.
        seq: The newest fact then; 0 when no fact of that time is kept.
    """

    revision: int
    at_ms: int
    seq: int


class Written(NamedTuple):
    """One revision, and when it was written."""

    change: Change
    at_ms: int


class Past:
    """The kept moments of one run.

    Attributes:
        start_ms: When the run began.
    """

    def __init__(self, sim: Simulation, store: Store, recorder: Recorder) -> None:
        self.start_ms = sim.now_ms
        self._sim = sim
        self._store = store
        self._recorder = recorder
        # Written at the same millisecond are the revisions from one entry of _firsts to the next.
        self._times = array("q", (sim.now_ms,))
        self._firsts = array("q", (store.revision,))
        self._last_ms = sim.now_ms
        self._trim_at = _FIRST_TRIM
        store.on_change(self._on_change)

    # --- moments ------------------------------------------------------------------------------

    @property
    def oldest(self) -> Moment:
        """The oldest moment at which the whole world can still be seen."""
        revision = max(self._store.compacted, 1)
        return Moment(revision, self.time_of(revision), self._seq_at(revision))

    @property
    def newest(self) -> Moment:
        """Now."""
        return Moment(self._store.revision, self._sim.now_ms, self._recorder.last_seq)

    def find(self, text: str) -> Moment:
        """The moment that ``text`` names: a revision, a time (milliseconds or RFC 3339) or ``seq:N``.

        Raises:
            BadRequest: It names none, or one that has not come yet.
            Expired: It is older than the oldest kept.
        """
        if text.startswith(FACT_PREFIX):
            return self._at_fact(_number(text.removeprefix(FACT_PREFIX), text))
        if text.isascii() and text.isdigit():
            number = _number(text, text)
            return self.at_time(number) if number >= EARLIEST_TIME_MS else self.at_revision(number)
        try:
            at_ms = parse_time(text)
        except (ValueError, OverflowError) as error:
            raise BadRequest(
                f"{text[:80]!r} is no moment: give a revision, a time or {FACT_PREFIX}NUMBER"
            ) from error
        return self.at_time(at_ms)

    def at_revision(self, revision: int) -> Moment:
        """The moment at which ``revision`` was the newest.

        Raises:
            BadRequest: It has not been written yet.
            Expired: It is no longer kept.
        """
        newest = self._store.revision
        if revision > newest:
            raise BadRequest(f"revision {revision} has not been written; the newest is {newest}")
        self._require_kept(revision, f"revision {revision}")
        return Moment(revision, self.time_of(revision), self._seq_at(revision))

    def at_time(self, at_ms: int) -> Moment:
        """The end of the millisecond ``at_ms``.

        Raises:
            BadRequest: It has not come yet.
            Expired: It is no longer kept.
        """
        if at_ms > self._sim.now_ms:
            now = micro_time_text(self._sim.now_ms)
            raise BadRequest(f"{micro_time_text(at_ms)} has not come yet; virtual now is {now}")
        revision = self._revision_at(at_ms)
        self._require_kept(revision, micro_time_text(at_ms))
        return Moment(revision, at_ms, self._fact_before(self._fact_index(at_ms + 1)))

    def time_of(self, revision: int) -> int:
        """When ``revision`` was written."""
        position = bisect_right(self._firsts, revision) - 1
        return self._times[position] if position >= 0 else self.start_ms

    def _at_fact(self, seq: int) -> Moment:
        records = self._recorder.records
        if seq > self._recorder.last_seq:
            raise BadRequest(
                f"fact {seq} has not happened; the newest is {self._recorder.last_seq}"
            )
        if not records or seq < records[0].seq:
            raise Expired(f"fact {seq} is no longer kept{self._oldest_text()}")
        position = seq - records[0].seq
        at_ms = records[position].at_ms
        revision = self._revision_at(at_ms - 1)
        while position >= 0 and records[position].at_ms == at_ms:
            fact = records[position].fact
            if isinstance(fact, ObjectStored):
                revision = fact.revision
                break
            position -= 1
        self._require_kept(revision, f"fact {seq}")
        return Moment(revision, at_ms, seq)

    def _require_kept(self, revision: int, what: str) -> None:
        if revision < max(self._store.compacted, 1):
            raise Expired(f"{what} is no longer kept{self._oldest_text()}")

    def _oldest_text(self) -> str:
        oldest = self.oldest
        return (
            f"; the oldest moment kept is revision {oldest.revision},"
            f" {micro_time_text(oldest.at_ms)}"
        )

    def _revision_at(self, at_ms: int) -> int:
        position = bisect_right(self._times, at_ms)
        if position == 0:
            return 0
        if position < len(self._firsts):
            return self._firsts[position] - 1
        return self._store.revision

    # --- facts --------------------------------------------------------------------------------

    def facts(self, after: int, upto: int) -> Iterator[FactRecord]:
        """Kept facts with ``after < seq <= upto``, in order."""
        records = self._recorder.records
        if not records:
            return iter(())
        first = records[0].seq
        return islice(records, max(0, after + 1 - first), max(0, upto + 1 - first))

    def facts_back(self, before: int) -> Iterator[FactRecord]:
        """Kept facts with ``seq < before``, newest first."""
        later = max(0, self._recorder.last_seq + 1 - before)
        return islice(reversed(self._recorder.records), later, None)

    @property
    def first_seq(self) -> int:
        """The oldest fact kept; one more than the newest when there is none."""
        records = self._recorder.records
        return records[0].seq if records else self._recorder.last_seq + 1

    def _seq_at(self, revision: int) -> int:
        """The last fact before the next revision, or before its millisecond ends."""
        at_ms = self.time_of(revision)
        position = self._fact_index(at_ms)
        for record in islice(self._recorder.records, position, None):
            fact = record.fact
            if record.at_ms > at_ms or (
                isinstance(fact, ObjectStored) and fact.revision > revision
            ):
                break
            position += 1
        return self._fact_before(position)

    def _fact_index(self, at_ms: int) -> int:
        """Where in the kept facts those of ``at_ms`` begin."""
        return bisect_left(self._recorder.records, at_ms, key=lambda record: record.at_ms)

    def _fact_before(self, position: int) -> int:
        return self._recorder.records[position - 1].seq if position else 0

    # --- revisions ----------------------------------------------------------------------------

    def changes(self, after: int, upto: int) -> Iterator[Written]:
        """Revisions with ``after < revision <= upto``, in order.

        Raises:
            Expired: Some of them are no longer kept.
        """
        self._require_kept(max(after, 1), f"revision {after}")
        changes = self._store.changes_since(after)
        times, firsts = self._times, self._firsts
        position = max(0, bisect_right(firsts, after + 1) - 1)
        for change in islice(changes, max(0, upto - after)):
            while position + 1 < len(firsts) and firsts[position + 1] <= change.revision:
                position += 1
            yield Written(change, times[position])

    def changes_back(self) -> Iterator[Written]:
        """All kept revisions, newest first."""
        for change in reversed(self._store.changes_since(self._store.compacted)):
            yield Written(change, self.time_of(change.revision))

    def object_at(self, bucket: str, key: str, revision: int) -> JSONObject | None:
        """The object that lay under a key at a kept revision."""
        found = self._store.get_at(bucket, key, revision)
        if found is None:
            return None
        obj: JSONObject = found.value
        return obj

    def live(self, kind: str, key: str) -> JSONObject | None:
        """The object of a kind that lies under ``namespace/name`` (or the bare name) now."""
        for bucket in self._store.buckets():
            found = self._store.get(bucket, key)
            if found is not None and found.value.get("kind") == kind:
                obj: JSONObject = found.value
                return obj
        return None

    def count(self, after_ms: int, upto_ms: int) -> int:
        """How many revisions were written after ``after_ms``, up to ``upto_ms``."""
        return self._revision_at(upto_ms) - self._revision_at(after_ms)

    def _on_change(self, change: Change) -> None:
        now_ms = self._sim.now_ms
        if now_ms != self._last_ms:
            self._last_ms = now_ms
            self._times.append(now_ms)
            self._firsts.append(change.revision)
            if len(self._firsts) > self._trim_at:
                self._trim()

    def _trim(self) -> None:
        """Forget when compacted revisions were written."""
        forgotten = max(0, bisect_right(self._firsts, self._store.compacted) - 1)
        del self._firsts[:forgotten]
        del self._times[:forgotten]
        self._trim_at = 2 * len(self._firsts) + _FIRST_TRIM


def _number(digits: str, text: str) -> int:
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _MAX_DIGITS:
        raise BadRequest(f"{text[:80]!r} is no moment")
    return int(digits)
