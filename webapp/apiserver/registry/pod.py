"""Pods: graceful deletion, binding to a Node, ephemeral containers, new resources.

Models:
    pkg/registry/core/pod/strategy.go podStrategy
    pkg/registry/core/pod/storage/storage.go BindingREST
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.core.pods import qos_class
from webapp.apimachinery.field_path import Path, forbidden, invalid, required
from webapp.apimachinery.status import Conflict, Invalid
from webapp.apimachinery.timestamps import time_text
from webapp.apiserver.registry.strategy import Strategy

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.store import ResourceStore

DEFAULT_GRACE_SECONDS = 30
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


def _with_scheduled_condition(pod: JSONObject, now_ms: int) -> JSONObject:
    condition = {
        "type": "PodScheduled",
        "status": "True",
        "observedGeneration": pod["metadata"].get("generation", 1),
        "lastProbeTime": None,
        "lastTransitionTime": time_text(now_ms),
    }
    status = with_condition(pod.get("status") or {}, condition)
    status.pop("nominatedNodeName", None)  # the Pod has its Node now
    return status


def with_condition(status: JSONObject, condition: JSONObject) -> JSONObject:
    """A status with the condition in place of the one of its type."""
    others = [held for held in status.get("conditions") or () if held["type"] != condition["type"]]
    return {**status, "conditions": [*others, condition]}


def _binding_conflict(name: str, problem: str) -> Conflict:
    return Conflict.of("", "pods/binding", name, problem)
