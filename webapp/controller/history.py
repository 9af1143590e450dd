"""ControllerRevisions: the versions that a DaemonSet's or StatefulSet's template has had.

Each version is an object of its own, owned by the workload, with a number that grows with each use:
going back to an old template gives its ControllerRevision a new number.

Models:
    pkg/controller/history/controller_history.go
    pkg/controller/daemon/update.go constructHistory
    pkg/controller/statefulset/stateful_set_control.go getStatefulSetRevisions
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from webapp.api.resources import CONTROLLER_REVISIONS
from webapp.apimachinery.labels import selector_from_label_selector
from webapp.apimachinery.status import AlreadyExists, NotFound
from webapp.controller.controller_ref_manager import ControllerRefManager, new_controller_ref
from webapp.controller.hashing import safe_hash
from webapp.controller.indexes import BY_CONTROLLER, ORPHANS, controller_uid, orphan_namespace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.client.informer import InformerFactory
    from webapp.client.rest import RESTClient

HASH_LABEL = "controller-revision-hash"


class NameCollisionError(Exception):
    """Another version has the name already: count the collision and try again."""


def template_patch(template: JSONObject) -> JSONObject:
    """What a ControllerRevision keeps: a patch that brings the template back."""
    return {"spec": {"template": {**template, "$patch": "replace"}}}


def revision_hash(data: JSONObject, collision_count: int | None) -> str:
    """The value of the hash label for a version."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    if collision_count is not None:
        text += str(collision_count)
    return safe_hash(text.encode())


def hash_of(obj: JSONObject) -> str:
    """The version that a Pod or a ControllerRevision is labelled with."""
    return str((obj["metadata"].get("labels") or {}).get(HASH_LABEL, ""))


def by_revision(revisions: Iterable[JSONObject]) -> list[JSONObject]:
    """Sorted, oldest first."""
    return sorted(
        revisions,
        key=lambda obj: (
            obj["revision"],
            obj["metadata"]["creationTimestamp"],
            obj["metadata"]["name"],
        ),
    )


class History:
    """The ControllerRevisions of one kind of workload.

    Args:
        client: Writes them.
        informers: Where they are seen.
        owner_resource: The workloads' resource.
    """

    def __init__(
        self, client: RESTClient, informers: InformerFactory, owner_resource: GroupVersionResource
    ) -> None:
        self._client = client
        self._owner_resource = owner_resource
        self._revisions = informers.informer(CONTROLLER_REVISIONS)
        self._revisions.add_index(BY_CONTROLLER, controller_uid)
        self._revisions.add_index(ORPHANS, orphan_namespace)
        # Not yet seen, though written: the next sync may come before the watch.
        self._written: dict[str, JSONObject] = {}

    def list(self, owner: JSONObject) -> list[JSONObject]:
        """The owner's versions, oldest first."""
        manager = ControllerRefManager(
            self._client,
            owner,
            selector_from_label_selector(owner["spec"]["selector"]),
            self._owner_resource,
            CONTROLLER_REVISIONS,
        )
        metadata = owner["metadata"]
        owned = self._revisions.by_index(BY_CONTROLLER, metadata["uid"])
        orphans = self._revisions.by_index(ORPHANS, metadata["namespace"])
        return by_revision(manager.claim(map(self._newest, [*owned, *orphans])))

    def current(self, owner: JSONObject, revisions: Iterable[JSONObject]) -> JSONObject:
        """The version of the owner's present template, made or numbered anew if need be.

        Raises:
            NameCollisionError: Its name belongs to another version.
        """
        data = template_patch(owner["spec"]["template"])
        ordered = list(revisions)
        found = next((item for item in reversed(ordered) if item["data"] == data), None)
        others = [item["revision"] for item in ordered if item is not found]
        number = max(others, default=0) + 1
        if found is None:
            return self._create(owner, data, number)
        if found["revision"] < number:
            return self._note(
                self._client.update(CONTROLLER_REVISIONS, {**found, "revision": number})
            )
        return found

    def truncate(
        self, owner: JSONObject, revisions: Iterable[JSONObject], in_use: Iterable[str]
    ) -> None:
        """Delete the oldest versions beyond ``revisionHistoryLimit`` that nobody uses.

        Args:
            owner: The workload.
            revisions: All its versions, oldest first.
            in_use: Names of those that Pods or the status refer to.
        """
        used = frozenset(in_use)
        idle = [item for item in revisions if item["metadata"]["name"] not in used]
        surplus = len(idle) - int(owner["spec"].get("revisionHistoryLimit", 10))
        for item in idle[: max(0, surplus)]:
            metadata = item["metadata"]
            try:
                self._client.delete(CONTROLLER_REVISIONS, metadata["namespace"], metadata["name"])
            except NotFound:
                continue

    def _create(self, owner: JSONObject, data: JSONObject, number: int) -> JSONObject:
        metadata = owner["metadata"]
        collisions = (owner.get("status") or {}).get("collisionCount") or None
        hash_value = revision_hash(data, collisions)
        name = f"{metadata['name'][:223]}-{hash_value}"
        labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
        revision: JSONObject = {
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": {
                "name": name,
                "namespace": metadata["namespace"],
                "labels": {**labels, HASH_LABEL: hash_value},
                "ownerReferences": [new_controller_ref(owner)],
            },
            "data": data,
            "revision": number,
        }
        if metadata.get("annotations"):
            revision["metadata"]["annotations"] = metadata["annotations"]
        try:
            return self._note(
                self._client.create(CONTROLLER_REVISIONS, metadata["namespace"], revision)
            )
        except AlreadyExists as error:
            found = self._client.get(CONTROLLER_REVISIONS, metadata["namespace"], name)
            if found["data"] == data:
                return found
            raise NameCollisionError(name) from error

    def _note(self, revision: JSONObject) -> JSONObject:
        self._written[revision["metadata"]["uid"]] = revision
        return revision

    def _newest(self, seen: JSONObject) -> JSONObject:
        uid = seen["metadata"]["uid"]
        written = self._written.get(uid)
        if written is None:
            return seen
        if int(seen["metadata"]["resourceVersion"]) >= int(written["metadata"]["resourceVersion"]):
            del self._written[uid]
            return seen
        return written
