"""Port forwarding into a sandbox: connections to whoever listens there.

Models:
    containerd/internal/cri/server/sandbox_portforward_linux.go portForward
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webapp.cri.http_conversation import HTTPConversation
from webapp.cri.pages import Page
from webapp.cri.programs.network import HTTPRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.streams import PodConnection
    from webapp.cri.api import Container, Sandbox
    from webapp.cri.programs.network import Conversation, Server
    from webapp.sim.loop import Simulation


class Listeners(Protocol):
    """Who listens in sandboxes: the runtime."""

    def listener_on(self, sandbox: Sandbox, port: int) -> Container | None:
        """The container that answers on a TCP port."""

    def program_at(self, sandbox: Sandbox, port: int, protocol: str = "TCP") -> Server | None:
        """The program that listens on a port by itself."""

    def converse(
        self,
        container: Container,
        answer: Callable[[str, str], Page | None],
        on_data: Callable[[bytes | None], None],
    ) -> Conversation:
        """A connection to a container's server."""

    def page(self, sandbox: Sandbox, port: int, method: str, path: str) -> Page | None:
        """What the server on a port answers."""


class SandboxForwarder:
    """Opens connections to the ports of one sandbox, from its own loopback."""

    def __init__(self, sim: Simulation, listeners: Listeners, sandbox: Sandbox) -> None:
        self._sim = sim
        self._listeners = listeners
        self._sandbox = sandbox

    def connect(self, port: int, on_data: Callable[[bytes | None], None]) -> PodConnection | str:
        """A connection to a port, or why there is none, in containerd's words."""
        program = self._listeners.program_at(self._sandbox, port)
        if program is not None:
            return self._to_program(program, on_data)
        container = self._listeners.listener_on(self._sandbox, port)
        if container is None:
            return self._refusal(port)

        def answer(method: str, path: str) -> Page | None:
            return self._listeners.page(self._sandbox, port, method, path)

        return self._listeners.converse(container, answer, on_data)

    def _to_program(
        self, program: Server, on_data: Callable[[bytes | None], None]
    ) -> PodConnection:
        def answer(method: str, path: str) -> Page | None:
            found = program.answer(HTTPRequest(method, path, "localhost"))
            return Page(found.status, found.body, found.content_type) if found is not None else None

        visit = program.converse(on_data)
        return visit if visit is not None else HTTPConversation(self._sim, answer, on_data)

    def _refusal(self, port: int) -> str:
        id_ = self._sandbox.id
        namespace = f"{id_[:8]}-{id_[8:12]}-{id_[12:16]}-{id_[16:20]}-{id_[20:32]}"
        return (
            f"error forwarding port {port} to pod {id_}, uid : failed to execute portforward in "
            f'network namespace "/var/run/netns/cni-{namespace}": failed to connect to '
            f'localhost:{port} inside namespace "{id_}", IPv4: dial tcp4 127.0.0.1:{port}: '
            f"connect: connection refused IPv6 dial tcp6 [::1]:{port}: connect: connection refused "
        )
