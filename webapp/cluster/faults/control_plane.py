"""Faults of the control plane: a component is not there, or etcd is slow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.sim.durations import parse_duration_ms
from webapp.api.sim.fault import (
    API_SERVER_DOWN,
    CONTROL_PLANE_FAULTS,
    CONTROLLER_MANAGER_DOWN,
    ETCD_SLOW,
    SCHEDULER_DOWN,
)
from webapp.cluster.control_plane import API_SERVER, CONTROLLER_MANAGER, SCHEDULER

if TYPE_CHECKING:
    from webapp.cluster.control_plane import ControlPlane
    from webapp.cluster.faults.active import ActiveFault

TYPES = CONTROL_PLANE_FAULTS
_COMPONENTS = {
    API_SERVER_DOWN: API_SERVER,
    CONTROLLER_MANAGER_DOWN: CONTROLLER_MANAGER,
    SCHEDULER_DOWN: SCHEDULER,
}


class ControlPlaneFaults:
    """ApiServerDown, SchedulerDown, ControllerManagerDown and EtcdSlow."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self._control_plane = control_plane
        self._slow: dict[str, tuple[int, int]] = {}

    def strike(self, fault: ActiveFault) -> bool:
        """Stop a component, or make writes slow."""
        if fault.type == ETCD_SLOW:
            spec = fault.spec
            delay_ms = parse_duration_ms(spec["delay"])
            self._slow[fault.name] = (delay_ms, parse_duration_ms(spec.get("jitter") or "0"))
            self._sync_etcd()
        else:
            self._control_plane.hold(_COMPONENTS[fault.type], fault.name)
        return False

    def heal(self, fault: ActiveFault) -> None:
        """Let it run again."""
        if fault.type == ETCD_SLOW:
            self._slow.pop(fault.name, None)
            self._sync_etcd()
        else:
            self._control_plane.release(_COMPONENTS[fault.type], fault.name)

    def _sync_etcd(self) -> None:
        # The worst one counts: they are all about the same disk.
        door = self._control_plane.door
        door.delay_ms, door.jitter_ms = max(self._slow.values(), default=(0, 0))
