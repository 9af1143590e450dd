"""The ResourceQuota controller: keeps ``status.hard`` and ``status.used`` of each quota true.

Quotas and the objects of all kinds that they may count enter through informers; the quotas' status
leaves. Admission adds to ``status.used`` by itself when something is created, so this controller
mostly gives back what has gone. It waits until admission has been quiet for a moment: what was
granted may not have arrived here yet.

Models:
    pkg/controller/resourcequota/resource_quota_controller.go syncResourceQuota
    pkg/controller/resourcequota/resource_quota_monitor.go
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from webapp.api.core.quota import IGNORED
from webapp.api.resources import RESOURCE_QUOTAS
from webapp.apimachinery.meta import namespaced_name
from webapp.controller.controller import Controller
from webapp.controller.indexes import BY_NAMESPACE, namespace_of
from webapp.controller.resourcequota.tally import QuotaTally

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.client.informer import SharedInformer
    from webapp.controller.context import ControllerContext

QUIET_MS = 100
"""So long after the last grant, all of what was granted has arrived through the watches."""

RESYNC_MS = 5 * 60 * 1000


class ResourceQuotaController(Controller):
    """Keys are ``namespace/name`` of quotas."""

    name = "resourcequota-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._tallies: dict[str, QuotaTally] = {}
        self._granted_ms: dict[str, int] = {}
        self._kinds: dict[tuple[str, str], SharedInformer] = {}
        self._quotas = context.informers.informer(RESOURCE_QUOTAS)
        self._quotas.add_index(BY_NAMESPACE, namespace_of)
        self._quotas.add_handler(
            on_add=self._on_quota, on_update=self._on_quota_update, on_delete=self._on_quota_delete
        )
        for info in context.resources:
            if _is_countable(info):
                self._follow(context, info)

    def _follow(self, context: ControllerContext, info: ResourceInfo) -> None:
        kind = (info.group, info.resource)
        if kind in self._kinds:
            return
        informer = self._kinds[kind] = context.informers.informer(info.gvr)
        informer.add_index(BY_NAMESPACE, namespace_of)
        on_put = partial(self._on_object, kind)
        informer.add_handler(
            on_add=on_put,
            on_update=lambda _, new: on_put(new),
            on_delete=partial(self._on_object_delete, kind),
        )

    def sync(self, key: str) -> None:
        """Write what is used, if it differs and nothing is on its way."""
        quota = self._quotas.get(key)
        if quota is None:
            return
        tally = self._tally(key, quota)
        before = quota.get("status") or {}
        status = {"hard": quota["spec"].get("hard") or {}, "used": tally.used()}
        if status == before:
            return
        quiet_in_ms = self._granted_ms.get(key, -QUIET_MS) + QUIET_MS - self.sim.now_ms
        if before and quiet_in_ms > 0:
            self.enqueue_after(key, quiet_in_ms, background=False)
            return
        self.client.update(RESOURCE_QUOTAS, {**quota, "status": status}, "status")
        self.acted(quota, "ResourceQuota controller wrote what is used")

    def _tally(self, key: str, quota: JSONObject) -> QuotaTally:
        tally = self._tallies.get(key)
        if tally is None or not tally.is_for(quota):
            tally = self._tallies[key] = QuotaTally(quota)
            namespace, now_ms = quota["metadata"]["namespace"], self.sim.now_ms
            for (group, resource), informer in self._kinds.items():
                if tally.counts(group, resource):
                    for obj in informer.by_index(BY_NAMESPACE, namespace):
                        tally.put(group, resource, obj, now_ms)
        return tally

    # --- handlers

    def _on_quota(self, quota: JSONObject) -> None:
        key = namespaced_name(quota)
        self.enqueue(key)
        self.enqueue_after(key, RESYNC_MS)

    def _on_quota_update(self, old: JSONObject, new: JSONObject) -> None:
        key = namespaced_name(new)
        tally = self._tallies.get(key)
        if old["spec"] != new["spec"]:
            self.enqueue(key)
        elif tally is not None and (new.get("status") or {}).get("used") != tally.used():
            self._granted_ms[key] = self.sim.now_ms
            self.enqueue_after(key, QUIET_MS, background=False)

    def _on_quota_delete(self, quota: JSONObject) -> None:
        key = namespaced_name(quota)
        self._tallies.pop(key, None)
        self._granted_ms.pop(key, None)

    def _on_object(self, kind: tuple[str, str], obj: JSONObject) -> None:
        if not self._tallies:
            return
        for quota in self._quotas.by_index(BY_NAMESPACE, obj["metadata"]["namespace"]):
            key = namespaced_name(quota)
            tally = self._tallies.get(key)
            if tally is None or not tally.counts(*kind):
                continue
            if tally.put(*kind, obj, self.sim.now_ms):
                self.enqueue(key)

    def _on_object_delete(self, kind: tuple[str, str], obj: JSONObject) -> None:
        if not self._tallies:
            return
        for quota in self._quotas.by_index(BY_NAMESPACE, obj["metadata"]["namespace"]):
            key = namespaced_name(quota)
            tally = self._tallies.get(key)
            if tally is not None and tally.remove(*kind, obj["metadata"]["name"]):
                self.enqueue(key)


def _is_countable(info: ResourceInfo) -> bool:
    return (
        info.namespaced
        and info.is_stored
        and info.stored_as is None
        and (info.group, info.resource) not in IGNORED
        and {"create", "delete", "list", "watch"} <= set(info.verbs)
    )
