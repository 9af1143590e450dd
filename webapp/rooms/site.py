"""Which room a request is for: ``/rooms/NAME/…`` is that room's, everything else main's.

The room gets the rest of the path, and the prefix as ``SCRIPT_NAME``; so page, API, stream and
kubeconfig are below the prefix what they are at ``/``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from webapp.apimachinery.status import NotFound
from webapp.http.access import split_room
from webapp.http.codec import status_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webapp.rooms.registry import Rooms


class Site:
    """WSGI application of all rooms."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Hand the request to its room."""
        name, path = split_room(environ["PATH_INFO"])
        if not name:
            return self._rooms.main(environ, start_response)
        try:
            room = self._rooms.find(name)
        except NotFound as error:
            body = orjson.dumps(error.status())
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            start_response(status_line(error.code), headers)
            return (body,)
        if not path:
            if environ["REQUEST_METHOD"] == "GET":
                start_response(
                    status_line(308),
                    [("Location", room.prefix + "/"), ("Content-Length", "0")],
                )
                return ()
            return self._rooms.main(environ, start_response)
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + room.prefix
        environ["PATH_INFO"] = path
        return room(environ, start_response)
