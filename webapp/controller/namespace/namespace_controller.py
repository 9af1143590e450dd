"""The Namespace controller: empties a Namespace that is being deleted, then lets it go.

Namespaces enter through an informer; deletions of everything in them, conditions, and the removal of
the finalizer ``kubernetes`` leave through the API. Pods go first, and nothing else before the last
of them is gone.

Deviation: objects are deleted one by one, where upstream asks for deletecollection first.

Models:
    pkg/controller/namespace/namespace_controller.go
    pkg/controller/namespace/deletion/namespaced_resources_deleter.go Delete
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import NAMESPACES, PODS
from webapp.apimachinery.status import NotFound, StatusError
from webapp.controller.controller import Controller
from webapp.controller.custom_kinds import CustomKinds
from webapp.controller.namespace.conditions import Remains, compute_conditions

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.controller.context import ControllerContext

FINALIZER = "kubernetes"
GRACE_PERIOD_MS = 5_000
"""How long a Namespace has been ending before its content goes, so that everyone has heard of it."""

FINALIZER_ESTIMATE_SECONDS = 15
DELETIONS_A_STEP = 32
"""Deletions in one step of time at most, so that nobody has to wait for a large Namespace."""


class NamespaceController(Controller):
    """Empties ending Namespaces; keys are their names."""

    name = "namespace-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._resources = _namespaced_resources(context)
        self._custom_kinds = CustomKinds(context.informers)
        self._namespaces = context.informers.informer(NAMESPACES)
        self._namespaces.add_handler(
            on_add=self._on_namespace, on_update=lambda _, new: self._on_namespace(new)
        )

    def sync(self, key: str) -> None:
        """Delete what is in the Namespace, report what is left, finalize once nothing is."""
        try:
            namespace = self.client.get(NAMESPACES, "", key)
        except NotFound:
            return
        finalizers = namespace["spec"].get("finalizers") or []
        if "deletionTimestamp" not in namespace["metadata"] or FINALIZER not in finalizers:
            return
        remains = Remains(budget=DELETIONS_A_STEP)
        estimate = self._delete_content(key, remains)
        if remains.cut_short and not remains.failures:
            self.enqueue_after(key, 1, background=False)
            return
        self._write_status(namespace, remains)
        if remains.instances or remains.failures:
            self.enqueue_after(key, (estimate // 2 + 1) * 1000)
            return
        current = self.client.get(NAMESPACES, "", key)
        left = [name for name in finalizers if name != FINALIZER]
        self.client.update(
            NAMESPACES, {**current, "spec": {**current["spec"], "finalizers": left}}, "finalize"
        )
        self.acted(current, "Namespace controller emptied and finalized the Namespace")

    def _delete_content(self, namespace: str, remains: Remains) -> int:
        """Delete everything once; return the seconds that what is left may take."""
        self._delete_all(PODS, namespace, remains)
        if remains.cut_short:
            return 0
        if remains.instances:
            return self._estimate(namespace, remains)
        custom = (info.gvr for info in self._custom_kinds.stored() if info.namespaced)
        for resource in (*self._resources, *custom):
            if resource != PODS:
                self._delete_all(resource, namespace, remains)
        return self._estimate(namespace, remains)

    def _delete_all(self, resource: GroupVersionResource, namespace: str, remains: Remains) -> None:
        found = self.client.list(resource, namespace)
        if not found:
            return
        for obj in found:
            if "deletionTimestamp" in obj["metadata"]:
                continue
            if not remains.budget:
                remains.cut_short = True
                return
            remains.budget -= 1
            try:
                self.client.delete(
                    resource, namespace, obj["metadata"]["name"], propagation_policy="Background"
                )
            except NotFound:
                continue
            except StatusError as error:
                remains.failures.append(error.message)
        name = f"{resource.resource}.{resource.group}"
        remains.count(name, self.client.list(resource, namespace))

    def _estimate(self, namespace: str, remains: Remains) -> int:
        estimate = FINALIZER_ESTIMATE_SECONDS if remains.finalizers else 0
        if remains.instances["pods."]:
            for pod in self.client.list(PODS, namespace):
                grace = pod["spec"].get("terminationGracePeriodSeconds")
                estimate = max(estimate, 30 if grace is None else int(grace))
        return estimate

    def _write_status(self, namespace: JSONObject, remains: Remains) -> None:
        status = namespace.get("status") or {}
        current = status.get("conditions") or []
        conditions = compute_conditions(current, remains, self.sim.now_ms)
        wanted = {**status, "phase": "Terminating", "conditions": conditions}
        if wanted != status:
            self.client.update(NAMESPACES, {**namespace, "status": wanted}, "status")

    def _on_namespace(self, namespace: JSONObject) -> None:
        if "deletionTimestamp" in namespace["metadata"] and FINALIZER in (
            namespace["spec"].get("finalizers") or ()
        ):
            name = namespace["metadata"]["name"]
            self.enqueue_after(name, GRACE_PERIOD_MS, background=False)


def _namespaced_resources(context: ControllerContext) -> tuple[GroupVersionResource, ...]:
    """Resources to empty, one for each place where objects are stored, in the API server's order."""
    found: dict[GroupVersionResource, None] = {}
    for info in context.resources:
        if info.namespaced and info.is_stored and "delete" in info.verbs:
            found.setdefault(info.storage_gvr)
    kinds: dict[tuple[str, str], GroupVersionResource] = {}
    for resource in found:
        kinds.setdefault((resource.group, resource.resource), resource)
    return tuple(kinds.values())
