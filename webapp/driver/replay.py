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

    from webapp.driver.journal import JournalEntry
    from webapp.driver.world import World


class Until(NamedTuple):
    """Up to where to repeat; one of the two is given.

    Attributes:
        revision: Up to the end of the handler or command that writes it (which may write more).
        at_ms: Everything up to and including this virtual millisecond.
    """

    revision: int | None = None
    at_ms: int | None = None


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

    def upto(
        self, entries: Iterable[JournalEntry], progress: tuple[int, int], until: Until
    ) -> Iterator[JournalEntry]:
        """Repeat up to a moment, or up to the run's end if that comes first; yields each command repeated.

        Raises:
            SimulationError: The run went another way than it did before.
        """
        sim = self._world.sim
        last_ms, last_event = progress
        for entry in entries:
            stamp = entry.stamp
            if self._reaches(until, stamp.at_ms, stamp.events_processed):
                break
            self._advance(stamp.at_ms)
            self._repeat(entry)
            yield entry
        else:
            if self._reaches(until, last_ms, last_event) is False:
                self._advance(last_ms)
        if until.at_ms is not None and sim.now_ms < until.at_ms <= last_ms:
            self._advance(until.at_ms)

    def _reaches(self, until: Until, at_ms: int, events_processed: int) -> bool:
        """Run on to a point of the run; return whether the moment comes first."""
        sim, world = self._world.sim, self._world
        while until.revision is None or world.revision < until.revision:
            if sim.events_processed >= events_processed:
                return until.at_ms is not None and at_ms > until.at_ms
            due_ms = sim.next_event_ms()
            if due_ms is None:
                raise self._nothing_left(events_processed)
            if until.at_ms is not None and due_ms > until.at_ms:
                return True
            self._step()
        return True

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
                raise self._nothing_left(events_processed)
            self._step()
        self._advance(at_ms)

    def _nothing_left(self, events_processed: int) -> SimulationError:
        return SimulationError(
            f"replay diverged: nothing left to run after {self._world.sim.events_processed} events,"
            f" {events_processed} were journalled"
        )

    def _advance(self, at_ms: int) -> None:
        sim = self._world.sim
        if at_ms > sim.now_ms:
            sim.clock.advance_to(at_ms)

    def _step(self) -> None:
        self._world.sim.step()
        if self._breathe is not None:
            self._breathe()
