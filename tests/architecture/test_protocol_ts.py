"""The page's types are generated from the frames."""

from webapp.live.typescript import TARGET, protocol_ts


def test_the_pages_protocol_is_the_servers():
    """Run `python -m webapp.live.typescript` after changing webapp/live/frames.py."""
    assert TARGET.read_text() == protocol_ts()
