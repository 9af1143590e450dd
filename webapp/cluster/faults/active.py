"""A Fault that is under way, and what a family of Faults does about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from webapp.apimachinery.labels import selector_from_label_selector

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


@dataclass(slots=True)
class ActiveFault:
    """One Fault from its beginning to its end.

    Attributes:
        name: The Fault's name.
        spec: Its spec, valid and with defaults.
        nodes: Names of the Nodes that it strikes, sorted.
    """

    name: str
    spec: JSONObject
    nodes: list[str] = field(default_factory=list)

    @property
    def type(self) -> str:
        """What breaks."""
        return str(self.spec["type"])

    @property
    def target(self) -> JSONObject:
        """What is meant; empty for the control plane."""
        target: JSONObject = self.spec.get("target") or {}
        return target

    def means_pod(self, pod: JSONObject) -> bool:
        """Whether a Pod is among those that are struck; one made later, too."""
        target, metadata = self.target, pod["metadata"]
        if not (target.get("pod") or target.get("podSelector")):
            return False
        if metadata.get("namespace") != target.get("namespace", "default"):
            return False
        if target.get("pod"):
            return bool(metadata["name"] == target["pod"])
        return selector_from_label_selector(target["podSelector"]).matches(metadata.get("labels"))

    def means_container(self, name: str) -> bool:
        """Whether one of a struck Pod's containers is struck."""
        return self.target.get("container", "") in {"", name}


class Family(Protocol):
    """Makes Faults of some types come true."""

    def strike(self, fault: ActiveFault) -> bool:
        """Break something; return whether the Fault is over already, having been a moment."""

    def heal(self, fault: ActiveFault) -> None:
        """Let it work again, unless another Fault still breaks it."""
