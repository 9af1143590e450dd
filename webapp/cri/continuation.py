"""Timers that remember why they were set: what they lead to carries the same cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation
    from webapp.trace.recorder import Recorder


class _Continuation:
    """A handler together with the fact that was being acted upon when it was scheduled."""

    __slots__ = ("_cause", "_handler", "_recorder")

    def __init__(self, recorder: Recorder, handler: Callable[[Any], None]) -> None:
        self._recorder = recorder
        self._cause = recorder.cause
        self._handler = handler

    def __call__(self, key: Any) -> None:
        recorder = self._recorder
        before, recorder.cause = recorder.cause, self._cause
        self._handler(key)
        recorder.cause = before


def later(
    sim: Simulation,
    recorder: Recorder,
    delay_ms: int,
    handler: Callable[[Any], None],
    key: Any = None,
) -> Timer:
    """Schedule ``handler(key)`` as work in progress, with the present cause.

    Args:
        sim: Virtual time.
        recorder: Its present cause is stamped on what the handler records.
        delay_ms: Milliseconds from now.
        handler: What to call.
        key: Its only argument.
    """
    return sim.schedule(delay_ms, _Continuation(recorder, handler), key)
