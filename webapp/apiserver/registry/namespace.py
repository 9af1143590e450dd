"""Namespaces: kept by ``spec.finalizers`` until the namespace controller has emptied them.

Models:
    pkg/registry/core/namespace/storage/storage.go REST, FinalizeREST
    pkg/registry/core/namespace/strategy.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.meta import with_fields
from webapp.apiserver.registry.strategy import Strategy

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.store import ResourceStore

NAME_LABEL = "kubernetes.io/metadata.name"


class NamespaceStrategy(Strategy):
    """What is special about Namespaces."""

    def begin_create(self, obj: JSONObject, *, dry_run: bool) -> JSONObject:
        """Every Namespace carries its name as a label."""
        del dry_run
        return _labelled(obj)

    def begin_update(self, new: JSONObject, old: JSONObject, *, dry_run: bool) -> JSONObject:
        """The label stays."""
        del old, dry_run
        return _labelled(new)

    def blocks_deletion(self, obj: JSONObject) -> bool:
        """It stays while somebody has to empty it."""
        return bool((obj.get("spec") or {}).get("finalizers"))

    def on_deletion_marked(self, obj: JSONObject) -> JSONObject:
        """It is ending from now on."""
        return with_fields(obj, ("status", "phase"), "Terminating")


def finalize(
    ctx: RequestContext, store: ResourceStore, old: JSONObject, body: JSONObject, *, dry_run: bool
) -> JSONObject:
    """Take over ``spec.finalizers`` of ``body``; an ending Namespace without any is gone."""
    finalizers = (body.get("spec") or {}).get("finalizers") or []
    new = {**old, "spec": {**(old.get("spec") or {}), "finalizers": finalizers}}
    if not finalizers:
        new["spec"].pop("finalizers")
    return new if dry_run else store.replace(ctx, old, new)


def _labelled(obj: JSONObject) -> JSONObject:
    metadata = obj["metadata"]
    labels, name = metadata.get("labels") or {}, metadata.get("name", "")
    if labels.get(NAME_LABEL) == name:
        return obj
    return with_fields(obj, ("metadata", "labels"), {**labels, NAME_LABEL: name})
