"""SchedulingGates: a Pod with gates waits until all of them are taken away.

Models:
    pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go SchedulingGates
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.scheduler.framework.interface import SUCCESS, Code, PreEnqueuePlugin, Status
from webapp.scheduler.framework.types import (
    ActionType,
    ClusterEvent,
    ClusterEventWithHint,
    EventResource,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.scheduler.framework.types import PodInfo


class SchedulingGates(PreEnqueuePlugin):
    """Holds Pods with ``spec.schedulingGates``."""

    name = "SchedulingGates"

    def pre_enqueue(self, pod: PodInfo) -> Status:
        """SUCCESS when the Pod has no gates."""
        gates = [gate["name"] for gate in pod.pod["spec"].get("schedulingGates") or ()]
        if not gates:
            return SUCCESS
        reason = f"waiting for scheduling gates: [{' '.join(gates)}]"
        return Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (reason,))

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """The Pod loses its gates."""
        action = ActionType.UPDATE_POD_SCHEDULING_GATES_ELIMINATED
        return (ClusterEventWithHint(ClusterEvent(EventResource.TARGET_POD, action)),)
