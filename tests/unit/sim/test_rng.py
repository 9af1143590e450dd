"""Named streams: the same seed and name give the same numbers, whoever else draws."""

import re

from webapp.sim.latency import Latency
from webapp.sim.rng import RandomStreams


def test_a_new_drawer_shifts_no_other_stream():
    """Drawing from one stream leaves the others as they were."""
    quiet, busy = RandomStreams(7), RandomStreams(7)
    busy.stream("other").bits64()

    assert quiet.stream("pods").bits64() == busy.stream("pods").bits64()


def test_different_seeds_and_names_give_different_numbers():
    """Seed and name both matter."""
    drawn = {RandomStreams(seed).stream(name).bits64() for seed in (1, 2) for name in ("a", "b")}

    assert len(drawn) == 4


def test_a_draw_by_key_consumes_nothing():
    """Keyed draws depend on the key alone."""
    stream = RandomStreams(1).stream("s")
    before = stream.keyed_bits64("pod-1")
    stream.bits64()

    assert stream.keyed_bits64("pod-1") == before


def test_uids_look_like_version_four_uuids():
    """Clients parse them."""
    uid = RandomStreams(3).stream("uid").uid()

    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", uid)


def test_name_suffixes_use_the_letters_that_cannot_spell_words():
    """As generated names in a cluster."""
    suffix = RandomStreams(3).stream("names").name_suffix()

    assert re.fullmatch(r"[bcdfghjklmnpqrstvwxz2456789]{5}", suffix)


def test_latencies_scatter_around_their_median_and_never_undercut_the_floor():
    """Half of the draws are shorter than the median."""
    stream = RandomStreams(5).stream("latency")
    latency = Latency(median_ms=100, spread=0.5, floor_ms=20)

    draws = sorted(latency.draw(stream) for _ in range(999))

    assert draws[0] >= 20
    assert 90 <= draws[499] <= 110


def test_a_latency_without_spread_is_constant():
    """Spread 0 takes the median and draws nothing."""
    stream = RandomStreams(5).stream("latency")

    assert {Latency(median_ms=12).draw(stream) for _ in range(5)} == {12}
