"""The two ends of a connection as policies see them, and the verdict on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

EGRESS = "egress"
INGRESS = "ingress"


class NamedPort(NamedTuple):
    """A container port with a name."""

    name: str
    number: int
    protocol: str


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """A Pod, a machine, or an address outside.

    Attributes:
        ip: Its address.
        namespace, name: Of the Pod; "" for what is none.
        labels: The Pod's.
        node: Where it runs; "" outside.
        ports: The Pod's named ports.
        host: Whether it is a machine itself, or a Pod in its machine's network; policies do not select those.
        uid: The Pod's.
    """

    ip: str
    namespace: str = ""
    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    node: str = ""
    ports: tuple[NamedPort, ...] = ()
    host: bool = False
    uid: str = ""

    @property
    def selectable(self) -> bool:
        """Whether a policy's podSelector can select it."""
        return bool(self.namespace) and not self.host


class RuleRef(NamedTuple):
    """One rule of one policy.

    Attributes:
        policy: ``namespace/name``.
        direction: ``ingress`` or ``egress``.
        place: Its place in the list, from 0.
    """

    policy: str
    direction: str
    place: int

    def __str__(self) -> str:
        return f"{self.direction}[{self.place}] of {self.policy}"


class Verdict(NamedTuple):
    """Whether a connection passes.

    Attributes:
        allowed: It does.
        stopped: The direction in which it is stopped, or "".
        policies: ``namespace/name`` of the policies that select the stopping end and do not allow it, sorted.
        egress, ingress: The rule that let it pass at each end; ``None`` where nothing isolates the Pod.
    """

    allowed: bool
    stopped: str = ""
    policies: tuple[str, ...] = ()
    egress: RuleRef | None = None
    ingress: RuleRef | None = None

    @property
    def rule(self) -> str:
        """The direction that stopped it, or the rules that let it pass, as text; "" without any."""
        if not self.allowed:
            return self.stopped
        return "; ".join(str(ref) for ref in (self.egress, self.ingress) if ref is not None)

    @property
    def text(self) -> str:
        """The verdict in a sentence."""
        if not self.allowed:
            names = ", ".join(self.policies)
            return f"denied: no {self.stopped} rule of {names} allows it"
        if not self.rule:
            return "allowed: no policy selects either end"
        return f"allowed by {self.rule}"


ALLOWED = Verdict(allowed=True)
