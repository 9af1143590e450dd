"""What a kubelet sees of one Pod on its machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.cri.api import Container, Sandbox


class ObservedPod:
    """The runtime's and the probes' side of a Pod.

    Attributes:
        sandbox: The Pod's sandbox, or ``None`` before the first.
        containers: Name → newest instance.
        previous: Name → the instance before it.
        not_started: Containers whose startup probe has not succeeded yet.
        not_ready: Containers whose readiness probe does not succeed.
        failed_probes: Container → the probe (liveness, startup) for which it must be restarted.
        restarting: Whether all containers are being ended, to begin anew together.
        restarts: Name → starts of a container before such a new beginning; ``None`` without one.

    Models:
        pkg/kubelet/container/runtime.go PodStatus
    """

    __slots__ = (
        "containers",
        "failed_probes",
        "not_ready",
        "not_started",
        "previous",
        "restarting",
        "restarts",
        "sandbox",
    )

    def __init__(self) -> None:
        self.sandbox: Sandbox | None = None
        self.containers: dict[str, Container] = {}
        self.previous: dict[str, Container] = {}
        self.not_started: dict[str, None] = {}
        self.not_ready: dict[str, None] = {}
        self.failed_probes: dict[str, str] = {}
        self.restarting = False
        self.restarts: dict[str, int] | None = None

    def attempts(self, name: str) -> int:
        """How often a container was started before the next time."""
        instance = self.containers.get(name)
        if instance is not None:
            return instance.config.attempt + 1
        return (self.restarts or {}).get(name, 0)

    def begin_anew(self, ended: list[Container]) -> None:
        """These have ended and are forgotten, but for their last states and counts."""
        counts = {item.name: self.attempts(item.name) for item in ended}
        self.restarts = {**(self.restarts or {}), **counts}
        for container in ended:
            self.previous[container.name] = self.containers.pop(container.name)
        self.restarting = False

    def started(self, name: str) -> bool:
        """Whether a container runs and its startup probe, if any, has succeeded."""
        container = self.containers.get(name)
        return container is not None and container.running and name not in self.not_started

    def ready(self, name: str) -> bool:
        """Whether a container is started and its readiness probe, if any, succeeds."""
        return self.started(name) and name not in self.not_ready
