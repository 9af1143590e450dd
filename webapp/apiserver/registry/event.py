"""Events are forgotten an hour after they were last written.

Models:
    pkg/registry/core/event/storage/storage.go (TTL of the storage)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apiserver.storage import bucket_name, object_key

if TYPE_CHECKING:
    from webapp.apiserver.cacher import Cacher
    from webapp.apiserver.storage import Storage
    from webapp.etcd.mvcc import Change
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation

EVENTS = bucket_name("", "events")
_ACTOR = "kube-apiserver"


class EventExpiry:
    """Deletes Events when their time has come; one timer waits for the oldest."""

    def __init__(self, storage: Storage, cacher: Cacher, sim: Simulation, ttl_seconds: int) -> None:
        self._storage = storage
        self._sim = sim
        self._ttl_ms = ttl_seconds * 1000
        self._due_ms: dict[str, int] = {}
        self._timer: Timer | None = None
        for event in storage.list(EVENTS):
            self._remember(object_key(event["metadata"]["namespace"], event["metadata"]["name"]))
        cacher.listen(EVENTS, self._on_change)

    def _on_change(self, change: Change) -> None:
        if change.deleted:
            self._due_ms.pop(change.name, None)
        else:
            self._remember(change.name)

    def _remember(self, key: str) -> None:
        # Taken out and put in again, so that the first entry is always the next one due.
        self._due_ms.pop(key, None)
        self._due_ms[key] = self._sim.now_ms + self._ttl_ms
        if self._timer is None:
            self._wait()

    def _wait(self) -> None:
        first = next(iter(self._due_ms.values()), None)
        self._timer = (
            None if first is None else self._sim.schedule_at(first, self._expire, background=True)
        )

    def _expire(self, _: None) -> None:
        now_ms = self._sim.now_ms
        for key in [key for key, due_ms in self._due_ms.items() if due_ms <= now_ms]:
            event = self._storage.get(EVENTS, key)
            if event is not None:
                self._storage.delete(EVENTS, key, event, _ACTOR)
        self._wait()
