"""HTTP/1.1 as a simulated server speaks it to a real client: bytes in, bytes out, in virtual time."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import responses
from typing import TYPE_CHECKING

import h11

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.cri.pages import Page
    from webapp.sim.events import Timer
    from webapp.sim.loop import Simulation

ANSWER_MS = 1
MAX_BODY_BYTES = 16 * 1024 * 1024


class HTTPConversation:
    """One connection to a server.

    Args:
        sim: Virtual time.
        answer: Method and path in, page out; ``None`` when the server is gone or speaks no HTTP.
        on_data: Gets what is sent back, and ``None`` when the server closes.
    """

    def __init__(
        self,
        sim: Simulation,
        answer: Callable[[str, str], Page | None],
        on_data: Callable[[bytes | None], None],
    ) -> None:
        self._sim = sim
        self._answer = answer
        self._on_data = on_data
        self._protocol = h11.Connection(h11.SERVER)
        self._request: h11.Request | None = None
        self._body_bytes = 0
        self._timer: Timer | None = None
        self._over = False
        self._more_headers: tuple[tuple[str, str], ...] = ()

    def send(self, data: bytes | None) -> None:
        """Take bytes from the client; ``None`` is their end."""
        if self._over:
            return
        try:
            self._protocol.receive_data(data or b"")
        except h11.RemoteProtocolError:
            self._close()
            return
        self._read()

    def cancel(self) -> None:
        """The client is gone."""
        self._over = True
        self._sim.cancel(self._timer)

    def _read(self) -> None:
        while not self._over and self._timer is None:
            try:
                event = self._protocol.next_event()
            except h11.RemoteProtocolError as error:
                self._refuse(error.error_status_hint)
                return
            if event is h11.NEED_DATA or event is h11.PAUSED:
                if self._protocol.they_are_waiting_for_100_continue:
                    self._write(h11.InformationalResponse(status_code=100, headers=[]))
                    continue
                return
            self._take(event)

    def _take(self, event: object) -> None:
        if isinstance(event, h11.Request):
            self._request = event
            self._body_bytes = 0
        elif isinstance(event, h11.Data):
            self._body_bytes += len(event.data)
            if self._body_bytes > MAX_BODY_BYTES:
                self._refuse(413)
        elif isinstance(event, h11.EndOfMessage):
            self._timer = self._sim.schedule(ANSWER_MS, self._respond)
        elif isinstance(event, h11.ConnectionClosed):
            self._close()

    def _respond(self, _: None) -> None:
        self._timer = None
        request = self._request
        if request is None or self._over:
            return
        method = request.method.decode()
        page = self._page(request)
        if page is None:
            self._close()
            return
        self._write_page(page, method)
        if self._protocol.our_state is h11.MUST_CLOSE:
            self._close()
            return
        self._protocol.start_next_cycle()
        self._read()

    def _page(self, request: h11.Request) -> Page | None:
        return self._answer(request.method.decode(), request.target.decode("latin-1"))

    def _write_page(self, page: Page, method: str) -> None:
        now = datetime.fromtimestamp(self._sim.now_ms / 1000, UTC)
        headers = [
            ("Server", page.server),
            ("Date", format_datetime(now, usegmt=True)),
            ("Content-Type", page.content_type),
            ("Content-Length", str(len(page.body))),
            *self._more_headers,
        ]
        reason = responses.get(page.status, "")
        self._write(h11.Response(status_code=page.status, headers=headers, reason=reason))
        if method != "HEAD" and page.body:
            self._write(h11.Data(data=page.body))
        self._write(h11.EndOfMessage())

    def _refuse(self, status: int) -> None:
        if self._protocol.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            headers = [("Content-Length", "0"), ("Connection", "close")]
            self._write(h11.Response(status_code=status, headers=headers))
            self._write(h11.EndOfMessage())
        self._close()

    def _write(self, event: h11.Event) -> None:
        data = self._protocol.send(event)
        if data:
            self._on_data(data)

    def _close(self) -> None:
        if not self._over:
            self._over = True
            self._on_data(None)
