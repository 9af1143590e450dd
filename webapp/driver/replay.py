"""Repeating a journalled run in a fresh world: all of it, or up to a moment.

The world below the driver is deterministic, so each command, handled at its stamp, meets the world that
it met before; the revision after it is checked. A run is repeated when a server starts on a data
directory, when a room branches off another one, and by ``podarium replay``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.sim.errors import SimulationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from webapp.driver.driver import World
    from webapp.driver.journal import JournalEntry


class Until(NamedTuple):
    """Up to where to repeat: everything up to ``revision``, and then up to virtual time ``at_ms``.

    A moment inside one handler's work (which may write many revisions) is met at that handler's end.
    """

    revision: int
    at_ms: int


class Replay:
    """One repetition.

    Attributes:
        sequence: Number of the last command repeated.
    """

    def __init__(
        self,
        world: World,
        handle: Callable[[JournalEntry], None],
        breathe: Callable[[], None] | None = None,
    ) -> None:
        """Prepare to repeat.

        Args:
            world: As it was when the run began.
            handle: Carries out a command.
            breathe: Called after each handler, to let others have their turn.
        """
        self.sequence = 0
        self._world = world
        self._handle = handle
        self._breathe = breathe

    def whole(self, entries: Iterable[JournalEntry], progress: tuple[int, int]) -> None:
        """Repeat all commands, and what the world did by itself afterwards.

        Raises:
            SimulationError: The run went another way than it did before.
        """
        for entry in entries:
            self._run_to(entry.stamp.at_ms, entry.stamp.events_processed)
            self._repeat(entry)
        self._run_to(*progress)

    def upto(self, entries: Iterable[JournalEntry], until: Until) -> Iterator[JournalEntry]:
        """Repeat up to a moment; yields each command repeated.

        Raises:
            SimulationError: The run went another way than it did before.
        """
        sim = self._world.sim
        for entry in entries:
            stamp = entry.stamp
            if self._reaches(until, stamp.events_processed) or stamp.at_ms > until.at_ms:
                break
            self._advance(stamp.at_ms)
            self._repeat(entry)
            yield entry
            if self._is_at(until):
                break
        self._reaches(until, None)
        if until.at_ms > sim.now_ms:
            sim.clock.advance_to(until.at_ms)

    def _reaches(self, until: Until, events_processed: int | None) -> bool:
        """Run on to a number of handlers; return whether the moment came first."""
        sim = self._world.sim
        while not self._is_at(until):
            if events_processed is not None and sim.events_processed >= events_processed:
                return False
            due_ms = sim.next_event_ms()
            if due_ms is None or due_ms > until.at_ms:
                return events_processed is None
            self._step()
        return True

    def _is_at(self, until: Until) -> bool:
        return self._world.revision >= until.revision and self._world.sim.now_ms >= until.at_ms

    def _repeat(self, entry: JournalEntry) -> None:
        self._handle(entry)
        self.sequence = entry.stamp.sequence
        if self._world.revision != entry.revision:
            raise SimulationError(
                f"replay diverged at command {self.sequence}: revision {self._world.revision}"
                f" instead of {entry.revision}"
            )

    def _run_to(self, at_ms: int, events_processed: int) -> None:
        sim = self._world.sim
        while sim.events_processed < events_processed:
            if sim.next_event_ms() is None:
                raise SimulationError(
                    f"replay diverged: nothing left to run after {sim.events_processed} events,"
                    f" {events_processed} were journalled"
                )
            self._step()
        self._advance(at_ms)

    def _advance(self, at_ms: int) -> None:
        sim = self._world.sim
        if at_ms > sim.now_ms:
            sim.clock.advance_to(at_ms)

    def _step(self) -> None:
        self._world.sim.step()
        if self._breathe is not None:
            self._breathe()
