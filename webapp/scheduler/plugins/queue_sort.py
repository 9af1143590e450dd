"""PrioritySort: which waiting Pod is tried first.

Models:
    pkg/scheduler/framework/plugins/queuesort/priority_sort.go PrioritySort
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.scheduler.framework.interface import QueueSortPlugin

if TYPE_CHECKING:
    from webapp.scheduler.framework.types import QueuedPodInfo


class PrioritySort(QueueSortPlugin):
    """Higher priority first, then whoever waits longer, then order of arrival."""

    name = "PrioritySort"

    def sort_key(self, queued: QueuedPodInfo) -> tuple[int, ...]:
        """Smaller comes first."""
        return -queued.pod_info.priority, queued.timestamp_ms, queued.sequence
