"""Work queues in virtual time: keys deduplicated, delayed, rate-limited, one at a time.

Models:
    staging/src/k8s.io/client-go/util/workqueue/queue.go
    staging/src/k8s.io/client-go/util/workqueue/default_rate_limiters.go
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation

BASE_RETRY_MS = 5
MAX_RETRY_MS = 1_000_000


class WorkQueue:
    """Keys waiting for ``process``, which is called with one key after the other.

    A key added while it waits is not added again; a key added while it is processed is processed
    once more afterwards.

    Args:
        sim: Virtual time.
        process: Called with each key.
        name: What the queue is for.
        service_ms: Virtual milliseconds that one key takes.
    """

    def __init__(
        self, sim: Simulation, process: Callable[[str], None], name: str, service_ms: int = 1
    ) -> None:
        self._sim = sim
        self._process = process
        self._service_ms = service_ms
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._delayed: dict[str, Timer] = {}
        self._retries: dict[str, int] = {}
        self._busy = False
        self.name = name

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, key: str) -> None:
        """Process ``key`` as soon as its turn comes."""
        self._waiting[key] = None
        if not self._busy:
            self._busy = True
            self._sim.schedule(self._service_ms, self._next)

    def add_after(self, key: str, delay_ms: int, *, background: bool = False) -> None:
        """Add ``key`` after a delay; the earlier of two delays counts.

        Args:
            key: What to process.
            delay_ms: Virtual milliseconds from now.
            background: Set when the wait is no work in progress (a deadline, a resync).
        """
        if delay_ms <= 0:
            self.add(key)
            return
        due_ms = self._sim.now_ms + delay_ms
        pending = self._delayed.get(key)
        if pending is not None and pending.pending:
            if pending.at_ms <= due_ms:
                return
            self._sim.cancel(pending)
        self._delayed[key] = self._sim.schedule(
            delay_ms, self._add_delayed, key, background=background
        )

    def add_rate_limited(self, key: str) -> None:
        """Add ``key`` after its back-off: 5 ms, doubling with each retry up to 1,000 s."""
        retries = self._retries.get(key, 0)
        self._retries[key] = retries + 1
        delay_ms = min(BASE_RETRY_MS << min(retries, 20), MAX_RETRY_MS)
        self.add_after(key, delay_ms, background=retries > 12)

    def forget(self, key: str) -> None:
        """The key is done well: its next back-off starts from the beginning."""
        self._retries.pop(key, None)

    def retries(self, key: str) -> int:
        """How often the key was added rate-limited since it was last forgotten."""
        return self._retries.get(key, 0)

    def _add_delayed(self, key: str) -> None:
        self._delayed.pop(key, None)
        self.add(key)

    def _next(self, _: None) -> None:
        key = self._waiting.popitem(last=False)[0]
        self._process(key)
        if self._waiting:
            self._sim.schedule(self._service_ms, self._next)
        else:
            self._busy = False
