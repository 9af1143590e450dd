"""What a Fault may ask for."""

from __future__ import annotations

import pytest

from webapp.api.sim.durations import parse_duration_ms
from webapp.api.sim.fault import FAULT_TYPES, default_fault, validate_fault, validate_fault_change


def make(type_="NodeDown", target=None, **spec):
    target = {"node": "worker-1"} if target is None else target
    return {"spec": {"type": type_, "target": target, **spec}}


def errors_of(fault):
    return [str(error) for error in validate_fault(fault)]


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("300ms", 300),
        ("1m30s", 90_000),
        ("1.5h", 5_400_000),
        ("0", 0),
        ("-2s", -2_000),
        (".5s", 500),
    ],
)
def test_durations_are_read_as_go_reads_them(text, millis):
    """Parts may be fractions and come in any order."""
    assert parse_duration_ms(text) == millis


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abc", 'time: invalid duration "abc"'),
        ("", 'time: invalid duration ""'),
        ("5", 'time: missing unit in duration "5"'),
        ("2d", 'time: unknown unit "d" in duration "2d"'),
        ("1m x", 'time: unknown unit "m x" in duration "1m x"'),
    ],
)
def test_what_is_no_duration_is_refused_in_gos_words(text, message):
    """The text that kubectl shows for a wrong duration anywhere else, too."""
    with pytest.raises(ValueError, match=message.replace("[", r"\[")):
        parse_duration_ms(text)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (
            make(duration="5"),
            'spec.duration: Invalid value: "5": time: missing unit in duration "5"',
        ),
        (make(duration="0s"), 'spec.duration: Invalid value: "0s": must be greater than 0'),
        (
            make(startAfter="-1s"),
            'spec.startAfter: Invalid value: "-1s": must be greater than or equal to 0',
        ),
        (
            make(target={}),
            "spec.target: Required value: must specify one of: node, nodeSelector",
        ),
        (
            make(target={"pod": "web"}),
            "spec.target.pod: Forbidden: may not be set when type is NodeDown",
        ),
        (
            make("ContainerCrash"),
            "spec.target.node: Forbidden: may not be set when type is ContainerCrash",
        ),
        (
            make("ApiServerDown"),
            "spec.target: Forbidden: ApiServerDown strikes the control plane",
        ),
        (
            make("PacketLoss", percent=101),
            "spec.percent: Invalid value: 101: must be between 0 and 100, inclusive",
        ),
        (
            make(exitCode=3),
            "spec.exitCode: Forbidden: may only be set when type is ContainerCrash",
        ),
        (
            make("ImagePullFailure", {"node": "a", "pod": "b"}),
            "spec.target: Forbidden: may not specify more than one of: "
            "node, nodeSelector, pod, podSelector",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(fault, error):
    """With the field, the value and the rule."""
    assert errors_of(fault) == [error]


def test_an_unknown_type_is_answered_with_those_there_are():
    """All of them."""
    [error] = errors_of(make("Meteor"))
    assert all(f'"{type_}"' in error for type_ in FAULT_TYPES)


def test_defaults_say_what_happens():
    """As `kubectl get fault -o yaml` shows them."""
    crash = default_fault(make("ContainerCrash", {"pod": "web"}))["spec"]
    assert (crash["exitCode"], crash["target"]["namespace"]) == (1, "default")
    assert default_fault(make("PacketLoss"))["spec"]["percent"] == 30


def test_a_fault_stays_what_it_is():
    """To break something else, delete it and make another one."""
    [error] = validate_fault_change(make("KubeletDown"), make())
    assert "field is immutable" in str(error)
