"""Stepping: run handler by handler until something new can be seen.

The page's *step to the next fact* and *next of the nine steps* write ``spec.runUntil`` of the Clock;
the driver runs a :class:`Stepper` until it is done and then pauses the world.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.sim.clock import NEXT_STEP
from webapp.journey.pod_deployment import STEPS
from webapp.trace.facts import ContainerStarted, PodRejected, PodUnschedulable

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.sim.loop import Simulation
    from webapp.trace.facts import Fact
    from webapp.trace.recorder import FactRecord, Recorder

HORIZON_MS = 10 * 60_000
"""Virtual time after which a step gives up: nothing more happens by itself."""

HIDDEN_KINDS = frozenset({"Lease", "Event", "Clock"})
"""Kinds whose facts are bookkeeping that the page does not draw."""

# Steps 1 to 4 happen in the instant of the request itself, so that time can only run to a later one.
STEP_FACTS: tuple[type[Fact], ...] = (
    *(fact for step in STEPS[4:] for fact in step.done_by),
    ContainerStarted,
    PodRejected,
    PodUnschedulable,
)


class Stepper:
    """One step under way.

    Attributes:
        target: ``nextFact`` or ``nextStep``.
        done: Whether something new was shown, or nothing more can come.
    """

    def __init__(self, sim: Simulation, recorder: Recorder, target: str) -> None:
        self.target = target
        self.done = False
        self._sim = sim
        self._recorder = recorder
        self._last_ms = sim.now_ms + HORIZON_MS
        self._shows = is_step if target == NEXT_STEP else is_visible

    def run(self, has_budget: Callable[[], bool]) -> bool:
        """Step while there is budget; return whether the step is done."""
        unsubscribe = self._recorder.subscribe(self._look)
        try:
            while not self.done and has_budget():
                due = self._sim.next_event_ms()
                if due is None or due > self._last_ms:
                    self.done = True
                else:
                    self._sim.step()
        finally:
            unsubscribe()
        return self.done

    def _look(self, record: FactRecord) -> None:
        if self._shows(record.fact):
            self.done = True


def is_visible(fact: Fact) -> bool:
    """Whether the page draws this fact as something that happens."""
    return fact.subject is not None and fact.subject.kind not in HIDDEN_KINDS


def is_step(fact: Fact) -> bool:
    """Whether the fact takes a Pod to a further one of the nine steps."""
    return isinstance(fact, STEP_FACTS)
