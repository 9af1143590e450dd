"""Journeys as they stood at an earlier moment.

Journeys enter as they are now, with the facts they were told from; those that have gone on since are
told again up to the moment. Used by ``webapp.cluster.past_world``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.journey.timeline import KEPT_FACTS_A_STEP, JourneyLog, PodJourney
from webapp.sim.clock import SimClock
from webapp.trace.recorder import Recorder

if TYPE_CHECKING:
    from collections import OrderedDict

    from webapp.trace.recorder import FactRecord

REQUEST_STEPS = 4
"""Steps that lie behind every Pod that exists."""


def journeys_at(log: JourneyLog, seq: int, at_ms: int, in_full: int) -> dict[str, PodJourney]:
    """Journeys that had begun at fact ``seq``, in order of their beginning, as they stood then.

    Args:
        log: The journeys as they are.
        seq: The moment's newest fact.
        at_ms: The moment's virtual time.
        in_full: How many of the newest are told with words; of the others only which steps were done.
    """
    begun = [journey for journey in log.journeys.values() if _first_seq(journey) <= seq]
    brief, full = begun[: max(0, len(begun) - in_full)], begun[max(0, len(begun) - in_full) :]
    told = {journey.ref.uid: _brief(journey, at_ms) for journey in brief}
    retold = _retold([journey for journey in full if _has_gone_on(journey, seq)], seq, at_ms)
    for journey in full:
        uid = journey.ref.uid
        told[uid] = retold.get(uid, journey)
    return told


def _first_seq(journey: PodJourney) -> int:
    return min(
        (step.records[0].seq for step in journey.steps[:REQUEST_STEPS] if step.records), default=0
    )


def _has_gone_on(journey: PodJourney, seq: int) -> bool:
    return any(
        step.records and (step.records[-1].seq > seq or len(step.records) == KEPT_FACTS_A_STEP)
        for step in journey.steps
    )


def _brief(journey: PodJourney, at_ms: int) -> PodJourney:
    copy = PodJourney(journey.ref, journey.started_ms)
    for number, (step, done) in enumerate(zip(copy.steps, journey.steps, strict=True), 1):
        done_ms = done.done_ms
        if done_ms is None or (number > REQUEST_STEPS and done_ms > at_ms):
            break
        step.done_ms = done_ms
    return copy


def _retold(journeys: list[PodJourney], seq: int, at_ms: int) -> OrderedDict[str, PodJourney]:
    records: dict[int, FactRecord] = {}
    for journey in journeys:
        for step in journey.steps:
            records.update({record.seq: record for record in step.records if record.seq <= seq})
    log = JourneyLog(Recorder(SimClock(at_ms), keep=0))
    for _, record in sorted(records.items()):
        log.note(record)
    return log.journeys
