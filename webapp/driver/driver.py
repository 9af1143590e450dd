"""The single writer: one greenlet owns the world, everything else hands it commands.

The pump repeats: move virtual time towards its target in a slice of a few milliseconds, take the
commands that arrived, stamp and handle them, commit the journal, and only then let their answers go.
Reads are answered in the caller's greenlet: the pump never yields inside a slice, and what the API
server hands out is immutable. Called by ``webapp.http`` and ``webapp.live``; built by ``webapp.app``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import gevent

from webapp.driver.collector import Collector
from webapp.driver.inbox import Command, Inbox, Stamp
from webapp.driver.journal import PAUSE, REQUEST, JournalEntry, JournalError
from webapp.driver.pacing import Pacing, SliceBudget, monotonic
from webapp.driver.replay import Replay
from webapp.driver.stepping import Stepper
from webapp.sim.errors import SimulationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from webapp.apimachinery.wire import Answer, Request
    from webapp.driver.journal import Journal
    from webapp.driver.replay import Until
    from webapp.driver.world import World

SLICE_SECONDS = 0.004
MIN_SHARE_SECONDS = 0.05
"""Under a flood of requests the pump still gets a slice this often."""
MAX_REST_SECONDS = 0.05
"""Longest sleep while time flows, so that reads see a fresh clock."""
PAUSED_REST_SECONDS = 1.0
PROGRESS_SECONDS = 1.0
"""How often the reached virtual time is noted when no command does it anyway."""
EVENTS_BETWEEN_CHECKS = 4
"""A check costs a tenth of a microsecond, a handler some tens: slices keep to their budget."""

logger = logging.getLogger(__name__)


class StoppedError(Exception):
    """The run has ended, by a fault of its own or because the server is shutting down."""


class SimulationDriver:
    """Pump, inbox, journal and pace of one world.

    Attributes:
        world: The simulated cluster; nobody else may change it.
        failure: Why the run stopped, one line; "" while all is well.
    """

    def __init__(self, world: World, journal: Journal) -> None:
        self.world = world
        self.failure = ""
        self._journal = journal
        self._inbox = Inbox()
        self._in_hand: list[Command] = []
        self._pacing = Pacing(world.sim.now_ms)
        self._budget = SliceBudget(SLICE_SECONDS)
        self._collector = Collector()
        self._stepper: Stepper | None = None
        self._sequence = 0
        self._noted_at = 0.0
        self._stopping = False
        self._pump: gevent.Greenlet | None = None

    @property
    def lag_ms(self) -> int:
        """How far virtual now trails its target, in virtual milliseconds."""
        return self._pacing.lag_ms

    # --- for everybody ----------------------------------------------------------------------

    def read(self, request: Request) -> Answer:
        """Answer a request that changes nothing, at once.

        Raises:
            StoppedError: The run has ended.
        """
        self._check_running()
        return self.world.handle(request)

    def submit(self, request: Request, *, durable: bool) -> Answer:
        """Hand a request to the pump and wait until it is answered and, if ``durable``, on disk.

        Raises:
            StoppedError: The run has ended.
            InboxFullError: Too many requests wait.
        """
        self._check_running()
        command = Command(request, durable=durable)
        self._inbox.put(command)
        return command.wait()

    @property
    def journal_path(self) -> Path:
        """The journal's file."""
        return self._journal.path

    def commands(self, *, after: int) -> Iterator[JournalEntry]:
        """Journalled commands with a sequence number above ``after``, in order."""
        return self._journal.commands(after)

    def journal_bytes(self) -> bytes:
        """The journal as a file to download: it repeats this run."""
        return self._journal.as_bytes()

    # --- life -------------------------------------------------------------------------------

    def replay(self) -> int:
        """Repeat the journalled run in the fresh world; return the number of commands.

        Raises:
            SimulationError: The run went another way than it did before.
        """
        replay = Replay(self.world, self._repeat)
        replay.whole(self._journal.commands(), self._journal.progress)
        self._sequence = replay.sequence
        return self._sequence

    @property
    def progress(self) -> tuple[int, int]:
        """How far the run has come: (virtual ms, events processed)."""
        sim = self.world.sim
        return sim.now_ms, sim.events_processed

    def branch(
        self,
        entries: Iterable[JournalEntry],
        progress: tuple[int, int],
        until: Until,
        *,
        pauses: bool = True,
    ) -> None:
        """Repeat another run in the fresh world up to a moment.

        The commands repeated become this run's own. Other greenlets get their turn meanwhile.

        Args:
            entries: The other run's commands from its beginning.
            progress: How far the other run has come.
            until: The moment.
            pauses: Whether time is to stand still there.

        Raises:
            SimulationError: The run went another way than it did before.
            JournalError: The journal cannot be written.
        """
        self._budget.restart()
        replay = Replay(self.world, self._repeat, self._breathe)
        for entry in replay.upto(entries, progress, until):
            self._journal.add(entry)
        self._sequence = replay.sequence
        if pauses and not self.world.clock.stands_still:
            self._pause()
        self._commit()

    def start(self) -> None:
        """Begin pumping."""
        self._pacing.anchor(self.world.sim.now_ms)
        self._collector.take_over()
        self._pump = gevent.spawn(self._run)

    def stop(self) -> None:
        """End the run in good order: answer what waits, note the progress, release the journal."""
        self._stopping = True
        self._inbox.wake()
        if self._pump is not None:
            self._pump.join()
        self._refuse_waiting()
        if not self.failure:
            sim = self.world.sim
            self._journal.commit(sim.now_ms, sim.events_processed)
        self._journal.close()

    def abandon(self) -> None:
        """Release the journal of a run that is not to go on."""
        self._journal.close()

    # --- the pump ---------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping and not self.failure:
            try:
                has_more = self._advance()
                clock = self.world.clock
                self._handle_commands()
                # A command that lets time run again is not to wait until the rest is over.
                has_more = has_more or self.world.clock is not clock
                self._note_progress()
            except (SimulationError, JournalError) as error:
                self._fail(str(error))
            except Exception as error:
                logger.exception("a component failed")
                self._fail(f"{type(error).__name__}: {error}")
            else:
                self._rest(has_more=has_more)

    def _advance(self) -> bool:
        """Run one slice; return whether there is more to do right now."""
        sim, clock = self.world.sim, self.world.clock
        stopped = clock.paused and clock.run_until is None
        self._pacing.follow(clock.speed, paused=stopped, now_ms=sim.now_ms)
        self._budget.restart()
        if isinstance(clock.run_until, str):
            return self._step_on(clock.run_until)
        self._stepper = None
        if stopped:
            return False
        if clock.run_until is not None:
            return self._run_until(clock.run_until)
        if self._pacing.is_unpaced and not sim.is_idle:
            return self._run_unpaced()
        return not self._run_paced(self._pacing.target_ms(sim.now_ms))

    def _step_on(self, target: str) -> bool:
        if self._stepper is None or self._stepper.target != target:
            self._stepper = Stepper(self.world.sim, self.world.recorder, target)
        if not self._stepper.run(self._budget):
            return True
        self._stepper = None
        self._pause()
        return False

    def _run_paced(self, target_ms: int) -> bool:
        sim = self.world.sim
        reached = sim.run_slice(target_ms, self._budget, EVENTS_BETWEEN_CHECKS)
        self._pacing.lag_ms = 0 if reached else target_ms - sim.now_ms
        self.world.lag_ms = self._pacing.lag_ms
        return reached

    def _run_until(self, until_ms: int) -> bool:
        sim = self.world.sim
        target = until_ms if self._pacing.is_unpaced else self._pacing.target_ms(sim.now_ms)
        reached = self._run_paced(max(sim.now_ms, min(target, until_ms)))
        if reached and sim.now_ms >= until_ms:
            self._pause()
            return False
        return not reached

    def _run_unpaced(self) -> bool:
        sim = self.world.sim
        countdown = EVENTS_BETWEEN_CHECKS
        while not sim.is_idle:
            sim.step()
            countdown -= 1
            if not countdown:
                if not self._budget():
                    break
                countdown = EVENTS_BETWEEN_CHECKS
        self._pacing.anchor(sim.now_ms)
        return not sim.is_idle

    def _pause(self) -> None:
        stamp = self._next_stamp()
        self.world.pause()
        self._journal.add(JournalEntry(stamp, PAUSE, None, self.world.revision))
        self._commit()

    def _handle_commands(self) -> None:
        self._in_hand = self._inbox.take_all()
        if not self._in_hand:
            return
        outcomes = [self._handle(command) for command in self._in_hand]
        if any(command.durable for command in self._in_hand):
            self._commit()
        for command, outcome in zip(self._in_hand, outcomes, strict=True):
            if isinstance(outcome, Exception):
                command.fail(outcome)
            else:
                command.answer(outcome)
        self._in_hand = []

    def _handle(self, command: Command) -> Answer | Exception:
        if not command.durable:
            return self._outcome(command.request)
        stamp = self._next_stamp()
        outcome = self._outcome(command.request)
        self._journal.add(JournalEntry(stamp, REQUEST, command.request, self.world.revision))
        return outcome

    def _outcome(self, request: Request) -> Answer | Exception:
        """What came of a request; a fault of one handler fails its request, not the run."""
        try:
            return self.world.handle(request)
        except SimulationError:
            raise
        except Exception as error:
            logger.exception("%s %s failed", request.method, request.path)
            return error

    def _next_stamp(self) -> Stamp:
        self._sequence += 1
        sim = self.world.sim
        return Stamp(sim.now_ms, sim.events_processed, self._sequence)

    def _commit(self) -> None:
        if gevent.getcurrent() is self._pump:
            # The disk takes a while. The pump waits, so the world stands still meanwhile, but reads
            # are answered and the next commands arrive, to share the next commit.
            gevent.get_hub().threadpool.apply(self._journal.commit, self.progress)
        else:
            self._journal.commit(*self.progress)
        self._noted_at = monotonic()

    def _note_progress(self) -> None:
        if monotonic() - self._noted_at >= PROGRESS_SECONDS:
            self._commit()

    def _rest(self, *, has_more: bool) -> None:
        self._collector.between_slices()
        if has_more:
            # idle() lets every ready greenlet go first; the timeout is the pump's own share.
            with gevent.Timeout(MIN_SHARE_SECONDS, False):
                gevent.idle()
            return
        self._collector.while_quiet()
        sim = self.world.sim
        due_ms = sim.next_event_ms()
        seconds = MAX_REST_SECONDS if self._pacing.flow else PAUSED_REST_SECONDS
        if due_ms is not None:
            until_due = self._pacing.seconds_until(due_ms)
            seconds = seconds if until_due is None else min(seconds, until_due)
        self._inbox.wait(seconds)

    def _fail(self, problem: str) -> None:
        self.failure = problem
        logger.error("the simulation stopped: %s", problem)
        self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        for command in (*self._in_hand, *self._inbox.take_all()):
            command.fail(StoppedError(self.failure or "the server is shutting down"))

    def _check_running(self) -> None:
        if self.failure or self._stopping:
            raise StoppedError(self.failure or "the server is shutting down")

    # --- replay -----------------------------------------------------------------------------

    def _repeat(self, entry: JournalEntry) -> None:
        if entry.request is not None:
            self._outcome(entry.request)
        else:
            self.world.pause()

    def _breathe(self) -> None:
        if not self._budget():
            gevent.sleep(0)
            self._budget.restart()
