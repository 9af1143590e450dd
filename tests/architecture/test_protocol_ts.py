"""The page's types are generated from the frames and answers."""

from webapp.live.typescript import HISTORY_TARGET, TARGET, history_ts, protocol_ts


def test_the_pages_protocol_is_the_servers():
    """Run `python -m webapp.live.typescript` after changing webapp/live/frames.py."""
    assert TARGET.read_text() == protocol_ts()


def test_the_pages_types_of_the_past_are_the_servers():
    """Run `python -m webapp.live.typescript` after changing webapp/live/history.py."""
    assert HISTORY_TARGET.read_text() == history_ts()
