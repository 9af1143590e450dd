"""One listener on the store, fanned out to many watchers.

Changes enter in revision order as they are committed; each interested watcher gets them at once, as
``WatchEvent`` objects shared by all watchers. Watchers are indexed by Node, name or namespace, so that
a change costs nothing for watchers it cannot concern. A watcher that has not been started holds a
revision, not a queue; what it missed is read from the store's log when it starts, and if that is
compacted the watch ends with ``Expired``.

Models:
    staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go Cacher
    staging/src/k8s.io/apiserver/pkg/storage/cacher/cache_watcher.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.status import Expired
from webapp.apimachinery.watch import ADDED, BOOKMARK, DELETED, ERROR, MODIFIED, WatchEvent
from webapp.apiserver.storage import with_resource_version
from webapp.etcd.errors import CompactedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.selection import Selection
    from webapp.etcd.mvcc import Change, Store
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation

BOOKMARK_INTERVAL_MS = 60_000
_EVERYTHING = ("", "")
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class CacheWatcher:
    """One watch of one resource; made by :meth:`Cacher.watch`.

    Attributes:
        selection: Which objects it is about.
        cursor: Everything up to this revision has been delivered.
        wants_bookmarks: Whether it is told of the revision from time to time.
    """

    __slots__ = (
        "_cacher",
        "_deliver",
        "_initial",
        "_marks_initial_end",
        "api_version",
        "bucket",
        "cursor",
        "index",
        "kind",
        "selection",
        "wants_bookmarks",
    )

    def __init__(
        self,
        cacher: Cacher,
        bucket: str,
        selection: Selection,
        type_: tuple[str, str],
        cursor: int,
        *,
        initial: list[JSONObject] | None,
        marks_initial_end: bool,
        wants_bookmarks: bool,
    ) -> None:
        self._cacher = cacher
        self._deliver: Callable[[Sequence[WatchEvent]], None] | None = None
        self._initial = initial
        self._marks_initial_end = marks_initial_end
        self.api_version, self.kind = type_
        self.bucket = bucket
        self.selection = selection
        self.cursor = cursor
        self.wants_bookmarks = wants_bookmarks
        self.index = _index_of(selection)

    def start(self, deliver: Callable[[Sequence[WatchEvent]], None]) -> None:
        """Deliver the initial objects, what came since, and from now on every change at once."""
        self._deliver = deliver
        events = [
            WatchEvent(ADDED, obj, int(obj["metadata"]["resourceVersion"]))
            for obj in self._initial or ()
        ]
        self._initial = None
        if self._marks_initial_end:
            events.append(self.bookmark(self.cursor, initial_end=True))
        try:
            events.extend(self._cacher.missed(self))
        except CompactedError:
            events.append(WatchEvent(ERROR, too_old(self.cursor).status(), self.cursor))
        else:
            self._cacher.attach(self)
        if events:
            deliver(events)

    def stop(self) -> None:
        """End the watch."""
        self._deliver = None
        self._cacher.detach(self)

    def send(self, event: WatchEvent) -> None:
        """Deliver one event, unless the watch has ended."""
        if self._deliver is not None:
            self._deliver((event,))

    def bookmark(self, revision: int, *, initial_end: bool = False) -> WatchEvent:
        """An event that carries nothing but the revision."""
        metadata: JSONObject = {"resourceVersion": str(revision), "creationTimestamp": None}
        if initial_end:
            metadata["annotations"] = {INITIAL_EVENTS_END: "true"}
        obj = {"kind": self.kind, "apiVersion": self.api_version, "metadata": metadata}
        return WatchEvent(BOOKMARK, obj, revision)


class _Fanout:
    """The watchers of one resource: (index, value) → watchers in order of their start."""

    __slots__ = ("by_index",)

    def __init__(self) -> None:
        self.by_index: dict[tuple[str, str], dict[CacheWatcher, None]] = {}


class Cacher:
    """All watchers, by resource."""

    def __init__(self, store: Store, sim: Simulation) -> None:
        self._store = store
        self._sim = sim
        self._fanouts: dict[str, _Fanout] = {}
        self._listeners: dict[str, list[Callable[[Change], None]]] = {}
        self._bookmarked: dict[CacheWatcher, None] = {}
        self._bookmark_timer: Timer | None = None
        store.on_change(self._on_change)

    def listen(self, bucket: str, listener: Callable[[Change], None]) -> None:
        """Call ``listener`` with every change of a resource; for the API server's own indexes."""
        self._listeners.setdefault(bucket, []).append(listener)

    def watch(
        self,
        bucket: str,
        selection: Selection,
        type_: tuple[str, str],
        from_revision: int | None,
        *,
        initial: list[JSONObject] | None = None,
        marks_initial_end: bool = False,
        wants_bookmarks: bool = False,
    ) -> CacheWatcher:
        """Prepare a watch; nothing is delivered before it is started.

        Args:
            bucket: The resource.
            selection: Which of its objects.
            type_: apiVersion and kind, for bookmarks.
            from_revision: Deliver changes after it; ``None`` means from now.
            initial: Objects to be delivered as ADDED first.
            marks_initial_end: Whether a bookmark follows them.
            wants_bookmarks: Whether bookmarks are sent later.

        Raises:
            Expired: The history since ``from_revision`` is no longer kept.
        """
        cursor = self._store.revision if from_revision is None else from_revision
        if cursor < self._store.compacted:
            raise too_old(cursor)
        return CacheWatcher(
            self,
            bucket,
            selection,
            type_,
            cursor,
            initial=initial,
            marks_initial_end=marks_initial_end,
            wants_bookmarks=wants_bookmarks,
        )

    def missed(self, watcher: CacheWatcher) -> Iterator[WatchEvent]:
        """Events for ``watcher`` after its cursor.

        Raises:
            CompactedError: They are no longer kept.
        """
        for change in self._store.changes_since(watcher.cursor):
            if change.bucket == watcher.bucket:
                event = _Translation(change).event_for(watcher.selection)
                if event is not None:
                    yield event

    def attach(self, watcher: CacheWatcher) -> None:
        """Begin to deliver changes to ``watcher``."""
        fanout = self._fanouts.get(watcher.bucket)
        if fanout is None:
            fanout = self._fanouts[watcher.bucket] = _Fanout()
        fanout.by_index.setdefault(watcher.index, {})[watcher] = None
        if watcher.wants_bookmarks:
            self._bookmarked[watcher] = None
            if self._bookmark_timer is None:
                self._schedule_bookmarks()

    def detach(self, watcher: CacheWatcher) -> None:
        """Deliver nothing more to ``watcher``."""
        self._bookmarked.pop(watcher, None)
        if not self._bookmarked:
            self._sim.cancel(self._bookmark_timer)
            self._bookmark_timer = None
        fanout = self._fanouts.get(watcher.bucket)
        held = fanout.by_index.get(watcher.index) if fanout else None
        if fanout is None or held is None:
            return
        held.pop(watcher, None)
        if not held:
            del fanout.by_index[watcher.index]

    def _on_change(self, change: Change) -> None:
        for listener in self._listeners.get(change.bucket, ()):
            listener(change)
        fanout = self._fanouts.get(change.bucket)
        if fanout is None or not fanout.by_index:
            return
        translation = _Translation(change)
        by_index = fanout.by_index
        everything_only = len(by_index) == 1 and _EVERYTHING in by_index
        for index in (_EVERYTHING,) if everything_only else _indexes_of(change):
            held = by_index.get(index)
            if held:
                for watcher in tuple(held):
                    event = translation.event_for(watcher.selection)
                    if event is not None:
                        watcher.send(event)

    def _schedule_bookmarks(self) -> None:
        self._bookmark_timer = self._sim.schedule(
            BOOKMARK_INTERVAL_MS, self._send_bookmarks, background=True
        )

    def _send_bookmarks(self, _: None) -> None:
        revision = self._store.revision
        for watcher in tuple(self._bookmarked):
            watcher.send(watcher.bookmark(revision))
        if self._bookmarked:
            self._schedule_bookmarks()
        else:
            self._bookmark_timer = None


class _Translation:
    """One change as each selection sees it; equal views share one event."""

    __slots__ = ("_added", "_change", "_deleted", "_modified", "_removed")

    def __init__(self, change: Change) -> None:
        self._change = change
        self._added: WatchEvent | None = None
        self._modified: WatchEvent | None = None
        self._deleted: WatchEvent | None = None
        self._removed: WatchEvent | None = None

    def event_for(self, selection: Selection) -> WatchEvent | None:
        """What a watcher with ``selection`` hears of the change, or ``None``."""
        change = self._change
        previous = change.previous
        if selection.is_everything:
            matched = previous is not None
            matches = not change.deleted
        else:
            matched = previous is not None and selection.matches(previous)
            matches = not change.deleted and selection.matches(change.value)
        if matches:
            return self._modified_event() if matched else self._added_event()
        if not matched:
            return None
        return self._deleted_event() if change.deleted else self._removed_event()

    def _added_event(self) -> WatchEvent:
        if self._added is None:
            self._added = WatchEvent(ADDED, self._change.value, self._change.revision)
        return self._added

    def _modified_event(self) -> WatchEvent:
        if self._modified is None:
            self._modified = WatchEvent(MODIFIED, self._change.value, self._change.revision)
        return self._modified

    def _deleted_event(self) -> WatchEvent:
        if self._deleted is None:
            self._deleted = WatchEvent(DELETED, self._change.value, self._change.revision)
        return self._deleted

    def _removed_event(self) -> WatchEvent:
        """The object no longer matches: it is shown as it was, at the revision of the change."""
        if self._removed is None:
            change = self._change
            last = with_resource_version(change.previous, change.revision)
            self._removed = WatchEvent(DELETED, last, change.revision)
        return self._removed


def too_old(revision: int) -> Expired:
    """The refusal of a revision that history no longer reaches back to."""
    return Expired(f"too old resource version: {revision}")


def _index_of(selection: Selection) -> tuple[str, str]:
    """The most selective index that covers ``selection``."""
    fields = selection.fields
    if not fields.selects_everything:
        for field in ("spec.nodeName", "metadata.name"):
            value = fields.exact_value(field)
            if value is not None:
                return field, value
    if selection.namespace:
        return "metadata.namespace", selection.namespace
    return _EVERYTHING


def _indexes_of(change: Change) -> Iterator[tuple[str, str]]:
    """Where the watchers stand whom ``change`` may concern, each place once."""
    yield _EVERYTHING
    obj = change.value
    metadata = obj["metadata"]
    namespace = metadata.get("namespace")
    if namespace:
        yield "metadata.namespace", namespace
    yield "metadata.name", metadata["name"]
    node = (obj.get("spec") or {}).get("nodeName")
    yield "spec.nodeName", node or ""
    previous = change.previous
    if previous is not None:
        node_before = (previous.get("spec") or {}).get("nodeName")
        if node_before != node:
            yield "spec.nodeName", node_before or ""
