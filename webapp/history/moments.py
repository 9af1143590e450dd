"""Moments as the page gets them, and the way from one to the next or previous.

A step goes to the neighbouring fact that can be seen, to the neighbouring one of the nine steps, or a
second on; at either end of what is kept it stays there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.status import BadRequest
from webapp.driver.stepping import is_step, is_visible
from webapp.live import history as shapes

if TYPE_CHECKING:
    from webapp.cluster.past import Moment, Past

SECOND_MS = 1000
_SHOWN = {"fact": is_visible, "step": is_step}


def moment_view(moment: Moment) -> shapes.Moment:
    """A moment on the wire."""
    return shapes.Moment(revision=moment.revision, at=moment.at_ms, seq=moment.seq)


def range_view(past: Past) -> shapes.MomentRange:
    """Which moments are kept."""
    return shapes.MomentRange(oldest=moment_view(past.oldest), newest=moment_view(past.newest))


def neighbour(past: Past, moment: Moment, by: str, direction: str) -> Moment:
    """The next or previous moment.

    Args:
        past: The run.
        moment: Where to go from.
        by: ``fact``, ``step`` or ``second``.
        direction: ``next`` or ``previous``.

    Raises:
        BadRequest: One of the words is another.
    """
    if by not in {"second", *_SHOWN} or direction not in {"next", "previous"}:
        raise BadRequest("by is fact, step or second; direction is next or previous")
    is_next = direction == "next"
    if by == "second":
        return _second(past, moment, SECOND_MS if is_next else -SECOND_MS)
    records = past.facts(moment.seq, past.newest.seq) if is_next else past.facts_back(moment.seq)
    shows = _SHOWN[by]
    oldest = past.oldest
    for record in records:
        if not is_next and record.at_ms < oldest.at_ms:
            return oldest
        if shows(record.fact):
            return past.find(f"seq:{record.seq}")
    return past.newest if is_next else oldest


def _second(past: Past, moment: Moment, by_ms: int) -> Moment:
    at_ms = moment.at_ms + by_ms
    if at_ms >= past.newest.at_ms:
        return past.newest
    oldest = past.oldest
    return oldest if at_ms <= oldest.at_ms else past.at_time(at_ms)
