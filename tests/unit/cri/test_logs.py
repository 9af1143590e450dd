"""A container's log, read and followed."""

from __future__ import annotations

import pytest

from webapp.apimachinery.log_options import LogOptions
from webapp.cri.logs import KEPT_BLOCKS, ContainerLog


@pytest.fixture
def log() -> ContainerLog:
    log = ContainerLog()
    for number in range(1, 4):
        log.write(number * 1000, (f"line {number}",))
    return log


def read(log: ContainerLog, **options: object) -> list[bytes | None]:
    chunks: list[bytes | None] = []
    log.read(LogOptions(**options), chunks.append)  # type: ignore[arg-type]
    return chunks


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, b"line 1\nline 2\nline 3\n"),
        ({"tail_lines": 2}, b"line 2\nline 3\n"),
        ({"since_ms": 3000}, b"line 3\n"),
        ({"limit_bytes": 9}, b"line 1\nli"),
        ({"timestamps": True, "tail_lines": 1}, b"1970-01-01T00:00:03.000000000Z line 3\n"),
    ],
)
def test_options_choose_lines(log: ContainerLog, options: dict[str, object], text: bytes) -> None:
    """One chunk, then the end."""
    assert read(log, **options) == [text, None]


def test_tail_of_nothing_is_just_the_end(log: ContainerLog) -> None:
    """tailLines=0 gives no lines."""
    assert read(log, tail_lines=0) == [None]


def test_following_goes_on_until_the_container_ends(log: ContainerLog) -> None:
    """New lines come as they are printed, the end when it ends."""
    chunks = read(log, follow=True, tail_lines=1)
    log.write(4000, ("more",))
    log.close()

    assert chunks == [b"line 3\n", b"more\n", None]


def test_a_reader_that_left_hears_nothing(log: ContainerLog) -> None:
    """The returned function ends the reading."""
    chunks: list[bytes | None] = []
    cancel = log.read(LogOptions(follow=True), chunks.append)
    cancel()
    log.write(4000, ("more",))

    assert chunks == [b"line 1\nline 2\nline 3\n"]


def test_old_lines_are_forgotten() -> None:
    """A chatty container does not grow without end."""
    log = ContainerLog()
    for number in range(3 * KEPT_BLOCKS):
        log.write(number, (str(number),))

    kept = [line for _, line in log.lines()]
    assert KEPT_BLOCKS <= len(kept) <= 2 * KEPT_BLOCKS
    assert kept[-1] == str(3 * KEPT_BLOCKS - 1)
