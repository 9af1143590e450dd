"""The definitions' controller: accepts names, establishes kinds, and clears away what a deleted one leaves.

Definitions enter through an informer; their status, deletions of their objects and the removal of the
cleanup finalizer leave through the API. Upstream runs these loops inside the API server.

Models:
    staging/src/k8s.io/apiextensions-apiserver/pkg/controller/status/naming_controller.go
    staging/src/k8s.io/apiextensions-apiserver/pkg/controller/establish/establishing_controller.go
    staging/src/k8s.io/apiextensions-apiserver/pkg/controller/finalizer/crd_finalizer.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.apiextensions.kinds import is_established, kinds_of
from webapp.api.apiextensions.preparation import CLEANUP_FINALIZER
from webapp.api.resources import CUSTOM_RESOURCE_DEFINITIONS
from webapp.apimachinery.meta import namespaced_name, with_fields
from webapp.apimachinery.status import NotFound
from webapp.apimachinery.timestamps import time_text
from webapp.controller.controller import Controller
from webapp.controller.customresourcedefinition.names import accepted_names, name_conflicts

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

RETRY_MS = 5_000
"""How long a definition waits for objects that do not go at once."""


class CustomResourceDefinitionController(Controller):
    """Keys are names of definitions."""

    name = "customresourcedefinition-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._definitions = context.informers.informer(CUSTOM_RESOURCE_DEFINITIONS)
        self._definitions.add_handler(
            on_add=lambda definition: self.enqueue(namespaced_name(definition)),
            on_update=lambda _, definition: self.enqueue(namespaced_name(definition)),
            on_delete=lambda _: self._look_at_all(),
        )

    def sync(self, key: str) -> None:
        """Bring one definition's status up to date, or go on clearing it away."""
        try:
            definition = self.client.get(CUSTOM_RESOURCE_DEFINITIONS, "", key)
        except NotFound:
            return
        if "deletionTimestamp" in definition["metadata"]:
            self._clear_away(definition)
            return
        others = [other for other in self._definitions.list() if namespaced_name(other) != key]
        status = definition.get("status") or {}
        problems = name_conflicts(definition, others)
        wanted = {
            **status,
            "acceptedNames": accepted_names(definition, problems),
            "conditions": self._accepted(status.get("conditions") or [], problems),
        }
        if wanted != status:
            self._write_status(definition, wanted)
            self.acted(definition, f"names of {key} looked at: {'taken' if problems else 'free'}")

    def _accepted(
        self, conditions: list[JSONObject], problems: list[tuple[str, str]]
    ) -> list[JSONObject]:
        if problems:
            reason, message = problems[0][0], "; ".join(text for _, text in problems)
            conditions = self._with(conditions, "NamesAccepted", "False", reason, message)
            if any(item["type"] == "Established" for item in conditions):
                return conditions
            text = "not all names are accepted"
            return self._with(conditions, "Established", "False", "NotAccepted", text)
        conditions = self._with(
            conditions, "NamesAccepted", "True", "NoConflicts", "no conflicts found"
        )
        text = "the initial names have been accepted"
        return self._with(conditions, "Established", "True", "InitialNamesAccepted", text)

    def _with(
        self, conditions: list[JSONObject], kind: str, status: str, reason: str, message: str
    ) -> list[JSONObject]:
        """The conditions with one of them as wanted; its time changes with its status only."""
        known = next((item for item in conditions if item["type"] == kind), None)
        changed_at = time_text(self.sim.now_ms)
        if known is not None and known["status"] == status:
            changed_at = known["lastTransitionTime"]
        wanted = {
            "type": kind,
            "status": status,
            "lastTransitionTime": changed_at,
            "reason": reason,
            "message": message,
        }
        if known is None:
            return [*conditions, wanted]
        return [wanted if item is known else item for item in conditions]

    def _clear_away(self, definition: JSONObject) -> None:
        finalizers = definition["metadata"].get("finalizers") or []
        if CLEANUP_FINALIZER not in finalizers:
            return
        status = definition.get("status") or {}
        wanted = self._with(
            status.get("conditions") or [],
            "Terminating",
            "True",
            "InstanceDeletionInProgress",
            "CustomResource deletion is in progress",
        )
        if wanted != status.get("conditions"):
            definition = self._write_status(definition, {**status, "conditions": wanted})
        if self._delete_objects(definition):
            self.enqueue_after(namespaced_name(definition), RETRY_MS)
            return
        left = [name for name in finalizers if name != CLEANUP_FINALIZER]
        done = with_fields(definition, ("metadata", "finalizers"), left)
        self.client.update(CUSTOM_RESOURCE_DEFINITIONS, done)
        self.acted(definition, "all objects of the kind are gone, the definition follows")

    def _delete_objects(self, definition: JSONObject) -> int:
        """Delete all objects of the kind; return how many are still there."""
        if not is_established(definition):
            return 0
        left = 0
        for info in kinds_of(definition):
            if info.stored_as is not None:
                continue
            for obj in self.client.list(info.gvr):
                metadata = obj["metadata"]
                if "deletionTimestamp" not in metadata:
                    self.client.delete(info.gvr, metadata.get("namespace", ""), metadata["name"])
            left += len(self.client.list(info.gvr))
        return left

    def _write_status(self, definition: JSONObject, status: JSONObject) -> JSONObject:
        changed = {**definition, "status": status}
        return self.client.update(CUSTOM_RESOURCE_DEFINITIONS, changed, "status")

    def _look_at_all(self) -> None:
        """A definition has gone: names that others wanted may be free now."""
        for definition in self._definitions.list():
            self.enqueue(namespaced_name(definition))
