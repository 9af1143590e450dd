"""One viewer's place in the stream: who keeps up gets every frame, who does not starts over.

A viewer's frames wait in the transport's queue. When too many do, the viewer is left out until the
queue has drained, and then gets a new snapshot instead of everything it missed: its queue never
grows, and its picture is never older than what its connection allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_WAITING_FRAMES = 40
"""About two seconds of frames at full rate."""
DRAINED_FRAMES = 2
"""A queue this short counts as drained; the connection's own packets may be in it."""


class Outbox:
    """What to do with a viewer next.

    Attributes:
        behind: Whether the viewer is left out at the moment.
    """

    def __init__(self, waiting: Callable[[], int]) -> None:
        """Begin with a viewer that needs its first snapshot.

        Args:
            waiting: How many frames are in the viewer's queue now.
        """
        self._waiting = waiting
        self._needs_snapshot = True
        self.behind = False

    def ask_snapshot(self) -> None:
        """The viewer missed something, or says so."""
        self._needs_snapshot = True

    def takes_snapshot(self) -> bool:
        """Whether to send a snapshot now; the viewer is in step afterwards."""
        if self._needs_snapshot and self._waiting() <= DRAINED_FRAMES:
            self._needs_snapshot = self.behind = False
            return True
        return False

    def takes_frame(self) -> bool:
        """Whether to send the viewer the next frame; one that fell behind is left out from then on."""
        if self._needs_snapshot:
            return False
        if self._waiting() > MAX_WAITING_FRAMES:
            self._needs_snapshot = self.behind = True
            return False
        return True
