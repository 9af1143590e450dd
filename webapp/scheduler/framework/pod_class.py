"""A class of Pods that all plugins sign alike, with what they said about each Node.

Pods of one template get the same verdicts and raw scores from a Node until the Node changes. A class
keeps them as columns beside the node table's, reads the table's change logs, and asks the plugins
again only for the rows that changed: after a bind that is one row. Filters that look at the whole
cluster keep counts, and say in each cycle which verdicts have changed; scores that do are asked about
the Nodes that fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from webapp.scheduler.framework.arrays import ALL_ROWS
from webapp.scheduler.framework.cycle_state import CycleState
from webapp.scheduler.framework.interface import (
    SUCCESS,
    ClusterFilterPlugin,
    ClusterScorePlugin,
    FilterPlugin,
    PreFilterPlugin,
    PreScorePlugin,
    RefusedNodes,
    Scope,
    ScorePlugin,
    Status,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.scheduler.framework.arrays import BoolArray, IntArray, Rows
    from webapp.scheduler.framework.interface import Domains
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

_FEW = 6
"""As long as no more rows have changed, one after the other is faster than all at once."""

_MANY = 8

_NODE_SCOPES = (Scope.NODE, Scope.USAGE)
_CHANGING_SCOPES = (Scope.USAGE, Scope.CLUSTER)


class ClassPlugins(NamedTuple):
    """The plugins of a profile that look at classes of Pods, in order."""

    pre_filter: Sequence[PreFilterPlugin]
    filter: Sequence[FilterPlugin]
    pre_score: Sequence[PreScorePlugin]


class FilterColumn:
    """One filter plugin's codes: row → code; ``None`` while the Pod fits everywhere."""

    __slots__ = ("codes", "plugin")

    def __init__(self, plugin: FilterPlugin) -> None:
        self.plugin = plugin
        self.codes: IntArray | None = None


class ScoreColumn:
    """One score plugin's raw scores: row → score, or one number for all rows.

    Those of a plugin that looks at the whole cluster are of the Nodes that fitted last only, in
    their order.
    """

    __slots__ = ("cluster_plugin", "normalized_number", "number", "plugin", "raw", "weight")

    def __init__(self, plugin: ScorePlugin, weight: int) -> None:
        self.plugin = plugin
        self.cluster_plugin = plugin if isinstance(plugin, ClusterScorePlugin) else None
        self.weight = weight
        self.raw: IntArray | int = 0
        self.number: int | None = None
        self.normalized_number = 0


class PodClass:
    """What the plugins of one profile say about one kind of Pod.

    Attributes:
        pod: One Pod of the class.
        state: What the plugins noted about it.
        status: SUCCESS, or why PreFilter refuses all Nodes.
        node_names: The only Nodes to look at, or ``None`` for all.
        narrowing_plugins: Plugins that narrowed the Nodes down, sorted.
        filters: Columns of the filter plugins that have something to do, in the profile's order.
        scores: The same for score plugins.
        refused_by: Row → 1 + place in ``filters`` of the first plugin that refuses it; 0 fits.
        fits: Row → whether no plugin refuses it.
        is_partial: Whether some rows are not up to date yet.
        base_total: Row → weighted sum over the score plugins that need no normalising.
    """

    __slots__ = (
        "_cluster_filters",
        "_filter_plugins",
        "_layout",
        "_node_position",
        "_nodes",
        "_overrides",
        "_pre_filter_plugins",
        "_pre_score_plugins",
        "_score_plugins",
        "_summed_scores",
        "_usage_filters",
        "_usage_position",
        "_usage_scores",
        "base_total",
        "filters",
        "fits",
        "is_partial",
        "narrowing_plugins",
        "node_names",
        "normalized_scores",
        "pod",
        "refused_by",
        "scores",
        "state",
        "status",
    )

    def __init__(
        self,
        pod: PodInfo,
        nodes: NodeTable,
        plugins: ClassPlugins,
        weighted_scores: Sequence[tuple[ScorePlugin, int]],
    ) -> None:
        self.pod = pod
        self._nodes = nodes
        self._pre_filter_plugins = plugins.pre_filter
        self._filter_plugins = plugins.filter
        self._pre_score_plugins = plugins.pre_score
        self._score_plugins = weighted_scores
        self._layout = -1
        self._node_position = 0
        self._usage_position = 0
        self.is_partial = False
        self._overrides: list[tuple[int, int, int, int]] = []
        self._start_over()

    # --- keeping up -------------------------------------------------------------------------

    def refresh(self, start: int = 0, wanted: int = 0) -> None:
        """Bring the columns up to the present state of the table.

        When many Nodes have got Pods since the last time, only the rows from ``start`` on that the
        scan is going to look at (``wanted`` of them) are asked about; :attr:`is_partial` says so,
        and :meth:`complete` does the rest.
        """
        nodes = self._nodes
        node_log, usage_log = nodes.node_log, nodes.usage_log
        if self._overrides:
            self._undo_overrides()
        if self._layout != nodes.layout or self._node_position < node_log.start:
            self._evaluate()
            self._usage_position = usage_log.end
        else:
            if self._node_position != node_log.end:
                self._patch_nodes(node_log.since(self._node_position))
            self._follow_usage(start, wanted)
            for column in self._cluster_filters:
                self._refilter(column)
        self._layout = nodes.layout
        self._node_position = node_log.end

    def _follow_usage(self, start: int, wanted: int) -> None:
        usage_log = self._nodes.usage_log
        changed = usage_log.end - self._usage_position
        if not changed or not self.status.is_success:
            return
        stop = start + wanted
        if changed <= _FEW and not self.is_partial:
            for row in usage_log.each_since(self._usage_position):
                self._patch_row(row)
        elif wanted and stop <= self._nodes.size:
            self._patch_usage(slice(start, stop))
            if wanted < self._nodes.size:
                self.is_partial = True
                return
        else:
            self.complete()
            return
        self.is_partial = False
        self._usage_position = usage_log.end

    def complete(self) -> None:
        """Ask about the rows that :meth:`refresh` has left out."""
        usage_log = self._nodes.usage_log
        changed = usage_log.end - self._usage_position
        if self._usage_position < usage_log.start or changed * 4 > self._nodes.size:
            self._patch_usage(ALL_ROWS)
        elif changed:
            self._patch_usage(usage_log.since(self._usage_position))
        self.is_partial = False
        self._usage_position = usage_log.end

    def _start_over(self) -> None:
        self.is_partial = False
        self.state = CycleState()
        self.status: Status = SUCCESS
        self.node_names: frozenset[str] | None = None
        self.narrowing_plugins: tuple[str, ...] = ()
        self.filters: list[FilterColumn] = []
        self.scores: list[ScoreColumn] = []
        self.normalized_scores: list[ScoreColumn] = []
        self._summed_scores: list[ScoreColumn] = []
        self._usage_filters: list[FilterColumn] = []
        self._usage_scores: list[ScoreColumn] = []
        self.refused_by = np.zeros(self._nodes.size, np.int8)
        self.fits: BoolArray = np.ones(self._nodes.size, np.bool_)
        self.base_total: IntArray = np.zeros(self._nodes.size, np.int64)
        self._cluster_filters: list[tuple[FilterColumn, ClusterFilterPlugin]] = []

    def _evaluate(self) -> None:
        """Ask all plugins about all rows."""
        self._start_over()
        self._run_pre_filter_plugins()
        if not self.status.is_success:
            return
        state, nodes = self.state, self._nodes
        self.filters = [
            FilterColumn(plugin)
            for plugin in self._filter_plugins
            if plugin.name not in state.skipped_filters
        ]
        for filter_column in self.filters:
            filtering = filter_column.plugin
            if isinstance(filtering, ClusterFilterPlugin):
                filter_column.codes, _ = filtering.refilter(state, self.pod, nodes, None)
                self._cluster_filters.append((filter_column, filtering))
            else:
                filter_column.codes = filtering.filter(state, self.pod, nodes, ALL_ROWS)
        self._usage_filters = [c for c in self.filters if c.plugin.scope is Scope.USAGE]
        self._run_pre_score_plugins()
        self.scores = [
            ScoreColumn(plugin, weight)
            for plugin, weight in self._score_plugins
            if plugin.name not in state.skipped_scores
        ]
        for score_column in self.scores:
            if score_column.cluster_plugin is None:
                raw = score_column.plugin.score(state, self.pod, nodes, ALL_ROWS)
                score_column.raw = raw if isinstance(raw, int) else _compacted(raw)
        self._summed_scores = [c for c in self.scores if not c.plugin.normalizes]
        self.normalized_scores = [c for c in self.scores if c.plugin.normalizes]
        self._usage_scores = [
            c for c in self.scores if c.plugin.scope is Scope.USAGE and not c.plugin.normalizes
        ]
        self._combine(ALL_ROWS)

    def _run_pre_filter_plugins(self) -> None:
        narrowing = []
        for plugin in self._pre_filter_plugins:
            result = plugin.pre_filter(self.state, self.pod, self._nodes)
            if result.status.is_rejected:
                self.status = Status(result.status.code, result.status.reasons, plugin.name)
                return
            if not result.status.is_success:
                self.state.skipped_filters.add(plugin.name)
            if result.node_names is not None:
                narrowing.append(plugin.name)
                known = self.node_names
                self.node_names = result.node_names if known is None else known & result.node_names
        self.narrowing_plugins = tuple(sorted(narrowing))

    def _run_pre_score_plugins(self) -> None:
        for plugin in self._pre_score_plugins:
            if not plugin.pre_score(self.state, self.pod, self._nodes).is_success:
                self.state.skipped_scores.add(plugin.name)

    def _patch_nodes(self, rows: IntArray) -> None:
        """Node objects changed: only plugins that look at all Nodes are asked about other rows."""
        if not self.status.is_success:
            return
        for filter_column in self.filters:
            plugin = filter_column.plugin
            if plugin.scope in _NODE_SCOPES:
                self._put_codes(
                    filter_column, rows, plugin.filter(self.state, self.pod, self._nodes, rows)
                )
            elif plugin.scope is Scope.NODES:
                filter_column.codes = plugin.filter(self.state, self.pod, self._nodes, ALL_ROWS)
        touched: Rows = rows
        for score_column in self.scores:
            scorer = score_column.plugin
            if scorer.scope in _NODE_SCOPES:
                self._put_scores(
                    score_column, rows, scorer.score(self.state, self.pod, self._nodes, rows)
                )
            elif scorer.scope is Scope.NODES:
                raw = scorer.score(self.state, self.pod, self._nodes, ALL_ROWS)
                score_column.raw = raw if isinstance(raw, int) else _compacted(raw)
                touched = ALL_ROWS
        if any(column.plugin.scope is Scope.NODES for column in self.filters):
            touched = ALL_ROWS
        self._combine(touched)

    def _patch_usage(self, rows: Rows) -> None:
        """The Pods on some Nodes changed."""
        if not self.status.is_success:
            return
        for filter_column in self._usage_filters:
            codes = filter_column.plugin.filter(self.state, self.pod, self._nodes, rows)
            self._put_codes(filter_column, rows, codes)
        for score_column in self.scores:
            if score_column.plugin.scope is Scope.USAGE:
                raw = score_column.plugin.score(self.state, self.pod, self._nodes, rows)
                self._put_scores(score_column, rows, raw)
        self._combine(rows)

    def _patch_row(self, row: int) -> None:
        """The Pods on one Node changed: what follows each bind, so without arrays."""
        if not self.status.is_success:
            return
        if len(self._usage_scores) != sum(c.plugin.scope is Scope.USAGE for c in self.scores):
            self._patch_usage(np.array((row,), np.int64))
            return
        state, pod, nodes = self.state, self.pod, self._nodes
        for filter_column in self._usage_filters:
            code = filter_column.plugin.filter_row(state, pod, nodes, row)
            if filter_column.codes is not None:
                filter_column.codes[row] = code
            elif code:
                filter_column.codes = np.zeros(nodes.size, np.int64)
                filter_column.codes[row] = code
        refused_by = 0
        for place, filter_column in enumerate(self.filters, 1):
            if filter_column.codes is not None and filter_column.codes[row]:
                refused_by = place
                break
        self.refused_by[row] = refused_by
        self.fits[row] = not refused_by
        change = 0
        for score_column in self._usage_scores:
            new = score_column.plugin.score_row(state, pod, nodes, row)
            raw = score_column.raw
            if isinstance(raw, int):
                if new == raw:
                    continue
                raw = score_column.raw = np.full(nodes.size, raw, np.int64)
            change += score_column.weight * (new - int(raw[row]))
            raw[row] = new
        if change:
            self.base_total[row] += change

    def _refilter(self, of: tuple[FilterColumn, ClusterFilterPlugin]) -> None:
        """Ask a plugin that looks at the whole cluster what has changed."""
        if not self.status.is_success:
            return
        column, plugin = of
        column.codes, rows = plugin.refilter(self.state, self.pod, self._nodes, column.codes)
        if len(rows):
            # So many that picking them out takes longer than doing all.
            self._combine_filters(rows if len(rows) * _MANY < self._nodes.size else ALL_ROWS)

    def _put_codes(self, column: FilterColumn, rows: Rows, codes: IntArray | None) -> None:
        if column.codes is None:
            if codes is None or not codes.any():
                return
            column.codes = np.zeros(self._nodes.size, np.int64)
        column.codes[rows] = 0 if codes is None else codes

    def _put_scores(self, column: ScoreColumn, rows: Rows, scores: IntArray | int) -> None:
        if isinstance(column.raw, int):
            if isinstance(scores, int) and scores == column.raw:
                return
            column.raw = np.full(self._nodes.size, column.raw, np.int64)
        column.raw[rows] = scores

    def _combine(self, rows: Rows) -> None:
        self._combine_filters(rows)
        total: IntArray | int = 0
        for column in self._summed_scores:
            raw = column.raw
            own = raw if isinstance(raw, int) else raw[rows]
            total = total + (own if column.weight == 1 else column.weight * own)
        self.base_total[rows] = total

    def _combine_filters(self, rows: Rows) -> None:
        refused_by: IntArray | None = None
        for place in range(len(self.filters), 0, -1):
            codes = self.filters[place - 1].codes
            if codes is not None:
                if refused_by is None:
                    refused_by = np.zeros(len(self.refused_by[rows]), np.int8)
                refused_by[codes[rows] != 0] = place
        self.refused_by[rows] = 0 if refused_by is None else refused_by
        self.fits[rows] = True if refused_by is None else refused_by == 0

    # --- one Node in another state --------------------------------------------------------------

    def compared_domains(self) -> list[tuple[str, Domains]]:
        """Pairs of (plugin, what it counted) of the filters that look at the whole cluster."""
        return [
            (plugin.name, domains)
            for _, plugin in self._cluster_filters
            for domains in plugin.domains(self.state, self.pod, self._nodes)
            if domains.counts
        ]

    def refusal_on(self, row: int) -> tuple[int, int]:
        """What the filters say of one row with the Pods that the table has there now.

        Returns:
            1 + place in ``filters`` of the first plugin that refuses it, 0 for none; and its code.
        """
        for place, column in enumerate(self.filters, 1):
            if column.plugin.scope in _CHANGING_SCOPES:
                code = column.plugin.filter_row(self.state, self.pod, self._nodes, row)
            else:
                code = 0 if column.codes is None else column.codes.item(row)
            if code:
                return place, code
        return 0, 0

    def looks_at_resources_only(self) -> bool:
        """Whether refusals change with the amounts on a Node alone; not with ports or other Pods."""
        if self.pod.host_ports or self.pod.requests.scalars or self.pod.claims:
            return False
        return all(
            plugin.is_idle(self.state, self.pod, self._nodes) for _, plugin in self._cluster_filters
        )

    def fixed_codes(self) -> list[IntArray]:
        """Codes of filters that refuse Nodes for what they are, whatever Pods are there."""
        return [
            column.codes
            for column in self.filters
            if column.codes is not None and column.plugin.scope not in _CHANGING_SCOPES
        ]

    def status_of(self, place: int, code: int) -> Status:
        """The words for an answer of :meth:`refusal_on`."""
        if not place:
            return SUCCESS
        plugin = self.filters[place - 1].plugin
        status = plugin.verdict(self.state, code)
        return Status(status.code, status.reasons, plugin.name)

    def refuse_once(self, row: int, place: int, code: int) -> None:
        """Let a row count as refused for this until the next refresh."""
        column = self.filters[place - 1]
        if column.codes is None:
            column.codes = np.zeros(self._nodes.size, np.int64)
        before = column.codes.item(row), self.refused_by.item(row)
        self._overrides.append((row, place, *before))
        column.codes[row] = code
        self.refused_by[row] = place
        self.fits[row] = False

    def _undo_overrides(self) -> None:
        if self._layout == self._nodes.layout:
            for row, place, code, refused_by in reversed(self._overrides):
                codes = self.filters[place - 1].codes
                if codes is not None:
                    codes[row] = code
                self.refused_by[row] = refused_by
                self.fits[row] = not refused_by
        self._overrides.clear()

    # --- answers ----------------------------------------------------------------------------

    def total_scores(self, rows: Rows, count: int) -> IntArray:
        """Weighted sums of the Nodes that fit, in the order of ``rows`` (``count`` of them)."""
        total = self.base_total[rows]
        same_for_all = 0
        for column in self.normalized_scores:
            scorer = column.cluster_plugin
            if scorer is not None:
                column.raw = scorer.score_fitting(self.state, self.pod, self._nodes, rows, count)
            raw = column.raw
            if isinstance(raw, int):
                same_for_all += column.weight * self._normalized_number(column, raw)
                continue
            own = raw[rows] if scorer is None else raw
            total = total + column.weight * column.plugin.normalize(self.state, own)
        return total + same_for_all

    def _normalized_number(self, column: ScoreColumn, raw: int) -> int:
        """Equal raw scores stay equal, so that one stands for all."""
        if column.number != raw:
            column.number = raw
            one = column.plugin.normalize(self.state, np.array((raw,), np.int64))
            column.normalized_number = int(one[0])
        return column.normalized_number

    def refused_nodes(self, rows: IntArray) -> list[RefusedNodes]:
        """Why ``rows`` were refused: a group for each plugin and its code."""
        refused_by = self.refused_by[rows]
        groups = []
        for place, column in enumerate(self.filters, 1):
            own = rows[refused_by == place]
            if not len(own) or column.codes is None:
                continue
            codes = column.codes[own]
            for code in np.unique(codes).tolist():
                status = column.plugin.verdict(self.state, code)
                named = Status(status.code, status.reasons, column.plugin.name)
                groups.append(RefusedNodes(named, own[codes == code]))
        return groups


def _compacted(raw: IntArray) -> IntArray | int:
    """A column whose rows are all equal, as one number."""
    if len(raw) and (raw == raw[0]).all():
        return int(raw[0])
    return raw
