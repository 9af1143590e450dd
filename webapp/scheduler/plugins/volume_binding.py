"""VolumeBinding: a Pod's volumes must be usable where it runs, and are bound before it is.

A claim that binds at once must have its volume already. One that waits for its first consumer gets,
on the Node that is chosen, the smallest volume there that suits, or a provisioner is told to make one:
Reserve keeps the volume, PreBind writes what has been decided and waits until the PersistentVolume
controller has finished, asking once a second for ten minutes at most.

Models:
    pkg/scheduler/framework/plugins/volumebinding/volume_binding.go VolumeBinding
    pkg/scheduler/framework/plugins/volumebinding/binder.go volumeBinder
    Deviation: CSIStorageCapacity is not looked at; no scores by capacity (upstream's default as well).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from webapp.api.resources import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES
from webapp.apimachinery.meta import namespaced_name, with_fields
from webapp.apimachinery.status import StatusError
from webapp.scheduler.framework.hints import after_claim_changed
from webapp.scheduler.framework.interface import (
    SKIP,
    SUCCESS,
    WAIT,
    Code,
    FilterPlugin,
    PreBindPlugin,
    PreFilterPlugin,
    PreFilterResult,
    ReservePlugin,
    Scope,
    Status,
)
from webapp.scheduler.framework.types import (
    ActionType,
    ClusterEvent,
    ClusterEventWithHint,
    EventResource,
    QueueingHint,
)
from webapp.scheduler.framework.volumes import (
    BOUND_BY_CONTROLLER,
    SELECTED_NODE,
    class_name,
    is_fully_bound,
    reachable,
    requested_bytes,
    volumes_signature,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.scheduler.framework.arrays import BoolArray, IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.interface import Handle
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import PodInfo
    from webapp.scheduler.framework.volumes import Volumes

BIND_TIMEOUT_MS = 600_000
NO_PROVISIONER = "kubernetes.io/no-provisioner"

_NODE_CONFLICT = 1
_BIND_CONFLICT = 2
_VOLUME_MISSING = 4
_REASONS = (
    (_NODE_CONFLICT, "node(s) didn't match PersistentVolume's node affinity"),
    (_BIND_CONFLICT, "node(s) didn't find available persistent volumes to bind"),
    (
        _VOLUME_MISSING,
        "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
    ),
)
_UNBOUND = "pod has unbound immediate PersistentVolumeClaims"


class _Claims(NamedTuple):
    """A Pod's claims: those that have their volumes, and those that get them with the Node."""

    bound: tuple[JSONObject, ...]
    late: tuple[JSONObject, ...]


class _Choices(NamedTuple):
    """For some rows: codes, and which volume (place in the list, -1 for none) each claim would get."""

    codes: IntArray
    volumes: list[tuple[JSONObject, list[JSONObject], IntArray]]
    provisioned: list[tuple[JSONObject, BoolArray]]


@dataclass(slots=True)
class _Binding:
    """What has been decided for one Pod; ``until_ms`` is 0 before it is written."""

    volumes: list[tuple[JSONObject, JSONObject]]
    claims: list[JSONObject]
    until_ms: int = 0


class VolumeBinding(PreFilterPlugin, FilterPlugin, ReservePlugin, PreBindPlugin):
    """Filters by where volumes are, and binds them."""

    name = "VolumeBinding"
    looks_at_volumes_only = True
    scope = Scope.NODE

    def __init__(self, handle: Handle, bind_timeout_ms: int = BIND_TIMEOUT_MS) -> None:
        self._handle = handle
        self._volumes: Volumes = handle.volumes
        self._timeout_ms = bind_timeout_ms
        self._bindings: dict[str, _Binding] = {}

    def sign(self, pod: PodInfo) -> Hashable:
        """The claims, and all that is known of storage."""
        return volumes_signature(pod, self._volumes)

    # --- filter -----------------------------------------------------------------------------

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> PreFilterResult:  # noqa: ARG002  # the extension point's signature
        """SKIP without claims; refuse when one is missing, or should have its volume by now."""
        if not pod.claims:
            return PreFilterResult(SKIP)
        bound, late = [], []
        immediate = False
        for name, is_own in pod.claims:
            claim = self._volumes.claim(f"{pod.namespace}/{name}")
            problem = _problem(pod, name, claim, is_own=is_own)
            if problem or claim is None:
                return _refusal(problem)
            if is_fully_bound(claim):
                bound.append(claim)
            elif self._volumes.binds_late(claim) and not claim["spec"].get("volumeName"):
                late.append(claim)
            else:
                immediate = True
        if immediate:
            return _refusal(_UNBOUND)
        late.sort(key=requested_bytes)
        state.write(self.name, _Claims(tuple(bound), tuple(late)))
        return PreFilterResult()

    def filter(
        self,
        state: CycleState,
        pod: PodInfo,  # noqa: ARG002  # its claims are in the state
        nodes: NodeTable,
        rows: Rows,
    ) -> IntArray | None:
        """The set of what is wrong with each Node."""
        codes = self._choose(state.read(self.name), nodes, rows).codes
        return codes if codes.any() else None

    def verdict(self, state: CycleState, code: int) -> Status:  # noqa: ARG002
        """All that is wrong."""
        reasons = tuple(text for bit, text in _REASONS if code & bit)
        return Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, reasons)

    def _choose(self, claims: _Claims, nodes: NodeTable, rows: Rows) -> _Choices:
        count = len(nodes.pod_count[rows])
        codes = np.zeros(count, np.int64)
        undecided = np.ones(count, np.bool_)
        for claim in claims.bound:
            volume = self._volumes.volume(claim["spec"]["volumeName"])
            if volume is None:
                codes[undecided] |= _VOLUME_MISSING
                break
            codes[undecided & ~reachable(volume, nodes, rows)] |= _NODE_CONFLICT
            undecided = codes == 0
        choices = _Choices(codes, [], [])
        taken: dict[str, BoolArray] = {}
        fits = np.ones(count, np.bool_)
        for claim in claims.late:
            selected = (claim["metadata"].get("annotations") or {}).get(SELECTED_NODE)
            if selected is not None:
                fits &= _is_named(nodes, rows, selected)
                rest = np.ones(count, np.bool_)
            else:
                rest = self._match(claim, nodes, rows, taken, choices)
            choices.provisioned.append((claim, rest))
            if rest.any():
                fits &= ~rest | self._can_be_made(claim, nodes, rows)
        codes[~fits] |= _BIND_CONFLICT
        return choices

    def _match(
        self,
        claim: JSONObject,
        nodes: NodeTable,
        rows: Rows,
        taken: dict[str, BoolArray],
        choices: _Choices,
    ) -> BoolArray:
        """Give each row the smallest volume there; returns the rows that get none."""
        suitable = self._volumes.suitable_volumes(claim)
        chosen = np.full(len(choices.codes), -1, np.int64)
        for place, volume in enumerate(suitable):
            own = (chosen < 0) & reachable(volume, nodes, rows)
            name = volume["metadata"]["name"]
            if name in taken:
                own &= ~taken[name]
            if own.any():
                chosen[own] = place
                taken[name] = taken.get(name, np.zeros(len(own), np.bool_)) | own
        choices.volumes.append((claim, suitable, chosen))
        return chosen < 0

    def _can_be_made(self, claim: JSONObject, nodes: NodeTable, rows: Rows) -> BoolArray:
        """Where a provisioner can make a volume for the claim."""
        count = len(nodes.pod_count[rows])
        storage_class = self._volumes.classes.get(class_name(claim)) or {}
        if (storage_class.get("provisioner") or NO_PROVISIONER) == NO_PROVISIONER:
            return np.zeros(count, np.bool_)
        topologies = storage_class.get("allowedTopologies")
        if not topologies:
            return np.ones(count, np.bool_)
        found = np.zeros(count, np.bool_)
        for term in topologies:
            own = np.ones(count, np.bool_)
            for expression in term.get("matchLabelExpressions") or ():
                column, values = nodes.label_column(expression["key"])
                wanted = [values[value] for value in expression["values"] if value in values]
                own &= np.isin(column[rows], wanted)
            found |= own
        return found

    # --- bind -------------------------------------------------------------------------------

    def reserve(self, state: CycleState, pod: PodInfo, node_name: str) -> Status:
        """Keep the volumes that the Pod is to have on its Node."""
        if not pod.claims:
            return SUCCESS
        nodes = self._handle.nodes
        row = np.array((nodes.rows[node_name],), np.int64)
        choices = self._choose(state.read(self.name), nodes, row)
        binding = _Binding([], [])
        for claim, suitable, chosen in choices.volumes:
            if chosen[0] >= 0:
                volume = _claimed(suitable[int(chosen[0])], claim)
                self._volumes.assume_volume(volume)
                binding.volumes.append((volume, claim))
        for claim, rest in choices.provisioned:
            if rest[0]:
                path = ("metadata", "annotations", SELECTED_NODE)
                selected = with_fields(claim, path, node_name)
                self._volumes.assume_claim(selected)
                binding.claims.append(selected)
        if binding.volumes or binding.claims:
            self._bindings[pod.uid] = binding
        return SUCCESS

    def unreserve(self, state: CycleState, pod: PodInfo, node_name: str) -> None:  # noqa: ARG002
        """Give the volumes back."""
        binding = self._bindings.pop(pod.uid, None)
        if binding is None:
            return
        for volume, _ in binding.volumes:
            self._volumes.forget_volume(volume["metadata"]["name"])
        for claim in binding.claims:
            self._volumes.forget_claim(namespaced_name(claim))

    def pre_bind(self, state: CycleState, pod: PodInfo, node_name: str) -> Status:  # noqa: ARG002
        """Write what was decided, then WAIT until all claims have their volumes."""
        binding = self._bindings.get(pod.uid)
        if binding is None:
            return SUCCESS
        now_ms = self._handle.now_ms()
        if not binding.until_ms:
            binding.until_ms = now_ms + self._timeout_ms
            try:
                self._write(binding)
            except StatusError as error:
                return self._error(error.message)
            return WAIT
        problem, is_done = self._check(binding, pod, node_name)
        if problem:
            return self._error(f"binding volumes: {problem}")
        if is_done:
            del self._bindings[pod.uid]
            return SUCCESS
        if now_ms >= binding.until_ms:
            return self._error("binding volumes: context deadline exceeded")
        return WAIT

    def _write(self, binding: _Binding) -> None:
        client = self._handle.client
        for place, (volume, claim) in enumerate(binding.volumes):
            written = client.update(PERSISTENT_VOLUMES, volume)
            self._volumes.assume_volume(written)
            binding.volumes[place] = written, claim
        for place, claim in enumerate(binding.claims):
            written = client.update(PERSISTENT_VOLUME_CLAIMS, claim)
            self._volumes.assume_claim(written)
            binding.claims[place] = written

    def _check(self, binding: _Binding, pod: PodInfo, node_name: str) -> tuple[str, bool]:
        """What went wrong, or ""; and whether all claims have their volumes."""
        volumes = self._volumes
        if self._handle.latest_pod(pod.key) is None:
            return (
                f'pod does not exist any more: pod "{pod.pod["metadata"]["name"]}" not found',
                False,
            )
        is_done = True
        for volume, claim in binding.volumes:
            name, key = volume["metadata"]["name"], namespaced_name(claim)
            told, of = volumes.volume_as_told(name), volumes.claim_as_told(key)
            if told is None:
                return (
                    f'failed to check binding: could not find v1.PersistentVolume "{name}"',
                    False,
                )
            if of is None:
                return (
                    f'failed to check binding: could not find v1.PersistentVolumeClaim "{key}"',
                    False,
                )
            if _is_older(told, volume):
                is_done = False
            elif not (told["spec"].get("claimRef") or {}).get("uid"):
                return f'ClaimRef got reset for pv "{name}"', False
            is_done = is_done and is_fully_bound(of)
        for claim in binding.claims:
            key, name = namespaced_name(claim), claim["metadata"]["name"]
            of = volumes.claim_as_told(key)
            if of is None:
                text = f'could not find v1.PersistentVolumeClaim "{key}"'
                return f"failed to check provisioning pvc: {text}", False
            if _is_older(of, claim):
                is_done = False
                continue
            if (of["metadata"].get("annotations") or {}).get(SELECTED_NODE) != node_name:
                return f'provisioning failed for PVC "{name}"', False
            made = volumes.volume_as_told(of["spec"].get("volumeName") or "")
            if made is not None and not self._is_here(made, node_name):
                text = f'node "{node_name}": no matching NodeSelectorTerms'
                return f'pv "{made["metadata"]["name"]}" node affinity doesn\'t match {text}', False
            is_done = is_done and is_fully_bound(of)
        return "", is_done

    def _is_here(self, volume: JSONObject, node_name: str) -> bool:
        nodes = self._handle.nodes
        row = nodes.rows.get(node_name)
        return row is None or bool(reachable(volume, nodes, np.array((row,), np.int64))[0])

    def _error(self, text: str) -> Status:
        return Status(Code.ERROR, (f'running PreBind plugin "{self.name}": {text}',))

    # --- events -----------------------------------------------------------------------------

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """Storage of any kind comes or changes; Nodes come or change labels."""
        change = ActionType.ADD | ActionType.UPDATE
        classes = ClusterEvent(EventResource.STORAGE_CLASS, change)
        claims = ClusterEvent(EventResource.PERSISTENT_VOLUME_CLAIM, change)
        volumes = ClusterEvent(EventResource.PERSISTENT_VOLUME, change)
        node = ClusterEvent(EventResource.NODE, ActionType.ADD | ActionType.UPDATE_NODE_LABEL)
        return (
            ClusterEventWithHint(classes, _after_class_changed),
            ClusterEventWithHint(claims, after_claim_changed),
            ClusterEventWithHint(volumes),
            ClusterEventWithHint(node),
        )


def _problem(pod: PodInfo, name: str, claim: JSONObject | None, *, is_own: bool) -> str:
    """Why a claim is of no use, or ""."""
    if claim is None:
        if is_own:
            return (
                "waiting for ephemeral volume controller to create the "
                f'persistentvolumeclaim "{name}"'
            )
        return f'persistentvolumeclaim "{name}" not found'
    if (claim.get("status") or {}).get("phase") == "Lost":
        volume = claim["spec"].get("volumeName", "")
        return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume}"'
    if "deletionTimestamp" in claim["metadata"]:
        return f'persistentvolumeclaim "{name}" is being deleted'
    owners = claim["metadata"].get("ownerReferences") or ()
    if is_own and not any(one.get("controller") and one["uid"] == pod.uid for one in owners):
        return f"PVC {pod.namespace}/{name} was not created for pod {pod.key} (pod is not owner)"
    return ""


def _refusal(reason: str) -> PreFilterResult:
    return PreFilterResult(Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (reason,)))


def _is_named(nodes: NodeTable, rows: Rows, name: str) -> BoolArray:
    found = np.zeros(nodes.size, np.bool_)
    row = nodes.rows.get(name)
    if row is not None:
        found[row] = True
    return found[rows]


def _claimed(volume: JSONObject, claim: JSONObject) -> JSONObject:
    """The volume as it looks when it belongs to the claim."""
    metadata = claim["metadata"]
    reference = {
        "kind": "PersistentVolumeClaim",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "v1",
        "resourceVersion": metadata["resourceVersion"],
    }
    if not volume["spec"].get("claimRef"):
        volume = with_fields(volume, ("metadata", "annotations", BOUND_BY_CONTROLLER), "yes")
    return with_fields(volume, ("spec", "claimRef"), reference)


def _is_older(told: JSONObject, written: JSONObject) -> bool:
    return int(told["metadata"]["resourceVersion"]) < int(written["metadata"]["resourceVersion"])


def _after_class_changed(pod: PodInfo, old: JSONObject | None, new: JSONObject) -> QueueingHint:
    """A new class may do, an old one only with other topologies."""
    del pod
    if old is None or old.get("allowedTopologies") != new.get("allowedTopologies"):
        return QueueingHint.QUEUE
    return QueueingHint.SKIP
