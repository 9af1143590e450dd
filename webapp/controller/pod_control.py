"""Creating and deleting Pods for a controlling object, with the Events that tell about it.

Every workload's controller goes through here, so that their words agree.

Models:
    pkg/controller/controller_utils.go RealPodControl, GetPodFromTemplate
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api.resources import PODS
from webapp.apimachinery.status import NotFound, StatusError
from webapp.controller.controller import is_namespace_terminating
from webapp.controller.controller_ref_manager import new_controller_ref

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.record import EventRecorder
    from webapp.client.rest import RESTClient


def pod_from_template(owner: JSONObject, template: JSONObject, **metadata: Any) -> JSONObject:
    """A Pod of ``owner`` to be created; its spec is the template's own.

    Args:
        owner: The controlling object.
        template: With ``metadata`` (labels, annotations, finalizers are taken over) and ``spec``.
        metadata: What is set beside or instead; without ``name`` the name is generated.
    """
    template_metadata = template.get("metadata") or {}
    whole: JSONObject = {
        "namespace": owner["metadata"]["namespace"],
        "ownerReferences": [new_controller_ref(owner)],
    }
    for field in ("labels", "annotations", "finalizers"):
        if template_metadata.get(field):
            whole[field] = template_metadata[field]
    whole.update(metadata)
    if "name" not in whole and "generateName" not in whole:
        whole["generateName"] = f"{owner['metadata']['name'][:57]}-"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": whole, "spec": template["spec"]}


class PodControl:
    """Creates and deletes Pods, and tells their owner's readers."""

    def __init__(self, client: RESTClient, events: EventRecorder) -> None:
        self._client = client
        self._events = events

    def create(self, owner: JSONObject, pod: JSONObject) -> JSONObject:
        """Create a Pod.

        Raises:
            StatusError: The API server refuses it.
        """
        try:
            created = self._client.create(PODS, owner["metadata"]["namespace"], pod)
        except StatusError as error:
            if not is_namespace_terminating(error):
                message = f"Error creating: {error.message}"
                self._events.event(owner, "Warning", "FailedCreate", message)
            raise
        message = f"Created pod: {created['metadata']['name']}"
        self._events.event(owner, "Normal", "SuccessfulCreate", message)
        return created

    def delete(self, owner: JSONObject, pod: JSONObject) -> bool:
        """Delete a Pod; return whether it was still there.

        Raises:
            StatusError: The API server refuses the deletion.
        """
        metadata = pod["metadata"]
        try:
            self._client.delete(PODS, metadata["namespace"], metadata["name"])
        except NotFound:
            return False
        except StatusError as error:
            message = f"Error deleting: {error.message}"
            self._events.event(owner, "Warning", "FailedDelete", message)
            raise
        message = f"Deleted pod: {metadata['name']}"
        self._events.event(owner, "Normal", "SuccessfulDelete", message)
        return True
