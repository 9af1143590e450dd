"""A viewer that keeps up gets every frame; one that does not starts over with a snapshot."""

from __future__ import annotations

from webapp.live.outbox import MAX_WAITING_FRAMES, Outbox


class Queue:
    """How many frames wait."""

    def __init__(self):
        self.waiting = 0

    def __call__(self):
        return self.waiting


def test_new_viewer_gets_a_snapshot_first():
    """No frame before the first snapshot, every frame after it."""
    outbox = Outbox(Queue())

    assert not outbox.takes_frame()
    assert outbox.takes_snapshot()
    assert outbox.takes_frame()


def test_viewer_that_falls_behind_is_left_out_until_its_queue_is_empty():
    """Its queue does not grow, and it gets one snapshot for everything it missed."""
    queue = Queue()
    outbox = Outbox(queue)
    outbox.takes_snapshot()

    queue.waiting = MAX_WAITING_FRAMES + 1
    assert not outbox.takes_frame()
    queue.waiting = 3
    assert not outbox.takes_frame()
    assert not outbox.takes_snapshot()
    assert outbox.behind
    queue.waiting = 0
    assert outbox.takes_snapshot()
    assert outbox.takes_frame()


def test_viewer_that_asks_gets_a_new_snapshot():
    """A viewer that noticed a gap starts over."""
    outbox = Outbox(Queue())
    outbox.takes_snapshot()

    outbox.ask_snapshot()

    assert not outbox.takes_frame()
    assert outbox.takes_snapshot()
