"""The API server: a request in, an answer out, every gate in order.

Called by the in-process transport and, through the driver, by the HTTP layer. Never waits: a request
is answered at the virtual instant at which it arrives.

Models:
    staging/src/k8s.io/apiserver/pkg/server/config.go DefaultBuildHandlerChain
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.status import MethodNotAllowed, NotFound, StatusError
from webapp.apimachinery.wire import Response
from webapp.apiserver.admission.chain import AdmissionChain
from webapp.apiserver.admission.plugins import make_plugins
from webapp.apiserver.api_services import APIServices
from webapp.apiserver.authentication import Authenticator, impersonated
from webapp.apiserver.authorization import Authorizer
from webapp.apiserver.bootstrap import bootstrap
from webapp.apiserver.cacher import Cacher
from webapp.apiserver.config import APIServerConfig
from webapp.apiserver.context import RequestContext
from webapp.apiserver.custom_resources import CustomResources
from webapp.apiserver.gates import Gates, actor_of
from webapp.apiserver.handlers.computed import computed
from webapp.apiserver.handlers.create import create
from webapp.apiserver.handlers.delete import delete, delete_collection
from webapp.apiserver.handlers.get import get, list_objects
from webapp.apiserver.handlers.patch import patch
from webapp.apiserver.handlers.reviews import Reviews
from webapp.apiserver.handlers.subresources import Subresources
from webapp.apiserver.handlers.update import update
from webapp.apiserver.handlers.watch import watch
from webapp.apiserver.lanes import Handling, Lanes
from webapp.apiserver.non_resource import NonResourceAPI
from webapp.apiserver.registry.event import EventExpiry
from webapp.apiserver.registry.registry import Registry
from webapp.apiserver.request_info import RequestInfo, parse_request_info
from webapp.apiserver.storage import Storage
from webapp.apiserver.tokens import TokenAuthority

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.apimachinery.scheme import ResourceInfo, Scheme
    from webapp.apimachinery.wire import Answer, Request
    from webapp.apiserver.authentication import Identity
    from webapp.apiserver.config import NodeProxy
    from webapp.apiserver.handlers.computed import ComputedResource
    from webapp.apiserver.lanes import Lane
    from webapp.etcd.mvcc import Store
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams
    from webapp.trace.recorder import Recorder

_COMPONENT_PREFIX = "system:"
_PEOPLE_PREFIXES = ("system:anonymous", "system:serviceaccount:")
_UNFOLLOWED = frozenset(("events", "leases"))
_HEALTH_PATHS = frozenset(("healthz", "livez", "readyz"))
_VERBS: dict[str, Callable[[RequestContext, Registry], Answer]] = {
    "create": create,
    "delete": delete,
    "deletecollection": delete_collection,
    "get": get,
    "list": list_objects,
    "patch": patch,
    "update": update,
    "watch": watch,
}


class APIServer:
    """One cluster's API.

    Attributes:
        scheme: The kinds it knows.
        node_proxy: The way to the kubelets, ``None`` until the cluster has set it.
    """

    def __init__(
        self,
        sim: Simulation,
        recorder: Recorder,
        streams: RandomStreams,
        store: Store,
        scheme: Scheme,
        config: APIServerConfig | None = None,
    ) -> None:
        config = config or APIServerConfig()
        self.scheme = scheme
        self.node_proxy: NodeProxy | None = config.node_proxy
        self._sim = sim
        self._recorder = recorder
        self._latency = streams.stream("latency/request")
        storage = Storage(store, recorder, config.kept_revisions)
        cacher = Cacher(store, sim)
        tokens = TokenAuthority(streams, sim, storage)
        self._storage = storage
        self._authenticator = Authenticator(config, tokens)
        self._authorizer = Authorizer(storage, cacher)
        self._lanes = Lanes(self._authorizer, scheme)
        admission = AdmissionChain(make_plugins(storage, cacher, streams, sim))
        self._registry = Registry(storage, cacher, admission, config, sim, streams)
        self._reviews = Reviews(self._authenticator, self._authorizer)
        self._subresources = Subresources(
            self._registry, tokens, self._authorizer, lambda: self.node_proxy
        )
        self._non_resource = NonResourceAPI(scheme)
        self._computed: dict[tuple[str, str], ComputedResource] = {
            ("apiregistration.k8s.io", "apiservices"): APIServices(scheme, sim.now_ms)
        }
        CustomResources(storage, cacher, scheme)
        EventExpiry(storage, cacher, sim, config.event_ttl_seconds)
        bootstrap(storage, self._registry.namer, sim.now_ms, config)

    def show_living(
        self, resource: GroupVersionResource, view: Callable[[JSONObject], JSONObject]
    ) -> None:
        """Let people read objects of ``resource`` through ``view``, which computes what is never written."""
        self._registry.living[resource.group, resource.resource] = view

    def compute(self, resource: GroupVersionResource, source: ComputedResource) -> None:
        """Let ``source`` answer for a resource that is not stored, as an aggregated server does."""
        self._computed[resource.group, resource.resource] = source

    @property
    def revision(self) -> int:
        """The store's newest revision."""
        return self._storage.revision

    def handle(self, request: Request) -> Answer:
        """Answer a request."""
        if request.location is not None:
            lane = self._lanes.find(request)
            if lane is not None:
                return self._answer_in_lane(lane, request)
        info = parse_request_info(request)
        is_component = _is_component(request)
        gates = self._gates(request, info, is_component=is_component)
        before = self._recorder.cause
        try:
            identity = self._authenticator.authenticate(request)
            if request.headers and "impersonate-user" in request.headers:
                identity = impersonated(request, identity, self._authorizer)
            gates.authenticated(identity)
            gates.authorized(self._authorizer.require(identity.user, info))
            if request.location is not None and is_component:
                self._lanes.open(request, info, identity.user, gates, self._handler_of(info))
            return self._route(request, info, identity, gates, is_component=is_component)
        except StatusError as error:
            gates.refused(error)
            return Response(error.code, error.status(), headers=_retry_after(error))
        finally:
            self._recorder.cause = before

    def _answer_in_lane(self, lane: Lane, request: Request) -> Answer:
        """Carry out what a component may do anyway: only what is new in the request is looked at."""
        info = RequestInfo(request.path, lane.verb, request.location)
        gates = lane.gates
        if gates.is_followed:
            gates = gates.for_request(request, info)
        ctx = RequestContext(
            request,
            info,
            lane.resource,
            lane.stored,
            lane.user,
            request.client,
            gates,
            self._sim,
            is_trusted=True,
        )
        recorder = self._recorder
        before = recorder.cause
        try:
            return lane.handler(ctx)
        except StatusError as error:
            gates.refused(error)
            return Response(error.code, error.status(), headers=_retry_after(error))
        finally:
            recorder.cause = before

    def _handler_of(self, info: RequestInfo) -> Handling | None:
        """Kinds and handler of a write to a stored resource; ``None`` for all that needs a closer look."""
        resource = self.scheme.by_resource(info.group, info.version, info.resource)
        if (
            resource is None
            or not resource.is_stored
            or (info.namespace and not resource.namespaced)
        ):
            return None
        if info.subresource:
            if info.subresource not in resource.subresources:
                return None
            return Handling(resource, self._stored(resource), self._subresources.handle)
        if info.verb not in resource.verbs:
            return None
        answer = _VERBS[info.verb]
        return Handling(resource, self._stored(resource), lambda ctx: answer(ctx, self._registry))

    def _route(
        self,
        request: Request,
        info: RequestInfo,
        identity: Identity,
        gates: Gates,
        *,
        is_component: bool,
    ) -> Answer:
        """Hand the request to whoever answers such paths."""
        if not info.is_resource_request:
            if request.path.strip("/").split("/")[0] in _HEALTH_PATHS:
                return Response(200, b"ok", content_type="text/plain")
            return self._non_resource.handle(request)
        resource = self.scheme.by_resource(info.group, info.version, info.resource)
        if resource is None or (
            info.namespace and not resource.namespaced and info.resource != "namespaces"
        ):
            raise NotFound.of_path()
        ctx = RequestContext(
            request,
            info,
            resource,
            self._stored(resource),
            identity.user,
            actor_of(request),
            gates,
            self._sim,
            is_trusted=is_component,
        )
        if info.subresource:
            if info.subresource not in resource.subresources:
                raise NotFound.of_path()
            return self._subresources.handle(ctx)
        if info.verb not in resource.verbs:
            raise MethodNotAllowed
        if not resource.is_stored:
            return self._unstored(ctx, resource)
        return _VERBS[info.verb](ctx, self._registry)

    def _stored(self, resource: ResourceInfo) -> ResourceInfo:
        """The kind that objects of ``resource`` are stored as."""
        if resource.stored_as is None:
            return resource
        return self.scheme.by_resource(*resource.stored_as) or resource

    def _unstored(self, ctx: RequestContext, resource: ResourceInfo) -> Answer:
        """Kinds that are only posted, bindings and reviews, and those that are computed."""
        if resource.is_computed:
            return computed(ctx, self._computed.get((resource.group, resource.resource)))
        if resource.resource != "bindings":
            return self._reviews.handle(ctx)
        pods = self.scheme.by_resource("", "v1", "pods")
        if pods is None:
            raise NotFound.of_path()
        ctx.resource = pods
        return self._subresources.bind(ctx)

    def _gates(self, request: Request, info: RequestInfo, *, is_component: bool) -> Gates:
        if is_component:
            is_followed = info.resource == "pods" and info.verb == "create" and not info.subresource
        else:
            is_followed = (
                info.is_resource_request
                and not info.is_read
                and info.resource not in _UNFOLLOWED
                and not info.resource.endswith("reviews")
            )
        return Gates(self._recorder, self._latency, request, info, is_followed=is_followed)


def _is_component(request: Request) -> bool:
    """Whether a component of this cluster asks, inside the process: what it sends is well-formed."""
    user = request.user
    return (
        user is not None
        and not isinstance(request.body, bytes)
        and user.name.startswith(_COMPONENT_PREFIX)
        and not user.name.startswith(_PEOPLE_PREFIXES)
    )


def _retry_after(error: StatusError) -> tuple[tuple[str, str], ...]:
    """The header that makes clients try again by themselves."""
    seconds = error.details.get("retryAfterSeconds")
    return (("Retry-After", str(seconds)),) if seconds else ()
