"""NodeUnschedulable: cordoned Nodes take no Pods, but for those that tolerate the cordon's taint.

Models:
    pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go NodeUnschedulable
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from webapp.scheduler.framework.interface import Code, FilterPlugin, Scope, Status
from webapp.scheduler.framework.node_table import Taint
from webapp.scheduler.framework.tolerations import (
    NO_SCHEDULE,
    any_tolerates,
    tolerations_of,
    tolerations_signature,
)
from webapp.scheduler.framework.types import (
    ActionType,
    ClusterEvent,
    ClusterEventWithHint,
    EventResource,
    QueueingHint,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.arrays import IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo

_CORDON = Taint("node.kubernetes.io/unschedulable", "", NO_SCHEDULE)
_REFUSED = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) were unschedulable",))


class NodeUnschedulable(FilterPlugin):
    """Looks at ``spec.unschedulable``."""

    name = "NodeUnschedulable"
    scope = Scope.NODE

    def sign(self, pod: PodInfo) -> Hashable:
        """The tolerations."""
        return tolerations_signature(pod)

    def filter(
        self,
        state: CycleState,  # noqa: ARG002  # the extension point's signature
        pod: PodInfo,
        nodes: NodeTable,
        rows: Rows,
    ) -> IntArray | None:
        """1 where the Node is cordoned."""
        cordoned = nodes.unschedulable[rows]
        if not cordoned.any() or any_tolerates(tolerations_of(pod), _CORDON):
            return None
        return cordoned.astype(np.int64)

    def verdict(self, state: CycleState, code: int) -> Status:  # noqa: ARG002
        """The only refusal there is."""
        return _REFUSED

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """A Node comes, or is uncordoned."""
        action = ActionType.ADD | ActionType.UPDATE_NODE_TAINT
        return (ClusterEventWithHint(ClusterEvent(EventResource.NODE, action), _hint),)


def _hint(pod: PodInfo, old: JSONObject | None, new: JSONObject) -> QueueingHint:
    del pod, old
    if new.get("spec", {}).get("unschedulable"):
        return QueueingHint.SKIP
    return QueueingHint.QUEUE
