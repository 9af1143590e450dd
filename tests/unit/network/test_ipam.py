"""Addresses of Pods and machines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.network.ipam import AddressesExhaustedError, IndexPool, PodAddresses, node_address


def test_addresses_begin_at_two_and_rise() -> None:
    """The gateway has .1."""
    addresses = PodAddresses("10.244.3.0/24")

    assert [addresses.reserve(owner) for owner in "abc"] == [
        "10.244.3.2",
        "10.244.3.3",
        "10.244.3.4",
    ]


def test_a_released_address_is_not_reused_at_once() -> None:
    """The rest of the range has its turn first."""
    addresses = PodAddresses("10.244.0.0/29")
    addresses.reserve("a")
    addresses.release("a")

    rest = [addresses.reserve(str(number)) for number in range(5)]

    assert rest == ["10.244.0.3", "10.244.0.4", "10.244.0.5", "10.244.0.6", "10.244.0.2"]


def test_a_full_range_says_so() -> None:
    """There is no sixth address in a /29."""
    addresses = PodAddresses("10.244.0.0/29")
    for number in range(5):
        addresses.reserve(str(number))

    with pytest.raises(AddressesExhaustedError, match="no IP addresses available"):
        addresses.reserve("late")


def test_machines_are_numbered_from_eleven_and_gaps_are_filled() -> None:
    """A machine that left frees its address for the next."""
    pool = IndexPool()
    first, second = pool.take(), pool.take()
    pool.give_back(first)

    assert [node_address(second), node_address(pool.take()), node_address(pool.take())] == [
        "10.0.0.12",
        "10.0.0.11",
        "10.0.0.13",
    ]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60))
def test_no_address_is_held_twice(steps: list[tuple[bool, int]]) -> None:
    """Whatever comes and goes, holders have different addresses inside the range."""
    addresses = PodAddresses("10.244.0.0/28")
    held: dict[str, str] = {}
    for reserve, number in steps:
        owner = str(number)
        if reserve and owner not in held:
            held[owner] = addresses.reserve(owner)
        elif not reserve and owner in held:
            addresses.release(owner)
            del held[owner]

        assert len(set(held.values())) == len(held)
        assert all(2 <= int(address.rsplit(".", 1)[1]) <= 14 for address in held.values())
