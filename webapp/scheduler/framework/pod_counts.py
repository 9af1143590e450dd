"""How many Pods of a kind are on each Node, and in each topology domain, counted as they come and go.

A :class:`PodCounts` belongs to a selection of Pods (or to an affinity term that Pods on Nodes carry)
and holds one number a row. Hanging on it are :class:`DomainCounts`, which sum those numbers up by the
values of a Node label. A Pod that is bound or leaves changes one number in each; whoever reads them
asks once for the whole and then compares ``version``. The node table is the only writer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from webapp.scheduler.framework.change_log import ChangeLog

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from webapp.scheduler.framework.arrays import BoolArray, IntArray
    from webapp.scheduler.framework.types import PodInfo


_MOST_NAMED = 50


class LabelColumns(Protocol):
    """What is asked of the node table.

    Attributes:
        size: Number of Nodes.
        topology: Rises whenever Nodes come, go, or change labels or taints.
    """

    size: int
    topology: int

    def label_column(self, key: str) -> tuple[IntArray, dict[str, int]]:
        """A label as numbers."""


class PodCounts:
    """Pods of one kind: row → how many.

    Attributes:
        matches: Whether a Pod is of this kind.
        rows: The counts; longer than the table while Nodes come.
        total: Their sum.
    """

    __slots__ = ("__weakref__", "_domains", "_nodes", "matches", "rows", "total")

    def __init__(
        self, nodes: LabelColumns, matches: Callable[[PodInfo], bool], capacity: int
    ) -> None:
        self._nodes = nodes
        self._domains: dict[Hashable, DomainCounts] = {}
        self.matches = matches
        self.rows: IntArray = np.zeros(capacity, np.int64)
        self.total = 0

    def add(self, row: int, change: int) -> None:
        """Count Pods in (or out) on one Node."""
        self.rows[row] += change
        self.total += change
        for domains in self._domains.values():
            domains.add(row, change)

    def by_domain(
        self,
        topology_key: str,
        eligible_key: Hashable = None,
        eligible: Callable[[], BoolArray] | None = None,
    ) -> DomainCounts:
        """The counts by the values of a Node label, brought up to date.

        Args:
            topology_key: The label.
            eligible_key: Stands for what ``eligible`` answers; equal keys share counts.
            eligible: Row → whether the Node and its Pods count; ``None`` for all.
        """
        key = (topology_key, eligible_key)
        found = self._domains.get(key)
        if found is None:
            found = self._domains[key] = DomainCounts(self._nodes, self, topology_key, eligible)
        found.refresh()
        return found


class DomainCounts:
    """Pods of one kind by the values of a Node label.

    Attributes:
        domain: Row → number of its domain, -1 where the Node lacks the label.
        has_all: Whether all Nodes have the label.
        counts: Domain → Pods on its eligible Nodes.
        present: Domain → whether it has an eligible Node.
        domain_count: How many are present.
        total: Pods in all of them.
        version: Rises with each change of a count.
        flips: Domains that got their first Pod or lost their last one.
        topology: The table's when the domains were read.
    """

    __slots__ = (
        "_at_least",
        "_eligible",
        "_eligible_rows",
        "_least",
        "_nodes",
        "_of",
        "counts",
        "domain",
        "domain_count",
        "flips",
        "has_all",
        "present",
        "topology",
        "topology_key",
        "total",
        "version",
    )

    def __init__(
        self,
        nodes: LabelColumns,
        of: PodCounts,
        topology_key: str,
        eligible: Callable[[], BoolArray] | None,
    ) -> None:
        self._nodes = nodes
        self._of = of
        self._eligible = eligible
        self._eligible_rows: BoolArray | None = None
        self.topology = -1
        self._least: int | None = None
        self._at_least = 0
        self.topology_key = topology_key
        self.version = 0
        self.flips = ChangeLog()
        self.total = 0
        self.domain_count = 0
        self.has_all = False

    def refresh(self) -> None:
        """Count anew if Nodes came, went or changed since the last time."""
        nodes = self._nodes
        if self.topology == nodes.topology:
            return
        self.topology = nodes.topology
        self.version += 1
        column, values = nodes.label_column(self.topology_key)
        self.domain = column
        counted = column >= 0
        self.has_all = bool(counted.all())
        self._eligible_rows = None
        if self._eligible is not None:
            self._eligible_rows = self._eligible()
            counted &= self._eligible_rows
        domains = column[counted]
        self.counts: IntArray = np.zeros(len(values), np.int64)
        np.add.at(self.counts, domains, self._of.rows[: nodes.size][counted])
        self.present: BoolArray = np.zeros(len(values), np.bool_)
        self.present[domains] = True
        self.domain_count = int(np.count_nonzero(self.present))
        self.total = int(self.counts.sum())
        self._least = None

    def add(self, row: int, change: int) -> None:
        """Pods came to a Node or left it."""
        if self.topology != self._nodes.topology:
            return  # counted anew by the next refresh
        if self._eligible_rows is not None and not self._eligible_rows[row]:
            return
        number = self.domain.item(row)
        if number < 0:
            return
        before = self.counts.item(number)
        self.counts[number] = before + change
        self.total += change
        self.version += 1
        if not before or not before + change:
            self.flips.append(number)
        if self._least is None:
            return
        if before + change <= self._least:
            self._least = None
        elif before == self._least:
            self._at_least -= 1
            if not self._at_least:
                self._least = None

    def named(self) -> list[tuple[str, int, int]]:
        """Triples of (value of the label, number of its domain, Pods), sorted; none for too many."""
        if self.domain_count > _MOST_NAMED:
            return []
        _, values = self._nodes.label_column(self.topology_key)
        return sorted(
            (value, number, self.counts.item(number))
            for value, number in values.items()
            if self.present[number]
        )

    def least(self) -> int | None:
        """The smallest count among the domains present; ``None`` when there is no domain."""
        if self._least is None and self.domain_count:
            counts = (
                self.counts if self.domain_count == len(self.counts) else self.counts[self.present]
            )
            self._least = int(counts.min())
            self._at_least = int(np.count_nonzero(counts == self._least))
        return self._least

    def of_row(self, row: int) -> int:
        """The count in the domain of a row; 0 when the Node has none."""
        number = self.domain.item(row)
        return 0 if number < 0 else self.counts.item(number)
