"""What a control group counts."""

from __future__ import annotations

import pytest

from webapp.cri.meter import WINDOW_MS, Meter

NOW_MS = WINDOW_MS * 1000


def test_work_is_done_at_the_limit_and_counted_where_it_fell():
    """Twelve seconds of work at half a processor fill a window and a half and more."""
    meter = Meter(NOW_MS, 500, 4000)

    assert meter.work(NOW_MS, 12_000_000) == 24_000
    assert meter.used_us(NOW_MS + WINDOW_MS) == 500 * WINDOW_MS
    assert meter.used_us(NOW_MS + 2 * WINDOW_MS) == 500 * 9_000
    assert meter.used_us(NOW_MS + 3 * WINDOW_MS) == 0


def test_looking_later_gives_the_same_as_looking_at_each_window():
    """Nothing has to be asked while nothing happens."""
    often, once = Meter(NOW_MS, 500, 4000), Meter(NOW_MS, 500, 4000)
    for meter in (often, once):
        meter.work(NOW_MS + 4_000, 12_000_000)

    for passed_ms in range(5_000, 2 * WINDOW_MS + 1, 1_000):
        often.used_us(NOW_MS + passed_ms)

    later_ms = NOW_MS + 2 * WINDOW_MS
    assert often.used_us(later_ms) == once.used_us(later_ms) == 500 * 13_000


def test_two_threads_under_a_limit_of_one_are_throttled_half_of_the_time():
    """A steady load that wants twice as much as it gets."""
    meter = Meter(NOW_MS, 1000, 4000)
    meter.set_steady(NOW_MS, 2000)

    meter.used_us(NOW_MS + 10_000)

    assert meter.throttled_us == 5_000_000
    assert meter.total_us == 10_000_000
    assert meter.periods == 50


@pytest.mark.parametrize("limit", [0, 4000])
def test_without_a_limit_that_binds_nothing_is_throttled(limit):
    """Two of the machine's four processors."""
    meter = Meter(NOW_MS, limit, 4000)
    meter.set_steady(NOW_MS, 2000)

    assert meter.used_us(NOW_MS + WINDOW_MS) == 2000 * WINDOW_MS
    assert meter.throttled_us == 0


def test_a_program_that_computes_too_much_leaves_nothing_for_later():
    """What it could not do in its turn is lost, as its own waiting has shown it."""
    meter = Meter(NOW_MS, 100, 4000)
    meter.compute(NOW_MS, 60_000_000)

    assert meter.used_us(NOW_MS + WINDOW_MS) == 100 * 1_000
