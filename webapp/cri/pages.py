"""What simulated servers show to a client that asks: pages with the Pod's name in them."""

from __future__ import annotations

from http.client import responses
from typing import TYPE_CHECKING, NamedTuple

from webapp.cri.references import parse_reference

if TYPE_CHECKING:
    from webapp.cri.api import Container, Sandbox

SPEAK_NO_HTTP = frozenset(
    ("mariadb", "memcached", "mongo", "mysql", "nats", "postgres", "redis", "valkey/valkey")
)
"""Images whose servers close a connection on which they read HTTP."""


WELCOME_TO_NGINX = (
    b"<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n"
    b"<h1>Welcome to nginx!</h1>\n<p>If you see this page, the nginx web server is successfully "
    b"installed and working.</p>\n</body>\n</html>\n"
)
WELCOME_TO_HTTPD = b"<html><body><h1>It works!</h1></body></html>\n"


class Page(NamedTuple):
    """An answer.

    Attributes:
        status: Status code.
        body: As sent.
        content_type, server: The headers.
    """

    status: int
    body: bytes
    content_type: str = "text/html"
    server: str = "podarium"


_TYPES = {
    "css": "text/css",
    "js": "application/javascript",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain",
}


def content_type(path: str) -> str:
    """What a file server says that a file is."""
    name = path.partition("?")[0].rpartition("/")[2]
    ending = name.rpartition(".")[2] if "." in name else "html" if not name else ""
    return (
        "text/html" if ending in ("html", "htm") else _TYPES.get(ending, "application/octet-stream")
    )


def make_page(
    sandbox: Sandbox, container: Container, port: int, method: str, path: str, status: int
) -> Page | None:
    """What the server of ``container`` answers; ``None`` from one that speaks no HTTP."""
    image = parse_reference(container.config.image).short_name
    if image in SPEAK_NO_HTTP:
        return None
    pod = sandbox.config.pod.name
    if image.rpartition("/")[2] in {"nginx", "nginx-unprivileged"}:
        return _nginx(pod, status)
    if image.rpartition("/")[2] == "httpd":
        text = f"<html><body><h1>It works!</h1><p>Simulated Pod {pod}</p></body></html>\n"
        return Page(status, text.encode(), server="Apache")
    text = (
        f"{container.name} in Pod {sandbox.config.pod.namespace}/{pod} ({sandbox.ip}:{port}) "
        f"answers {method} {path}\n"
    )
    return Page(status, text.encode(), "text/plain; charset=utf-8")


def _nginx(pod: str, status: int) -> Page:
    if status != 200:
        title = f"{status} {responses.get(status, '')}".rstrip()
        text = (
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>"
            "</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        )
    else:
        text = (
            "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n"
            "<h1>Welcome to nginx!</h1>\n"
            f"<p>This page comes from the simulated Pod <b>{pod}</b>.</p>\n</body>\n</html>\n"
        )
    return Page(status, text.encode(), "text/html", "nginx")
