"""Objects and the versioned store: every write of the API server passes here.

Objects enter with or without resourceVersion and leave with it: an object's resourceVersion is the
revision at which it was written. Each write is one revision and one ``ObjectStored`` fact, which is
the cause of whatever the watchers do about it. The registry calls this; it knows no kinds.

Models:
    staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.meta import object_ref
from webapp.trace.facts import ObjectStored

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.etcd.mvcc import Store
    from webapp.trace.recorder import Recorder

_COMPACTION_STEP = 10
"""History is compacted once it exceeds its bound by one tenth, so that the cost is spread."""


def bucket_name(group: str, resource: str) -> str:
    """Where objects of a resource lie: ``/registry/pods``, ``/registry/apps/deployments``."""
    return f"/registry/{group}/{resource}" if group else f"/registry/{resource}"


def object_key(namespace: str, name: str) -> str:
    """The key below the bucket: ``namespace/name``, or the bare name."""
    return f"{namespace}/{name}" if namespace else name


class Storage:
    """Typed access to the store.

    Attributes:
        store: The versioned store.
    """

    def __init__(self, store: Store, recorder: Recorder, kept_revisions: int) -> None:
        self.store = store
        self._recorder = recorder
        self._resources: dict[str, str] = {}
        self._kept_revisions = kept_revisions
        self._compaction_step = max(1, kept_revisions // _COMPACTION_STEP)

    @property
    def revision(self) -> int:
        """The newest revision."""
        return self.store.revision

    def get(self, bucket: str, key: str) -> JSONObject | None:
        """The live object, or ``None``."""
        found = self.store.get(bucket, key)
        if found is None:
            return None
        obj: JSONObject = found.value
        return obj

    def list(self, bucket: str, namespace: str = "") -> list[JSONObject]:
        """Live objects in key order; all namespaces when ``namespace`` is ""."""
        prefix = namespace + "/" if namespace else ""
        return [version.value for version in self.store.range(bucket, prefix)]

    def create(self, bucket: str, key: str, obj: JSONObject, actor: str) -> JSONObject:
        """Store a new object; the caller knows that the key is free."""
        return self._put(bucket, key, obj, actor, "ADDED")

    def update(self, bucket: str, key: str, obj: JSONObject, actor: str) -> JSONObject:
        """Store a new version of an object."""
        return self._put(bucket, key, obj, actor, "MODIFIED")

    def delete(self, bucket: str, key: str, last: JSONObject, actor: str) -> JSONObject:
        """Delete an object; ``last`` is what watchers see, at the deletion's revision."""
        revision = self.store.revision + 1
        gone = with_resource_version(last, revision)
        before = self._begin(bucket, gone, actor, "DELETED", revision)
        try:
            self.store.delete(bucket, key, gone)
        finally:
            self._recorder.cause = before
        self._compact_if_due()
        return gone

    def _put(
        self, bucket: str, key: str, obj: JSONObject, actor: str, operation: str
    ) -> JSONObject:
        revision = self.store.revision + 1
        stored = with_resource_version(obj, revision)
        before = self._begin(bucket, stored, actor, operation, revision)
        try:
            self.store.put(bucket, key, stored)
        finally:
            self._recorder.cause = before
        self._compact_if_due()
        return stored

    def _begin(
        self, bucket: str, obj: JSONObject, actor: str, operation: str, revision: int
    ) -> int:
        """Record the write and make it the cause of what its watchers do; return the cause before."""
        recorder = self._recorder
        resource = self._resources.get(bucket)
        if resource is None:
            resource = self._resources[bucket] = bucket[bucket.rindex("/") + 1 :]
        before = recorder.cause
        recorder.cause = recorder.record(
            ObjectStored(
                actor=actor,
                subject=object_ref(obj),
                revision=revision,
                operation=operation,
                resource=resource,
            )
        )
        return before

    def _compact_if_due(self) -> None:
        store = self.store
        if store.revision - store.compacted >= self._kept_revisions + self._compaction_step:
            store.compact(store.revision - self._kept_revisions)


def with_resource_version(obj: JSONObject, revision: int) -> JSONObject:
    """``obj`` at ``revision``; all but the metadata is shared."""
    copy = dict(obj)
    metadata = copy["metadata"] = dict(obj["metadata"])
    metadata["resourceVersion"] = str(revision)
    return copy
