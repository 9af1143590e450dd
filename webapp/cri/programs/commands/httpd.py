"""``httpd``: busybox' web server, which serves the files of a directory."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from webapp.cri.programs.commands.options import parse_options
from webapp.cri.programs.files.nodes import Directory, FileError
from webapp.cri.programs.network import HTTPAnswer
from webapp.sim.task import Waiter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.cri.programs.network import Conversation, HTTPRequest
    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

_MISSING = b"<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>\n<BODY><H1>404 Not Found</H1>\nThe requested URL was not found\n</BODY></HTML>\n"
_TYPES = {"css": "text/css", "html": "text/html", "json": "application/json", "txt": "text/plain"}


def httpd(call: Invocation) -> Steps:
    """``httpd [-f] [-v] [-p [address:]port] [-h directory]``; without ``-f`` it goes on by itself."""
    options, _ = parse_options(call.argv[1:], "fvi", "phcru")
    port_text = (options.get("p") or "80").rpartition(":")[2]
    if not port_text.isdigit() or not 0 < int(port_text) <= 65_535:
        return call.complain(f"invalid port '{port_text}'")
    root = call.path(options.get("h") or ".")
    if not isinstance(call.files.get(root), Directory):
        return call.complain(
            f"can't change directory to '{options.get('h', root)}': No such file or directory"
        )
    server = FileServer(call, root)
    end = call.userland.network.listen(int(port_text), server)
    if end is None:
        return call.complain("bind: Address already in use")
    if "f" not in options:
        return 0
    yield from call.flush()
    try:
        yield Waiter()
    finally:
        end()
    return 0


class FileServer:
    """Answers requests with files as they are at that moment."""

    def __init__(self, call: Invocation, root: str) -> None:
        self._call = call
        self._root = root

    def answer(self, request: HTTPRequest) -> HTTPAnswer | None:
        """A file, or 404."""
        bare = request.path.partition("?")[0]
        name = posixpath.normpath(f"/{bare}").lstrip("/")
        if bare.endswith("/") or not name:
            name = posixpath.join(name, "index.html")
        try:
            body = self._call.files.read(posixpath.join(self._root, name))
        except FileError:
            return HTTPAnswer(404, _MISSING)
        ending = name.rpartition(".")[2]
        return HTTPAnswer(200, bytes(body), _TYPES.get(ending, "application/octet-stream"))

    def converse(self, on_data: Callable[[bytes | None], None]) -> Conversation | None:  # noqa: ARG002
        """None: it answers whole requests only."""
        return None
