"""Which resources a Pod's containers were given, and how a resize of them stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.api.core.pods import is_sidecar

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


class ResizeState(NamedTuple):
    """How a resize stands.

    Attributes:
        pending: Deferred or Infeasible; "" once it was granted.
        message: Why.
        generation: Of the Pod whose resources are meant.
        error: Why a granted one could not be carried out; "" usually.
    """

    pending: str
    message: str
    generation: int
    error: str = ""


class Allocation:
    """What one Pod was given.

    Attributes:
        granted: Container → resources that the Node has set aside.
        actual: Container → resources that its control group has.
        resize: A resize that is not over; ``None`` usually.
    """

    __slots__ = ("actual", "granted", "resize")

    def __init__(self, pod: JSONObject) -> None:
        self.granted: dict[str, JSONObject] = desired_resources(pod["spec"])
        self.actual: dict[str, JSONObject] = dict(self.granted)
        self.resize: ResizeState | None = None

    def spec_of(self, container: JSONObject) -> JSONObject:
        """A container's spec as it is to be started: with what was granted, not what is wished."""
        granted = self.granted.get(container["name"])
        if granted is None or granted == (container.get("resources") or {}):
            return container
        return {**container, "resources": granted}


def desired_resources(spec: JSONObject) -> dict[str, JSONObject]:
    """Resizable container → resources as its spec wishes them."""
    sidecars = [item for item in spec.get("initContainers") or () if is_sidecar(item)]
    return {item["name"]: item.get("resources") or {} for item in (*sidecars, *spec["containers"])}
