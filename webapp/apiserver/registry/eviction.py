"""Eviction: deletion of a Pod if its disruption budget allows.

``POST pods/NAME/eviction`` enters; the budget's status and the Pod are written. What the budget has
given away comes back from the disruption controller once Pods are Ready again.

Models:
    pkg/registry/core/pod/storage/eviction.go EvictionREST
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.pods import is_pod_ready
from webapp.api.policy.status import with_disruption_allowed
from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.status import Forbidden, StatusError, TooManyRequests
from webapp.apimachinery.timestamps import time_text
from webapp.apiserver.registry.pod import with_condition
from webapp.apiserver.storage import bucket_name

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.store import DeleteOptions, ResourceStore
    from webapp.apiserver.storage import Storage

MAX_DISRUPTED_PODS = 2000
RETRY_AFTER_SECONDS = 10
_BUDGETS = bucket_name("policy", "poddisruptionbudgets")
_UNGUARDED = frozenset(("Failed", "Pending", "Succeeded"))


def evict(
    ctx: RequestContext,
    store: ResourceStore,
    storage: Storage,
    pod: JSONObject,
    options: DeleteOptions,
    *,
    now_ms: int,
    dry_run: bool,
) -> None:
    """Delete a Pod if its disruption budget allows.

    Raises:
        TooManyRequests: The budget is used up, or not yet computed.
        Forbidden: Too many evictions are under way.
        StatusError: Several budgets cover the Pod.
    """
    metadata = pod["metadata"]
    namespace, name = metadata["namespace"], metadata["name"]
    if not _is_unguarded(pod):
        budget = _budget_of(storage, pod)
        if budget is not None and not _may_go_unhealthy(budget, pod):
            taken = _taken_from(budget, name, now_ms)
            if not dry_run:
                key = f"{namespace}/{budget['metadata']['name']}"
                storage.update(_BUDGETS, key, taken, ctx.actor)
    if not dry_run and not metadata.get("deletionTimestamp"):
        store.replace(ctx, pod, _with_disruption_target(pod, now_ms))
    store.delete(ctx, namespace, name, options, dry_run=dry_run)


def _is_unguarded(pod: JSONObject) -> bool:
    """Whether no budget protects the Pod: it does not run, or ends anyway."""
    phase = (pod.get("status") or {}).get("phase")
    return phase in _UNGUARDED or bool(pod["metadata"].get("deletionTimestamp"))


def _budget_of(storage: Storage, pod: JSONObject) -> JSONObject | None:
    labels = pod["metadata"].get("labels")
    budgets = [
        budget
        for budget in storage.list(_BUDGETS, pod["metadata"]["namespace"])
        if selector_from_label_selector((budget.get("spec") or {}).get("selector")).matches(labels)
    ]
    if len(budgets) > 1:
        raise StatusError(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        )
    return budgets[0] if budgets else None


def _may_go_unhealthy(budget: JSONObject, pod: JSONObject) -> bool:
    """Whether the Pod is not Ready, counts for nothing and may go without taking from the budget."""
    if is_pod_ready(pod):
        return False
    if (budget.get("spec") or {}).get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = budget.get("status") or {}
    desired = status.get("desiredHealthy", 0)
    return bool(0 < desired <= status.get("currentHealthy", 0))


def _taken_from(budget: JSONObject, pod_name: str, now_ms: int) -> JSONObject:
    """The budget with one disruption less."""
    metadata, status = budget["metadata"], budget.get("status") or {}
    name, allowed = metadata["name"], status.get("disruptionsAllowed", 0)
    if status.get("observedGeneration", 0) < metadata.get("generation", 1):
        cause = f"The disruption budget {name} is still being processed by the server."
        raise _refusal(cause, {"retryAfterSeconds": RETRY_AFTER_SECONDS})
    if len(status.get("disruptedPods") or ()) > MAX_DISRUPTED_PODS:
        text = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        details = {"group": "policy", "kind": "poddisruptionbudget", "name": name}
        raise Forbidden(f'poddisruptionbudget.policy "{name}" is forbidden: {text}', details)
    if allowed <= 0:
        raise _refusal(
            f"The disruption budget {name} needs {status.get('desiredHealthy', 0)} healthy pods "
            f"and has {status.get('currentHealthy', 0)} currently"
        )
    disrupted = {**(status.get("disruptedPods") or {}), pod_name: time_text(now_ms)}
    status = {**status, "disruptionsAllowed": allowed - 1, "disruptedPods": disrupted}
    return {**budget, "status": with_disruption_allowed(status, now_ms)}


def _refusal(cause: str, details: JSONObject | None = None) -> TooManyRequests:
    return TooManyRequests(
        "Cannot evict pod as it would violate the pod's disruption budget.",
        {**(details or {}), "causes": [{"reason": "DisruptionBudget", "message": cause}]},
    )


def _with_disruption_target(pod: JSONObject, now_ms: int) -> JSONObject:
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "observedGeneration": pod["metadata"].get("generation", 1),
        "lastProbeTime": None,
        "lastTransitionTime": time_text(now_ms),
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    }
    return {**pod, "status": with_condition(pod.get("status") or {}, condition)}
