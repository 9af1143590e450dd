"""Back-off delays and Go's durations."""

import pytest

from webapp.kubelet.backoff import Backoff, go_duration

KEY = ("uid", "c")


def test_delays_double_up_to_five_minutes() -> None:
    """10 s, 20 s, 40 s and so on, never more than 300 s."""
    backoff = Backoff()
    delays = []

    for now_ms in range(0, 7_000, 1_000):
        backoff.next(KEY, now_ms, now_ms)
        delays.append(backoff.get(KEY) // 1000)

    assert delays == [10, 20, 40, 80, 160, 300, 300]


def test_ten_quiet_minutes_forget_the_delay() -> None:
    """A container that ran for long begins again with 10 s."""
    backoff = Backoff()
    backoff.next(KEY, 0, 0)
    backoff.next(KEY, 0, 0)

    backoff.next(KEY, 600_001, 600_001)

    assert backoff.get(KEY) == 10_000


def test_the_first_end_waits_for_nothing() -> None:
    """Without an entry there is no wait; with one, what is left of it."""
    backoff = Backoff()
    assert backoff.remaining(KEY, 0, 0) == 0

    backoff.next(KEY, 0, 0)

    assert backoff.remaining(KEY, 1_000, 4_000) == 7_000


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0s"),
        (850, "850ms"),
        (1_204, "1.204s"),
        (10_000, "10s"),
        (80_000, "1m20s"),
        (300_000, "5m0s"),
        (3_600_000, "1h0m0s"),
    ],
)
def test_durations_read_as_go_prints_them(milliseconds: int, text: str) -> None:
    """As in "back-off 1m20s restarting failed container"."""
    assert go_duration(milliseconds) == text
