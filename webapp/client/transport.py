"""The seam between clients and the API server: a request in, an answer or a running watch out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webapp.apimachinery.watch import WatchEvent
    from webapp.apimachinery.wire import Request, Response, Watcher


class Transport(Protocol):
    """Carries requests to an API server."""

    def send(self, request: Request) -> Response:
        """Send a request and return its answer at the same virtual instant.

        How long the request travelled is a matter of the facts and of when its effects reach the
        watchers; the asking component goes on at once.
        """

    def watch(self, request: Request, deliver: Callable[[Sequence[WatchEvent]], None]) -> Watcher:
        """Open a watch; ``deliver`` gets batches of events after their travel time.

        Raises:
            StatusError: The API server refuses the watch, for example with ``Expired``.
        """
