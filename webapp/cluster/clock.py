"""How virtual time is meant to run: the ``Clock`` object named ``cluster``, as the driver reads it.

``spec.speed`` is a number's text or ``max``, ``spec.paused`` stops time, ``spec.runUntil`` lets it
run up to a moment, for a duration, to ``nextFact`` or to ``nextStep``, and then pauses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.api.sim.clock import AS_FAST_AS_POSSIBLE, parse_run_until, parse_speed
from webapp.apimachinery.timestamps import micro_time_text

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.sim.loop import Simulation

CLOCK_NAME = "cluster"


@dataclass(frozen=True, slots=True)
class ClockState:
    """What the Clock object asks for.

    Attributes:
        speed: Virtual seconds a wall second; ``None`` for as fast as possible.
        paused: Whether time stands still.
        run_until: Where to pause: virtual milliseconds, ``nextFact``, ``nextStep`` or ``None``.
    """

    speed: float | None = 1.0
    paused: bool = False
    run_until: int | str | None = None

    @property
    def stands_still(self) -> bool:
        """Whether time does not flow: it is paused, or jumps to the next moment and pauses there."""
        if self.run_until is None:
            return self.paused
        return isinstance(self.run_until, str)

    @property
    def speed_text(self) -> str:
        """The speed as the Clock object has it."""
        return speed_text(self.speed)


def speed_text(speed: float | None) -> str:
    """``max`` or the number without needless zeros."""
    return AS_FAST_AS_POSSIBLE if speed is None else f"{speed:g}"


def clock_object(state: ClockState) -> JSONObject:
    """The Clock object that asks for ``state``."""
    return {
        "kind": "Clock",
        "apiVersion": "sim.podarium.dev/v1alpha1",
        "metadata": {"name": CLOCK_NAME},
        "spec": {"speed": state.speed_text, "paused": state.paused},
    }


def clock_status(sim: Simulation, lag_ms: int) -> JSONObject:
    """How virtual time stands at the moment of reading."""
    return {
        "now": micro_time_text(sim.now_ms),
        "lag": f"{lag_ms}ms",
        "eventsProcessed": sim.events_processed,
    }


def clock_state(obj: JSONObject, now_ms: int) -> ClockState:
    """What a valid Clock object asks for, ``now_ms`` being virtual now."""
    spec = obj.get("spec") or {}
    until = spec.get("runUntil")
    return ClockState(
        speed=parse_speed(spec.get("speed", 1)),
        paused=bool(spec.get("paused", False)),
        run_until=parse_run_until(until, now_ms) if until else None,
    )
