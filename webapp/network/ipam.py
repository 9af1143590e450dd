"""Addresses: one out of its Node's ranges for each sandbox, one for each machine.

Models:
    containernetworking/plugins/plugins/ipam/host-local/backend/allocator/allocator.go IPAllocator
    projectcalico/calico/libcalico-go/lib/ipam/ipam_block.go allocationBlock
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2s
from ipaddress import IPv4Network

FIRST_NODE_ADDRESS = (10 << 24) + 11
"""10.0.0.11, the first machine's own address."""


class AddressesExhaustedError(Exception):
    """A range has no free address left."""


class PodAddresses:
    """Pod addresses of one range, round robin.

    An address given back is used again only after the rest of the range had its turn, as host-local
    does, so that a new Pod rarely gets the address that another just lost.

    Args:
        cidr: The range.
        reserved: How many addresses at its beginning Pods do not get.
        keeps_last: Whether the last one is for a Pod too.

    Attributes:
        cidr: The range.
    """

    __slots__ = ("_first", "_last", "_next", "_owners", "cidr")

    def __init__(self, cidr: str, *, reserved: int = 2, keeps_last: bool = False) -> None:
        network = IPv4Network(cidr, strict=False)
        self.cidr = cidr
        self._first = int(network.network_address) + reserved
        self._last = int(network.broadcast_address) - (0 if keeps_last else 1)
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

    def release(self, owner: str) -> bool:
        """Give back what ``owner`` holds; whether it held anything here."""
        for address, holder in self._owners.items():
            if holder == owner:
                del self._owners[address]
                return True
        return False


class BlockPool:
    """A plugin's own pool, cut into blocks of one size.

    A Node's first block follows from its name, later ones lie behind it.
    """

    def __init__(self, pool: str, prefix: int) -> None:
        network = IPv4Network(pool)
        self._start = int(network.network_address)
        self._size = 1 << (32 - prefix)
        self._count = 1 << (prefix - network.prefixlen)
        self._prefix = prefix
        self._held: dict[int, str] = {}

    def claim(self, node: str) -> str:
        """A free block for a Node.

        Raises:
            AddressesExhaustedError: All are claimed.
        """
        digest = blake2s(node.encode(), digest_size=4).digest()
        first = int.from_bytes(digest) % self._count
        for step in range(self._count):
            number = (first + step) % self._count
            if number not in self._held:
                self._held[number] = node
                return f"{dotted(self._start + number * self._size)}/{self._prefix}"
        raise AddressesExhaustedError("no more free blocks in configured IP pools")

    def give_back(self, node: str) -> None:
        """Free all blocks of a Node."""
        for number in [number for number, holder in self._held.items() if holder == node]:
            del self._held[number]


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


@lru_cache(maxsize=65_536)
def number(ip: str) -> int:
    """An IPv4 address as a number; -1 for other text."""
    parts = ip.split(".")
    if len(parts) != 4 or not all(part.isdigit() for part in parts):
        return -1
    a, b, c, d = map(int, parts)
    return (a << 24) + (b << 16) + (c << 8) + d
