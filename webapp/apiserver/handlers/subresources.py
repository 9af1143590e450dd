"""Subresources: status, scale, binding, eviction, log, token, finalize and what else stands behind a name.

Called by the router with a request that names a subresource its kind has.

Models:
    pkg/registry/core/pod/rest/log.go LogREST
    pkg/registry/apps/deployment/storage/storage.go ScaleREST
    pkg/registry/core/serviceaccount/storage/token.go TokenREST
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.field_path import Path, invalid
from webapp.apimachinery.log_options import LogOptions
from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.status import (
    BadRequest,
    Invalid,
    MethodNotAllowed,
    NotFound,
    ServiceUnavailable,
)
from webapp.apimachinery.timestamps import parse_time, time_text
from webapp.apimachinery.wire import Response
from webapp.apiserver.config import SERVICE_ACCOUNT_ISSUER
from webapp.apiserver.handlers import connect, scale
from webapp.apiserver.handlers.body import decode_as
from webapp.apiserver.handlers.delete import options_from
from webapp.apiserver.handlers.get import get
from webapp.apiserver.handlers.patch import patch
from webapp.apiserver.handlers.pod_container import choose_container
from webapp.apiserver.handlers.proxy import proxy
from webapp.apiserver.handlers.representation import object_response
from webapp.apiserver.handlers.update import namespace_of, update
from webapp.apiserver.registry import pod as pods
from webapp.apiserver.registry.eviction import evict
from webapp.apiserver.registry.namespace import finalize

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.wire import Answer
    from webapp.apiserver.authorization import Authorizer
    from webapp.apiserver.config import NodeProxy
    from webapp.apiserver.context import RequestContext
    from webapp.apiserver.registry.registry import Registry
    from webapp.apiserver.tokens import TokenAuthority

_PARTS_OF_OBJECT = frozenset(("approval", "ephemeralcontainers", "resize", "status"))
_MIN_TOKEN_SECONDS = 600
_MAX_TOKEN_SECONDS = 1 << 32
_DEFAULT_TOKEN_SECONDS = 3600


class Subresources:
    """What stands behind a name, by subresource."""

    def __init__(
        self,
        registry: Registry,
        tokens: TokenAuthority,
        authorizer: Authorizer,
        node_proxy: Callable[[], NodeProxy | None],
    ) -> None:
        self._registry = registry
        self._tokens = tokens
        self._authorizer = authorizer
        self._node_proxy = node_proxy
        self._create: dict[str, Callable[[RequestContext], Response]] = {
            "binding": self.bind,
            "eviction": self._evict,
            "token": self._issue_token,
        }

    def handle(self, ctx: RequestContext) -> Answer:
        """Answer a request on a subresource.

        Raises:
            MethodNotAllowed: It does not support the verb.
            NotFound: The kind has it, this server does not serve it.
        """
        subresource, verb = ctx.info.subresource, ctx.info.verb
        if subresource in _PARTS_OF_OBJECT:
            return self._part_of_object(ctx)
        if subresource == "scale":
            return scale.handle(ctx, self._registry)
        if subresource == "log":
            return self._log(ctx)
        if subresource in connect.SUBRESOURCES:
            return connect.connect(ctx, self._registry, self._authorizer, self._node_proxy())
        if subresource == "proxy":
            return proxy(ctx, self._registry, self._node_proxy())
        if subresource == "finalize":
            return self._finalize(ctx)
        action = self._create.get(subresource)
        if action is None:
            raise NotFound.of_path()
        if verb != "create":
            raise MethodNotAllowed
        return action(ctx)

    def bind(self, ctx: RequestContext) -> Response:
        """Answer a Binding, posted to a Pod or to the collection of bindings."""
        binding = decode_as(ctx, "", "v1", "Binding")
        name = ctx.info.name or (binding.get("metadata") or {}).get("name") or ""
        pod_info = ctx.resource
        store = self._registry.store_for(pod_info)
        pod = store.get(ctx.info.namespace, name)
        ctx.gates.about(object_ref(pod))
        if not ctx.dry_run:
            pods.bind(ctx, store, pod, binding, self._registry.sim.now_ms)
        return _success(201)

    def _part_of_object(self, ctx: RequestContext) -> Response:
        verb = ctx.info.verb
        if verb == "get":
            return get(ctx, self._registry)
        if verb == "update":
            return update(ctx, self._registry)
        if verb == "patch":
            return patch(ctx, self._registry)
        raise MethodNotAllowed

    def _evict(self, ctx: RequestContext) -> Response:
        eviction = decode_as(ctx, "policy", "v1", "Eviction")
        named = (eviction.get("metadata") or {}).get("name")
        if named and named != ctx.info.name:
            raise BadRequest(
                f"name in URL does not match name in Eviction object: {ctx.info.name} vs {named}"
            )
        options, dry_run = options_from(ctx, eviction.get("deleteOptions") or {})
        registry = self._registry
        store = registry.store_for(ctx.resource)
        pod = store.get(ctx.info.namespace, ctx.info.name)
        ctx.gates.about(object_ref(pod))
        now_ms = registry.sim.now_ms
        evict(ctx, store, registry.storage, pod, options, now_ms=now_ms, dry_run=dry_run)
        return _success(201)

    def _issue_token(self, ctx: RequestContext) -> Response:
        request = decode_as(ctx, "authentication.k8s.io", "v1", "TokenRequest")
        account = self._registry.store_for(ctx.resource).get(ctx.info.namespace, ctx.info.name)
        ctx.gates.about(object_ref(account))
        spec = request.get("spec") or {}
        seconds = spec.get("expirationSeconds") or _DEFAULT_TOKEN_SECONDS
        path = Path("spec.expirationSeconds")
        problem = ""
        if seconds < _MIN_TOKEN_SECONDS:
            problem = "may not specify a duration less than 10 minutes"
        elif seconds > _MAX_TOKEN_SECONDS:
            problem = "may not specify a duration larger than 2^32 seconds"
        if problem:
            error = invalid(path, seconds, problem)
            raise Invalid.of("authentication.k8s.io", "TokenRequest", "", [error])
        audiences = spec.get("audiences") or [SERVICE_ACCOUNT_ISSUER]
        token, expires_ms = self._tokens.issue(
            account, audiences, seconds, spec.get("boundObjectRef")
        )
        metadata = account["metadata"]
        answer: JSONObject = {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "creationTimestamp": time_text(self._registry.sim.now_ms),
            },
            "spec": {**spec, "audiences": audiences, "expirationSeconds": seconds},
            "status": {"token": token, "expirationTimestamp": time_text(expires_ms)},
        }
        return Response(201, answer)

    def _finalize(self, ctx: RequestContext) -> Response:
        if ctx.info.verb != "update":
            raise MethodNotAllowed
        body = decode_as(ctx, "", "v1", "Namespace")
        store = self._registry.store_for(ctx.resource)
        namespace = store.get("", ctx.info.name)
        stored = finalize(ctx, store, namespace, body, dry_run=ctx.dry_run)
        return object_response(ctx, stored)

    def _log(self, ctx: RequestContext) -> Answer:
        if ctx.info.verb != "get":
            raise MethodNotAllowed
        pod = self._registry.store_for(ctx.resource).get(namespace_of(ctx), ctx.info.name)
        container = choose_container(pod, ctx.request.parameter("container"))
        options = _log_options(ctx)
        node = pod["spec"].get("nodeName")
        if not node:
            # As upstream: a Pod on no Node has an empty log.
            return Response(200, b"", content_type="text/plain")
        proxy = self._node_proxy()
        if proxy is None:
            raise ServiceUnavailable("no connection to the nodes")
        return proxy.container_log(node, pod, container, options)


def _log_options(ctx: RequestContext) -> LogOptions:
    def is_true(name: str) -> bool:
        return ctx.request.parameter(name) in {"1", "true", "True"}

    def number(name: str, least: int) -> int | None:
        text = ctx.request.parameter(name)
        if not text:
            return None
        if not text.lstrip("-").isdigit():
            raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax')
        if int(text) < least:
            problem = f"must be greater than or equal to {least}"
            error = invalid(Path(name), int(text), problem)
            raise Invalid.of("", "PodLogOptions", ctx.info.name, [error])
        return int(text)

    seconds = number("sinceSeconds", 1)
    since_ms = None if seconds is None else ctx.now_ms - seconds * 1000
    since_time = ctx.request.parameter("sinceTime")
    if since_time:
        if seconds is not None:
            text = "at most one of `sinceTime` or `sinceSeconds` may be specified"
            raise BadRequest(text)
        try:
            since_ms = parse_time(since_time)
        except ValueError as error:
            raise BadRequest(f"sinceTime: {error}") from error
    return LogOptions(
        follow=is_true("follow"),
        previous=is_true("previous"),
        timestamps=is_true("timestamps"),
        tail_lines=number("tailLines", 0),
        since_ms=since_ms,
        limit_bytes=number("limitBytes", 1),
    )


def _success(code: int) -> Response:
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "code": code,
    }
    return Response(code, status)
