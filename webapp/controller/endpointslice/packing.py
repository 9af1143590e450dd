"""Which endpoint goes into which slice: few writes first, full slices second. Pure.

Endpoints with equal ports share slices. Endpoints that are there already stay where they are; new
ones fill the slices that have to be written anyway, then the fullest one that has room for all that
is left, then new slices of 100. A slice no longer needed is rewritten rather than deleted when
another is needed, and a Service without endpoints keeps one empty slice.

Models:
    staging/src/k8s.io/endpointslice/reconciler.go reconcileByPortMapping
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webapp.apimachinery.meta import JSONObject

MAX_ENDPOINTS = 100

Ports: TypeAlias = "tuple[JSONObject, ...]"


@dataclass(slots=True)
class PackingPlan:
    """What to write.

    Attributes:
        create: (ports, endpoints) of each new slice.
        update: (slice as it is, its ports and its endpoints from now on).
        delete: Slices that are no longer needed.
    """

    create: list[tuple[Ports, list[JSONObject]]] = field(default_factory=list)
    update: list[tuple[JSONObject, Ports, list[JSONObject]]] = field(default_factory=list)
    delete: list[JSONObject] = field(default_factory=list)


@dataclass(slots=True)
class _Slice:
    stored: JSONObject
    endpoints: list[JSONObject]
    changed: bool


def plan_slices(
    slices: Sequence[JSONObject],
    desired: Mapping[str, tuple[str, JSONObject]],
    ports_by_key: Mapping[str, Ports],
) -> PackingPlan:
    """Plan the writes that make ``slices`` hold exactly the ``desired`` endpoints.

    Args:
        slices: The Service's slices of one address type, sorted by name.
        desired: Pod name → (key of its ports, endpoint), in order.
        ports_by_key: What the keys stand for, see :func:`ports_key`.
    """
    plan = PackingPlan()
    kept: dict[str, list[_Slice]] = {}
    waiting: dict[str, dict[str, JSONObject]] = {}
    for name, (key, endpoint) in desired.items():
        waiting.setdefault(key, {})[name] = endpoint
    for stored in slices:
        key = ports_key(stored.get("ports") or ())
        if key not in waiting:
            plan.delete.append(stored)
            continue
        kept.setdefault(key, []).append(_keep(stored, waiting[key]))
    for key, endpoints in waiting.items():
        _pack(plan, ports_by_key[key], kept.get(key, []), list(endpoints.values()))
    if not plan.create and len(plan.delete) == len(slices):
        _keep_placeholder(plan)
    _recycle(plan)
    return plan


def _keep_placeholder(plan: PackingPlan) -> None:
    for stored in plan.delete:
        if not stored.get("ports") and not stored.get("endpoints"):
            plan.delete.remove(stored)
            return
    plan.create.append(((), []))


def _recycle(plan: PackingPlan) -> None:
    while plan.create and plan.delete:
        plan.update.append((plan.delete.pop(), *plan.create.pop()))


def ports_key(ports: Sequence[JSONObject]) -> str:
    """A text that is equal for equal ports, in whatever order."""
    return ";".join(
        sorted(
            f"{port.get('name', '')}/{port.get('protocol', 'TCP')}/{port.get('port')}/{port.get('appProtocol', '')}"
            for port in ports
        )
    )


def _keep(stored: JSONObject, waiting: dict[str, JSONObject]) -> _Slice:
    """Take out of ``waiting`` what the slice holds already."""
    endpoints = []
    changed = False
    for held in stored.get("endpoints") or ():
        wanted = waiting.pop((held.get("targetRef") or {}).get("name", ""), None)
        if wanted is None:
            changed = True
            continue
        if wanted is not held and wanted != held:
            changed = True
            endpoints.append(wanted)
        else:
            endpoints.append(held)
    return _Slice(stored, endpoints, changed)


def _pack(plan: PackingPlan, ports: Ports, slices: list[_Slice], fresh: list[JSONObject]) -> None:
    fresh.reverse()
    for held in slices:
        if held.changed and held.endpoints:
            _fill(held, fresh)
    if fresh and slices:
        # A slice not yet to be written is taken only if one write is then enough for the rest.
        open_slices = [
            held
            for held in slices
            if not held.changed and len(held.endpoints) + len(fresh) <= MAX_ENDPOINTS
        ]
        if open_slices:
            fullest = max(open_slices, key=lambda held: len(held.endpoints))
            fullest.changed = True
            _fill(fullest, fresh)
    for held in slices:
        if not held.changed:
            continue
        _fill(held, fresh)
        if held.endpoints:
            plan.update.append((held.stored, ports, held.endpoints))
        else:
            plan.delete.append(held.stored)
    while fresh:
        batch = [fresh.pop() for _ in range(min(MAX_ENDPOINTS, len(fresh)))]
        plan.create.append((ports, batch))


def _fill(held: _Slice, fresh: list[JSONObject]) -> None:
    while fresh and len(held.endpoints) < MAX_ENDPOINTS:
        held.endpoints.append(fresh.pop())
