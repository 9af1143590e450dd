"""Every request of the pod network, counted: the sum that sampled facts cannot be.

The data plane counts each request once, when its client has an answer or gives up; the live projector
takes what changed, Traffic objects and tests read totals. Rates are over the last full window of
virtual time.
"""

from __future__ import annotations

from typing import NamedTuple

WINDOW_MS = 1_000
MOST_FLOWS = 5_000


class FlowKey(NamedTuple):
    """What requests that are counted together have in common.

    Attributes:
        client: ``namespace/name`` of a Pod, a Node's name, or ``outside``.
        client_uid, client_node: Of the Pod and where it runs; "" otherwise.
        service: ``namespace/name:port``, or "".
        endpoint: ``ip:port`` of whom the rules chose, or "".
        endpoint_uid, endpoint_node: Of its Pod.
        outcome: What the client saw.
        code: HTTP status or 0.
        reason: Why it was stopped, or "".
        policy: Which NetworkPolicy stopped it, or "".
    """

    client: str
    client_uid: str
    client_node: str
    service: str
    endpoint: str
    endpoint_uid: str
    endpoint_node: str
    outcome: str
    code: int
    reason: str
    policy: str


class Flow:
    """How many requests.

    Attributes:
        count: Since the run began.
        last_ms: When the newest ended.
    """

    __slots__ = ("_before", "_now", "_window", "count", "last_ms")

    def __init__(self) -> None:
        self.count = 0
        self.last_ms = 0
        self._window = 0
        self._now = 0
        self._before = 0

    def add(self, now_ms: int) -> None:
        """One more."""
        self.count += 1
        self.last_ms = now_ms
        window = now_ms // WINDOW_MS
        if window != self._window:
            self._before = self._now if window == self._window + 1 else 0
            self._window = window
            self._now = 0
        self._now += 1

    def per_second(self, now_ms: int) -> float:
        """Requests a virtual second, over the window before this one and what has passed of this one."""
        window = now_ms // WINDOW_MS
        if window > self._window + 1:
            return 0.0
        if window == self._window + 1:
            return float(self._now * 1000 / WINDOW_MS)
        passed_ms = now_ms - window * WINDOW_MS
        kept = self._before * (WINDOW_MS - passed_ms) / WINDOW_MS
        return round((self._now + kept) * 1000 / WINDOW_MS, 1)


class FlowLog:
    """All flows of a world, those with the oldest first request first.

    Attributes:
        flows: What they have in common → how many.
        total: Requests counted altogether.
    """

    def __init__(self) -> None:
        self.flows: dict[FlowKey, Flow] = {}
        self.total = 0
        self._changed: dict[FlowKey, None] = {}

    def count(self, key: FlowKey, now_ms: int) -> None:
        """One request more; when there are too many flows, the one that began first is forgotten."""
        flow = self.flows.get(key)
        if flow is None:
            if len(self.flows) >= MOST_FLOWS:
                forgotten = next(iter(self.flows))
                del self.flows[forgotten]
                self._changed.pop(forgotten, None)
            flow = self.flows[key] = Flow()
        flow.add(now_ms)
        self.total += 1
        self._changed[key] = None

    def take_changed(self) -> list[tuple[FlowKey, Flow]]:
        """Flows with new requests since the last call."""
        changed = [(key, self.flows[key]) for key in self._changed]
        self._changed = {}
        return changed
