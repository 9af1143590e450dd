"""Addresses: one out of its Node's Pod CIDR for each sandbox, one for each machine.

Models:
    containernetworking/plugins/plugins/ipam/host-local/backend/allocator/allocator.go IPAllocator
"""

from __future__ import annotations

from ipaddress import IPv4Network

FIRST_NODE_ADDRESS = (10 << 24) + 11
"""10.0.0.11, the first machine's own address."""


class AddressesExhaustedError(Exception):
    """A range has no free address left."""


class PodAddresses:
    """Pod addresses of one Node, from ``.2`` upwards, round robin.

    An address given back is used again only after the rest of the range had its turn, as host-local
    does, so that a new Pod rarely gets the address that another just lost.
    """

    __slots__ = ("_first", "_last", "_next", "_owners")

    def __init__(self, cidr: str) -> None:
        network = IPv4Network(cidr)
        self._first = int(network.network_address) + 2
        self._last = int(network.broadcast_address) - 1
        self._next = self._first
        self._owners: dict[int, str] = {}

    def reserve(self, owner: str) -> str:
        """The next free address, in dotted text.

        Raises:
            AddressesExhaustedError: All are in use.
        """
        for _ in range(self._last - self._first + 1):
            address = self._next
            self._next = address + 1 if address < self._last else self._first
            if address not in self._owners:
                self._owners[address] = owner
                return dotted(address)
        raise AddressesExhaustedError(
            f"no IP addresses available in range set: {dotted(self._first)}-{dotted(self._last)}"
        )

    def release(self, owner: str) -> None:
        """Give back what ``owner`` holds."""
        for address, holder in self._owners.items():
            if holder == owner:
                del self._owners[address]
                return


class IndexPool:
    """Small numbers, the lowest free one first."""

    __slots__ = ("_free", "_next")

    def __init__(self) -> None:
        self._free: list[int] = []
        self._next = 0

    def take(self) -> int:
        """The lowest number that is free."""
        if self._free:
            self._free.sort()
            return self._free.pop(0)
        self._next += 1
        return self._next - 1

    def give_back(self, number: int) -> None:
        """Free a number."""
        self._free.append(number)


def node_address(index: int) -> str:
    """The own address of the ``index``-th machine: 10.0.0.11, 10.0.0.12 and so on."""
    return dotted(FIRST_NODE_ADDRESS + index)


def dotted(address: int) -> str:
    """An IPv4 address as text."""
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"
