"""The ``proxy`` subresource: an HTTP request passed on to a Pod, a Service's endpoint or a kubelet.

Called by the router; the answer is whatever answers there. What comes back is shown in a sandbox, since a
browser takes it for a page of this server's own.

Models:
    pkg/registry/core/pod/rest/subresources.go ProxyREST
    pkg/registry/core/pod/strategy.go ResourceLocation
    pkg/registry/core/service/storage/storage.go ResourceLocation
    staging/src/k8s.io/apimachinery/pkg/util/proxy/upgradeaware.go UpgradeAwareHandler
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.proxied import ProxiedRequest, ProxyTarget
from webapp.apimachinery.status import BadRequest, ServiceUnavailable
from webapp.apimachinery.wire import Response
from webapp.apiserver.storage import bucket_name

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.config import NodeProxy
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.registry import Registry

SANDBOX = (("Content-Security-Policy", "sandbox"), ("X-Content-Type-Options", "nosniff"))
_SLICES = bucket_name("discovery.k8s.io", "endpointslices")
_SERVICE_LABEL = "kubernetes.io/service-name"


def proxy(ctx: RequestContext, registry: Registry, nodes: NodeProxy | None) -> Response:
    """Pass a request on.

    Raises:
        StatusError: There is no such object, it has no address or endpoint, or nobody answers there.
    """
    if nodes is None:
        raise ServiceUnavailable("no connection to the nodes")
    rest = ctx.request.path.partition(f"/{ctx.info.name}/proxy")[2]
    if not rest and ctx.request.method == "GET":
        # Links of a page are relative to its directory.
        return Response(301, b"", "text/plain", headers=(("Location", "proxy/"),))
    target = _target(ctx, registry)
    path = quote(rest or "/", safe="/%:@!$&'()*+,;=~-._")
    query = urlencode(ctx.request.query, doseq=True)
    body = ctx.request.body if isinstance(ctx.request.body, bytes) else b""
    kept = ("accept", "content-type", "user-agent")
    headers = {name: text for name, text in ctx.request.headers.items() if name in kept}
    sent = ProxiedRequest(ctx.request.method, f"{path}?{query}" if query else path, headers, body)
    found = nodes.pass_on(target, sent)
    if isinstance(found, str):
        raise ServiceUnavailable(f"error trying to reach service: {found}")
    status, content_type, content = found
    return Response(status, content, content_type, headers=SANDBOX)


def _target(ctx: RequestContext, registry: Registry) -> ProxyTarget:
    name, port = _split(ctx.info.name)
    store = registry.store_for(ctx.resource)
    obj = store.get(ctx.info.namespace, name)
    ctx.gates.about(object_ref(obj))
    if ctx.info.resource == "nodes":
        return ProxyTarget(name, "", 0)
    if ctx.info.resource == "pods":
        return _pod_target(obj, port)
    return _endpoint(ctx, registry, obj, port)


def _split(text: str) -> tuple[str, str]:
    """Name and port of ``[scheme:]name[:port]``."""
    parts = text.split(":")
    if len(parts) == 3 and parts[0] in ("", "http", "https"):
        parts = parts[1:]
    if len(parts) > 2:
        raise BadRequest(f'invalid pod request "{text}"')
    return parts[0], parts[1] if len(parts) == 2 else ""


def _pod_target(pod: JSONObject, port: str) -> ProxyTarget:
    ip = (pod.get("status") or {}).get("podIP") or ""
    if not ip:
        raise BadRequest("address not allowed")
    number = 80
    if port:
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise BadRequest(f'invalid pod request "{pod["metadata"]["name"]}:{port}"')
        number = int(port)
    else:
        declared = [
            entry["containerPort"]
            for container in pod["spec"]["containers"]
            for entry in container.get("ports") or ()
        ]
        number = declared[0] if declared else 80
    return ProxyTarget(pod["spec"].get("nodeName") or "", ip, number)


def _endpoint(
    ctx: RequestContext, registry: Registry, service: JSONObject, port: str
) -> ProxyTarget:
    name, ports = service["metadata"]["name"], service["spec"].get("ports") or []
    wanted = [
        entry.get("name") or ""
        for entry in ports
        if port in (entry.get("name") or "", str(entry.get("port")))
    ]
    if not port and len(ports) == 1:
        wanted = [ports[0].get("name") or ""]
    if not wanted:
        raise ServiceUnavailable(f'no service port "{port}" found for service "{name}"')
    for piece in registry.storage.list(_SLICES):
        labels = piece["metadata"].get("labels") or {}
        if (
            piece["metadata"]["namespace"] != ctx.info.namespace
            or labels.get(_SERVICE_LABEL) != name
        ):
            continue
        for entry in piece.get("ports") or ():
            if (entry.get("name") or "") != wanted[0]:
                continue
            for endpoint in piece.get("endpoints") or ():
                if (endpoint.get("conditions") or {}).get("ready") is not False:
                    ip = endpoint["addresses"][0]
                    return ProxyTarget(endpoint.get("nodeName") or "", ip, entry["port"])
    raise ServiceUnavailable(f'no endpoints available for service "{name}"')
