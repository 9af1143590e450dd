"""exec, attach and port-forward: a request that becomes a stream into a Pod, if all is well with it.

Called by the router for the three subresources. Refusals are ordinary answers; only a kubelet's
refusal of a command comes, as from an API server that has upgraded already, on the stream itself.

Models:
    pkg/registry/core/pod/rest/subresources.go ExecREST, AttachREST, PortForwardREST
    pkg/registry/core/pod/strategy.go streamLocation, PortForwardLocation
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.status import BadRequest, MethodNotAllowed, ServiceUnavailable
from webapp.apimachinery.streams import (
    ExecOptions,
    ExecStream,
    FailedStream,
    NodeRefused,
    PortForwardStream,
    Stream,
)
from webapp.apimachinery.wire import Response, StreamResponse
from webapp.apiserver.authorization import Attributes
from webapp.apiserver.handlers.pod_container import choose_container
from webapp.apiserver.handlers.update import namespace_of

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.wire import Answer
    from webapp.apiserver.authorization import Authorizer
    from webapp.apiserver.config import NodeProxy
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.registry import Registry

SUBRESOURCES = frozenset(("attach", "exec", "portforward"))
_TRUE = frozenset(("1", "t", "T", "true", "True", "TRUE"))


def connect(
    ctx: RequestContext, registry: Registry, authorizer: Authorizer, proxy: NodeProxy | None
) -> Answer:
    """Begin the stream that is asked for.

    Raises:
        Forbidden: The user may not create such streams; a WebSocket's GET needs that, too.
        StatusError: There is no such Pod or container, or the options mean nothing.
    """
    info = ctx.info
    if info.verb not in {"create", "get"}:
        raise MethodNotAllowed
    if info.verb == "get":
        authorizer.require(
            ctx.user,
            Attributes(
                "create",
                info.group,
                info.version,
                info.resource,
                info.subresource,
                info.namespace,
                info.name,
                info.path,
            ),
        )
    pod = registry.store_for(ctx.resource).get(namespace_of(ctx), info.name)
    ctx.gates.about(object_ref(pod))
    if info.subresource == "portforward":
        return StreamResponse(PortForwardStream(_proxy(proxy).port_forwarder(_node(pod), pod)))
    container = choose_container(pod, ctx.request.parameter("container"))
    options = _options(ctx)
    node = _node(pod)
    try:
        session = _proxy(proxy).container_exec(node, pod, container, options)
    except NodeRefused as error:
        if ctx.request.method == "POST":
            # SPDY passes through: the client reads the kubelet's own words.
            return Response(error.code, error.message.encode(), content_type="text/plain")
        stream: Stream = FailedStream(f"unable to upgrade connection: {error.message}")
    else:
        stream = ExecStream(session, options)
    return StreamResponse(stream)


def _proxy(proxy: NodeProxy | None) -> NodeProxy:
    if proxy is None:
        raise ServiceUnavailable("no connection to the nodes")
    return proxy


def _node(pod: JSONObject) -> str:
    node: str = pod["spec"].get("nodeName") or ""
    if not node:
        raise BadRequest(f"pod {pod['metadata']['name']} does not have a host assigned")
    return node


def _options(ctx: RequestContext) -> ExecOptions:
    """The options in the query.

    Models:
        staging/src/k8s.io/kubelet/pkg/cri/streaming/remotecommand/httpstream.go NewOptions
    """
    request = ctx.request

    def wants(name: str, default: str = "") -> bool:
        return request.parameter(name, default) in _TRUE

    is_exec = ctx.info.subresource == "exec"
    command = tuple(request.query.get("command", ())) if is_exec else ()
    if is_exec and not any(command):
        raise BadRequest("you must specify at least 1 command to execute")
    tty = wants("tty")
    options = ExecOptions(
        command,
        stdin=wants("stdin"),
        stdout=wants("stdout"),
        # A terminal has one output.
        stderr=wants("stderr") and not tty,
        tty=tty,
    )
    if not (options.stdin or options.stdout or options.stderr):
        raise BadRequest("you must specify at least 1 of stdin, stdout, stderr")
    return options
