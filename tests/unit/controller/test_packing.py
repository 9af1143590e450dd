"""Which endpoint goes into which slice."""

from __future__ import annotations

import pytest

from webapp.controller.endpointslice.packing import plan_slices as plan_keyed_slices
from webapp.controller.endpointslice.packing import ports_key

HTTP = ({"name": "http", "protocol": "TCP", "port": 80},)
ADMIN = ({"name": "http", "protocol": "TCP", "port": 8080},)


def plan_slices(slices, desired):
    keyed = {name: (ports_key(ports), endpoint) for name, (ports, endpoint) in desired.items()}
    return plan_keyed_slices(slices, keyed, {ports_key(ports): ports for ports in (HTTP, ADMIN)})


def make_endpoint(number, *, ready=True):
    return {
        "addresses": [f"10.244.{number // 250}.{number % 250}"],
        "conditions": {"ready": ready},
        "targetRef": {"kind": "Pod", "name": f"u{number}"},
    }


def make_desired(numbers, ports=HTTP):
    return {f"u{number}": (ports, make_endpoint(number)) for number in numbers}


def make_slice(name, numbers, ports=HTTP):
    return {
        "metadata": {"name": name, "uid": name},
        "endpoints": [make_endpoint(number) for number in numbers],
        "ports": list(ports),
    }


def written(plan):
    return [
        [endpoint["targetRef"]["name"] for endpoint in endpoints] for *_, endpoints in plan.update
    ], [len(endpoints) for _, endpoints in plan.create]


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        pytest.param(0, [0], id="an empty slice stands for none"),
        pytest.param(1, [1], id="one"),
        pytest.param(100, [100], id="a full one"),
        pytest.param(250, [100, 100, 50], id="several"),
    ],
)
def test_new_services_get_slices_of_a_hundred(count, sizes):
    """Nothing is there yet."""
    assert written(plan_slices([], make_desired(range(count)))) == ([], sizes)


def test_equal_slices_are_not_written():
    """What is right already costs nothing."""
    plan = plan_slices([make_slice("a", range(5))], make_desired(range(5)))
    assert (plan.create, plan.update, plan.delete) == ([], [], [])


def test_new_endpoints_fill_a_slice_with_room():
    """One write is enough: the fullest slice that takes all of them."""
    slices = [make_slice("a", range(10)), make_slice("b", range(20, 40))]
    desired = make_desired([*range(10), *range(20, 40), 50])

    updates, creates = written(plan_slices(slices, desired))

    assert updates == [[f"u{number}" for number in [*range(20, 40), 50]]]
    assert creates == []


def test_new_endpoints_prefer_slices_that_are_written_anyway():
    """A slice that loses an endpoint takes the new one."""
    slices = [make_slice("a", range(3)), make_slice("b", range(20, 40))]
    desired = make_desired([0, 1, *range(20, 40), 50])

    updates, _ = written(plan_slices(slices, desired))

    assert updates == [["u0", "u1", "u50"]]


def test_a_changed_endpoint_stays_in_its_slice():
    """Readiness changes in place."""
    desired = make_desired(range(3))
    desired["u1"] = (HTTP, make_endpoint(1, ready=False))

    [(stored, ports, endpoints)] = plan_slices([make_slice("a", range(3))], desired).update

    assert stored["metadata"]["name"] == "a"
    assert ports == HTTP
    assert [endpoint["conditions"]["ready"] for endpoint in endpoints] == [True, False, True]


def test_an_emptied_slice_is_deleted_when_another_remains():
    """Slices without endpoints go."""
    slices = [make_slice("a", range(3)), make_slice("b", range(10, 12))]
    plan = plan_slices(slices, make_desired(range(3)))
    assert [stored["metadata"]["name"] for stored in plan.delete] == ["b"]


def test_other_ports_need_another_slice():
    """Named target ports that differ by Pod split the Service; an unused slice is rewritten."""
    desired = make_desired([0]) | make_desired([1], ADMIN)
    plan = plan_slices([], desired)
    assert [ports for ports, _ in plan.create] == [HTTP, ADMIN]

    [(stored, ports, _)] = plan_slices([make_slice("a", [0])], make_desired([0], ADMIN)).update
    assert (stored["metadata"]["name"], ports) == ("a", ADMIN)


def test_the_last_slice_becomes_the_empty_one():
    """A Service whose Pods are gone keeps one slice."""
    plan = plan_slices([make_slice("a", [0])], {})
    [(stored, ports, endpoints)] = plan.update
    assert (stored["metadata"]["name"], ports, endpoints) == ("a", (), [])

    kept = plan_slices([make_slice("a", [], ())], {})
    assert (kept.create, kept.update, kept.delete) == ([], [], [])
