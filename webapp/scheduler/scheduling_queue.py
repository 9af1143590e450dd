"""Pods that wait for a Node: active, backing off, or unschedulable until something changes.

Pods enter when informers tell of them, and leave through :meth:`SchedulingQueue.pop`. One that did
not fit comes back, and waits until a cluster event that the refusing plugins care about moves it:
into back-off (1 s, doubled with each refusal up to 10 s), or into the active queue once that is over.
After five minutes without such an event it is moved anyway. Events that happen while a Pod is being
scheduled are remembered, so that none is missed.

Models:
    pkg/scheduler/backend/queue/scheduling_queue.go PriorityQueue
    pkg/scheduler/backend/queue/active_queue.go activeQueue
    pkg/scheduler/backend/queue/backoff_queue.go backoffQueue
    Deviation: back-off ends at its own moment, not at the next full second.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from webapp.scheduler.diagnosis import Waiting
from webapp.scheduler.framework.types import (
    ActionType,
    ClusterEvent,
    EventResource,
    QueuedPodInfo,
    QueueingHint,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from webapp.scheduler.framework.interface import Status
    from webapp.scheduler.framework.types import ClusterEventWithHint, PodInfo
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation

Lane: TypeAlias = Literal["active", "backoff", "unschedulable", "gated"]

FLUSH_PERIOD_MS = 30_000
LONGEST_UNSCHEDULABLE_MS = 5 * 60_000

TIMED_OUT = ClusterEvent(EventResource.WILDCARD, ActionType.ALL)


class QueuePolicy(NamedTuple):
    """How the queue behaves.

    Attributes:
        initial_backoff_ms: Shortest back-off.
        max_backoff_ms: Longest one.
        pre_enqueue: Asked before a Pod becomes active.
        sort_key: Orders the active queue; smaller comes first.
        hints: Plugin name → events after which its refused Pods are worth a look.
    """

    initial_backoff_ms: int
    max_backoff_ms: int
    pre_enqueue: Callable[[PodInfo], Status]
    sort_key: Callable[[QueuedPodInfo], tuple[int, ...]]
    hints: Mapping[str, Sequence[ClusterEventWithHint]]


class _Happened(NamedTuple):
    event: ClusterEvent
    old: Any
    new: Any


class SchedulingQueue:
    """All waiting Pods, each in one of three places or in flight.

    Args:
        sim: Virtual time.
        policy: How it behaves.
        on_active: Called when a Pod has become active.

    Attributes:
        policy: How it behaves from now on.
        version: Rises whenever Pods come, go or change lanes.
    """

    def __init__(self, sim: Simulation, policy: QueuePolicy, on_active: Callable[[], None]) -> None:
        self._sim = sim
        self.policy = policy
        self._on_active = on_active
        self._sequence = 0
        self.version = 0
        self._active: dict[str, QueuedPodInfo] = {}
        self._active_heap: list[tuple[tuple[int, ...], int, str]] = []
        self._backing_off: dict[str, QueuedPodInfo] = {}
        self._backoff_heap: list[tuple[int, tuple[int, ...], int, str]] = []
        self._unschedulable: dict[str, QueuedPodInfo] = {}
        self._in_flight: dict[str, list[_Happened]] = {}
        self._backoff_timer: Timer | None = None
        self._flush_timer: Timer | None = None

    # --- reading ----------------------------------------------------------------------------

    @property
    def active_pods(self) -> list[PodInfo]:
        """Pods to be tried, in order."""
        waiting = sorted(self._active.values(), key=self.policy.sort_key)
        return [queued.pod_info for queued in waiting]

    @property
    def backoff_pods(self) -> list[PodInfo]:
        """Pods backing off, the one that ends first before the others."""
        waiting = sorted(self._backing_off.values(), key=lambda queued: queued.backoff_until_ms)
        return [queued.pod_info for queued in waiting]

    @property
    def unschedulable_pods(self) -> list[PodInfo]:
        """Pods that wait for an event or for their gates, in order of arrival there."""
        return [queued.pod_info for queued in self._unschedulable.values()]

    def find(self, uid: str) -> QueuedPodInfo | None:
        """A waiting Pod, wherever it waits."""
        return self._active.get(uid) or self._backing_off.get(uid) or self._unschedulable.get(uid)

    def lanes(self) -> dict[Lane, list[QueuedPodInfo]]:
        """Who waits where, in order."""
        parked = self._unschedulable.values()
        return {
            "active": sorted(self._active.values(), key=self.policy.sort_key),
            "backoff": sorted(self._backing_off.values(), key=lambda one: one.backoff_until_ms),
            "unschedulable": [one for one in parked if not one.gating_plugin],
            "gated": [one for one in parked if one.gating_plugin],
        }

    def waiting(self, uid: str) -> Waiting | None:
        """Where a Pod waits; ``None`` when it does not."""
        if uid in self._in_flight:
            return Waiting("scheduling")
        queued = self.find(uid)
        if queued is None:
            return None
        if queued.gating_plugin:
            return Waiting("gated", plugins=(queued.gating_plugin,))
        plugins = tuple(sorted(queued.unschedulable_plugins))
        if uid in self._active:
            return Waiting("active", plugins=plugins)
        if uid in self._backing_off:
            return Waiting("backoff", queued.backoff_until_ms, plugins)
        return Waiting("unschedulable", plugins=plugins)

    # --- Pods come, change and go -----------------------------------------------------------

    def add(self, pod: PodInfo, cause: int = 0) -> None:
        """A new Pod; held back if a PreEnqueue plugin says so."""
        self._sequence += 1
        queued = QueuedPodInfo(pod, self._sim.now_ms, self._sequence, cause=cause)
        self._activate(queued)

    def update(self, pod: PodInfo, event: ClusterEvent | None, old: Any) -> None:
        """A newer version of a waiting Pod; ``event`` says what changed, if it matters."""
        queued = self.find(pod.uid)
        if queued is None:
            if pod.uid not in self._in_flight:
                self.add(pod)
            elif event is not None:
                self._remember(_Happened(event, old, pod.pod), only=pod.uid)
            return
        queued.pod_info = pod
        if pod.uid in self._unschedulable:
            if queued.gating_plugin:
                del self._unschedulable[pod.uid]
                self._activate(queued)
            elif event is not None and self._is_worth_requeuing(
                queued, _Happened(event, old, pod.pod)
            ):
                del self._unschedulable[pod.uid]
                self._requeue(queued)

    def delete(self, uid: str) -> None:
        """A Pod went, or has been bound."""
        self.version += 1
        self._active.pop(uid, None)
        self._backing_off.pop(uid, None)
        self._unschedulable.pop(uid, None)

    # --- scheduling -------------------------------------------------------------------------

    def pop(self) -> QueuedPodInfo | None:
        """Take the Pod to be tried now.

        With nothing active, one that backs off after a refusal (not after an error) is taken, since
        back-off is there to let others pass.
        """
        queued = self._pop_active() or self._pop_backoff()
        if queued is None:
            return None
        queued.attempts += 1
        self.version += 1
        self._in_flight[queued.pod_info.uid] = []
        return queued

    def done(self, uid: str) -> None:
        """The Pod will not come back from the attempt under way."""
        self._in_flight.pop(uid, None)

    def is_in_flight(self, uid: str) -> bool:
        """Whether the Pod is being scheduled."""
        return uid in self._in_flight

    def add_unschedulable(self, queued: QueuedPodInfo, plugins: frozenset[str]) -> None:
        """A Pod comes back; ``plugins`` refused it, or none did and it failed with an error."""
        happened = self._in_flight.pop(queued.pod_info.uid, [])
        queued.timestamp_ms = self._sim.now_ms
        queued.unschedulable_plugins = plugins
        if not plugins:
            queued.error_count += 1
            self._requeue(queued)
            return
        queued.unschedulable_count += 1
        queued.error_count = 0
        if any(self._is_worth_requeuing(queued, one) for one in happened):
            self._requeue(queued)
        else:
            self._park(queued)

    def move_all(self, event: ClusterEvent, old: Any = None, new: Any = None) -> None:
        """Something happened: move the Pods for which it is worth another attempt."""
        happened = _Happened(event, old, new)
        self._remember(happened)
        for uid, queued in list(self._unschedulable.items()):
            if not queued.gating_plugin and self._is_worth_requeuing(queued, happened):
                del self._unschedulable[uid]
                self._requeue(queued)

    # --- places -----------------------------------------------------------------------------

    def _activate(self, queued: QueuedPodInfo) -> None:
        if not self._passes_gates(queued):
            return
        pod = queued.pod_info
        self._active[pod.uid] = queued
        self.version += 1
        heappush(self._active_heap, (self.policy.sort_key(queued), queued.sequence, pod.uid))
        self._on_active()

    def _passes_gates(self, queued: QueuedPodInfo) -> bool:
        status = self.policy.pre_enqueue(queued.pod_info)
        queued.gating_plugin = status.plugin
        if status.is_success:
            return True
        queued.unschedulable_plugins = frozenset((status.plugin,))
        self._park(queued)
        return False

    def _park(self, queued: QueuedPodInfo) -> None:
        self._unschedulable[queued.pod_info.uid] = queued
        self.version += 1
        if self._flush_timer is None:
            self._flush_timer = self._sim.schedule(FLUSH_PERIOD_MS, self._flush, background=True)

    def _requeue(self, queued: QueuedPodInfo) -> None:
        """Into back-off, or at once into the active queue when its time is over."""
        until = queued.timestamp_ms + self._backoff_ms(queued)
        if until <= self._sim.now_ms:
            queued.backoff_until_ms = 0
            self._activate(queued)
            return
        if not self._passes_gates(queued):
            return
        queued.backoff_until_ms = until
        uid = queued.pod_info.uid
        self._backing_off[uid] = queued
        self.version += 1
        heappush(self._backoff_heap, (until, self.policy.sort_key(queued), queued.sequence, uid))
        self._schedule_backoff()
        if not queued.error_count:
            self._on_active()

    def _backoff_ms(self, queued: QueuedPodInfo) -> int:
        count = queued.error_count or queued.unschedulable_count
        if not count:
            return 0
        longest = self.policy.max_backoff_ms
        return min(self.policy.initial_backoff_ms << min(count - 1, 30), longest)

    def _schedule_backoff(self) -> None:
        self._sim.cancel(self._backoff_timer)
        self._backoff_timer = None
        while self._backoff_heap:
            until, *_between, uid = self._backoff_heap[0]
            queued = self._backing_off.get(uid)
            if queued is not None and queued.backoff_until_ms == until:
                self._backoff_timer = self._sim.schedule_at(
                    until, self._end_backoff, background=True
                )
                return
            heappop(self._backoff_heap)

    def _end_backoff(self, _: object) -> None:
        while self._backoff_heap and self._backoff_heap[0][0] <= self._sim.now_ms:
            until, *_between, uid = heappop(self._backoff_heap)
            queued = self._backing_off.get(uid)
            if queued is not None and queued.backoff_until_ms == until:
                del self._backing_off[uid]
                queued.backoff_until_ms = 0
                self._activate(queued)
        self._schedule_backoff()

    def _pop_active(self) -> QueuedPodInfo | None:
        while self._active_heap:
            _, sequence, uid = heappop(self._active_heap)
            queued = self._active.get(uid)
            if queued is not None and queued.sequence == sequence:
                del self._active[uid]
                return queued
        return None

    def _pop_backoff(self) -> QueuedPodInfo | None:
        failed = []
        found = None
        while self._backoff_heap and found is None:
            entry = heappop(self._backoff_heap)
            queued = self._backing_off.get(entry[-1])
            if queued is None or queued.backoff_until_ms != entry[0]:
                continue
            if queued.error_count:
                failed.append(entry)
            else:
                found = queued
        for entry in failed:
            heappush(self._backoff_heap, entry)
        if found is not None:
            del self._backing_off[found.pod_info.uid]
            found.backoff_until_ms = 0
            self._schedule_backoff()
        return found

    def _flush(self, _: None) -> None:
        self._flush_timer = None
        long_ago = self._sim.now_ms - LONGEST_UNSCHEDULABLE_MS
        for uid, queued in list(self._unschedulable.items()):
            if not queued.gating_plugin and queued.timestamp_ms < long_ago:
                del self._unschedulable[uid]
                self._requeue(queued)
        if self._unschedulable:
            self._flush_timer = self._sim.schedule(FLUSH_PERIOD_MS, self._flush, background=True)

    # --- events -----------------------------------------------------------------------------

    def _remember(self, happened: _Happened, only: str = "") -> None:
        for uid, events in self._in_flight.items():
            if not only or uid == only:
                events.append(happened)

    def _is_worth_requeuing(self, queued: QueuedPodInfo, happened: _Happened) -> bool:
        if happened.event == TIMED_OUT:
            return True
        for plugin in queued.unschedulable_plugins:  # any answer will do, so order is not seen
            for registered in self.policy.hints.get(plugin, ()):
                if not registered.event.matches(happened.event):
                    continue
                if registered.hint is None:
                    return True
                answer = registered.hint(queued.pod_info, happened.old, happened.new)
                if answer is QueueingHint.QUEUE:
                    return True
        return False
