"""Events are counted, combined and kept from flooding."""

import pytest

from webapp.client.record import EventRecorder

POD = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"name": "web", "namespace": "ns", "uid": "u"},
}


class FakeClient:
    """Keeps what is written."""

    def __init__(self):
        self.events = {}

    def create(self, _resource, _namespace, event):
        self.events[event["metadata"]["name"]] = event

    def patch(self, _resource, _namespace, name, patch):
        self.events[name] = {**self.events[name], **patch}


@pytest.fixture
def client():
    return FakeClient()


@pytest.fixture
def recorder(client, sim):
    return EventRecorder(client, sim, "kubelet", "n1")


def test_the_same_words_about_the_same_object_are_counted(recorder, client, sim):
    """One Event whose count and last time rise."""
    for _ in range(3):
        recorder.event(POD, "Warning", "BackOff", "back-off")
        sim.run_for(10_000)

    (event,) = client.events.values()
    assert event["count"] == 3
    assert event["lastTimestamp"] > event["firstTimestamp"]


def test_many_different_messages_for_one_reason_are_combined(recorder, client):
    """From the eleventh on they share one Event."""
    for number in range(15):
        recorder.event(POD, "Normal", "SuccessfulCreate", f"Created pod: web-{number}")

    combined = [
        event for event in client.events.values() if event["message"].startswith("(combined")
    ]
    assert len(client.events) == 11
    assert [(event["count"], event["message"]) for event in combined] == [
        (5, "(combined from similar events): Created pod: web-14")
    ]


def test_a_flood_about_one_object_is_held_back(recorder, client, sim):
    """25 at once, then one every five minutes."""
    for number in range(40):
        recorder.event(POD, "Normal", f"Reason{number}", "text")
    assert len(client.events) == 25

    sim.run_for(300_000)
    recorder.event(POD, "Normal", "Later", "text")
    recorder.event(POD, "Normal", "TooSoon", "text")

    assert len(client.events) == 26
