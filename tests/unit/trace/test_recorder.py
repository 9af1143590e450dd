"""The fact log stamps, keeps and passes on."""

from webapp.trace.facts import NodeRegistered, ObjectRef, PodBound
from webapp.trace.recorder import Recorder, fact_json


def test_facts_are_numbered_and_stamped_with_virtual_time(sim):
    """Order and time come from the recorder, not from whoever records."""
    recorder = Recorder(sim.clock)

    recorder.record(NodeRegistered(actor="kubelet/n1", node="n1"))
    sim.run_for(500)
    recorder.record(NodeRegistered(actor="kubelet/n2", node="n2"))

    assert [(entry.seq, entry.at_ms - sim.clock.start_ms) for entry in recorder.records] == [
        (1, 0),
        (2, 500),
    ]


def test_facts_name_what_caused_them(sim):
    """What is recorded while acting upon a fact carries its number."""
    recorder = Recorder(sim.clock)
    first = recorder.record(NodeRegistered(actor="a", node="n"))

    with recorder.caused_by(first):
        recorder.record(NodeRegistered(actor="b", node="n"))
    recorder.record(NodeRegistered(actor="c", node="n"))

    assert [entry.cause for entry in recorder.records] == [0, first, 0]


def test_subscribers_hear_of_each_fact_until_they_leave(sim):
    """Leaving is what subscribe returns."""
    recorder, heard = Recorder(sim.clock), []
    leave = recorder.subscribe(lambda entry: heard.append(entry.seq))

    recorder.record(NodeRegistered(actor="a", node="n"))
    leave()
    recorder.record(NodeRegistered(actor="a", node="n"))

    assert heard == [1]


def test_the_log_keeps_the_newest_facts_only(sim):
    """A long run does not grow without end."""
    recorder = Recorder(sim.clock, keep=3)

    for _ in range(5):
        recorder.record(NodeRegistered(actor="a", node="n"))

    assert [entry.seq for entry in recorder.records] == [3, 4, 5]


def test_a_fact_becomes_plain_data_with_wire_names(sim):
    """As the page and the explanations read it."""
    recorder = Recorder(sim.clock)
    recorder.record(
        PodBound(actor="kube-scheduler", subject=ObjectRef("Pod", "ns", "p", "u"), node="n1")
    )

    plain = fact_json(recorder.records[0])

    assert plain["type"] == "PodBound"
    assert plain["subject"] == {"kind": "Pod", "namespace": "ns", "name": "p", "uid": "u"}
    assert plain["data"] == {"node": "n1"}
