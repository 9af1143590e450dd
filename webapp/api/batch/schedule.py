"""Cron schedules: five fields, names, ranges, steps, ``@daily`` and ``@every``. Pure.

A day counts when day of month and day of week both match, or, when neither of them is ``*``, when one
of them does. Local times that a change to summer time skips do not happen, those that it repeats
happen twice.

Models:
    github.com/robfig/cron/v3/parser.go ParseStandard
    github.com/robfig/cron/v3/spec.go SpecSchedule.Next
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

_SHORTHANDS = {
    "@annually": "0 0 1 1 *",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
    "@midnight": "0 0 * * *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@yearly": "0 0 1 1 *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_EVERY_PART = re.compile(r"([0-9.]+)(h|ms|m|s)")
_UNIT_MS = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_LONGEST_SEARCH = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """A parsed schedule.

    Attributes:
        minutes: 0 to 59.
        hours: 0 to 23.
        days: Of the month, from 1.
        months: From 1.
        weekdays: From 0, Sunday.
        any_day: Whether one of the two day fields is ``*``, so that both must match.
        every_ms: For ``@every``: the distance between runs; 0 for all others.
    """

    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    any_day: bool = True
    every_ms: int = 0

    def next_ms(self, after_ms: int, zone: tzinfo) -> int | None:
        """The first moment later than ``after_ms``; ``None`` when there is none within five years."""
        if self.every_ms:
            return after_ms + self.every_ms - after_ms % 1000
        moment = datetime.fromtimestamp(after_ms // 60_000 * 60 + 60, zone)
        limit = moment + _LONGEST_SEARCH
        while moment <= limit:
            if moment.month not in self.months or not self._matches_day(moment):
                moment = _next_day(moment, zone)
            elif moment.hour not in self.hours:
                moment = _later(moment, 3600 - moment.minute * 60)
            elif moment.minute not in self.minutes:
                moment = _later(moment, 60)
            else:
                return round(moment.timestamp() * 1000)
        return None

    def _matches_day(self, moment: datetime) -> bool:
        by_date = moment.day in self.days
        by_weekday = moment.isoweekday() % 7 in self.weekdays
        return (by_date and by_weekday) if self.any_day else (by_date or by_weekday)


def _later(moment: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() + seconds, moment.tzinfo)


def _next_day(moment: datetime, zone: tzinfo) -> datetime:
    date = moment.date() + timedelta(days=1)
    midnight = datetime(date.year, date.month, date.day, tzinfo=zone)
    # Where midnight is skipped the day begins later.
    return datetime.fromtimestamp(midnight.timestamp(), zone)


def parse_schedule(text: str) -> CronSchedule:
    """Parse a schedule as ``spec.schedule`` has it.

    Raises:
        ValueError: It is none; the message says why.
    """
    text = text.strip()
    if text.startswith("@every "):
        return CronSchedule(every_ms=_parse_every(text.removeprefix("@every ")))
    if text.startswith("@"):
        if text not in _SHORTHANDS:
            raise ValueError(f"unrecognized descriptor: {text}")
        text = _SHORTHANDS[text]
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(f"expected exactly 5 fields, found {len(fields)}: [{text}]")
    minutes, hours, days, months, weekdays = fields
    return CronSchedule(
        minutes=_parse_field(minutes, 0, 59),
        hours=_parse_field(hours, 0, 23),
        days=_parse_field(days, 1, 31),
        months=_parse_field(months, 1, 12, _MONTHS, 1),
        weekdays=_parse_field(weekdays, 0, 6, _DAYS),
        any_day=_is_star(days) or _is_star(weekdays),
    )


def _parse_every(text: str) -> int:
    parts = _EVERY_PART.findall(text)
    if not parts or _EVERY_PART.sub("", text):
        raise ValueError(f"failed to parse duration @every {text}")
    return max(1000, round(sum(float(number) * _UNIT_MS[unit] for number, unit in parts)))


def _is_star(field: str) -> bool:
    """Whether the field leaves everything open; every second day is a restriction."""
    spans = (part.partition("/") for part in field.split(","))
    return any(span in {"*", "?"} and step in {"", "1"} for span, _, step in spans)


def _parse_field(
    field: str, low: int, high: int, names: tuple[str, ...] = (), first: int = 0
) -> frozenset[int]:
    values: set[int] = set()
    for part in field.split(","):
        span, slash, step_text = part.partition("/")
        step = _number(step_text, (), 0) if slash else 1
        if step < 1:
            raise ValueError(f"step of range should be a positive number: {part}")
        if span in {"*", "?"}:
            start, end = low, high
        else:
            start_text, dash, end_text = span.partition("-")
            start = _number(start_text, names, first)
            end = _number(end_text, names, first) if dash else start
            if slash and not dash:
                end = high
        if start < low:
            raise ValueError(f"beginning of range ({start}) below minimum ({low}): {part}")
        if end > high:
            raise ValueError(f"end of range ({end}) above maximum ({high}): {part}")
        if start > end:
            raise ValueError(f"beginning of range ({start}) beyond end of range ({end}): {part}")
        values.update(range(start, end + 1, step))
    return frozenset(values)


def _number(text: str, names: tuple[str, ...], first: int) -> int:
    if text.lower() in names:
        return names.index(text.lower()) + first
    if not text.isdecimal():
        problem = f'strconv.Atoi: parsing "{text}": invalid syntax'
        raise ValueError(f"failed to parse int from {text}: {problem}")
    return int(text)
