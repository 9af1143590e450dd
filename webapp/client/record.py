"""Kubernetes Events: what components tell people about objects, aggregated and kept from flooding.

The same words about the same object raise the count of the earlier Event. More than ten different
messages for one reason within ten minutes are combined into one. Whoever tells more than 25 Events
about one object gets one more through every five minutes.

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
SPAM_BURST = 25
SPAM_REFILL_MS = 300_000
SIMILAR_LIMIT = 10
SIMILAR_WINDOW_MS = 600_000
COMBINED = "(combined from similar events): "


class _SpamFilter:
    """A token bucket for each object: full at first, one token back every five minutes."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def allows(self, uid: str, now_ms: int) -> bool:
        """Take a token for an Event about the object ``uid``, if there is one."""
        known = self._buckets.get(uid)
        if known is None:
            self._buckets[uid] = (SPAM_BURST - 1, now_ms)
            if len(self._buckets) > REMEMBERED_EVENTS:
                self._buckets.popitem(last=False)
            return True
        tokens, since_ms = known
        tokens = min(SPAM_BURST, tokens + (now_ms - since_ms) / SPAM_REFILL_MS)
        allowed = tokens >= 1
        self._buckets[uid] = (tokens - 1 if allowed else tokens, now_ms)
        self._buckets.move_to_end(uid)
        return allowed


class _Aggregator:
    """Notices when many different messages are told for one reason."""

    def __init__(self) -> None:
        self._messages: OrderedDict[tuple[str, str, str], tuple[int, tuple[str, ...]]] = (
            OrderedDict()
        )

    def wording(self, key: tuple[str, str, str], message: str, now_ms: int) -> tuple[str, str]:
        """The message to count by, and the one to show."""
        known = self._messages.get(key)
        if known is None:
            self._messages[key] = (now_ms, (message,))
            if len(self._messages) > REMEMBERED_EVENTS:
                self._messages.popitem(last=False)
            return message, message
        last_ms, messages = known
        if now_ms - last_ms > SIMILAR_WINDOW_MS:
            messages = ()
        if len(messages) <= SIMILAR_LIMIT and message not in messages:
            messages = (*messages, message)
        self._messages[key] = (now_ms, messages)
        self._messages.move_to_end(key)
        combined = len(messages) > SIMILAR_LIMIT
        return (COMBINED, COMBINED + message) if combined else (message, message)


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
        self._source: JSONObject = {"component": component, **({"host": host} if host else {})}
        self._involved: tuple[JSONObject, str, JSONObject] | None = None
        self._spam = _SpamFilter()
        self._similar = _Aggregator()

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
        metadata, now_ms = obj["metadata"], self._sim.now_ms
        namespace = metadata.get("namespace") or "default"
        uid = metadata.get("uid", "")
        counted, message = self._similar.wording((uid, type_, reason), message, now_ms)
        if not self._spam.allows(uid, now_ms):
            return
        key = (uid, field_path, type_, reason, counted)
        known = self._known.get(key)
        if known is not None and self._count_again(key, namespace, known, message):
            return
        now = time_text(now_ms)
        self._count += 1
        name = f"{metadata['name']}.{self._suffix()}"
        event: JSONObject = {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": self._reference(obj, field_path),
            "reason": reason,
            "message": message,
            "source": self._source,
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

    def _reference(self, obj: JSONObject, field_path: str) -> JSONObject:
        """``involvedObject``: one and the same for Events in a row about the same version."""
        metadata = obj["metadata"]
        last = self._involved
        if last is not None and last[0] is metadata and last[1] == field_path:
            return last[2]
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
        self._involved = (metadata, field_path, involved)
        return involved

    def _count_again(
        self,
        key: tuple[str, str, str, str, str],
        namespace: str,
        known: tuple[str, str, int],
        message: str,
    ) -> bool:
        _, name, count = known
        patch: JSONObject = {"count": count + 1, "lastTimestamp": time_text(self._sim.now_ms)}
        if key[-1] == COMBINED:
            patch["message"] = message
        try:
            self._client.patch(EVENTS, namespace, name, patch)
        except NotFound:  # it has expired meanwhile: tell it anew
            del self._known[key]
            return False
        except StatusError:  # dropped, as a new one would be
            return True
        self._known[key] = (namespace, name, count + 1)
        self._known.move_to_end(key)
        return True

    def _suffix(self) -> str:
        # Upstream takes the time in nanoseconds, in hexadecimal; the counter keeps it unique.
        return f"{self._sim.now_ms * 1_000_000 + self._count % 1_000_000:x}"
