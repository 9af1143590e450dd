"""HTTP requests that the API server passes on: whom to, and what."""

from __future__ import annotations

from typing import NamedTuple


class ProxyTarget(NamedTuple):
    """Whom a request is passed on to.

    Attributes:
        node: The Node that leads there; of a kubelet its own.
        ip, port: The address; port 0 means the kubelet.
    """

    node: str
    ip: str
    port: int


class ProxiedRequest(NamedTuple):
    """What is passed on."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
