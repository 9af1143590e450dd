"""Informers: a component's own view of a resource, kept by list and watch.

The reflector half lists once and then follows the watch, and lists again when the watch has
expired. The store holds references to the API server's immutable objects, no copies; handlers hear
of each change after it is in the store.

Models:
    staging/src/k8s.io/client-go/tools/cache/shared_informer.go
    staging/src/k8s.io/client-go/tools/cache/reflector.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from webapp.apimachinery.meta import controller_of, namespaced_name
from webapp.apimachinery.status import Expired
from webapp.apimachinery.watch import BOOKMARK, DELETED, ERROR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.apimachinery.watch import WatchEvent
    from webapp.apimachinery.wire import Watcher
    from webapp.client.rest import RESTClient


Objects: TypeAlias = "list[JSONObject]"


class _Index:
    """Keys by the values that a function gives for their objects: value → keys.

    Attributes:
        entries: Value → keys, as those of a dict.
        values_by_key: Key → the values it stands under, where there are any.
        values_of: The function.
    """

    __slots__ = ("entries", "values_by_key", "values_of")

    def __init__(self, values_of: Callable[[JSONObject], Iterable[str]]) -> None:
        self.values_of = values_of
        self.entries: dict[str, dict[str, None]] = {}
        self.values_by_key: dict[str, tuple[str, ...]] = {}

    def put(self, key: str, obj: JSONObject) -> None:
        values = tuple(self.values_of(obj))
        old_values = self.values_by_key.get(key, ())
        if values == old_values:
            return
        for value in old_values:
            if value not in values:
                self._take_out(key, value)
        for value in values:
            self.entries.setdefault(value, {})[key] = None
        if values:
            self.values_by_key[key] = values
        else:
            del self.values_by_key[key]

    def remove(self, key: str) -> None:
        for value in self.values_by_key.pop(key, ()):
            self._take_out(key, value)

    def _take_out(self, key: str, value: str) -> None:
        held = self.entries[value]
        del held[key]
        if not held:
            del self.entries[value]


class SharedInformer:
    """One resource as a component sees it.

    Attributes:
        resource: What it follows.
        store: Key (``namespace/name``) → object, in order of arrival.
        synced: Whether the first list is in the store.
    """

    def __init__(
        self, client: RESTClient, resource: GroupVersionResource, field_selector: str = ""
    ) -> None:
        self._client = client
        self._field_selector = field_selector
        self._handlers: list[
            tuple[
                Callable[[JSONObject], None] | None,
                Callable[[JSONObject, JSONObject], None] | None,
                Callable[[JSONObject], None] | None,
                str,
            ]
        ] = []
        self._has_owner_kinds = False
        self._indexes: dict[str, _Index] = {}
        self._watcher: Watcher | None = None
        self.resource = resource
        self.store: dict[str, JSONObject] = {}
        self.synced = False

    def add_handler(
        self,
        *,
        on_add: Callable[[JSONObject], None] | None = None,
        on_update: Callable[[JSONObject, JSONObject], None] | None = None,
        on_delete: Callable[[JSONObject], None] | None = None,
        owner_kind: str = "",
    ) -> None:
        """Hear of changes; what is in the store already is told as added, at once.

        Args:
            on_add: Called with each object that is new.
            on_update: Called with the former and the present version.
            on_delete: Called with the last version.
            owner_kind: Spares calls about objects that a controller of another kind manages, and
                managed before; those that nobody manages are told.
        """
        self._handlers.append((on_add, on_update, on_delete, owner_kind))
        self._has_owner_kinds = self._has_owner_kinds or bool(owner_kind)
        if on_add is not None:
            for obj in tuple(self.store.values()):
                owner = _controller_kind(obj)
                if not owner_kind or not owner or owner_kind == owner:
                    on_add(obj)

    def add_index(self, name: str, values_of: Callable[[JSONObject], Iterable[str]]) -> None:
        """Keep objects findable by values; adding the same name again changes nothing.

        Of an object that has a spec, ``values_of`` may read its name, labels, owners and spec only.
        """
        if name in self._indexes:
            return
        index = self._indexes[name] = _Index(values_of)
        for key, obj in self.store.items():
            index.put(key, obj)

    def by_index(self, name: str, value: str) -> Objects:
        """Objects that have ``value`` in index ``name``, sorted by key."""
        held = self._indexes[name].entries.get(value)
        return [self.store[key] for key in sorted(held)] if held else []

    def get(self, key: str) -> JSONObject | None:
        """The object ``namespace/name``, or ``None``."""
        return self.store.get(key)

    def list(self) -> Objects:
        """All objects, sorted by key."""
        return [self.store[key] for key in sorted(self.store)]

    def start(self) -> None:
        """List, then watch from there."""
        self._relist()

    def stop(self) -> None:
        """End the watch; the store stays as it is."""
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher = None

    def _relist(self) -> None:
        self.stop()
        items, version = self._client.list_with_version(
            self.resource, field_selector=self._field_selector
        )
        listed = {namespaced_name(obj): obj for obj in items}
        for key in [key for key in self.store if key not in listed]:
            self._remove(key)
        for key, obj in listed.items():
            self._put(key, obj)
        self.synced = True
        try:
            self._watcher = self._client.watch(
                self.resource, self._deliver, version, self._field_selector
            )
        except Expired:  # the list was followed by a compaction: the next one is newer
            self._relist()

    def _deliver(self, events: Sequence[WatchEvent]) -> None:
        for event in events:
            if event.type == ERROR:
                self._relist()
                return
            if event.type == BOOKMARK:
                continue
            key = namespaced_name(event.object)
            if event.type == DELETED:
                self._remove(key, event.object)
            else:
                self._put(key, event.object)

    def _put(self, key: str, obj: JSONObject) -> None:
        old = self.store.get(key)
        if old is obj:
            return
        self.store[key] = obj
        before = old["metadata"].get("ownerReferences") if old is not None else None
        references = obj["metadata"].get("ownerReferences")
        if self._indexes and (
            old is None or references is not before or not _is_indexed_alike(old, obj)
        ):
            for index in self._indexes.values():
                index.put(key, obj)
        owner = _controller_kind(obj) if references and self._has_owner_kinds else ""
        if old is None:
            for on_add, _, _, kind in self._handlers:
                if on_add is not None and (not kind or not owner or kind == owner):
                    on_add(obj)
            return
        old_owner = _controller_kind(old) if before and before is not references else owner
        for _, on_update, _, kind in self._handlers:
            if on_update is not None and (not kind or not owner or kind in (owner, old_owner)):
                on_update(old, obj)

    def _remove(self, key: str, last: JSONObject | None = None) -> None:
        old = self.store.pop(key, None)
        if old is None:
            return
        for index in self._indexes.values():
            index.remove(key)
        gone = old if last is None else last
        owner = _controller_kind(gone) if self._has_owner_kinds else ""
        for _, _, on_delete, kind in self._handlers:
            if on_delete is not None and (not kind or not owner or kind == owner):
                on_delete(gone)


def _is_indexed_alike(old: JSONObject, new: JSONObject) -> bool:
    """Whether no index can tell two versions of one owner apart: most differ in status only."""
    spec = new.get("spec")
    return (
        spec is not None
        and spec is old.get("spec")
        and old["metadata"].get("labels") is new["metadata"].get("labels")
    )


def _controller_kind(obj: JSONObject) -> str:
    owner = controller_of(obj)
    return owner["kind"] if owner is not None else ""


class InformerFactory:
    """One informer a resource, shared by all parts of a component."""

    def __init__(self, client: RESTClient) -> None:
        self._client = client
        self._informers: dict[tuple[GroupVersionResource, str], SharedInformer] = {}
        self._started = False

    def informer(self, resource: GroupVersionResource, field_selector: str = "") -> SharedInformer:
        """The informer of a resource; made at first use, started with the factory."""
        key = (resource, field_selector)
        found = self._informers.get(key)
        if found is None:
            found = self._informers[key] = SharedInformer(self._client, resource, field_selector)
            if self._started:
                found.start()
        return found

    def start(self) -> None:
        """Start all informers, in the order in which they were asked for."""
        self._started = True
        for informer in list(self._informers.values()):
            if not informer.synced:
                informer.start()
