"""Who controls what: adoption of matching orphans, release of what no longer matches.

A controlling object (a Deployment of ReplicaSets, a ReplicaSet of Pods) claims objects by selector.
An object belongs to at most one controller, named by the owner reference marked ``controller``.

Models:
    pkg/controller/controller_ref_manager.go BaseControllerRefManager, PodControllerRefManager
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.meta import controller_of
from webapp.apimachinery.status import Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.labels import Selector
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.client.rest import RESTClient


def new_controller_ref(owner: JSONObject) -> JSONObject:
    """The owner reference that marks ``owner`` as managing controller.

    Models:
        staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/controller_ref.go NewControllerRef
    """
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


class ControllerRefManager:
    """Claims objects of one resource for one owner.

    Args:
        client: Writes the owner references.
        owner: The controlling object, as last seen.
        selector: What the owner selects.
        owner_resource: Where to ask whether the owner is still the one last seen.
        resource: Resource of the objects claimed.
    """

    def __init__(
        self,
        client: RESTClient,
        owner: JSONObject,
        selector: Selector,
        owner_resource: GroupVersionResource,
        resource: GroupVersionResource,
    ) -> None:
        self._client = client
        self._owner = owner
        self._selector = selector
        self._owner_resource = owner_resource
        self._resource = resource
        self._may_adopt: bool | None = None

    def claim(self, candidates: Iterable[JSONObject]) -> list[JSONObject]:
        """Those of ``candidates`` that belong to the owner, in their order.

        Objects that match and have no controller are adopted, objects of the owner that do not
        match are released; both only while neither they nor the owner are being deleted.
        """
        return [obj for obj in candidates if self.claim_one(obj)]

    def claim_one(self, obj: JSONObject) -> bool:
        """Whether ``obj`` belongs to the owner, after adoption or release."""
        metadata = obj["metadata"]
        reference = controller_of(obj)
        matches = self._selector.matches(metadata.get("labels"))
        owner_ends = "deletionTimestamp" in self._owner["metadata"]
        if reference is not None:
            if reference["uid"] != self._owner["metadata"]["uid"]:
                return False
            if matches:
                return True
            if not owner_ends:
                self._release(obj)
            return False
        if owner_ends or not matches or "deletionTimestamp" in metadata:
            return False
        if metadata.get("namespace") != self._owner["metadata"].get("namespace"):
            return False
        return self._adopt(obj)

    def _adopt(self, obj: JSONObject) -> bool:
        if not self._can_adopt():
            return False
        references = [
            *(obj["metadata"].get("ownerReferences") or ()),
            new_controller_ref(self._owner),
        ]
        return self._patch_references(obj, references)

    def _release(self, obj: JSONObject) -> None:
        uid = self._owner["metadata"]["uid"]
        references = [ref for ref in obj["metadata"]["ownerReferences"] if ref["uid"] != uid]
        self._patch_references(obj, references)

    def _patch_references(self, obj: JSONObject, references: list[JSONObject]) -> bool:
        metadata = obj["metadata"]
        patch = {"metadata": {"uid": metadata["uid"], "ownerReferences": references or None}}
        try:
            self._client.patch(
                self._resource, metadata.get("namespace", ""), metadata["name"], patch
            )
        except (Invalid, NotFound):  # it is gone, or another one has its name by now
            return False
        return True

    def _can_adopt(self) -> bool:
        # The store may be behind: an owner deleted and made anew must not inherit by accident.
        if self._may_adopt is None:
            metadata = self._owner["metadata"]
            fresh = self._client.get(
                self._owner_resource, metadata.get("namespace", ""), metadata["name"]
            )["metadata"]
            self._may_adopt = fresh["uid"] == metadata["uid"] and "deletionTimestamp" not in fresh
        return self._may_adopt
