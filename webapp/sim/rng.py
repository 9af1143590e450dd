"""Named streams of chance: the same seed and name give the same numbers, whoever else draws.

Each number is a keyed hash of (seed, stream name, counter) or of (seed, stream name, key), so that
a new drawer shifts nobody, and a draw by key does not depend on the order of draws.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_VARIANTS = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
SCALE = 1 / (1 << 64)
"""What turns 64 bits into a number in [0, 1)."""


class RandomStream:
    """One named source of numbers."""

    __slots__ = ("_count", "_keyed")

    def __init__(self, key: bytes) -> None:
        self._keyed = blake2b(digest_size=8, key=key)  # copied for each number: no new set-up
        self._count = 0

    def bits64(self) -> int:
        """The next 64 bits."""
        self._count += 1
        state = self._keyed.copy()
        state.update(self._count.to_bytes(8, "big"))
        return int.from_bytes(state.digest(), "big")

    def keyed_bits64(self, key: str) -> int:
        """64 bits that depend on ``key`` alone and consume nothing."""
        state = self._keyed.copy()
        state.update(key.encode())
        return int.from_bytes(state.digest(), "big")

    def uniform(self) -> float:
        """The next number in [0, 1)."""
        return self.bits64() * SCALE

    def keyed_uniform(self, key: str) -> float:
        """A number in [0, 1) that depends on ``key`` alone and consumes nothing."""
        return self.keyed_bits64(key) * SCALE

    def below(self, bound: int) -> int:
        """The next integer from 0 up to, not including, ``bound``."""
        return self.bits64() % bound

    def choice(self, items: Sequence[T]) -> T:
        """One of ``items``."""
        return items[self.below(len(items))]

    def hex(self, digits: int) -> str:
        """The next ``digits`` lower-case hexadecimal digits."""
        draws = (digits + 15) // 16
        return "".join([f"{self.bits64():016x}" for _ in range(draws)])[:digits]

    def name_suffix(self, length: int = 5) -> str:
        """A suffix as generated names carry, for example ``x2k4p``.

        Models:
            staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go String
        """
        bits64, size = self.bits64, len(_NAME_ALPHABET)
        return "".join([_NAME_ALPHABET[bits64() % size] for _ in range(length)])

    def uid(self) -> str:
        """A version 4 UUID in canonical text."""
        digits = f"{self.bits64():016x}{self.bits64():016x}"
        variant = _VARIANTS[digits[16]]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )


class RandomStreams:
    """All streams of one run.

    Attributes:
        seed: The run's seed.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, RandomStream] = {}

    def stream(self, name: str) -> RandomStream:
        """The stream called ``name``, made at first use."""
        stream = self._streams.get(name)
        if stream is None:
            key = blake2b(f"{self.seed}/{name}".encode(), digest_size=32).digest()
            stream = self._streams[name] = RandomStream(key)
        return stream
