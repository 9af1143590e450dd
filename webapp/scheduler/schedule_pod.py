"""The scheduling algorithm: filter, score, choose. Nothing is written here.

A Pod and the node table enter, a :class:`ScheduleResult` leaves. The Nodes are scanned from where
the scan before ended, until enough of them fit; ties among the best are settled by a hash of the
run's seed and the Pod's UID.

Models:
    pkg/scheduler/schedule_one.go schedulePod
    Deviation: the scan stops at the last Node it needs; upstream's parallel scan may look further.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from webapp.scheduler.framework.interface import (
    SUCCESS,
    Code,
    RefusedNodes,
    Status,
)
from webapp.scheduler.framework.messages import nodes_message
from webapp.scheduler.framework.nominator import Nominator

if TYPE_CHECKING:
    from webapp.scheduler.cache import Cache
    from webapp.scheduler.framework.arrays import BoolArray, IntArray, Rows
    from webapp.scheduler.framework.interface import PostFilterResult
    from webapp.scheduler.framework.pod_class import PodClass
    from webapp.scheduler.framework.runtime import Framework
    from webapp.scheduler.framework.types import PodInfo
    from webapp.sim.rng import RandomStream

NO_NODES = "no nodes available to schedule pods"

_LEAST_NODES_TO_FIND = 100
_LEAST_PERCENTAGE = 5
_NEAR = 64
"""So many rows more than wanted are looked at before all are."""


class ScheduleResult(NamedTuple):
    """What the algorithm found.

    Attributes:
        pod_class: The Pod's class, as it was.
        node_name: The chosen Node; "" when none fits.
        row: Its row; -1 when none fits.
        scanned: Rows looked at, in scan order.
        fitting: Rows that fit, in scan order.
        fitting_count: How many.
        totals: Weighted sums, in the order of ``fitting``; ``None`` when nothing was scored.
        status: SUCCESS, or the refusal with the message about all Nodes.
        refused: Why Nodes were refused; empty when one fits.
        unschedulable_plugins: Plugins that refused the Pod.
        post: What was done to make room.
    """

    pod_class: PodClass
    node_name: str
    row: int
    scanned: Rows
    fitting: Rows
    fitting_count: int
    totals: IntArray | None
    status: Status = SUCCESS
    refused: tuple[RefusedNodes, ...] = ()
    unschedulable_plugins: frozenset[str] = frozenset()
    post: PostFilterResult | None = None


class _Judge:
    """Asks the filters of one class; see :class:`~webapp.scheduler.framework.interface.Judge`."""

    def __init__(self, algorithm: Algorithm, pod: PodInfo, pod_class: PodClass) -> None:
        self._algorithm = algorithm
        self._pod = pod
        self._pod_class = pod_class
        self._is_plain = pod_class.looks_at_resources_only()
        self._fixed_codes = pod_class.fixed_codes() if self._is_plain else []

    def status(self, row: int) -> Status:
        refusal = self._algorithm.refusal_now(self._pod, self._pod_class, row)
        return self._pod_class.status_of(*refusal)

    def fits(self, row: int) -> bool:
        return not self._algorithm.refusal_now(self._pod, self._pod_class, row)[0]

    def looks_at_resources_only(self, rows: IntArray) -> BoolArray:
        if not self._is_plain:
            return np.zeros(len(rows), np.bool_)
        plain = np.ones(len(rows), np.bool_)
        for codes in self._fixed_codes:
            plain &= codes[rows] == 0
        waited_for = self._algorithm.rows_waited_for()
        if waited_for:
            plain &= ~np.isin(rows, waited_for)
        return plain


class Algorithm:
    """Finds a Node for one Pod after the other.

    Attributes:
        next_start: Row at which the next scan begins.
        percentage: How many Nodes that fit are looked for, where the profile does not say.
    """

    def __init__(
        self,
        cache: Cache,
        tie_breaks: RandomStream,
        percentage: int = 0,
        nominator: Nominator | None = None,
    ) -> None:
        self._cache = cache
        self._nominator = Nominator() if nominator is None else nominator
        self._tie_breaks = tie_breaks
        self.percentage = percentage
        self.next_start = 0

    def schedule_pod(
        self, framework: Framework, pod: PodInfo, percentage: int = 0
    ) -> ScheduleResult:
        """Find the best Node for ``pod``; ``percentage`` goes before the algorithm's own."""
        nodes = self._cache.nodes
        nodes.lay_out()
        wanted = nodes_to_find(percentage or self.percentage, nodes.size)
        start = self.next_start % nodes.size if nodes.size else 0
        pod_class = framework.pod_class(pod, start, wanted)
        if pod_class.is_partial and not self._window_fits(pod_class, start, wanted):
            pod_class.complete()
        nothing = np.zeros(0, np.int64)
        if nodes.size == 0:
            status = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (NO_NODES,))
            return ScheduleResult(pod_class, "", -1, nothing, nothing, 0, None, status)
        if not pod_class.status.is_success:
            return self._refuse_by_pre_filter(framework, pod, pod_class)
        if self._nominator:
            self._count_nominated(pod, pod_class)
            row = nodes.rows.get(self._nominator.node_of(pod.uid), -1)
            names = pod_class.node_names
            if row >= 0 and pod_class.fits[row] and (names is None or nodes.names[row] in names):
                only = slice(row, row + 1)
                return ScheduleResult(pod_class, nodes.names[row], row, only, only, 1, None)
        if pod_class.node_names is not None:
            rows = sorted(nodes.rows[name] for name in pod_class.node_names if name in nodes.rows)
            named = np.array(rows, np.int64)
            fitting_named = named[pod_class.fits[named]]
            scanned: Rows = named
            fitting: Rows = fitting_named
            fitting_count, scanned_count = len(fitting_named), len(rows)
        else:
            fitting, fitting_count, scanned_count = scan(pod_class.fits, start, wanted)
            scanned = rotated(start, scanned_count, nodes.size)
        self.next_start = (self.next_start + scanned_count) % nodes.size
        if not fitting_count:
            return self._refuse(framework, pod, pod_class, scanned)
        if fitting_count == 1 or not framework.has_score_plugins:
            row = fitting.start if isinstance(fitting, slice) else int(fitting[0])
            return ScheduleResult(
                pod_class, nodes.names[row], row, scanned, fitting, fitting_count, None
            )
        totals = pod_class.total_scores(fitting, fitting_count)
        best = np.flatnonzero(totals == totals.max())
        place = best.item(0)
        if len(best) > 1:
            place = best.item(self._tie_breaks.keyed_bits64(pod.uid) % len(best))
        row = fitting.start + place if isinstance(fitting, slice) else int(fitting[place])
        return ScheduleResult(
            pod_class, nodes.names[row], row, scanned, fitting, fitting_count, totals
        )

    def fitting_rows(self, framework: Framework, pod: PodInfo) -> IntArray:
        """All rows that fit a Pod, which need not exist; nothing is kept of it."""
        nodes = self._cache.nodes
        nodes.lay_out()
        pod_class = framework.try_pod(pod)
        if not pod_class.status.is_success:
            return np.zeros(0, np.int64)
        self._count_nominated(pod, pod_class)
        rows = np.flatnonzero(pod_class.fits)
        if pod_class.node_names is None:
            return rows
        named = [row for row in rows.tolist() if nodes.names[row] in pod_class.node_names]
        return np.array(named, np.int64)

    def _window_fits(self, pod_class: PodClass, start: int, wanted: int) -> bool:
        """Whether the scan ends where the class is up to date."""
        if self._nominator or pod_class.node_names is not None:
            return False
        return bool(pod_class.fits[start : start + wanted].all())

    def _count_nominated(self, pod: PodInfo, pod_class: PodClass) -> None:
        """Refuse Nodes whose room is meant for Pods that are as important."""
        nodes = self._cache.nodes
        for name in self._nominator.nodes():
            row = nodes.rows.get(name)
            if row is None:
                continue
            place, code = self._refusal_with_nominated(pod, pod_class, row)
            if place:
                pod_class.refuse_once(row, place, code)

    def _refusal_with_nominated(
        self, pod: PodInfo, pod_class: PodClass, row: int
    ) -> tuple[int, int]:
        """What the filters say with the Pods on the Node that wait for it and are as important."""
        nodes = self._cache.nodes
        on_node = nodes.infos[row].pods
        waiting = [
            other
            for other in self._nominator.pods_on(nodes.names[row])
            if other.priority >= pod.priority and other.uid != pod.uid and other.uid not in on_node
        ]
        if not waiting:
            return 0, 0
        position = nodes.usage_log.end
        for other in waiting:
            nodes.add_pod(row, other)
        refusal = pod_class.refusal_on(row)
        for other in waiting:
            nodes.remove_pod(row, other)
        nodes.usage_log.rewind(position)
        return refusal

    def refusal_now(self, pod: PodInfo, pod_class: PodClass, row: int) -> tuple[int, int]:
        """What the filters say as the table now is, with nominated Pods and without."""
        refusal = self._refusal_with_nominated(pod, pod_class, row)
        return refusal if refusal[0] else pod_class.refusal_on(row)

    def rows_waited_for(self) -> list[int]:
        """Rows of Nodes on which room is being made."""
        rows = self._cache.nodes.rows
        return [rows[name] for name in self._nominator.nodes() if name in rows]

    def _refuse_by_pre_filter(
        self, framework: Framework, pod: PodInfo, pod_class: PodClass
    ) -> ScheduleResult:
        nodes = self._cache.nodes
        refusal = pod_class.status
        group = RefusedNodes(refusal, np.arange(nodes.size))
        post = framework.run_post_filter_plugins(
            pod_class.state, pod, (group,), _Judge(self, pod, pod_class)
        )
        text = nodes_message(nodes.size, {}, refusal.message)
        nothing = np.zeros(0, np.int64)
        return ScheduleResult(
            pod_class,
            "",
            -1,
            nothing,
            nothing,
            0,
            None,
            Status(refusal.code, (_joined(text, post.status.message),)),
            (group,),
            frozenset((refusal.plugin,)),
            post,
        )

    def _refuse(
        self, framework: Framework, pod: PodInfo, pod_class: PodClass, scanned: Rows
    ) -> ScheduleResult:
        nodes = self._cache.nodes
        rows = np.arange(nodes.size)[scanned]
        refused = tuple(pod_class.refused_nodes(rows))
        plugins = frozenset(group.status.plugin for group in refused)
        counts: dict[str, int] = {}
        for group in refused:
            for reason in group.status.reasons:
                counts[reason] = counts.get(reason, 0) + len(group.rows)
        if len(rows) < nodes.size:
            counts[not_named(pod_class)] = nodes.size - len(rows)
            plugins |= frozenset(pod_class.narrowing_plugins)
        post = framework.run_post_filter_plugins(
            pod_class.state, pod, refused, _Judge(self, pod, pod_class)
        )
        text = _joined(nodes_message(nodes.size, counts), post.status.message)
        nothing = np.zeros(0, np.int64)
        status = Status(Code.UNSCHEDULABLE, (text,))
        return ScheduleResult(
            pod_class, "", -1, scanned, nothing, 0, None, status, refused, plugins, post
        )


def not_named(pod_class: PodClass) -> str:
    """What is said of Nodes that PreFilter plugins left out."""
    return f"node(s) didn't satisfy plugin(s) [{' '.join(pod_class.narrowing_plugins)}]"


def nodes_to_find(percentage: int, total: int) -> int:
    """After how many Nodes that fit the scan ends.

    Models:
        pkg/scheduler/schedule_one.go numFeasibleNodesToFind
    """
    if total < _LEAST_NODES_TO_FIND:
        return total
    if not percentage:
        percentage = max(50 - total // 125, _LEAST_PERCENTAGE)
    return max(total * percentage // 100, _LEAST_NODES_TO_FIND)


def scan(fits: BoolArray, start: int, wanted: int) -> tuple[Rows, int, int]:
    """The first ``wanted`` rows that fit, from ``start`` on and around.

    Returns:
        The rows in scan order, their number, and how many rows were looked at.
    """
    size = len(fits)
    wanted = min(wanted, size)
    stop = start + wanted
    if stop <= size and fits[start:stop].all():
        return slice(start, stop), wanted, wanted
    near = np.flatnonzero(fits[start : stop + _NEAR])
    if len(near) >= wanted and wanted < size:
        near = near[:wanted]
        near += start
        return near, wanted, int(near[-1]) - start + 1
    rows = np.flatnonzero(fits)
    if start:
        split = rows.searchsorted(start)
        rows = np.concatenate((rows[split:], rows[:split]))
    if wanted == size or len(rows) < wanted:
        return rows, len(rows), size
    rows = rows[:wanted]
    return rows, wanted, (int(rows[-1]) - start) % size + 1


def rotated(start: int, count: int, size: int) -> Rows:
    """``count`` rows from ``start`` on and around."""
    stop = start + count
    if stop <= size:
        return slice(start, stop)
    return np.concatenate((np.arange(start, size), np.arange(stop - size)))


def _joined(text: str, more: str) -> str:
    return f"{text} {more}" if more else text
