"""The node table: all Nodes as columns, one row a Node, in the order in which they are scanned.

The cache is its only writer. Numbers live in the columns (structure of arrays), what has no number
lives in the row's :class:`NodeInfo`. Each write is noted in a change log, so that whoever keeps
answers a row can ask again only for the rows that changed since. Adding and removing Nodes marks
the layout as stale; :meth:`NodeTable.lay_out` then puts the rows in scan order, zones taking turns.

Models:
    pkg/scheduler/framework/types.go NodeInfo
    pkg/scheduler/backend/cache/node_tree.go nodeTree
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from weakref import WeakValueDictionary

import numpy as np

from webapp.scheduler.framework.affinity_terms import NO_TERMS, AffinityTerm
from webapp.scheduler.framework.change_log import ChangeLog
from webapp.scheduler.framework.pod_counts import PodCounts
from webapp.scheduler.framework.resources import (
    CPU,
    EPHEMERAL_STORAGE,
    MEMORY,
    PODS,
    amounts,
    is_scalar,
)
from webapp.scheduler.framework.types import ActionType

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.affinity_terms import AffinityTerms
    from webapp.scheduler.framework.arrays import BoolArray, IntArray
    from webapp.scheduler.framework.types import HostPort, PodInfo

_LEAST_CAPACITY = 16
_KEPT_MATCHES = 8192
_KEPT_TERMS = 2048
HASH_LABEL = "pod-template-hash"
"""Tells the Pods of a ReplicaSet from all others."""

_REGION_LABEL = "topology.kubernetes.io/region"
_ZONE_LABEL = "topology.kubernetes.io/zone"

_NUMBER_COLUMNS = (
    "allocatable_cpu",
    "allocatable_memory",
    "allocatable_ephemeral",
    "allocatable_pods",
    "requested_cpu",
    "requested_memory",
    "requested_ephemeral",
    "scored_cpu",
    "scored_memory",
    "pod_count",
    "taint_set",
)

TermKey: TypeAlias = tuple[str | int, AffinityTerm]
LabelHint: TypeAlias = tuple[str, str, str]
"""Namespace, label, its value."""


class Taint(NamedTuple):
    """A Node's taint."""

    key: str
    value: str
    effect: str


class NodeInfo:
    """One Node with the Pods on it.

    Attributes:
        node: The API object.
        name: Its name.
        labels: Its labels.
        taints: Its taints, in order.
        images: Image name → bytes, of the images that the Node holds.
        pods: UID → Pod, of the Pods bound or assumed to be there.
        used_ports: Ports taken by them.
        arrival: Place in the order in which the Nodes came.
    """

    __slots__ = ("arrival", "images", "labels", "name", "node", "pods", "taints", "used_ports")

    def __init__(self, node: JSONObject, arrival: int) -> None:
        self.arrival = arrival
        self.pods: dict[str, PodInfo] = {}
        self.used_ports: set[HostPort] = set()
        self.set_node(node)

    def set_node(self, node: JSONObject) -> None:
        """Take over a newer version of the API object."""
        self.node = node
        self.name: str = node["metadata"]["name"]
        self.labels: Mapping[str, str] = node["metadata"].get("labels") or {}
        self.taints = tuple(
            Taint(taint["key"], taint.get("value", ""), taint["effect"])
            for taint in node.get("spec", {}).get("taints") or ()
        )
        self.images: dict[str, int] = {
            name: image.get("sizeBytes", 0)
            for image in node.get("status", {}).get("images") or ()
            for name in image.get("names") or ()
        }

    @property
    def zone(self) -> tuple[str, str]:
        """Region and zone; Nodes of different ones take turns in the scan."""
        return self.labels.get(_REGION_LABEL, ""), self.labels.get(_ZONE_LABEL, "")


class _DerivedColumn(NamedTuple):
    values: IntArray
    value_of: Callable[[NodeInfo], int]


class NodeTable:
    """All Nodes as columns.

    Attributes:
        size: Number of Nodes.
        infos: Row → Node.
        names: Row → Node name; replaced, never changed, when the rows move.
        rows: Node name → row.
        layout: Rises whenever rows move; answers kept a row are worthless then.
        node_log: Rows whose Node object changed.
        usage_log: Rows whose Pods changed.
        taint_sets: ``taint_set`` column → the taints.
        unschedulable: Row → ``spec.unschedulable``.
        scalars: Extended resource → (allocatable, requested) columns.
        topology: Rises whenever Nodes come, go, or change labels or taints.
        terms: (kind, affinity term) → Pods on Nodes that carry it; kinds are "required",
            "required-anti" and the weights of preferred ones.
        terms_version: Rises whenever a term comes that no Pod carried before.
        namespace_labels: Namespace → its labels.
        claim_users: ``namespace/name`` of a claim → Pods on Nodes that use it.
    """

    allocatable_cpu: IntArray
    allocatable_memory: IntArray
    allocatable_ephemeral: IntArray
    allocatable_pods: IntArray
    requested_cpu: IntArray
    requested_memory: IntArray
    requested_ephemeral: IntArray
    scored_cpu: IntArray
    scored_memory: IntArray
    pod_count: IntArray
    taint_set: IntArray

    def __init__(self) -> None:
        self.size = 0
        self.infos: list[NodeInfo] = []
        self.names: tuple[str, ...] = ()
        self.rows: dict[str, int] = {}
        self.layout = 0
        self.node_log = ChangeLog()
        self.usage_log = ChangeLog()
        self.taint_sets: list[tuple[Taint, ...]] = [()]
        self._taint_set_ids: dict[tuple[Taint, ...], int] = {(): 0}
        self.unschedulable: BoolArray = np.zeros(0, np.bool_)
        self.scalars: dict[str, tuple[IntArray, IntArray]] = {}
        self._derived: dict[tuple[str, str], _DerivedColumn] = {}
        self._label_values: dict[str, dict[str, int]] = {}
        self.topology = 0
        self.terms: dict[TermKey, PodCounts] = {}
        self.terms_version = 0
        self.namespace_labels: Callable[[str], Mapping[str, str]] = _no_labels
        self._counts: WeakValueDictionary[Hashable, PodCounts] = WeakValueDictionary()
        self._counts_by_label: dict[LabelHint | None, WeakValueDictionary[Hashable, PodCounts]] = {}
        self._counts_by_match: dict[Hashable, tuple[PodCounts, ...]] = {}
        self.claim_users: dict[str, int] = {}
        self._priorities: dict[int, int] = {}
        self._hashes: dict[str, int] = {}
        self._stale = False
        self._capacity = 0
        self._arrivals = 0
        for name in _NUMBER_COLUMNS:
            setattr(self, name, np.zeros(0, np.int64))

    # --- Nodes ------------------------------------------------------------------------------

    def add_node(self, node: JSONObject) -> None:
        """Append a row; it gets its place in the scan with the next :meth:`lay_out`."""
        row = len(self.infos)
        self._arrivals += 1
        info = NodeInfo(node, self._arrivals)
        if row >= self._capacity:
            self._grow()
        self.infos.append(info)
        self.rows[info.name] = row
        self._clear_row(row)
        self._stale = True
        self.topology += 1
        self._write_node(row, info)

    def remove_node(self, name: str) -> dict[str, PodInfo]:
        """Drop a Node; returns the Pods that were on it, by UID."""
        row = self.rows.pop(name)
        info = self.infos[row]
        last = len(self.infos) - 1
        if row != last:  # the last row takes the free place until rows are laid out again
            self._move_row(last, row)
        self.infos.pop()
        self._stale = True
        self.topology += 1
        for pod in info.pods.values():
            for counts in self._all_counts_of(pod):
                counts.total -= 1
            if pod.claims:
                self._count_claims(pod, -1)
            self._count_priority(pod.priority, -1)
        return info.pods

    def update_node(self, node: JSONObject) -> ActionType:
        """Take over a newer Node object; returns what changed that scheduling looks at."""
        row = self.rows[node["metadata"]["name"]]
        info = self.infos[row]
        old = info.node
        zone, images = info.zone, info.images
        info.set_node(node)
        changes = node_changes(old, node)
        if info.zone != zone:
            self._stale = True
        if changes & (ActionType.UPDATE_NODE_LABEL | ActionType.UPDATE_NODE_TAINT):
            self.topology += 1
        if changes or info.images != images:
            self._write_node(row, info)
            self.node_log.append(row)
        return changes

    def lay_out(self) -> None:
        """Put the rows in scan order, if Nodes came or went; zones take turns."""
        if not self._stale:
            return
        self._stale = False
        by_zone: dict[tuple[str, str], list[int]] = {}
        for row, info in sorted(enumerate(self.infos), key=lambda item: item[1].arrival):
            by_zone.setdefault(info.zone, []).append(row)
        order = [row for turn in zip_longest(*by_zone.values()) for row in turn if row is not None]
        self.size = len(order)
        self.infos = [self.infos[row] for row in order]
        self.names = tuple(info.name for info in self.infos)
        self.rows = {name: row for row, name in enumerate(self.names)}
        permutation = np.array(order, np.int64)
        for name in _NUMBER_COLUMNS:
            setattr(self, name, getattr(self, name)[permutation])
        self.unschedulable = self.unschedulable[permutation]
        self.scalars = {
            name: (allocatable[permutation], requested[permutation])
            for name, (allocatable, requested) in self.scalars.items()
        }
        for counts in self._all_counts():
            counts.rows = counts.rows[permutation]
        self._capacity = self.size
        self.topology += 1
        self._derived.clear()
        self._label_values.clear()
        self.layout += 1

    # --- Pods -------------------------------------------------------------------------------

    def add_pod(self, row: int, pod: PodInfo) -> None:
        """Count a Pod in."""
        info = self.infos[row]
        info.pods[pod.uid] = pod
        if pod.host_ports:
            info.used_ports.update(pod.host_ports)
        self._count(row, pod, 1)

    def remove_pod(self, row: int, pod: PodInfo) -> None:
        """Count a Pod out."""
        info = self.infos[row]
        del info.pods[pod.uid]
        if pod.host_ports:
            info.used_ports = {port for other in info.pods.values() for port in other.host_ports}
        self._count(row, pod, -1)

    def replace_pod(self, row: int, old: PodInfo, new: PodInfo) -> None:
        """Take over a newer version of a Pod that asks for as much as before."""
        if (self._counts or self.terms or new.terms is not NO_TERMS) and (
            old.match_key != new.match_key or old.terms != new.terms
        ):
            self.remove_pod(row, old)
            self.add_pod(row, new)
        else:
            self.infos[row].pods[new.uid] = new
            if old.labels is not new.labels:
                self._count_hash(old.labels, -1)
                self._count_hash(new.labels, 1)

    def _count(self, row: int, pod: PodInfo, sign: int) -> None:
        requests = pod.requests
        self._count_priority(pod.priority, sign)
        self._count_hash(pod.labels, sign)
        self.pod_count[row] += sign
        self.scored_cpu[row] += sign * requests.scored_cpu_millis
        self.scored_memory[row] += sign * requests.scored_memory_bytes
        if requests.cpu_millis:
            self.requested_cpu[row] += sign * requests.cpu_millis
        if requests.memory_bytes:
            self.requested_memory[row] += sign * requests.memory_bytes
        if requests.ephemeral_bytes:
            self.requested_ephemeral[row] += sign * requests.ephemeral_bytes
        for name, value in requests.scalars:
            self.scalar(name)[1][row] += sign * value
        if self._counts or pod.terms is not NO_TERMS:
            for counts in self._all_counts_of(pod):
                counts.add(row, sign)
        if pod.claims:
            self._count_claims(pod, sign)
        self.usage_log.append(row)

    def has_priority_below(self, priority: int) -> bool:
        """Whether any Pod on a Node is less important."""
        return any(own < priority for own in self._priorities)

    def _count_priority(self, priority: int, sign: int) -> None:
        left = self._priorities.get(priority, 0) + sign
        if left:
            self._priorities[priority] = left
        else:
            del self._priorities[priority]

    def _count_hash(self, labels: Mapping[str, str], sign: int) -> None:
        """Pods by the hash of their template: nobody looks for those of one that is new."""
        value = labels.get(HASH_LABEL)
        if value is None:
            return
        left = self._hashes.get(value, 0) + sign
        if left:
            self._hashes[value] = left
        else:
            del self._hashes[value]

    def _count_claims(self, pod: PodInfo, sign: int) -> None:
        users = self.claim_users
        for name, _ in pod.claims:
            key = f"{pod.namespace}/{name}"
            users[key] = users.get(key, 0) + sign
            if not users[key]:
                del users[key]

    # --- counts of Pods -----------------------------------------------------------------------

    def pod_counts(
        self,
        key: Hashable,
        matches: Callable[[PodInfo], bool],
        hint: LabelHint | None = None,
    ) -> PodCounts:
        """Row → Pods that match; kept up to date for as long as somebody holds it.

        Args:
            key: Stands for what ``matches`` answers.
            matches: Whether a Pod counts; may look at what :attr:`PodInfo.match_key` covers only.
            hint: A namespace and a label that all those Pods have, so that others are not asked about.
        """
        found = self._counts.get(key)
        if found is None:
            found = self._counts[key] = PodCounts(self, matches, len(self.pod_count))
            self._counts_by_label.setdefault(hint, WeakValueDictionary())[key] = found
            self._counts_by_match.clear()
            if hint is not None and hint[1] == HASH_LABEL and hint[2] not in self._hashes:
                return found
            for row, info in enumerate(self.infos):
                own = sum(map(matches, _hinted(info.pods.values(), hint)))
                if own:
                    found.add(row, own)
        return found

    def count_anew(self) -> None:
        """Forget all counts of Pods, since what matches has changed; readers start over."""
        self._counts.clear()
        self._counts_by_label.clear()
        self._counts_by_match.clear()
        self._stale = True

    def _all_counts(self) -> list[PodCounts]:
        return [*self._counts.values(), *self.terms.values()]

    def _all_counts_of(self, pod: PodInfo) -> list[PodCounts] | tuple[PodCounts, ...]:
        """All counts in which a Pod appears."""
        counts = self._counts_by_match.get(pod.match_key) if self._counts else ()
        if counts is None:
            if len(self._counts_by_match) >= _KEPT_MATCHES:
                self._counts_by_match.clear()
            counts = tuple(one for one in self._counts_for(pod) if one.matches(pod))
            self._counts_by_match[pod.match_key] = counts
        if pod.terms is NO_TERMS:
            return counts
        return [*counts, *self._term_counts(pod.terms)]

    def _counts_for(self, pod: PodInfo) -> list[PodCounts]:
        """Counts in which a Pod may appear."""
        hints: list[LabelHint | None] = [None]
        hints += [(pod.namespace, key, value) for key, value in pod.labels.items()]
        found: list[PodCounts] = []
        for hint in hints:
            counts = self._counts_by_label.get(hint)
            if counts:
                found.extend(counts.values())
            elif counts is not None:
                del self._counts_by_label[hint]
        return found

    def _term_counts(self, terms: AffinityTerms) -> list[PodCounts]:
        keys: list[TermKey] = [("required", term) for term in terms.required]
        keys += [("required-anti", term) for term in terms.required_anti]
        keys += terms.preferred
        found = []
        for key in keys:
            counts = self.terms.get(key)
            if counts is None:
                if len(self.terms) >= _KEPT_TERMS:
                    self.terms = {key: own for key, own in self.terms.items() if own.total}
                counts = self.terms[key] = PodCounts(self, _never, len(self.pod_count))
                self.terms_version += 1
            found.append(counts)
        return found

    # --- columns ----------------------------------------------------------------------------

    def scalar(self, name: str) -> tuple[IntArray, IntArray]:
        """(allocatable, requested) columns of an extended resource; zeros where no Node has it."""
        columns = self.scalars.get(name)
        if columns is None:
            length = len(self.pod_count)
            columns = np.zeros(length, np.int64), np.zeros(length, np.int64)
            self.scalars[name] = columns
        return columns

    def label_column(self, key: str) -> tuple[IntArray, dict[str, int]]:
        """A label as numbers: row → number of its value, -1 where missing; and value → number."""
        values = self._label_values.setdefault(key, {})

        def number_of(info: NodeInfo) -> int:
            value = info.labels.get(key)
            return -1 if value is None else values.setdefault(value, len(values))

        return self._column(("label", key), number_of), values

    def image_column(self, image: str) -> IntArray:
        """Row → bytes of an image, 0 where the Node lacks it."""
        return self._column(("image", image), lambda info: info.images.get(image, 0))

    def capacity(self, resource: str) -> IntArray:
        """Row → allocatable CPU or memory, 1 where there is none: something to divide by."""
        return self._column(("capacity", resource), lambda info: self._capacity_of(info, resource))

    def counted_resources(self) -> IntArray:
        """Row → how many of CPU and memory the Node has at all, 1 where it has neither."""

        def count(info: NodeInfo) -> int:
            row = self.rows[info.name]
            has = bool(self.allocatable_cpu[row]) + bool(self.allocatable_memory[row])
            return max(has, 1)

        return self._column(("counted", ""), count)

    def _capacity_of(self, info: NodeInfo, resource: str) -> int:
        row = self.rows[info.name]
        column = self.allocatable_cpu if resource == CPU else self.allocatable_memory
        return max(int(column[row]), 1)

    def _column(self, key: tuple[str, str], value_of: Callable[[NodeInfo], int]) -> IntArray:
        column = self._derived.get(key)
        if column is None:
            values = np.fromiter(map(value_of, self.infos), np.int64, len(self.infos))
            column = self._derived[key] = _DerivedColumn(values, value_of)
        return column.values

    # --- rows -------------------------------------------------------------------------------

    def _grow(self) -> None:
        self._capacity = max(_LEAST_CAPACITY, self._capacity * 2)
        for name in _NUMBER_COLUMNS:
            setattr(self, name, _extended(getattr(self, name), self._capacity))
        grown = np.zeros(self._capacity, np.bool_)
        grown[: len(self.unschedulable)] = self.unschedulable
        self.unschedulable = grown
        self.scalars = {
            name: (_extended(allocatable, self._capacity), _extended(requested, self._capacity))
            for name, (allocatable, requested) in self.scalars.items()
        }
        for counts in self._all_counts():
            counts.rows = _extended(counts.rows, self._capacity)

    def _clear_row(self, row: int) -> None:
        for name in _NUMBER_COLUMNS:
            getattr(self, name)[row] = 0
        for allocatable, requested in self.scalars.values():
            allocatable[row] = requested[row] = 0
        for counts in self._all_counts():
            counts.rows[row] = 0

    def _move_row(self, source: int, target: int) -> None:
        info = self.infos[source]
        self.infos[target] = info
        self.rows[info.name] = target
        for name in _NUMBER_COLUMNS:
            column = getattr(self, name)
            column[target] = column[source]
        self.unschedulable[target] = self.unschedulable[source]
        for allocatable, requested in self.scalars.values():
            allocatable[target] = allocatable[source]
            requested[target] = requested[source]
        for counts in self._all_counts():
            counts.rows[target] = counts.rows[source]

    def _write_node(self, row: int, info: NodeInfo) -> None:
        allocatable = amounts(info.node.get("status", {}).get("allocatable"))
        self.allocatable_cpu[row] = allocatable.get(CPU, 0)
        self.allocatable_memory[row] = allocatable.get(MEMORY, 0)
        self.allocatable_ephemeral[row] = allocatable.get(EPHEMERAL_STORAGE, 0)
        self.allocatable_pods[row] = allocatable.get(PODS, 0)
        for name in filter(is_scalar, allocatable):
            self.scalar(name)
        for name, (column, _) in self.scalars.items():
            column[row] = allocatable.get(name, 0)
        self.unschedulable[row] = bool(info.node.get("spec", {}).get("unschedulable"))
        taints = info.taints
        number = self._taint_set_ids.get(taints)
        if number is None:
            number = self._taint_set_ids[taints] = len(self.taint_sets)
            self.taint_sets.append(taints)
        self.taint_set[row] = number
        if not self._stale:
            for derived in self._derived.values():
                derived.values[row] = derived.value_of(info)


def node_changes(old: JSONObject, new: JSONObject) -> ActionType:
    """What differs between two versions of a Node, as far as plugins look at it.

    Models:
        pkg/scheduler/framework/events.go NodeSchedulingPropertiesChange
    """
    changes = ActionType(0)
    old_spec, new_spec = old.get("spec", {}), new.get("spec", {})
    old_status, new_status = old.get("status", {}), new.get("status", {})
    if old_status.get("allocatable") != new_status.get("allocatable"):
        changes |= ActionType.UPDATE_NODE_ALLOCATABLE
    if (old["metadata"].get("labels") or {}) != (new["metadata"].get("labels") or {}):
        changes |= ActionType.UPDATE_NODE_LABEL
    if (old_spec.get("taints") or []) != (new_spec.get("taints") or []) or bool(
        old_spec.get("unschedulable")
    ) != bool(new_spec.get("unschedulable")):
        changes |= ActionType.UPDATE_NODE_TAINT
    if _condition_states(old_status) != _condition_states(new_status):
        changes |= ActionType.UPDATE_NODE_CONDITION
    if (old["metadata"].get("annotations") or {}) != (new["metadata"].get("annotations") or {}):
        changes |= ActionType.UPDATE_NODE_ANNOTATION
    return changes


def _condition_states(status: JSONObject) -> dict[str, str]:
    return {condition["type"]: condition["status"] for condition in status.get("conditions") or ()}


def _hinted(pods: Iterable[PodInfo], hint: LabelHint | None) -> Iterable[PodInfo]:
    """Those with the label in the namespace; all without a hint."""
    if hint is None:
        return pods
    namespace, key, value = hint
    return [pod for pod in pods if pod.labels.get(key) == value and pod.namespace == namespace]


def _no_labels(_: str) -> Mapping[str, str]:
    return {}


def _never(_: PodInfo) -> bool:
    return False


def _extended(column: IntArray, length: int) -> IntArray:
    grown = np.zeros(length, np.int64)
    grown[: len(column)] = column
    return grown
