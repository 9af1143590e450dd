"""Journeys are told from facts alone."""

import pytest

from webapp.journey.timeline import JourneyLog
from webapp.trace import facts
from webapp.trace.facts import ObjectRef
from webapp.trace.recorder import Recorder

POD = ObjectRef("Pod", "default", "web", "uid-1")


@pytest.fixture
def recorder(sim):
    return Recorder(sim.clock)


@pytest.fixture
def log(recorder):
    return JourneyLog(recorder)


def post(recorder):
    """A request to create the Pod, up to where admission is done; returns its number."""
    unnamed = POD._replace(uid="")
    seq = recorder.record(
        facts.RequestReceived(
            actor="kubectl", subject=unnamed, verb="create", resource="pods", duration_ms=5
        )
    )
    with recorder.caused_by(seq):
        recorder.record(facts.RequestAuthenticated(actor="kube-apiserver", user="ada"))
        recorder.record(facts.RequestAuthorized(actor="kube-apiserver", user="ada", rule="admins"))
    return seq


def store(recorder, seq):
    with recorder.caused_by(seq):
        recorder.record(
            facts.ObjectStored(
                actor="kube-apiserver", subject=POD, revision=7, operation="ADDED", resource="pods"
            )
        )


def test_a_stored_pod_has_four_steps_behind_it(recorder, log):
    """The request's facts become the Pod's first steps once it exists."""
    store(recorder, post(recorder))

    journey = log.journeys["uid-1"]

    assert journey.current == 5
    assert journey.steps[2].summary == "ada may: admins"
    assert journey.steps[3].summary == "stored at revision 7"


def test_later_steps_complete_earlier_ones(recorder, log):
    """A Pod with a Node in its manifest skips the scheduler, not the order."""
    store(recorder, post(recorder))

    recorder.record(facts.PodAccepted(actor="kubelet/n1", subject=POD, node="n1"))

    assert log.journeys["uid-1"].current == 8


def test_the_journey_ends_when_the_pod_is_ready(recorder, log):
    """Nine of nine."""
    store(recorder, post(recorder))
    for fact in (
        facts.NodeChosen(actor="s", subject=POD, attempt=1, node="n1", score=80),
        facts.PodBound(actor="s", subject=POD, node="n1"),
        facts.PodAccepted(actor="kubelet/n1", subject=POD, node="n1"),
        facts.SandboxCreated(actor="kubelet/n1", subject=POD, node="n1", sandbox_id="x"),
        facts.StatusReported(actor="kubelet/n1", subject=POD, node="n1", phase="Running"),
        facts.PodReady(actor="kubelet/n1", subject=POD, node="n1"),
    ):
        recorder.record(fact)

    journey = log.journeys["uid-1"]

    assert journey.current == 10
    assert journey.headline == "web is running and ready."


def test_a_pod_that_fits_nowhere_is_held_up_at_step_five(recorder, log):
    """The headline is the scheduler's own reason."""
    store(recorder, post(recorder))

    recorder.record(facts.PodUnschedulable(actor="s", subject=POD, attempt=1, message="0/3 nodes"))

    journey = log.journeys["uid-1"]
    assert (journey.current, journey.is_held_up, journey.headline) == (5, True, "web: 0/3 nodes")


@pytest.mark.parametrize(
    ("phase", "current", "headline"),
    [("Succeeded", 10, "web has run to its end."), ("Failed", 9, "web: it has failed")],
)
def test_a_pod_that_ends_has_an_end_to_its_story(recorder, log, phase, current, headline):
    """Completed is nine of nine; failed is held up at the report."""
    store(recorder, post(recorder))

    recorder.record(facts.StatusReported(actor="kubelet/n1", subject=POD, node="n1", phase=phase))

    journey = log.journeys["uid-1"]
    assert (journey.current, journey.headline) == (current, headline)


def test_a_refused_request_is_a_journey_that_ends_at_its_gate(recorder, log):
    """The page can show where and why a manifest was refused."""
    seq = post(recorder)
    with recorder.caused_by(seq):
        recorder.record(facts.SpecRejected(actor="kube-apiserver", message="image: Required value"))

    journey = log.journeys[f"request-{seq}"]

    assert (journey.current, journey.is_held_up) == (4, True)
    assert journey.headline == "web: image: Required value"


def test_a_refused_change_of_a_living_pod_does_not_replace_its_story(recorder, log):
    """What is explained is the Pod that runs."""
    store(recorder, post(recorder))
    seq = post(recorder)
    with recorder.caused_by(seq):
        recorder.record(facts.SpecRejected(actor="kube-apiserver", subject=POD, message="no"))

    assert log.find("default", "web").ref.uid == "uid-1"
    assert len(log.journeys) == 1


def test_changed_journeys_are_handed_out_once(recorder, log):
    """The projector takes what changed and leaves nothing behind."""
    store(recorder, post(recorder))

    assert [journey.ref.uid for journey in log.take_changed()] == ["uid-1"]
    assert log.take_changed() == []
