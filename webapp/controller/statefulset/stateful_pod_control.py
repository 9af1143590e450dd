"""Creating, repairing and deleting a StatefulSet's Pods with their claims, and telling about it.

Models:
    pkg/controller/statefulset/stateful_pod_control.go StatefulPodControl
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import PERSISTENT_VOLUME_CLAIMS, PODS
from webapp.apimachinery.status import AlreadyExists, NotFound, StatusError
from webapp.controller.controller import is_namespace_terminating
from webapp.controller.statefulset.identity import (
    claim_names,
    identity_labels,
    new_claims,
    ordinal_of,
    retained_owners,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.record import EventRecorder
    from webapp.client.rest import RESTClient


class StatefulPodControl:
    """Writes Pods and claims for StatefulSets."""

    def __init__(self, client: RESTClient, events: EventRecorder) -> None:
        self._client = client
        self._events = events

    def create(self, stateful_set: JSONObject, pod: JSONObject) -> None:
        """Create a Pod, its claims first.

        Raises:
            StatusError: The API server refuses the Pod or a claim.
        """
        self.create_missing_claims(stateful_set, pod)
        try:
            self._client.create(PODS, pod["metadata"]["namespace"], pod)
        except AlreadyExists:
            raise
        except StatusError as error:
            if not is_namespace_terminating(error):
                self._tell(stateful_set, pod, "create", error)
            raise
        self._tell(stateful_set, pod, "create")

    def delete(self, stateful_set: JSONObject, pod: JSONObject) -> None:
        """Delete a Pod; its claims stay.

        Raises:
            StatusError: The API server refuses the deletion.
        """
        metadata = pod["metadata"]
        try:
            self._client.delete(PODS, metadata["namespace"], metadata["name"])
        except NotFound:
            return
        except StatusError as error:
            self._tell(stateful_set, pod, "delete", error)
            raise
        self._tell(stateful_set, pod, "delete")

    def restore_identity(self, stateful_set: JSONObject, pod: JSONObject) -> None:
        """Give a Pod the labels back that say who it is.

        Raises:
            StatusError: The API server refuses the change.
        """
        metadata = pod["metadata"]
        patch = {"metadata": {"labels": identity_labels(metadata["name"], ordinal_of(pod))}}
        try:
            self._client.patch(PODS, metadata["namespace"], metadata["name"], patch)
        except StatusError as error:
            self._tell(stateful_set, pod, "update", error)
            raise
        self._tell(stateful_set, pod, "update")

    def create_missing_claims(self, stateful_set: JSONObject, pod: JSONObject) -> None:
        """Create those of a Pod's claims that are missing.

        Raises:
            StatusError: The API server refuses a claim.
        """
        for claim in new_claims(stateful_set, ordinal_of(pod)):
            metadata = claim["metadata"]
            try:
                self._client.get(PERSISTENT_VOLUME_CLAIMS, metadata["namespace"], metadata["name"])
            except NotFound:
                self._create_claim(stateful_set, pod, claim)

    def _create_claim(self, stateful_set: JSONObject, pod: JSONObject, claim: JSONObject) -> None:
        metadata = claim["metadata"]
        words = (
            f"create Claim {metadata['name']} Pod {pod['metadata']['name']} "
            f"in StatefulSet {stateful_set['metadata']['name']}"
        )
        try:
            self._client.create(PERSISTENT_VOLUME_CLAIMS, metadata["namespace"], claim)
        except StatusError as error:
            message = f"{words} failed error: {error.message}"
            self._events.event(stateful_set, "Warning", "FailedCreate", message)
            raise
        self._events.event(stateful_set, "Normal", "SuccessfulCreate", f"{words} success")

    def has_stale_claim(self, stateful_set: JSONObject, pod: JSONObject) -> bool:
        """Whether a claim still belongs to an earlier Pod of that name and is about to go with it."""
        name = pod["metadata"]["name"]
        return any(
            owner["kind"] == "Pod" and owner["name"] == name
            for claim in self._claims(stateful_set, ordinal_of(pod))
            for owner in claim["metadata"].get("ownerReferences") or ()
        )

    def sync_retention(self, stateful_set: JSONObject, pod: JSONObject) -> None:
        """Have each claim of a Pod owned by whom the retention policy names.

        Raises:
            StatusError: The API server refuses the change.
        """
        ordinal = ordinal_of(pod)
        wanted = retained_owners(stateful_set, pod, ordinal)
        managed = {stateful_set["metadata"]["uid"], pod["metadata"].get("uid", "")}
        for claim in self._claims(stateful_set, ordinal):
            metadata = claim["metadata"]
            held = metadata.get("ownerReferences") or []
            owners = [*(item for item in held if item["uid"] not in managed), *wanted]
            if [item["uid"] for item in owners] != [item["uid"] for item in held]:
                patch = {"metadata": {"uid": metadata["uid"], "ownerReferences": owners or None}}
                self._client.patch(
                    PERSISTENT_VOLUME_CLAIMS, metadata["namespace"], metadata["name"], patch
                )

    def _claims(self, stateful_set: JSONObject, ordinal: int) -> list[JSONObject]:
        namespace = stateful_set["metadata"]["namespace"]
        found = []
        for name in claim_names(stateful_set, ordinal):
            try:
                found.append(self._client.get(PERSISTENT_VOLUME_CLAIMS, namespace, name))
            except NotFound:
                continue
        return found

    def _tell(
        self,
        stateful_set: JSONObject,
        pod: JSONObject,
        verb: str,
        error: StatusError | None = None,
    ) -> None:
        names = f"{pod['metadata']['name']} in StatefulSet {stateful_set['metadata']['name']}"
        if error is None:
            message = f"{verb} Pod {names} successful"
            self._events.event(stateful_set, "Normal", f"Successful{verb.capitalize()}", message)
        else:
            message = f"{verb} Pod {names} failed error: {error.message}"
            self._events.event(stateful_set, "Warning", f"Failed{verb.capitalize()}", message)
