"""Many writes of one controller for one object, a few in each step of virtual time.

Upstream sends a burst's requests in parallel, and the client's rate limit spreads them over seconds. Here
all would fall into one step of the loop, and whoever asks the API server meanwhile would wait; so a
burst goes on a millisecond later after each :data:`SLICE` writes.

Models:
    pkg/controller/replicaset/replica_set.go slowStartBatch
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.sim.loop import Simulation
    from webapp.trace.recorder import Recorder

SLICE = 16
"""Writes in one step of the loop at most."""

PAUSE_MS = 1
FIRST_BATCH = 1


class Burst:
    """Calls ``act`` with 0 to ``count`` - 1.

    Attributes:
        count: How many writes were asked for.
        done: How many succeeded.
        tried: How many were tried.
        refusal: The first one's reason that did not succeed.
        ended: Whether nothing more will be tried.
    """

    __slots__ = ("_act", "_batch", "_batch_end", "count", "done", "ended", "refusal", "tried")

    def __init__(self, count: int, act: Callable[[int], object], *, slow_start: bool) -> None:
        self._act = act
        self._batch = FIRST_BATCH if slow_start else count
        self._batch_end = min(self._batch, count)
        self.count = count
        self.done = self.tried = 0
        self.refusal: StatusError | None = None
        self.ended = not count

    def step(self) -> None:
        """Try the next few; growing batches end with the first batch that has a refusal."""
        last = min(self.tried + SLICE, self.count)
        while self.tried < last and not self.ended:
            self._try_next()
            if self.tried == self._batch_end:
                self._batch *= 2
                self._batch_end = min(self.tried + self._batch, self.count)
                self.ended = self.refusal is not None
        self.ended = self.ended or self.tried == self.count

    def _try_next(self) -> None:
        index = self.tried
        self.tried += 1
        try:
            self._act(index)
        except StatusError as error:
            self.refusal = self.refusal or error
        else:
            self.done += 1


class Bursts:
    """Runs bursts."""

    def __init__(self, sim: Simulation, recorder: Recorder) -> None:
        self._sim = sim
        self._recorder = recorder

    def run(
        self,
        count: int,
        act: Callable[[int], object],
        *,
        goes_on: Callable[[], bool],
        on_end: Callable[[Burst], None],
        slow_start: bool = True,
    ) -> Burst:
        """Begin a burst; one of a few writes ends at once.

        Args:
            count: How many writes.
            act: Called with 0 to ``count`` - 1; raises ``StatusError`` when one is refused.
            goes_on: Asked before each later step; ``False`` ends the burst.
            on_end: Called when a burst has ended in a later step; not for one that ends at once.
            slow_start: Whether to try one, then two, then four …, so that what is refused costs
                few requests.

        Returns:
            The burst; see ``ended``.
        """
        burst = Burst(count, act, slow_start=slow_start)
        burst.step()
        if not burst.ended:
            cause = self._recorder.cause

            def go_on(_: None) -> None:
                with self._recorder.caused_by(cause):
                    burst.ended = not goes_on()
                    burst.step()
                    if burst.ended:
                        on_end(burst)
                        return
                self._sim.schedule(PAUSE_MS, go_on)

            self._sim.schedule(PAUSE_MS, go_on)
        return burst


def pods_text(count: int) -> str:
    """``1 Pod``, ``2 Pods``."""
    return f"{count} {'Pod' if count == 1 else 'Pods'}"
