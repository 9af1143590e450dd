"""What a runtime keeps of its sandboxes and containers, and who hears of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webapp.sim.errors import SimulationError

if TYPE_CHECKING:
    from webapp.cri.api import (
        Container,
        Sandbox,
    )
    from webapp.cri.program import Process, Program
    from webapp.cri.programs.network import Server
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation


class RuntimeListener(Protocol):
    """Who hears of what happens inside: the machine's kubelet."""

    def on_container_exited(self, sandbox: Sandbox, container: Container) -> None:
        """A container's first process has ended."""

    def on_memory_used(self) -> None:
        """Something holds more than before."""

    def on_container_changed(self, sandbox: Sandbox, container: Container) -> None:
        """A container answers on other ports, or its files changed."""


class Instance:
    """What the runtime keeps of a container besides its record."""

    __slots__ = ("_data", "kill_timer", "process", "program", "sandbox")

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.process: Process | None = None
        self.program: Program | None = None
        self.kill_timer: Timer | None = None
        self._data: dict[bytes, bytes] | None = None

    @property
    def data(self) -> dict[bytes, bytes]:
        """What its server holds, key → value."""
        if self._data is None:
            self._data = {}
        return self._data


class Instances:
    """The sandboxes and containers of one machine.

    Attributes:
        sim: Virtual time.
        listener: Set by the kubelet before the first sandbox.
    """

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self._instances: dict[str, Instance] = {}
        self._sandboxes: dict[str, list[Sandbox]] = {}
        self.listener: RuntimeListener | None = None

    def _process(self, container: Container) -> Process | None:
        instance = self._instances.get(container.id)
        return instance.process if instance is not None else None

    def _running(self, container: Container) -> Process:
        process = self._instances[container.id].process
        if process is None:
            raise SimulationError(f"container {container.name} does not run")
        return process

    def holds(self, sandbox: Sandbox) -> bool:
        """Whether a sandbox is on this machine."""
        return sandbox in self._sandboxes.get(sandbox.ip, ())

    def sandboxes_at(self, ip: str) -> tuple[Sandbox, ...]:
        """Sandboxes with an address; several share a machine's own."""
        return tuple(self._sandboxes.get(ip, ()))

    def program_at(self, sandbox: Sandbox, port: int, protocol: str = "TCP") -> Server | None:
        """The program that listens on a port by itself; ``None`` for none."""
        return sandbox.servers.at(protocol, port) if sandbox.servers is not None else None

    def listener_on(self, sandbox: Sandbox, port: int) -> Container | None:
        """The container inside a sandbox that answers on a TCP port."""
        for container in sandbox.containers:
            instance = self._instances.get(container.id)
            process = instance.process if instance is not None else None
            if process is not None and port in process.ports:
                return container
        return None
