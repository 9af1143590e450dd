"""Cron schedules: what they match, what they refuse, and changes of summer time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from webapp.api.batch.schedule import parse_schedule
from webapp.apimachinery.timestamps import parse_time, time_text


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        pytest.param("* * * * *", "2026-01-31T10:00:00Z", "2026-01-31T10:01:00Z", id="minute"),
        pytest.param("* * * * *", "2026-01-31T10:00:59Z", "2026-01-31T10:01:00Z", id="soon"),
        pytest.param("*/15 * * * *", "2026-01-31T10:46:00Z", "2026-01-31T11:00:00Z", id="step"),
        pytest.param("5/20 * * * *", "2026-01-31T10:26:00Z", "2026-01-31T10:45:00Z", id="from"),
        pytest.param("30 2 * * *", "2026-01-31T10:00:00Z", "2026-02-01T02:30:00Z", id="daily"),
        pytest.param("0 0 29 2 *", "2026-01-31T10:00:00Z", "2028-02-29T00:00:00Z", id="leap"),
        pytest.param("0 9 * * mon-fri", "2026-01-31T10:00:00Z", "2026-02-02T09:00:00Z", id="names"),
        pytest.param("0 0 13 * fri", "2026-02-01T00:00:00Z", "2026-02-06T00:00:00Z", id="either"),
        pytest.param("0 0 */2 * mon", "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", id="or"),
        pytest.param("0 0 */1 * mon", "2026-02-03T00:00:00Z", "2026-02-09T00:00:00Z", id="and"),
        pytest.param("@hourly", "2026-01-31T10:00:00Z", "2026-01-31T11:00:00Z", id="hourly"),
        pytest.param("@every 1m30s", "2026-01-31T10:00:00Z", "2026-01-31T10:01:30Z", id="every"),
    ],
)
def test_the_next_run_follows_from_the_schedule(schedule, after, expected):
    """Always later than the moment asked about."""
    found = parse_schedule(schedule).next_ms(parse_time(after), UTC)
    assert time_text(found) == expected


def test_a_day_that_never_comes_has_no_next_run():
    """The search ends after five years."""
    assert parse_schedule("0 0 30 2 *").next_ms(0, UTC) is None


def test_summer_time_skips_and_repeats_runs():
    """2:30 does not exist on the last Sunday of March, and comes twice in October."""
    zone = ZoneInfo("Europe/Berlin")
    schedule = parse_schedule("30 2 * * *")
    spring = round(datetime(2026, 3, 28, 12, tzinfo=zone).timestamp() * 1000)
    autumn = round(datetime(2026, 10, 24, 12, tzinfo=zone).timestamp() * 1000)

    first = schedule.next_ms(spring, zone)
    assert time_text(first) == "2026-03-30T00:30:00Z"
    once = schedule.next_ms(autumn, zone)
    again = schedule.next_ms(once, zone)
    assert (time_text(once), time_text(again)) == ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")


@pytest.mark.parametrize(
    "schedule", ["", "* * * *", "60 * * * *", "* * 0 * *", "*/0 * * * *", "5-1 * * * *", "@often"]
)
def test_what_is_no_schedule_is_refused(schedule):
    """With a reason."""
    with pytest.raises(ValueError, match=r"."):
        parse_schedule(schedule)
