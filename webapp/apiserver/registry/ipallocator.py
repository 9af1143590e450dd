"""Numbers out of a range, one at a time: ClusterIPs and NodePorts.

The lower band of a range is left for those who ask for a number of their own; numbers nobody chose
come from the upper band at random, from the lower one only once the upper is full.

Models:
    pkg/registry/core/service/allocator/bitmap.go AllocationBitmap
    pkg/registry/core/service/ipallocator/ipallocator.go calculateRangeOffset
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.sim.rng import RandomStream

_RANDOM_TRIES = 16


class RangeAllocator:
    """Offsets 0 … size-1 that are free or taken.

    Attributes:
        size: How many there are.
        offset: Where the upper band begins.
    """

    def __init__(self, size: int, offset: int, stream: RandomStream) -> None:
        self.size = size
        self.offset = offset if offset < size else 0
        self._stream = stream
        self._taken: set[int] = set()

    def has(self, number: int) -> bool:
        """Whether ``number`` is taken."""
        return number in self._taken

    def allocate(self, number: int) -> bool:
        """Take ``number``; return whether it was free."""
        if number in self._taken:
            return False
        self._taken.add(number)
        return True

    def allocate_next(self) -> int | None:
        """Take a free number, or ``None`` when all are taken."""
        for begin, end in ((self.offset, self.size), (0, self.offset)):
            number = self._draw(begin, end)
            if number is not None:
                self._taken.add(number)
                return number
        return None

    def release(self, number: int) -> None:
        """Give ``number`` back."""
        self._taken.discard(number)

    def take_all(self, numbers: Iterable[int]) -> None:
        """Mark numbers as taken."""
        self._taken.update(numbers)

    def _draw(self, begin: int, end: int) -> int | None:
        width = end - begin
        if width <= 0:
            return None
        for _ in range(_RANDOM_TRIES):
            number = begin + self._stream.below(width)
            if number not in self._taken:
                return number
        # Crowded: the first free one after a random place.
        start = self._stream.below(width)
        for step in range(width):
            number = begin + (start + step) % width
            if number not in self._taken:
                return number
        return None


class IPAllocator:
    """ClusterIPs of one range.

    Attributes:
        network: The range; its first address, and an IPv4 range's last, are never given out.
        family: ``IPv4`` or ``IPv6``.
    """

    def __init__(self, cidr: str, stream: RandomStream) -> None:
        self.network = ip_network(cidr)
        self.family = "IPv4" if self.network.version == 4 else "IPv6"
        if self.network.version == 4:
            usable = self.network.num_addresses - 2
        else:  # as upstream: of a large IPv6 range the first 65,536 addresses are used
            usable = min(self.network.num_addresses - 1, 1 << 16)
        self._allocator = RangeAllocator(usable, _band_offset(usable), stream)

    def contains(self, address: str) -> bool:
        """Whether ``address`` can be given out by this allocator."""
        return 0 <= self._number(address) < self._allocator.size

    def allocate(self, address: str) -> bool:
        """Take ``address``; return whether it was free."""
        return self._allocator.allocate(self._number(address))

    def allocate_next(self) -> str | None:
        """Take a free address, or ``None`` when all are taken."""
        number = self._allocator.allocate_next()
        return None if number is None else str(self.network.network_address + number + 1)

    def release(self, address: str) -> None:
        """Give ``address`` back."""
        self._allocator.release(self._number(address))

    def _number(self, address: str) -> int:
        from_text = ip_network(address).network_address
        if from_text.version != self.network.version:
            return -1
        return int(from_text) - int(self.network.network_address) - 1


def _band_offset(size: int) -> int:
    """Where the upper band of a range of addresses begins: 16 to 256 are left below it."""
    if size <= 16:
        return 0
    return min(max(16, size // 16), 256)


def port_band_offset(size: int) -> int:
    """Where the upper band of a range of ports begins: 16 to 128 are left below it."""
    if size <= 16:
        return 0
    return min(max(16, size // 32), 128)
