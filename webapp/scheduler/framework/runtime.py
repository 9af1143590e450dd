"""Runs a profile's plugins, in the profile's order.

Models:
    pkg/scheduler/framework/runtime/framework.go frameworkImpl
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from webapp.scheduler.framework.interface import (
    SUCCESS,
    BindPlugin,
    Code,
    FilterPlugin,
    PermitPlugin,
    Plugin,
    PostBindPlugin,
    PostFilterPlugin,
    PostFilterResult,
    PreBindPlugin,
    PreEnqueuePlugin,
    PreFilterPlugin,
    PreScorePlugin,
    QueueSortPlugin,
    ReservePlugin,
    ScorePlugin,
    Status,
)
from webapp.scheduler.framework.pod_class import ClassPlugins, PodClass
from webapp.sim.errors import SimulationError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.interface import Handle, Judge, RefusedNodes
    from webapp.scheduler.framework.types import PodInfo

_KEPT_CLASSES = 1024


class Framework:
    """One profile at work.

    Attributes:
        profile_name: The ``schedulerName`` that it serves.
        plugins: Its plugins, in order, whatever they are used for.
        queue_sort: The one that orders the queue.
    """

    def __init__(
        self,
        profile_name: str,
        handle: Handle,
        plugins: Sequence[tuple[Plugin, int]],
        points: Mapping[str, Sequence[tuple[Plugin, int]]] | None = None,
    ) -> None:
        """``points`` says which plugins are used where (and with which weight); else all are everywhere."""
        self.profile_name = profile_name
        self.plugins = tuple(plugin for plugin, _ in plugins)
        self._handle = handle
        self._signs = [p.sign for p in self.plugins if type(p).sign is not Plugin.sign]
        self._signs_without_volumes = [
            p.sign
            for p in self.plugins
            if type(p).sign is not Plugin.sign and not p.looks_at_volumes_only
        ]
        used = points or {}

        def at(point: str) -> list[Plugin]:
            return [plugin for plugin, _ in used.get(point, plugins)]

        self._weighted_scores = [
            (plugin, weight)
            for plugin, weight in used.get("score", plugins)
            if isinstance(plugin, ScorePlugin)
        ]
        self._class_plugins = ClassPlugins(
            [p for p in at("preFilter") if isinstance(p, PreFilterPlugin)],
            [p for p in at("filter") if isinstance(p, FilterPlugin)],
            [p for p in at("preScore") if isinstance(p, PreScorePlugin)],
        )
        self._pre_enqueue = [p for p in at("preEnqueue") if isinstance(p, PreEnqueuePlugin)]
        self._post_filter = [p for p in at("postFilter") if isinstance(p, PostFilterPlugin)]
        self._reserve = [p for p in at("reserve") if isinstance(p, ReservePlugin)]
        self._permit = [p for p in at("permit") if isinstance(p, PermitPlugin)]
        self._pre_bind = [p for p in at("preBind") if isinstance(p, PreBindPlugin)]
        self._bind = [p for p in at("bind") if isinstance(p, BindPlugin)]
        self._post_bind = [p for p in at("postBind") if isinstance(p, PostBindPlugin)]
        self._classes: OrderedDict[Hashable, PodClass] = OrderedDict()
        sorters = [p for p in at("queueSort") if isinstance(p, QueueSortPlugin)]
        if len(sorters) != 1:
            raise SimulationError(
                f'profile "{profile_name}" needs one queue sort plugin, not {len(sorters)}'
            )
        self.queue_sort = sorters[0]

    @property
    def has_score_plugins(self) -> bool:
        """Whether Nodes are scored at all."""
        return bool(self._weighted_scores)

    def pod_class(self, pod: PodInfo, start: int = 0, wanted: int = 0) -> PodClass:
        """The class that ``pod`` belongs to, brought up to date; the least recently used ones go.

        With ``wanted`` it may be up to date for that many rows from ``start`` on only.
        """
        if pod.signed_at != self._handle.listers.selectors_version or pod.claims:
            has_volumes = pod.claims or pod.disks
            signs = self._signs if has_volumes else self._signs_without_volumes
            pod.signature = tuple([sign(pod) for sign in signs])
            pod.signed_at = self._handle.listers.selectors_version
        classes = self._classes
        found = classes.get(pod.signature)
        if found is None:
            found = PodClass(pod, self._handle.nodes, self._class_plugins, self._weighted_scores)
            classes[pod.signature] = found
            if len(classes) > _KEPT_CLASSES:
                classes.popitem(last=False)
        else:
            classes.move_to_end(pod.signature)
        found.refresh(start, wanted)
        return found

    def try_pod(self, pod: PodInfo) -> PodClass:
        """What the filters say of a Pod that need not exist."""
        tried = PodClass(pod, self._handle.nodes, self._class_plugins, ())
        tried.refresh()
        return tried

    def run_pre_enqueue_plugins(self, pod: PodInfo) -> Status:
        """SUCCESS, or the first refusal."""
        for plugin in self._pre_enqueue:
            status = plugin.pre_enqueue(pod)
            if not status.is_success:
                return _named(status, plugin)
        return SUCCESS

    def run_post_filter_plugins(
        self,
        state: CycleState,
        pod: PodInfo,
        refused: Sequence[RefusedNodes],
        judge: Judge,
    ) -> PostFilterResult:
        """The first result that makes room; else the refusals' reasons together."""
        reasons: list[str] = []
        nominated: str | None = None
        for plugin in self._post_filter:
            result = plugin.post_filter(state, pod, self._handle.nodes, refused, judge)
            if result.status.is_success or not result.status.is_rejected:
                return replace(result, status=_named(result.status, plugin))
            reasons.extend(result.status.reasons)
            if result.nominated_node is not None:
                nominated = result.nominated_node
        return PostFilterResult(Status(Code.UNSCHEDULABLE, tuple(reasons)), nominated)

    def run_reserve_plugins(self, state: CycleState, pod: PodInfo, node_name: str) -> Status:
        """SUCCESS, or the first refusal; then call :meth:`run_unreserve_plugins`."""
        for plugin in self._reserve:
            status = plugin.reserve(state, pod, node_name)
            if not status.is_success:
                return _named(status, plugin)
        return SUCCESS

    def run_unreserve_plugins(self, state: CycleState, pod: PodInfo, node_name: str) -> None:
        """Give back what Reserve kept, last plugin first."""
        for plugin in reversed(self._reserve):
            plugin.unreserve(state, pod, node_name)

    def run_permit_plugins(self, state: CycleState, pod: PodInfo, node_name: str) -> Status:
        """SUCCESS, or the first refusal."""
        for plugin in self._permit:
            status = plugin.permit(state, pod, node_name)
            if not status.is_success:
                return _named(status, plugin)
        return SUCCESS

    def run_pre_bind_plugins(self, state: CycleState, pod: PodInfo, node_name: str) -> Status:
        """SUCCESS, or the first failure; WAIT when a plugin has not finished."""
        for plugin in self._pre_bind:
            status = plugin.pre_bind(state, pod, node_name)
            if not status.is_success:
                return _named(status, plugin)
        return SUCCESS

    def run_bind_plugins(self, state: CycleState, pod: PodInfo, node_name: str) -> Status:
        """The answer of the first plugin that does not skip the Pod."""
        for plugin in self._bind:
            status = plugin.bind(state, pod, node_name)
            if status.code is not Code.SKIP:
                return _named(status, plugin)
        return Status(Code.ERROR, ("all bind plugins skipped the Pod",))

    def run_post_bind_plugins(self, state: CycleState, pod: PodInfo, node_name: str) -> None:
        """Tell that the Pod is bound."""
        for plugin in self._post_bind:
            plugin.post_bind(state, pod, node_name)


def _named(status: Status, plugin: Plugin) -> Status:
    return status if status.is_success else Status(status.code, status.reasons, plugin.name)
