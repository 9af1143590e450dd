"""SPDY/3.1 framing: any cut of the bytes gives the same events, and nonsense is refused."""

from __future__ import annotations

import struct
import zlib

import pytest

from tests.unit.http.stream_clients import SPDYFrames, control
from webapp.http.spdy import (
    DATA_BYTES,
    DICTIONARY,
    DICTIONARY_ADLER,
    DataReceived,
    GoAway,
    PingReceived,
    SPDYConnection,
    SPDYError,
    StreamOpened,
    StreamReset,
)


def test_dictionary_is_the_one_of_the_protocol():
    """One wrong byte in it, and no peer could read a header."""
    assert len(DICTIONARY) == 1423
    assert zlib.adler32(DICTIONARY) == DICTIONARY_ADLER


def conversation():
    """Frames of a client, and what they mean."""
    frames = SPDYFrames()
    data = (
        frames.syn_stream(1, {"streamtype": "error", "port": "80"})
        + frames.syn_stream(3, {"streamtype": "data"})
        + frames.data(3, b"hello")
        + control(6, struct.pack("!I", 7))
        + control(4, b"\0\0\0\0")
        + frames.data(3, b"", is_last=True)
        + control(3, struct.pack("!II", 1, 5))
        + control(7, struct.pack("!II", 0, 0))
    )
    events = [
        StreamOpened(1, {"streamtype": "error", "port": "80"}, is_last=False),
        StreamOpened(3, {"streamtype": "data"}, is_last=False),
        DataReceived(3, b"hello", is_last=False),
        PingReceived(7),
        DataReceived(3, b"", is_last=True),
        StreamReset(1),
        GoAway(),
    ]
    return data, events


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_frames_are_understood_however_they_are_cut(size):
    """TCP and tunnels cut anywhere; the events are the same."""
    data, expected = conversation()
    connection = SPDYConnection()

    events = []
    for at in range(0, len(data), size):
        events.extend(connection.receive(data[at : at + size]))

    assert events == expected


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02\x00\x01\x00\x00\x00\x00",
        b"\x80\x03\x00\x01\x00\x00\x00\x02\x00\x00",
        control(1, b"\0" * 10 + b"no zlib"),
        b"\x00\x00\x00\x01\x00\xff\xff\xff",
    ],
    ids=["version 2", "short frame", "damaged headers", "huge frame"],
)
def test_nonsense_is_refused(data):
    """What is no SPDY/3.1 ends the connection instead of the server."""
    with pytest.raises(SPDYError):
        list(SPDYConnection().receive(data))


def test_large_data_leaves_in_frames_and_only_the_last_one_ends_the_stream():
    """A reader puts the pieces together again."""
    data = bytes(range(256)) * 400

    sent = SPDYConnection().data(5, data, is_last=True)
    events = list(SPDYConnection().receive(sent))

    assert len(events) == -(-len(data) // DATA_BYTES)
    assert b"".join(event.data for event in events) == data
    assert [event.is_last for event in events] == [False] * (len(events) - 1) + [True]
