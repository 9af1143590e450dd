"""How virtual time is meant to run: the ``Clock`` object named ``cluster``, as the driver reads it.

``spec.speed`` is a number's text or ``max``, ``spec.paused`` stops time, ``spec.runUntil`` lets it
run up to a moment (RFC 3339), to ``nextFact`` or to ``nextStep`` and then pauses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.apimachinery.timestamps import parse_time

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

CLOCK_NAME = "cluster"
MIN_SPEED = 0.01
MAX_SPEED = 1000.0
NEXT_FACT = "nextFact"
NEXT_STEP = "nextStep"


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
    def speed_text(self) -> str:
        """The speed as the Clock object has it."""
        return speed_text(self.speed)


def speed_text(speed: float | None) -> str:
    """``max`` or the number without needless zeros."""
    return "max" if speed is None else f"{speed:g}"


def clock_object(state: ClockState) -> JSONObject:
    """The Clock object that asks for ``state``."""
    return {
        "kind": "Clock",
        "apiVersion": "sim.podarium.dev/v1alpha1",
        "metadata": {"name": CLOCK_NAME},
        "spec": {"speed": state.speed_text, "paused": state.paused},
    }


def clock_state(obj: JSONObject) -> ClockState:
    """What a valid Clock object asks for."""
    spec = obj.get("spec") or {}
    speed = str(spec.get("speed", "1"))
    until = spec.get("runUntil")
    return ClockState(
        speed=None if speed == "max" else min(max(float(speed), MIN_SPEED), MAX_SPEED),
        paused=bool(spec.get("paused", False)),
        run_until=_run_until(until) if until else None,
    )


def _run_until(text: str) -> int | str:
    return text if text in {NEXT_FACT, NEXT_STEP} else parse_time(text)
