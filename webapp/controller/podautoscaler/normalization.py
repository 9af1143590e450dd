"""From what the metrics ask for to what is done: stabilization, rates, bounds. Pure but for its memory.

Models:
    pkg/controller/podautoscaler/horizontal.go normalizeDesiredReplicas, normalizeDesiredReplicasWithBehaviors
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

DOWNSCALE_STABILIZATION_SECONDS = 300
SCALE_UP_FACTOR = 2
SCALE_UP_MINIMUM = 4
_MAX_INT32 = 2**31 - 1


class Words(NamedTuple):
    """A condition's status, reason and message."""

    status: str
    reason: str
    message: str


class Decision(NamedTuple):
    """What is to be done.

    Attributes:
        replicas: The number to scale to.
        able: The condition AbleToScale.
        limited: The condition ScalingLimited.
    """

    replicas: int
    able: Words
    limited: Words


class Bounds(NamedTuple):
    """Fewest and most replicas, and how many there are now."""

    least: int
    most: int
    current: int


@dataclass(slots=True)
class ScaleHistory:
    """What one autoscaler recommended and did lately.

    Attributes:
        recommendations: (when, replicas), oldest first.
        ups: (when, how many were added), oldest first.
        downs: (when, how many were removed), oldest first.
    """

    recommendations: list[tuple[int, int]] = field(default_factory=list)
    ups: list[tuple[int, int]] = field(default_factory=list)
    downs: list[tuple[int, int]] = field(default_factory=list)

    def note_scale(self, behavior: JSONObject | None, before: int, after: int, now_ms: int) -> None:
        """The target was scaled."""
        if behavior is None:
            return
        rules = behavior["scaleUp" if after > before else "scaleDown"]
        periods = [policy["periodSeconds"] for policy in rules.get("policies") or ()]
        cutoff_ms = now_ms - max(periods, default=0) * 1000
        held = self.ups if after > before else self.downs
        held[:] = [entry for entry in held if entry[0] >= cutoff_ms]
        held.append((now_ms, abs(after - before)))

    def recommend(self, replicas: int, window_seconds: int, now_ms: int) -> None:
        """Remember a recommendation, and forget those older than the window."""
        cutoff_ms = now_ms - window_seconds * 1000
        self.recommendations = [entry for entry in self.recommendations if entry[0] >= cutoff_ms]
        self.recommendations.append((now_ms, replicas))

    def change_within(self, seconds: int, now_ms: int) -> int:
        """By how much the number grew in the last so many seconds."""
        cutoff_ms = now_ms - seconds * 1000
        added = sum(change for at_ms, change in self.ups if at_ms > cutoff_ms)
        return added - sum(change for at_ms, change in self.downs if at_ms > cutoff_ms)


def normalize(
    history: ScaleHistory, behavior: JSONObject | None, bounds: Bounds, desired: int, now_ms: int
) -> Decision:
    """What is done about ``desired`` replicas; the recommendation is remembered."""
    if behavior is None:
        return _normalize_plainly(history, bounds, desired, now_ms)
    up, down = behavior["scaleUp"], behavior["scaleDown"]
    stabilized, able = _stabilize(history, (up, down), bounds.current, desired, now_ms)
    if stabilized > bounds.current:
        replicas, words = _limit_growth(history, up, bounds, stabilized, now_ms)
    elif stabilized < bounds.current:
        replicas, words = _limit_shrinking(history, down, bounds, stabilized, now_ms)
    else:
        replicas, words = stabilized, _WITHIN
    return Decision(replicas, able, Words(str(replicas != stabilized), *words))


# --- without behavior ---------------------------------------------------------------------------


def _normalize_plainly(
    history: ScaleHistory, bounds: Bounds, desired: int, now_ms: int
) -> Decision:
    cutoff_ms = now_ms - DOWNSCALE_STABILIZATION_SECONDS * 1000
    recent = [replicas for at_ms, replicas in history.recommendations if at_ms >= cutoff_ms]
    stabilized = max([desired, *recent])
    history.recommend(desired, DOWNSCALE_STABILIZATION_SECONDS, now_ms)
    able = _READY if stabilized == desired else _DOWN_STABILIZED
    limit = max(SCALE_UP_FACTOR * bounds.current, SCALE_UP_MINIMUM)
    if stabilized < bounds.least:
        return Decision(bounds.least, able, Words("True", *_TOO_FEW))
    if stabilized > min(limit, bounds.most):
        words = _UP_LIMIT if bounds.most > limit else _TOO_MANY
        return Decision(min(limit, bounds.most), able, Words("True", *words))
    return Decision(stabilized, able, Words("False", *_WITHIN))


# --- with behavior ------------------------------------------------------------------------------


def _stabilize(
    history: ScaleHistory,
    rules: tuple[JSONObject, JSONObject],
    current: int,
    desired: int,
    now_ms: int,
) -> tuple[int, Words]:
    """The recommendation that moves the number least, of those within the windows."""
    up_ms, down_ms = (_window_seconds(rule) * 1000 for rule in rules)
    up = down = desired
    for at_ms, replicas in history.recommendations:
        if at_ms > now_ms - up_ms:
            up = min(replicas, up)
        if at_ms > now_ms - down_ms:
            down = max(replicas, down)
    history.recommend(desired, max(up_ms, down_ms) // 1000, now_ms)
    stabilized = min(max(current, up), down)
    if stabilized == desired:
        return desired, _READY
    return stabilized, _UP_STABILIZED if desired >= current else _DOWN_STABILIZED


def _window_seconds(rules: JSONObject) -> int:
    found = rules.get("stabilizationWindowSeconds")
    return DOWNSCALE_STABILIZATION_SECONDS if found is None else int(found)


def _limit_growth(
    history: ScaleHistory, rules: JSONObject, bounds: Bounds, desired: int, now_ms: int
) -> tuple[int, tuple[str, str]]:
    limit = max(bounds.current, _growth_limit(history, rules, bounds.current, now_ms))
    most, words = bounds.most, _TOO_MANY
    if most > limit:
        most, words = limit, _UP_LIMIT
    return (most, words) if desired > most else (desired, _WITHIN)


def _limit_shrinking(
    history: ScaleHistory, rules: JSONObject, bounds: Bounds, desired: int, now_ms: int
) -> tuple[int, tuple[str, str]]:
    limit = min(bounds.current, _shrinking_limit(history, rules, bounds.current, now_ms))
    least, words = bounds.least, _TOO_FEW
    if least < limit:
        least, words = limit, _DOWN_LIMIT
    return (least, words) if desired < least else (desired, _WITHIN)


def _growth_limit(history: ScaleHistory, rules: JSONObject, current: int, now_ms: int) -> int:
    select = rules.get("selectPolicy")
    if select == "Disabled":
        return current
    limits = []
    for policy in rules.get("policies") or ():
        start = current - history.change_within(policy["periodSeconds"], now_ms)
        if policy["type"] == "Pods":
            limits.append(start + policy["value"])
        else:
            # Rounded up: a small number of replicas could else never grow.
            limits.append(-(-start * (100 + policy["value"]) // 100))
    return (min if select == "Min" else max)(limits, default=0)


def _shrinking_limit(history: ScaleHistory, rules: JSONObject, current: int, now_ms: int) -> int:
    select = rules.get("selectPolicy")
    if select == "Disabled":
        return current
    limits = []
    for policy in rules.get("policies") or ():
        start = current - history.change_within(policy["periodSeconds"], now_ms)
        if policy["type"] == "Pods":
            limits.append(start - policy["value"])
        else:
            limits.append(int(start * (100 - policy["value"]) / 100))
    return (max if select == "Min" else min)(limits, default=_MAX_INT32)


_READY = Words("True", "ReadyForNewScale", "recommended size matches current size")
_DOWN_STABILIZED = Words(
    "True",
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
)
_UP_STABILIZED = Words(
    "True",
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
)
_WITHIN = ("DesiredWithinRange", "the desired count is within the acceptable range")
_TOO_FEW = (
    "TooFewReplicas",
    "the desired replica count is less than the minimum replica count",
)
_TOO_MANY = (
    "TooManyReplicas",
    "the desired replica count is more than the maximum replica count",
)
_UP_LIMIT = (
    "ScaleUpLimit",
    "the desired replica count is increasing faster than the maximum scale rate",
)
_DOWN_LIMIT = (
    "ScaleDownLimit",
    "the desired replica count is decreasing faster than the maximum scale rate",
)
