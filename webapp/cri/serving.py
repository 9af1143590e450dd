"""What servers inside containers answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cri.agnhost import AgnhostProgram
from webapp.cri.catalogue import BY_NAME
from webapp.cri.conversations import GREETINGS, LINE_SERVERS, LineConversation
from webapp.cri.http_conversation import HTTPConversation
from webapp.cri.memory_watch import MemoryWatch
from webapp.cri.pages import (
    SPEAK_NO_HTTP,
    WELCOME_TO_HTTPD,
    WELCOME_TO_NGINX,
    content_type,
    make_page,
)
from webapp.cri.port_forward import SandboxForwarder
from webapp.cri.programs.network import HTTPRequest
from webapp.cri.references import parse_reference
from webapp.cri.stats import (
    profile_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.streams import PortForwarder
    from webapp.cri.api import (
        Container,
        Sandbox,
    )
    from webapp.cri.pages import Page
    from webapp.cri.programs.network import Conversation


class Serving(MemoryWatch):
    """Asks the servers inside sandboxes."""

    def http_status(self, sandbox: Sandbox, port: int, path: str) -> int | None:
        """What a GET inside a sandbox answers; ``None`` when nothing listens on the port."""
        program = self.program_at(sandbox, port)
        if program is not None:
            found = program.answer(HTTPRequest("GET", path, f"{sandbox.ip}:{port}"))
            return found.status if found is not None else None
        container = self.listener_on(sandbox, port)
        if container is None:
            return None
        instance = self._instances[container.id]
        if instance.process is None or instance.program is None:
            return None
        self.take_requests(container, 1)
        return instance.program.http_status(instance.process, port, path)

    def take_requests(self, container: Container, count: int) -> int:
        """Requests reach a container's server; the milliseconds until the last one is answered.

        Each costs what the image's profile says; those that wait hold memory.
        """
        process = self._instances[container.id].process
        profile = profile_of(container.config.image)
        if process is None or not profile.request_us:
            return 0
        wait_ms = process.meter.work(self.sim.now_ms, count * profile.request_us)
        if profile.request_kb:
            self.check_memory(container)
        return wait_ms

    def page(self, sandbox: Sandbox, port: int, method: str, path: str) -> Page | None:
        """What the server on a port answers; ``None`` when there is none, or it speaks no HTTP."""
        container = self.listener_on(sandbox, port)
        instance = self._instances[container.id] if container is not None else None
        if (
            container is None
            or instance is None
            or instance.process is None
            or instance.program is None
        ):
            return None
        status = instance.program.http_status(instance.process, port, path)
        page = make_page(sandbox, container, port, method, path, status)
        content = instance.program.served_file(instance.process, path)
        if page is None or content in (None, WELCOME_TO_NGINX, WELCOME_TO_HTTPD):
            # The image's own page says which Pod shows it.
            return page
        return page._replace(body=content, content_type=content_type(path))

    def listens(self, sandbox: Sandbox, port: int) -> bool:
        """Whether something inside a sandbox answers on a TCP port; asking it is a connection."""
        program = self.program_at(sandbox, port)
        if program is not None:
            visit = program.converse(_unheard)
            if visit is not None:
                visit.send(None)
            return True
        return self.http_status(sandbox, port, "/") is not None

    def speaks_grpc(self, sandbox: Sandbox, port: int) -> bool:
        """Whether what answers on a port has the health service of gRPC."""
        container = self.listener_on(sandbox, port)
        if container is None:
            return False
        program = self._instances[container.id].program
        if isinstance(program, AgnhostProgram):
            return program.speaks_grpc
        profile = BY_NAME.get(parse_reference(container.config.image).short_name)
        return profile is None or profile.grpc

    def converse(
        self,
        container: Container,
        answer: Callable[[str, str], Page | None],
        on_data: Callable[[bytes | None], None],
    ) -> Conversation:
        """A connection to a container's server, in the protocol that its image speaks."""
        image = parse_reference(container.config.image).short_name
        if image not in SPEAK_NO_HTTP:
            return HTTPConversation(self.sim, answer, on_data)
        data = self._instances[container.id].data
        return LineConversation(GREETINGS.get(image, b""), LINE_SERVERS.get(image), data, on_data)

    def port_forwarder(self, sandbox: Sandbox) -> PortForwarder:
        """Opens connections to ports inside a sandbox."""
        return SandboxForwarder(self.sim, self, sandbox)


def _unheard(_: bytes | None) -> None:
    """Whoever only connects does not listen to what is said."""
