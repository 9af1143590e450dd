"""The fact log: append-only, stamped with virtual time and cause, with subscribers.

Components call :meth:`Recorder.record`; the live projector, the journeys and tests subscribe.
The log keeps the newest facts up to a bound, so that a long run does not grow without end.
"""

from __future__ import annotations

from collections import deque
from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webapp.sim.clock import SimClock
    from webapp.trace.facts import Fact

KEPT_FACTS = 200_000


class FactRecord(NamedTuple):
    """A fact with its place in the log.

    Attributes:
        seq: 1 for the first fact of the run, then rising by one.
        at_ms: Virtual time.
        cause: ``seq`` of the fact that led to this one; 0 when nothing in the run did.
        fact: What happened.
    """

    seq: int
    at_ms: int
    cause: int
    fact: Fact


class Recorder:
    """The run's log of facts.

    Attributes:
        records: The newest facts, oldest first.
        last_seq: Number of facts recorded so far.
        cause: ``seq`` of the fact being acted upon; stamped on what is recorded meanwhile.
    """

    def __init__(self, clock: SimClock, keep: int = KEPT_FACTS) -> None:
        self._clock = clock
        self._subscriptions: list[_Subscription] = []
        self._listeners: dict[type[Fact], tuple[Callable[[FactRecord], None], ...]] = {}
        self.records: deque[FactRecord] = deque(maxlen=keep)
        self.last_seq = 0
        self.cause = 0

    def record(self, fact: Fact) -> int:
        """Append a fact and tell the subscribers; return its ``seq``."""
        self.last_seq = seq = self.last_seq + 1
        # The short way to a NamedTuple: this is the hottest line of a busy world.
        entry = tuple.__new__(FactRecord, (seq, self._clock.now_ms, self.cause, fact))
        self.records.append(entry)
        listeners = self._listeners.get(type(fact))
        if listeners is None:
            listeners = self._find_listeners(type(fact))
        for listener in listeners:
            listener(entry)
        return seq

    def subscribe(
        self,
        subscriber: Callable[[FactRecord], None],
        kinds: Iterable[type[Fact]] | None = None,
    ) -> Callable[[], None]:
        """Call ``subscriber`` with every fact from now on, or with those of ``kinds``; returns what ends it."""
        subscription = _Subscription(subscriber, frozenset(kinds) if kinds is not None else None)
        self._subscriptions.append(subscription)
        self._listeners.clear()
        return lambda: self._end(subscription)

    def caused_by(self, seq: int) -> _Cause:
        """Stamp ``seq`` as the cause of what is recorded inside."""
        return _Cause(self, seq)

    def _find_listeners(self, kind: type[Fact]) -> tuple[Callable[[FactRecord], None], ...]:
        """Who wants facts of a kind, in order of subscription; looked up once for each kind."""
        listeners = self._listeners[kind] = tuple(
            held.subscriber
            for held in self._subscriptions
            if held.kinds is None or kind in held.kinds
        )
        return listeners

    def _end(self, subscription: _Subscription) -> None:
        self._subscriptions.remove(subscription)
        self._listeners.clear()


class _Subscription(NamedTuple):
    subscriber: Callable[[FactRecord], None]
    kinds: frozenset[type[Fact]] | None


class _Cause:
    """The ``with`` block of :meth:`Recorder.caused_by`; entered too often for a generator."""

    __slots__ = ("_before", "_recorder", "_seq")

    def __init__(self, recorder: Recorder, seq: int) -> None:
        self._recorder = recorder
        self._seq = seq
        self._before = 0

    def __enter__(self) -> None:
        recorder = self._recorder
        self._before, recorder.cause = recorder.cause, self._seq

    def __exit__(self, *_: object) -> None:
        self._recorder.cause = self._before


def fact_json(record: FactRecord) -> dict[str, Any]:
    """A fact as plain data: ``seq``, ``at``, ``cause``, ``type``, ``actor``, ``subject`` and its own fields."""
    fact = record.fact
    subject = fact.subject
    return {
        "seq": record.seq,
        "at": record.at_ms,
        "cause": record.cause,
        "type": type(fact).__name__,
        "actor": fact.actor,
        "subject": subject._asdict() if subject is not None else None,
        "data": {
            camel(field.name): getattr(fact, field.name)
            for field in fields(fact)
            if field.name not in {"actor", "subject"}
        },
    }


@lru_cache(maxsize=256)
def camel(name: str) -> str:
    """``duration_ms`` as ``durationMs``, as names are written on the wire."""
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)
