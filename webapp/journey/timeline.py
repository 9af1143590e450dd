"""Facts into journeys: for each Pod, when it took which of the nine steps, who did it, and what for.

Facts enter from the recorder, in order; journeys are read by the live projector (what the rail
shows) and by the explanation of a Pod (``/explain/pods/NS/NAME``). The newest journeys are kept.
A request to create a Pod that was refused is a journey too: it ends at step 3 or 4.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from webapp.journey.pod_deployment import STEPS
from webapp.journey.wording import completed_headline, headline_of, summary_of
from webapp.trace import facts
from webapp.trace.recorder import fact_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.trace.facts import Fact, ObjectRef
    from webapp.trace.recorder import FactRecord, Recorder

KEPT_JOURNEYS = 2_000
KEPT_REQUESTS = 512
KEPT_FACTS_A_STEP = 40
STEP_COUNT = len(STEPS)
UNNAMED = facts.ObjectRef("Pod", "", "The Pod")
"""A Pod that was refused before anybody read its name."""


_GATES = {
    401: "authentication",
    403: "authorization",
    404: "admission",
    409: "storage",
    429: "admission",
}
"""Which gate refuses with a code at step 3, or else at step 4; there, 403 is admission's."""


class StepProgress:
    """How far one step of one journey is.

    Attributes:
        begun_ms: When its first fact happened, or ``None``.
        done_ms: When it was completed, or ``None``.
        failed: Whether it ended, or is held up, by a refusal.
        actor: Who acted last.
        summary: What came of it, in plain words.
        records: Its newest facts.
    """

    __slots__ = ("actor", "begun_ms", "done_ms", "failed", "records", "summary")

    def __init__(self) -> None:
        self.begun_ms: int | None = None
        self.done_ms: int | None = None
        self.failed = False
        self.actor = ""
        self.summary = ""
        self.records: list[FactRecord] = []

    def note(self, record: FactRecord) -> None:
        """Take in a fact of this step."""
        if self.begun_ms is None:
            self.begun_ms = record.at_ms
        self.actor = record.fact.actor
        self.summary = summary_of(record.fact) or self.summary
        if len(self.records) < KEPT_FACTS_A_STEP:
            self.records.append(record)

    def complete(self, at_ms: int) -> int:
        """The step is done at ``at_ms``, a second time changes nothing; returns when it was."""
        if self.done_ms is None:
            self.done_ms = at_ms
        self.begun_ms = at_ms if self.begun_ms is None else min(self.begun_ms, self.done_ms)
        self.failed = False
        return self.done_ms


class PodJourney:
    """One Pod's way through the nine steps.

    Attributes:
        ref: The Pod; its UID is ``request-N`` while it was refused before it existed.
        started_ms: When the journey began.
        steps: Progress of step 1 to 9, at index 0 to 8.
        phase: The Pod's phase as last reported.
        removed: Whether the Pod is gone.
        version: Rises with every change; lets readers see whether they have the newest.
    """

    __slots__ = ("phase", "ref", "removed", "started_ms", "steps", "version")

    def __init__(self, ref: ObjectRef, started_ms: int) -> None:
        self.ref = ref
        self.started_ms = started_ms
        self.steps = tuple(StepProgress() for _ in STEPS)
        self.phase = "Pending"
        self.removed = False
        self.version = 0

    @property
    def current(self) -> int:
        """Number of the step under way, 1 to 9; 10 when all are done."""
        return next(
            (number for number, step in enumerate(self.steps, 1) if step.done_ms is None),
            STEP_COUNT + 1,
        )

    @property
    def is_refused(self) -> bool:
        """Whether it is the story of a request that was refused, without a Pod."""
        return self.ref.uid.startswith("request-")

    @property
    def refused_by(self) -> str:
        """The gate that ended it: authentication to storage; "" for a Pod that exists."""
        if not self.is_refused:
            return ""
        for step in self.steps[2:4]:
            for record in step.records if step.failed else ():
                if isinstance(record.fact, facts.SpecRejected) and record.fact.code == 403:
                    return "admission"
                if isinstance(record.fact, (facts.RequestDenied, facts.SpecRejected)):
                    return _GATES.get(record.fact.code, "validation")
        return ""

    @property
    def headline(self) -> str:
        """Where it stands, in one sentence."""
        if self.phase == "Succeeded":
            return completed_headline(self.ref.name)
        return headline_of(self.ref.name, self.current, self.steps_summary, failed=self.is_held_up)

    @property
    def is_held_up(self) -> bool:
        """Whether the present step failed or waits for something to change."""
        current = self.current
        return current <= STEP_COUNT and self.steps[current - 1].failed

    @property
    def steps_summary(self) -> str:
        """The summary of the present step."""
        current = self.current
        return self.steps[min(current, STEP_COUNT) - 1].summary

    def to_json(self) -> JSONObject:
        """The nine steps with their facts, for the explanation of a Pod."""
        return {
            "current": self.current,
            "headline": self.headline,
            "removed": self.removed,
            "steps": [
                {
                    "step": step.number,
                    "name": step.name,
                    "title": step.title,
                    "what": step.what,
                    "actor": progress.actor,
                    "at": progress.begun_ms,
                    "until": progress.done_ms,
                    "failed": progress.failed,
                    "summary": progress.summary,
                    "facts": [fact_json(record) for record in progress.records],
                }
                for step, progress in zip(STEPS, self.steps, strict=True)
            ],
        }

    def complete_through(self, number: int, at_ms: int) -> None:
        """Steps up to ``number`` are done: a later one cannot end before an earlier one.

        The gates of the API server open while the request is still drawn travelling, so their
        moments are moved to its arrival.
        """
        earliest_ms = 0
        for step in self.steps[: number - 1]:
            done_ms = step.done_ms
            if done_ms is None or step.failed:
                done_ms = step.complete(max(earliest_ms, min(at_ms, done_ms or at_ms)))
            earliest_ms = done_ms
        self.steps[number - 1].complete(max(earliest_ms, at_ms))


class JourneyLog:
    """All journeys of a world, newest last.

    Attributes:
        journeys: Pod UID → journey.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.journeys: OrderedDict[str, PodJourney] = OrderedDict()
        self._requests: OrderedDict[int, list[FactRecord]] = OrderedDict()
        self._changed: dict[str, None] = {}
        self._handlers: dict[type[Fact], Callable[[FactRecord], None]] = {
            facts.ObjectStored: self._on_stored,
            facts.PodRemoved: self._on_removed,
            facts.RequestAdmitted: self._on_gate,
            facts.RequestAuthenticated: self._on_gate,
            facts.RequestAuthorized: self._on_gate,
            facts.RequestDenied: self._on_refused,
            facts.RequestReceived: self._on_request,
            facts.SpecRejected: self._on_refused,
            facts.SpecValidated: self._on_gate,
        }
        for step in STEPS[4:]:
            for kind in (*step.begun_by, *step.done_by):
                self._handlers[kind] = self._on_pod_fact
        self._handlers[facts.PodRejected] = self._on_pod_fact
        recorder.subscribe(self.note, self._handlers)

    def find(self, namespace: str, name: str) -> PodJourney | None:
        """The newest journey of a Pod of this name; a refused request's only if there was no Pod."""
        refused = None
        for journey in reversed(self.journeys.values()):
            if journey.ref.name == name and journey.ref.namespace == namespace:
                if not journey.is_refused:
                    return journey
                refused = refused or journey
        return refused

    def take_changed(self) -> list[PodJourney]:
        """Journeys that changed since the last call, in order of change."""
        changed, self._changed = self._changed, {}
        return [self.journeys[uid] for uid in changed if uid in self.journeys]

    def note(self, record: FactRecord) -> None:
        """Take in a fact of a kind that journeys are told from."""
        self._handlers[type(record.fact)](record)

    # --- steps 1 to 4: facts of a request, which belong to a Pod once it is stored -------------

    def _on_request(self, record: FactRecord) -> None:
        fact = record.fact
        if isinstance(fact, facts.RequestReceived) and _creates_pod(fact):
            self._requests[record.seq] = [record]
            if len(self._requests) > KEPT_REQUESTS:
                self._requests.popitem(last=False)

    def _on_gate(self, record: FactRecord) -> None:
        request = self._requests.get(record.cause)
        if request is not None:
            request.append(record)

    def _on_refused(self, record: FactRecord) -> None:
        request = self._requests.pop(record.cause, None)
        if request is None:
            return
        received = request[0]
        subject = record.fact.subject or received.fact.subject or UNNAMED
        existing = self.find(subject.namespace, subject.name)
        if existing is not None and not existing.is_refused and not existing.removed:
            return  # a change of a Pod that lives was refused: its own story goes on
        ref = subject._replace(name=subject.name or UNNAMED.name, uid=f"request-{received.seq}")
        journey = PodJourney(ref, received.at_ms)
        self._replay(journey, request)
        number = 3 if isinstance(record.fact, facts.RequestDenied) else 4
        step = journey.steps[number - 1]
        step.note(record)
        step.failed = True
        self._keep(journey)

    def _on_stored(self, record: FactRecord) -> None:
        fact = record.fact
        if (
            not isinstance(fact, facts.ObjectStored)
            or fact.resource != "pods"
            or fact.subject is None
        ):
            return
        if fact.operation != "ADDED":
            return
        request = self._requests.pop(record.cause, [])
        started_ms = request[0].at_ms if request else record.at_ms
        journey = PodJourney(fact.subject, started_ms)
        self._replay(journey, request)
        journey.steps[3].note(record)
        journey.complete_through(4, record.at_ms)
        self._keep(journey)

    @staticmethod
    def _replay(journey: PodJourney, request: list[FactRecord]) -> None:
        for record in request:
            if isinstance(record.fact, facts.RequestReceived):
                journey.steps[0].note(record)
                journey.steps[1].note(record)
                journey.complete_through(1, record.at_ms)
                journey.complete_through(2, record.at_ms + record.fact.duration_ms)
            elif isinstance(record.fact, (facts.RequestAuthenticated, facts.RequestAuthorized)):
                journey.steps[2].note(record)
                if isinstance(record.fact, facts.RequestAuthorized):
                    journey.complete_through(3, record.at_ms)
            else:
                journey.steps[3].note(record)

    # --- steps 5 to 9: facts of the Pod itself --------------------------------------------------

    def _on_pod_fact(self, record: FactRecord) -> None:
        fact = record.fact
        subject = fact.subject
        journey = self.journeys.get(subject.uid) if subject is not None else None
        if journey is None:
            return
        kind = type(fact)
        number = _STEP_OF[kind]
        step = journey.steps[number - 1]
        if number == 9 and step.done_ms is not None:
            return  # reports go on for as long as the Pod lives; the story is told
        step.note(record)
        if isinstance(fact, facts.StatusReported):
            self._judge_report(journey, fact, record.at_ms)
        elif kind in _COMPLETING:
            journey.complete_through(number, record.at_ms)
        else:
            step.failed = kind in _HOLD_UPS
        journey.version += 1
        self._changed[journey.ref.uid] = None

    @staticmethod
    def _judge_report(journey: PodJourney, report: facts.StatusReported, at_ms: int) -> None:
        journey.phase = report.phase
        if report.phase in {"Running", "Succeeded", "Failed"}:
            journey.complete_through(8, at_ms)
        if report.phase == "Succeeded":
            journey.complete_through(9, at_ms)
        journey.steps[8].failed = report.phase == "Failed"

    def _on_removed(self, record: FactRecord) -> None:
        subject = record.fact.subject
        journey = self.journeys.get(subject.uid) if subject is not None else None
        if journey is not None:
            journey.removed = True
            journey.version += 1
            self._changed[journey.ref.uid] = None

    def _keep(self, journey: PodJourney) -> None:
        self.journeys[journey.ref.uid] = journey
        self._changed[journey.ref.uid] = None
        if len(self.journeys) > KEPT_JOURNEYS:
            self.journeys.popitem(last=False)


_HOLD_UPS = frozenset(
    (
        facts.ContainerBackedOff,
        facts.ImagePullFailed,
        facts.PodRejected,
        facts.PodUnschedulable,
    )
)
_COMPLETING = frozenset(kind for step in STEPS[4:] for kind in step.done_by) - _HOLD_UPS
_STEP_OF: dict[type[Fact], int] = {
    **{kind: step.number for step in STEPS[4:] for kind in (*step.begun_by, *step.done_by)},
    facts.PodRejected: 7,
}


def _creates_pod(fact: facts.RequestReceived) -> bool:
    return fact.resource == "pods" and fact.verb in {"create", "patch"}
