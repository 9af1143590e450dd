"""Requests that the API server passes on: to whoever listens at an address, or to a kubelet.

Models:
    pkg/kubelet/server/server.go Server.InstallAuthNotRequiredHandlers
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from webapp.cluster.paths import Client
from webapp.cri.programs.network import (
    ANSWERED,
    REFUSED,
    RESET,
    TIMEOUT,
    UNREACHABLE,
    HTTPRequest,
    Stopped,
)
from webapp.network.resolver import NODE_RESOLVER

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.proxied import ProxiedRequest, ProxyTarget
    from webapp.cluster.fabric import Fabric

_WORDS = {
    REFUSED: "connect: connection refused",
    TIMEOUT: "i/o timeout",
    UNREACHABLE: "connect: no route to host",
}


def pass_on(
    fabric: Fabric, target: ProxyTarget, sent: ProxiedRequest, node_ip: str
) -> tuple[int, str, bytes] | str:
    """What answers, as status, type and body; or why nobody does, in Go's words.

    The API server reaches Pods by way of their Nodes.
    """
    client = Client(fabric.ends.of_machine(target.node, node_ip), target.node)
    summary = f"{sent.method} {sent.path} (proxy)"
    request = fabric.requests.begin(client, NODE_RESOLVER, summary)
    host = f"{target.ip}:{target.port}"
    found = request.connect(target.ip, target.port)
    if isinstance(found, Stopped):
        request.end(found.kind)
        return f"dial tcp {host}: {_WORDS.get(found.kind, found.kind)}"
    answer = found.server.answer(
        HTTPRequest(sent.method, sent.path, host, sent.headers, sent.body, found.client_ip)
    )
    if answer is None:
        request.end(RESET)
        return "EOF"
    request.end(ANSWERED, answer.status)
    return answer.status, answer.content_type, answer.body


def kubelet_page(path: str, pods: list[JSONObject]) -> tuple[int, str, bytes]:
    """What a kubelet's own server answers."""
    path = path.partition("?")[0].rstrip("/")
    if path == "/healthz":
        return 200, "text/plain; charset=utf-8", b"ok"
    if path == "/pods":
        listed = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": pods}
        return 200, "application/json", orjson.dumps(listed)
    return 404, "text/plain; charset=utf-8", b"404 page not found\n"
