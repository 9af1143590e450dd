"""The kinds that CustomResourceDefinitions add: served from the moment their names are accepted.

Called by the cacher with every change of a definition; the scheme follows. A definition that is being
deleted is served until it is gone, so that its objects can be cleared away.

Models:
    staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.apiextensions.kinds import is_established, kinds_of
from webapp.apiserver.storage import bucket_name

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo, Scheme
    from webapp.apiserver.cacher import Cacher
    from webapp.apiserver.storage import Storage
    from webapp.etcd.mvcc import Change

DEFINITIONS = bucket_name("apiextensions.k8s.io", "customresourcedefinitions")


class CustomResources:
    """Keeps the scheme true to the definitions that are established."""

    def __init__(self, storage: Storage, cacher: Cacher, scheme: Scheme) -> None:
        self._scheme = scheme
        self._served: dict[str, tuple[JSONObject, tuple[ResourceInfo, ...]]] = {}
        for definition in storage.list(DEFINITIONS):
            self._serve(definition)
        cacher.listen(DEFINITIONS, self._on_change)

    def _on_change(self, change: Change) -> None:
        if change.deleted:
            self._forget(change.name)
        else:
            self._serve(change.value)

    def _serve(self, definition: JSONObject) -> None:
        name, spec = definition["metadata"]["name"], definition["spec"]
        known = self._served.get(name)
        if not is_established(definition) or (known is not None and known[0] == spec):
            return
        self._forget(name)
        kinds = kinds_of(definition)
        self._served[name] = (spec, kinds)
        for info in kinds:
            self._scheme.add(info)

    def _forget(self, name: str) -> None:
        _, kinds = self._served.pop(name, (None, ()))
        for info in kinds:
            self._scheme.remove(info.group, info.version, info.resource)
