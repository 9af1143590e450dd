"""The disruption controller: keeps what each PodDisruptionBudget allows up to date.

Budgets, Pods and what controls the Pods enter through informers; the budgets' status and Events leave.
The eviction API takes from ``status.disruptionsAllowed``, and this controller gives it back when
Pods become Ready. A Pod marked as a disruption's target that is not deleted within two minutes
loses the mark.

Deviation: controllers of built-in kinds are found in the informers' stores, not by the scale subresource.

Models:
    pkg/controller/disruption/disruption.go DisruptionController
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.api.core.pods import get_pod_condition
from webapp.api.policy.status import with_failed_sync
from webapp.api.resources import (
    DEPLOYMENTS,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
)
from webapp.apimachinery.meta import controller_of, namespaced_name
from webapp.apimachinery.schema import parse_api_version
from webapp.apimachinery.status import Conflict, NotFound, StatusError
from webapp.apimachinery.timestamps import parse_time, time_text
from webapp.controller.controller import Controller
from webapp.controller.custom_kinds import CustomKinds
from webapp.controller.disruption.selected import SelectedPods
from webapp.controller.disruption.status import (
    compute_status,
    expected_pods,
    needs_scale,
    still_disrupted,
)
from webapp.controller.indexes import BY_NAMESPACE, namespace_of
from webapp.controller.pods import is_pod_terminal

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

STALE_DISRUPTION_MS = 2 * 60 * 1000
_STALE_PREFIX = "stale:"
_TARGET = "DisruptionTarget"
_SCALED = {
    "Deployment": DEPLOYMENTS,
    "ReplicaSet": REPLICA_SETS,
    "ReplicationController": REPLICATION_CONTROLLERS,
    "StatefulSet": STATEFUL_SETS,
}


class _Scale(NamedTuple):
    uid: str
    replicas: int


class _NoScaleError(Exception):
    """The Pods' controllers do not say how many Pods they want."""


class DisruptionController(Controller):
    """Keys are ``namespace/name`` of budgets and ``stale:namespace/name`` of Pods."""

    name = "disruption-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events("controllermanager")
        self._selected: dict[str, SelectedPods] = {}
        self._budgets = context.informers.informer(POD_DISRUPTION_BUDGETS)
        self._pods = context.informers.informer(PODS)
        self._scaled = {kind: context.informers.informer(gvr) for kind, gvr in _SCALED.items()}
        self._custom = CustomKinds(context.informers)
        self._budgets.add_index(BY_NAMESPACE, namespace_of)
        self._pods.add_index(BY_NAMESPACE, namespace_of)
        self._budgets.add_handler(
            on_add=lambda obj: self.enqueue(namespaced_name(obj)),
            on_update=lambda _, new: self.enqueue(namespaced_name(new)),
            on_delete=self._on_budget_delete,
        )
        self._pods.add_handler(
            on_add=self._on_pod,
            on_update=lambda _, new: self._on_pod(new),
            on_delete=self._on_pod_delete,
        )

    def sync(self, key: str) -> None:
        """Bring a budget's status up to date, or take a stale mark from a Pod."""
        if key.startswith(_STALE_PREFIX):
            self._sync_stale(key.removeprefix(_STALE_PREFIX))
            return
        budget = self._budgets.get(key)
        if budget is None:
            return
        try:
            self._sync_budget(key, budget)
        except Conflict:
            raise
        except (_NoScaleError, StatusError, ValueError) as error:
            status = budget.get("status") or {}
            self._write_status(budget, with_failed_sync(status, str(error), self.sim.now_ms))

    def _sync_budget(self, key: str, budget: JSONObject) -> None:
        selected = self._selected_by(key, budget)
        if not selected.pods:
            self._events.event(budget, "Normal", "NoPods", "No matching pods found")
        spec = budget["spec"]
        scale = 0
        if needs_scale(spec):
            try:
                scale = self._expected_scale(selected)
            except _NoScaleError as error:
                message = f"Failed to calculate the number of expected pods: {error}"
                self._events.event(budget, "Warning", "CalculateExpectedPodCountFailed", message)
                raise
            if selected.unmanaged:
                self._tell_unmanaged(budget)
        expected = expected_pods(spec, len(selected.pods), scale)
        now_ms = self.sim.now_ms
        disrupted = still_disrupted(budget.get("status") or {}, selected, now_ms)
        for name in disrupted.late:
            namespace = budget["metadata"]["namespace"]
            message = f"Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't"
            self._events.event(selected.pods[name], "Warning", "NotDeleted", message)
        healthy = selected.healthy - disrupted.healthy
        self._write_status(
            budget, compute_status(budget, healthy, expected, disrupted.pods, now_ms)
        )
        if disrupted.recheck_ms is not None:
            self.enqueue_after(key, disrupted.recheck_ms + 1 - now_ms)

    def _selected_by(self, key: str, budget: JSONObject) -> SelectedPods:
        selected = self._selected.get(key)
        if selected is None or not selected.is_for(budget):
            selected = self._selected[key] = SelectedPods(budget)
            for pod in self._pods.by_index(BY_NAMESPACE, budget["metadata"]["namespace"]):
                selected.put(pod)
        return selected

    def _write_status(self, budget: JSONObject, status: JSONObject) -> None:
        before = budget.get("status") or {}
        if status == before:
            return
        self.client.update(POD_DISRUPTION_BUDGETS, {**budget, "status": status}, "status")
        allowed = status["disruptionsAllowed"]
        if before.get("disruptionsAllowed") != allowed:
            noun = "disruption" if allowed == 1 else "disruptions"
            self.acted(budget, f"disruption controller allows {allowed} {noun}")

    def _tell_unmanaged(self, budget: JSONObject) -> None:
        message = (
            "Pods selected by this PodDisruptionBudget (selector: "
            f"{_selector_text(budget['spec'].get('selector'))}) were found to be unmanaged. As a "
            "result, the status of the PDB cannot be calculated correctly, which may result in "
            "undefined behavior. To account for these pods please set "
            '".spec.minAvailable" field of the PDB to an integer value.'
        )
        self._events.event(budget, "Warning", "UnmanagedPods", message)

    # --- what controls the Pods

    def _expected_scale(self, selected: SelectedPods) -> int:
        """Sum of the replicas that the Pods' controllers want.

        Raises:
            _NoScaleError: One of them does not say.
        """
        scales: dict[str, int] = {}
        for uid in selected.controllers():
            pod = selected.one_of(uid)
            found = self._controller_scale(pod)
            if found is None:
                message = f'found no controllers for pod "{pod["metadata"]["name"]}"'
                raise _NoScaleError(message)
            scales[found.uid] = found.replicas
        return sum(scales.values())

    def _controller_scale(self, pod: JSONObject) -> _Scale | None:
        """What the head of the Pod's controllers wants, ``None`` when it is gone.

        Raises:
            _NoScaleError: It has no number of replicas.
        """
        namespace = pod["metadata"]["namespace"]
        reference = controller_of(pod)
        found: JSONObject | None = None
        while reference is not None:
            informer = self._scaled.get(reference["kind"])
            if informer is None:
                if found is None:
                    return self._custom_scale(namespace, reference)
                break
            owner = informer.get(f"{namespace}/{reference['name']}")
            if owner is None or owner["metadata"]["uid"] != reference["uid"]:
                break
            found, reference = owner, controller_of(owner)
        if found is None:
            return None
        return _Scale(found["metadata"]["uid"], int(found["spec"].get("replicas", 1)))

    def _custom_scale(self, namespace: str, reference: JSONObject) -> _Scale | None:
        """What a custom resource wants that owns Pods itself.

        Raises:
            _NoScaleError: Its kind has no scale subresource.
        """
        group, _ = parse_api_version(reference["apiVersion"])
        info = self._custom.find(group, reference["kind"])
        if info is None or "scale" not in info.subresources:
            raise _NoScaleError(_not_scalable(reference))
        try:
            scale = self.client.get(info.gvr, namespace, reference["name"], "scale")
        except NotFound:
            return None
        if scale["metadata"]["uid"] != reference["uid"]:
            return None
        return _Scale(reference["uid"], int(scale["spec"].get("replicas") or 0))

    # --- marks

    def _sync_stale(self, pod_key: str) -> None:
        pod = self._pods.get(pod_key)
        wait_ms = self._stale_in_ms(pod) if pod is not None else None
        if pod is None or wait_ms is None:
            return
        if wait_ms > 0:
            self.enqueue_after(_STALE_PREFIX + pod_key, wait_ms)
            return
        condition = {
            "type": _TARGET,
            "status": "False",
            "observedGeneration": pod["metadata"].get("generation", 1),
            "lastProbeTime": None,
            "lastTransitionTime": time_text(self.sim.now_ms),
        }
        status = pod["status"]
        others = [item for item in status["conditions"] if item["type"] != _TARGET]
        changed = {**pod, "status": {**status, "conditions": [*others, condition]}}
        self.client.update(PODS, changed, "status")

    def _stale_in_ms(self, pod: JSONObject) -> int | None:
        """When a mark that led to no deletion is stale; ``None`` without such a mark."""
        if "deletionTimestamp" in pod["metadata"] or is_pod_terminal(pod):
            return None
        held = get_pod_condition(pod, _TARGET)
        if held is None or held["status"] != "True":
            return None
        if held.get("reason") == "TerminationByKubelet":
            return None
        return max(
            0, parse_time(held["lastTransitionTime"]) + STALE_DISRUPTION_MS - self.sim.now_ms
        )

    # --- handlers

    def _on_budget_delete(self, budget: JSONObject) -> None:
        self._selected.pop(namespaced_name(budget), None)

    def _on_pod(self, pod: JSONObject) -> None:
        for budget in self._budgets.by_index(BY_NAMESPACE, pod["metadata"]["namespace"]):
            key = namespaced_name(budget)
            selected = self._selected.get(key)
            if selected is not None and selected.put(pod):
                self.enqueue(key)
        wait_ms = self._stale_in_ms(pod)
        if wait_ms is not None:
            self.enqueue_after(_STALE_PREFIX + namespaced_name(pod), wait_ms)

    def _on_pod_delete(self, pod: JSONObject) -> None:
        for budget in self._budgets.by_index(BY_NAMESPACE, pod["metadata"]["namespace"]):
            key = namespaced_name(budget)
            selected = self._selected.get(key)
            if selected is not None and selected.remove(pod["metadata"]["name"]):
                self.enqueue(key)


def _not_scalable(reference: JSONObject) -> str:
    group = reference["apiVersion"].rpartition("/")[0]
    resource = reference["kind"].lower() + "s"
    subject = f"{resource}.{group}" if group else resource
    return f"{subject} does not implement the scale subresource"


def _selector_text(selector: JSONObject | None) -> str:
    """A selector as Go prints it."""
    if selector is None:
        return "nil"
    labels = "".join(
        f"{key}: {value}," for key, value in sorted((selector.get("matchLabels") or {}).items())
    )
    requirements = "".join(
        f"LabelSelectorRequirement{{Key:{item['key']},Operator:{item['operator']},"
        f"Values:[{' '.join(item.get('values') or ())}],}},"
        for item in selector.get("matchExpressions") or ()
    )
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{requirements}}},}}"
    )
