"""Creations and deletions asked for, not yet seen.

Between a controller's write and the watch event that shows it, the informer's store is behind. A
controller that acted on it again would create twice. So it notes how much it asked for, and leaves
the number of its Pods alone until all of it has been seen, or five minutes have passed.

Models:
    pkg/controller/controller_utils.go UIDTrackingControllerExpectations
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.sim.loop import Simulation

EXPECTATIONS_TIMEOUT_MS = 5 * 60 * 1000


class _Expected:
    __slots__ = ("creations", "deletions", "since_ms")

    def __init__(self, since_ms: int, creations: int, deletions: dict[str, None]) -> None:
        self.since_ms = since_ms
        self.creations = creations
        self.deletions = deletions


class ControllerExpectations:
    """Expectations by the key of the owning object."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._by_key: dict[str, _Expected] = {}

    def satisfied(self, key: str) -> bool:
        """Whether everything asked for has been seen, or is too long ago to wait for."""
        expected = self._by_key.get(key)
        if expected is None or (expected.creations <= 0 and not expected.deletions):
            return True
        return self._sim.now_ms - expected.since_ms > EXPECTATIONS_TIMEOUT_MS

    def expect_creations(self, key: str, count: int) -> None:
        """``count`` objects are about to be created."""
        self._by_key[key] = _Expected(self._sim.now_ms, count, {})

    def expect_deletions(self, key: str, deleted: Iterable[str]) -> None:
        """The objects with these keys are about to be deleted."""
        self._by_key[key] = _Expected(self._sim.now_ms, 0, dict.fromkeys(deleted))

    def expect(self, key: str, creations: int, deleted: Iterable[str]) -> None:
        """So many creations and the deletions of these keys are about to be asked for."""
        self._by_key[key] = _Expected(self._sim.now_ms, creations, dict.fromkeys(deleted))

    def creation_observed(self, key: str, count: int = 1) -> None:
        """Creations were seen, or will not happen."""
        expected = self._by_key.get(key)
        if expected is not None:
            expected.creations -= count

    def deletion_observed(self, key: str, deleted: str) -> None:
        """A deletion was seen, or will not happen; one that nobody asked for changes nothing."""
        expected = self._by_key.get(key)
        if expected is not None:
            expected.deletions.pop(deleted, None)

    def forget(self, key: str) -> None:
        """The owning object is gone."""
        self._by_key.pop(key, None)
