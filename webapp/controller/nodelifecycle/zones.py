"""Zones and how fast Nodes in them are given up.

A Node that is lost alone is emptied; the more of a zone is lost together, the likelier it is that the
zone is cut off rather than dead, and the slower, or not at all, are its Nodes emptied. When all zones
are lost it must be the control plane that hears nobody, and no Node is emptied.

Models:
    pkg/controller/nodelifecycle/node_lifecycle_controller.go ComputeZoneState, handleDisruption
    staging/src/k8s.io/component-helpers/node/topology/helpers.go GetZoneKey
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

UNHEALTHY_ZONE_THRESHOLD = 0.55
LARGE_CLUSTER = 50
PRIMARY_GAP_MS = 10_000
"""Between two Nodes of a zone that is well: 0.1 a second."""
SECONDARY_GAP_MS = 100_000
"""Between two Nodes of a large zone that is disrupted: 0.01 a second."""

_ZONE = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
_REGION = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")


class ZoneState(Enum):
    """How much of a zone is not Ready."""

    NORMAL = "Normal"
    PARTIAL_DISRUPTION = "PartialDisruption"
    FULL_DISRUPTION = "FullDisruption"


def zone_of(node: JSONObject) -> str:
    """``region/zone`` as the Node's labels say; "/" without any."""
    labels = node["metadata"].get("labels") or {}
    region, zone = (
        next((labels[key] for key in keys if labels.get(key)), "") for keys in (_REGION, _ZONE)
    )
    return f"{region}/{zone}"


def zone_state(not_ready: int, nodes: int) -> ZoneState:
    """How badly off a zone is.

    Args:
        not_ready: How many of its Nodes are not Ready.
        nodes: How many there are.
    """
    if nodes and not_ready == nodes:
        return ZoneState.FULL_DISRUPTION
    if not_ready > 2 and not_ready / nodes >= UNHEALTHY_ZONE_THRESHOLD:
        return ZoneState.PARTIAL_DISRUPTION
    return ZoneState.NORMAL


def eviction_gap_ms(state: ZoneState, nodes: int) -> int | None:
    """Milliseconds between the evictions of two Nodes of a zone; ``None`` for no evictions.

    One zone that is lost as a whole, while others are not, is emptied as fast as any.
    """
    if state is not ZoneState.PARTIAL_DISRUPTION:
        return PRIMARY_GAP_MS
    return SECONDARY_GAP_MS if nodes > LARGE_CLUSTER else None


class Zone:
    """One zone's Nodes.

    Attributes:
        nodes: Their names.
        not_ready: Those that are not Ready.
        last_eviction_ms: When a Node was given up last.
    """

    __slots__ = ("last_eviction_ms", "nodes", "not_ready")

    def __init__(self) -> None:
        self.nodes: dict[str, None] = {}
        self.not_ready: dict[str, None] = {}
        self.last_eviction_ms: int | None = None

    @property
    def state(self) -> ZoneState:
        """How badly off it is."""
        return zone_state(len(self.not_ready), len(self.nodes))


class Zones:
    """All zones that have Nodes.

    Attributes:
        all_lost: Whether no Node of any zone is Ready.
    """

    def __init__(self) -> None:
        self._zones: dict[str, Zone] = {}
        self._zone_by_node: dict[str, Zone] = {}
        self._states: dict[str, ZoneState] = {}
        self.all_lost = False

    def put(self, node: JSONObject, *, ready: bool) -> None:
        """A Node came or changed."""
        name = node["metadata"]["name"]
        zone = self._zones.setdefault(zone_of(node), Zone())
        if self._zone_by_node.get(name) is not zone:
            self.remove(name)
            self._zone_by_node[name] = zone
            zone.nodes[name] = None
        if ready:
            zone.not_ready.pop(name, None)
        else:
            zone.not_ready[name] = None

    def remove(self, name: str) -> None:
        """A Node went."""
        zone = self._zone_by_node.pop(name, None)
        if zone is not None:
            zone.nodes.pop(name, None)
            zone.not_ready.pop(name, None)

    def changed(self) -> list[str]:
        """Names of lost Nodes that are to be judged anew, since the state of their zone, or of all, changed."""
        states = {key: zone.state for key, zone in self._zones.items() if zone.nodes}
        all_lost = bool(states) and all(
            state is ZoneState.FULL_DISRUPTION for state in states.values()
        )
        everywhere = all_lost != self.all_lost
        self.all_lost = all_lost
        touched = [
            name
            for key, state in states.items()
            if everywhere or self._states.get(key) is not state
            for name in self._zones[key].not_ready
        ]
        self._states = states
        return touched

    def wait_ms(self, name: str, now_ms: int) -> int | None:
        """How long a Node's eviction must wait; 0 for not at all, ``None`` for until its zone is better."""
        zone = self._zone_by_node[name]
        gap_ms = eviction_gap_ms(zone.state, len(zone.nodes))
        if gap_ms is None:
            return None
        if zone.last_eviction_ms is None:
            return 0
        return max(0, zone.last_eviction_ms + gap_ms - now_ms)

    def note_eviction(self, name: str, now_ms: int) -> None:
        """A Node was given up."""
        self._zone_by_node[name].last_eviction_ms = now_ms
