"""Pods: graceful deletion, binding to a Node, eviction.

Models:
    pkg/registry/core/pod/strategy.go podStrategy
    pkg/registry/core/pod/storage/storage.go BindingREST
    pkg/registry/core/pod/storage/eviction.go EvictionREST
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.pods import qos_class
from webapp.apimachinery.field_path import Path, forbidden, invalid, required
from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.status import Conflict, Invalid, StatusError, TooManyRequests
from webapp.apimachinery.timestamps import time_text
from webapp.apiserver.registry.strategy import Strategy
from webapp.apiserver.storage import bucket_name

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.store import DeleteOptions, ResourceStore
    from webapp.apiserver.storage import Storage

DEFAULT_GRACE_SECONDS = 30
_BUDGETS = bucket_name("policy", "poddisruptionbudgets")
_ENDED = frozenset(("Failed", "Succeeded"))


class PodStrategy(Strategy):
    """What is special about Pods."""

    def grace_period(self, obj: JSONObject, requested: int | None) -> int | None:
        """The period asked for, else the Pod's own; none for Pods on no Node or already ended."""
        spec = obj.get("spec") or {}
        period = requested
        if period is None:
            period = spec.get("terminationGracePeriodSeconds", DEFAULT_GRACE_SECONDS)
        if not spec.get("nodeName") or (obj.get("status") or {}).get("phase") in _ENDED:
            return 0
        return 1 if period < 0 else period


def bind(
    ctx: RequestContext, store: ResourceStore, pod: JSONObject, binding: JSONObject, now_ms: int
) -> None:
    """Assign a Pod to the Node that a ``Binding`` names.

    Raises:
        Invalid: The binding names no Node.
        Conflict: The Pod has a Node, is being deleted, or is another one than meant.
    """
    metadata = pod["metadata"]
    name = metadata["name"]
    node = (binding.get("target") or {}).get("name")
    if not node:
        raise Invalid.of("", "Binding", name, [required(Path("target.name"))])
    given = binding.get("metadata") or {}
    for field, what in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        wanted = given.get(field)
        if wanted and wanted != metadata[field]:
            raise _binding_conflict(
                name,
                f"Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {metadata[field]}",
            )
    spec = pod["spec"]
    if metadata.get("deletionTimestamp"):
        raise _binding_conflict(name, f"pod {name} is being deleted, cannot be assigned to a host")
    if spec.get("nodeName"):
        raise _binding_conflict(
            name, f'pod {name} is already assigned to node "{spec["nodeName"]}"'
        )
    if spec.get("schedulingGates"):
        raise _binding_conflict(name, f"pod {name} has non-empty .spec.schedulingGates")
    bound = {**pod, "spec": {**spec, "nodeName": node}}
    bound["status"] = _with_scheduled_condition(pod, now_ms)
    annotations = given.get("annotations")
    if annotations:
        merged = {**(metadata.get("annotations") or {}), **annotations}
        bound["metadata"] = {**metadata, "annotations": merged}
    store.replace(ctx, pod, bound)


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
        TooManyRequests: The budget is used up.
        StatusError: Several budgets cover the Pod.
    """
    metadata = pod["metadata"]
    namespace, name = metadata["namespace"], metadata["name"]
    needs_budget = (pod.get("status") or {}).get("phase") not in {
        *_ENDED,
        "Pending",
    } and not metadata.get("deletionTimestamp")
    if needs_budget:
        _take_from_budget(ctx, storage, pod, now_ms, dry_run=dry_run)
    if not dry_run and not metadata.get("deletionTimestamp"):
        pod = store.replace(ctx, pod, _with_disruption_condition(pod, now_ms))
    store.delete(ctx, namespace, name, options, dry_run=dry_run)


def with_ephemeral_containers(old: JSONObject, new: JSONObject) -> JSONObject:
    """``old`` with the ephemeral containers that ``new`` adds.

    Raises:
        Invalid: ``new`` changes or drops one that is there.

    Models:
        pkg/apis/core/validation/validation.go ValidatePodEphemeralContainersUpdate
    """
    path = Path("spec.ephemeralContainers")
    held = old["spec"].get("ephemeralContainers") or []
    wanted = (new.get("spec") or {}).get("ephemeralContainers") or []
    by_name = {container["name"]: container for container in wanted}
    errors = []
    for container in held:
        name = container["name"]
        if name not in by_name:
            text = f'existing ephemeral containers "{name}" may not be removed\n'
            errors.append(forbidden(path, text))
        elif by_name[name] != container:
            text = f'existing ephemeral containers "{name}" may not be changed\n'
            errors.append(forbidden(path, text))
    if errors:
        raise Invalid.of("", "Pod", old["metadata"]["name"], errors)
    spec = {**old["spec"], "ephemeralContainers": wanted}
    return {**old, "metadata": new["metadata"], "spec": spec}


def with_resized_containers(old: JSONObject, new: JSONObject) -> JSONObject:
    """``old`` with the resources that ``new`` gives to its containers.

    Models:
        pkg/registry/core/pod/strategy.go podResizeStrategy
        pkg/apis/core/validation/validation.go ValidatePodResize

    Raises:
        Invalid: The Pod would change its class of service.
    """
    wanted = {
        container["name"]: container.get("resources") or {}
        for container in (new.get("spec") or {}).get("containers") or ()
    }
    containers = [
        {**container, "resources": wanted.get(container["name"], container.get("resources") or {})}
        for container in old["spec"]["containers"]
    ]
    changed = {
        **old,
        "metadata": new["metadata"],
        "spec": {**old["spec"], "containers": containers},
    }
    quality = (old.get("status") or {}).get("qosClass") or qos_class(old)
    if qos_class(changed) != quality:
        problem = "Pod QOS Class may not change as a result of resizing"
        error = invalid(Path("spec"), quality, problem)
        raise Invalid.of("", "Pod", old["metadata"]["name"], [error])
    return changed


def _take_from_budget(
    ctx: RequestContext, storage: Storage, pod: JSONObject, now_ms: int, *, dry_run: bool
) -> None:
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    labels = pod["metadata"].get("labels")
    budgets = [
        budget
        for budget in storage.list(_BUDGETS, namespace)
        if selector_from_label_selector((budget.get("spec") or {}).get("selector")).matches(labels)
    ]
    if not budgets:
        return
    if len(budgets) > 1:
        raise StatusError(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        )
    budget = budgets[0]
    budget_name, status = budget["metadata"]["name"], budget.get("status") or {}
    if status.get("disruptionsAllowed", 0) <= 0:
        message = (
            f"The disruption budget {budget_name} needs {status.get('desiredHealthy', 0)} healthy pods "
            f"and has {status.get('currentHealthy', 0)} currently"
        )
        raise TooManyRequests(
            "Cannot evict pod as it would violate the pod's disruption budget.",
            {"causes": [{"reason": "DisruptionBudget", "message": message}]},
        )
    if not dry_run:
        disrupted = {**(status.get("disruptedPods") or {}), name: time_text(now_ms)}
        left = status["disruptionsAllowed"] - 1
        status = {**status, "disruptionsAllowed": left, "disruptedPods": disrupted}
        changed = {**budget, "status": status}
        storage.update(_BUDGETS, f"{namespace}/{budget_name}", changed, ctx.actor)


def _with_scheduled_condition(pod: JSONObject, now_ms: int) -> JSONObject:
    condition = {
        "type": "PodScheduled",
        "status": "True",
        "observedGeneration": pod["metadata"].get("generation", 1),
        "lastProbeTime": None,
        "lastTransitionTime": time_text(now_ms),
    }
    return _with_condition(pod.get("status") or {}, condition)


def _with_disruption_condition(pod: JSONObject, now_ms: int) -> JSONObject:
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "observedGeneration": pod["metadata"].get("generation", 1),
        "lastProbeTime": None,
        "lastTransitionTime": time_text(now_ms),
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    }
    return {**pod, "status": _with_condition(pod.get("status") or {}, condition)}


def _with_condition(status: JSONObject, condition: JSONObject) -> JSONObject:
    others = [held for held in status.get("conditions") or () if held["type"] != condition["type"]]
    return {**status, "conditions": [*others, condition]}


def _binding_conflict(name: str, problem: str) -> Conflict:
    return Conflict.of("", "pods/binding", name, problem)
