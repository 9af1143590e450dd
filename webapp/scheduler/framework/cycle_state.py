"""What plugins pass on from one extension point to the next.

One state serves all Pods of a class (equal as far as the plugins can see), since what plugins work
out about a Pod is then equal as well. Plugins whose verdicts depend on the whole cluster write their
entries anew in each cycle.

Models:
    pkg/scheduler/framework/cycle_state.go CycleState
"""

from __future__ import annotations

from typing import Any


class CycleState:
    """Entries by plugin name.

    Attributes:
        skipped_filters: Plugins whose PreFilter said that their Filter has nothing to do.
        skipped_scores: Plugins whose PreScore said that their Score has nothing to do.
    """

    __slots__ = ("_entries", "skipped_filters", "skipped_scores")

    def __init__(self) -> None:
        self._entries: dict[str, Any] = {}
        self.skipped_filters: set[str] = set()
        self.skipped_scores: set[str] = set()

    def write(self, key: str, value: Any) -> None:
        """Keep ``value`` under ``key``, in place of what was there."""
        self._entries[key] = value

    def has(self, key: str) -> bool:
        """Whether something was kept under ``key``."""
        return key in self._entries

    def read(self, key: str) -> Any:
        """What was kept under ``key``.

        Raises:
            KeyError: Nothing was.
        """
        return self._entries[key]
