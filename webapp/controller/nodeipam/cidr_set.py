"""A range of addresses cut into equal pieces, given out in turn. Pure.

Models:
    pkg/controller/nodeipam/ipam/cidrset/cidr_set.go CidrSet
"""

from __future__ import annotations

from ipaddress import IPv4Network


class CidrSet:
    """Pieces of ``cluster_cidr``, each ``/node_mask``.

    Args:
        cluster_cidr: The whole range.
        node_mask: Prefix length of a piece.
        first: Address of the piece to begin with; "" for the range's start. After the last piece
            comes the range's first one.
    """

    def __init__(self, cluster_cidr: str, node_mask: int, first: str = "") -> None:
        self._network = IPv4Network(cluster_cidr)
        self._mask = node_mask
        self._count = 1 << (node_mask - self._network.prefixlen)
        self._used: dict[int, None] = {}
        self._next = 0
        if first:
            self._next = self._index(f"{first}/{node_mask}") or 0

    def allocate(self) -> str | None:
        """The next free piece, or ``None`` when all are given out."""
        for step in range(self._count):
            index = (self._next + step) % self._count
            if index not in self._used:
                self._used[index] = None
                self._next = (index + 1) % self._count
                return self._text(index)
        return None

    def occupy(self, cidr: str) -> None:
        """Somebody has this piece already; a range beside the set changes nothing."""
        index = self._index(cidr)
        if index is not None:
            self._used[index] = None

    def release(self, cidr: str) -> None:
        """The piece is free again."""
        index = self._index(cidr)
        if index is not None:
            self._used.pop(index, None)

    def _text(self, index: int) -> str:
        start = int(self._network.network_address) + (index << (32 - self._mask))
        return str(IPv4Network((start, self._mask)))

    def _index(self, cidr: str) -> int | None:
        if ":" in cidr:
            return None
        network = IPv4Network(cidr, strict=False)
        if network.prefixlen < self._mask or not network.subnet_of(self._network):
            return None
        offset = int(network.network_address) - int(self._network.network_address)
        return offset >> (32 - self._mask)
