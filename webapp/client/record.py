"""Kubernetes Events: what components tell people about objects, aggregated by count.

Models:
    staging/src/k8s.io/client-go/tools/record/event.go recorderImpl
    staging/src/k8s.io/client-go/tools/record/events_cache.go eventLogger
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from webapp.api.resources import EVENTS
from webapp.apimachinery.status import NotFound, StatusError
from webapp.apimachinery.timestamps import time_text

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.rest import RESTClient
    from webapp.sim.loop import Simulation

REMEMBERED_EVENTS = 4096


class EventRecorder:
    """Writes Events of one component.

    Args:
        client: Writes them.
        sim: Virtual time.
        component: ``source.component`` and ``reportingComponent``, for example ``kubelet``.
        host: ``source.host``: the Node's name, for kubelets.
    """

    def __init__(self, client: RESTClient, sim: Simulation, component: str, host: str = "") -> None:
        self._client = client
        self._sim = sim
        self._component = component
        self._host = host
        self._known: OrderedDict[tuple[str, str, str, str, str], tuple[str, str, int]] = (
            OrderedDict()
        )
        self._count = 0

    def event(
        self, obj: JSONObject, type_: str, reason: str, message: str, field_path: str = ""
    ) -> None:
        """Tell about ``obj``; the same words again raise the count of the earlier Event.

        Args:
            obj: The object concerned, with kind, apiVersion and metadata.
            type_: Normal or Warning.
            reason: One CamelCase word.
            message: Text for people.
            field_path: Which part of the object, for example ``spec.containers{web}``.
        """
        metadata = obj["metadata"]
        namespace = metadata.get("namespace") or "default"
        key = (metadata.get("uid", ""), field_path, type_, reason, message)
        known = self._known.get(key)
        if known is not None and self._count_again(key, namespace, known):
            return
        now = time_text(self._sim.now_ms)
        self._count += 1
        name = f"{metadata['name']}.{self._suffix()}"
        involved: JSONObject = {
            "kind": obj["kind"],
            "name": metadata["name"],
            "uid": metadata.get("uid", ""),
            "apiVersion": obj["apiVersion"],
        }
        if metadata.get("namespace"):
            involved["namespace"] = metadata["namespace"]
        if metadata.get("resourceVersion"):
            involved["resourceVersion"] = metadata["resourceVersion"]
        if field_path:
            involved["fieldPath"] = field_path
        source: JSONObject = {"component": self._component}
        if self._host:
            source["host"] = self._host
        event: JSONObject = {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "source": source,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": type_,
            "eventTime": None,
            "reportingComponent": self._component,
            "reportingInstance": self._host,
        }
        try:
            self._client.create(EVENTS, namespace, event)
        except StatusError:
            # As upstream: an Event that the API server refuses (its namespace is ending) is dropped.
            return
        self._known[key] = (namespace, name, 1)
        if len(self._known) > REMEMBERED_EVENTS:
            self._known.popitem(last=False)

    def _count_again(
        self, key: tuple[str, str, str, str, str], namespace: str, known: tuple[str, str, int]
    ) -> bool:
        _, name, count = known
        patch = {"count": count + 1, "lastTimestamp": time_text(self._sim.now_ms)}
        try:
            self._client.patch(EVENTS, namespace, name, patch)
        except NotFound:  # it has expired meanwhile: tell it anew
            del self._known[key]
            return False
        self._known[key] = (namespace, name, count + 1)
        self._known.move_to_end(key)
        return True

    def _suffix(self) -> str:
        # Upstream takes the time in nanoseconds, in hexadecimal; the counter keeps it unique.
        return f"{self._sim.now_ms * 1_000_000 + self._count % 1_000_000:x}"
