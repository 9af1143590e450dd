"""What has changed since somebody looked last.

The node table and the counts of Pods write, whoever keeps answers reads from where it read last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from webapp.scheduler.framework.arrays import IntArray

_LOG_LIMIT = 8192


class ChangeLog:
    """Rows (or domains) that changed, in order; readers keep a position in it.

    Attributes:
        end: Position behind the newest change.
        start: Position of the oldest change still kept.
    """

    __slots__ = ("_rows", "end", "start")

    def __init__(self) -> None:
        self._rows: list[int] = []
        self.start = 0
        self.end = 0

    def append(self, row: int) -> None:
        """Note a change."""
        self._rows.append(row)
        self.end += 1
        if len(self._rows) > _LOG_LIMIT:
            half = _LOG_LIMIT // 2
            del self._rows[:half]
            self.start += half

    def rewind(self, position: int) -> None:
        """Forget the changes since ``position``, since they have been undone."""
        if position >= self.start:
            del self._rows[position - self.start :]
            self.end = position

    def each_since(self, position: int) -> list[int]:
        """The rows changed since ``position``, in order, each once."""
        return list(dict.fromkeys(self._rows[position - self.start :]))

    def since(self, position: int) -> IntArray:
        """The rows changed since ``position``, sorted, each once."""
        return np.unique(np.array(self._rows[position - self.start :], np.int64))
