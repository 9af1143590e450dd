"""The rules of Gateways' proxies: the HTTPRoutes that each of their listeners takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import GATEWAYS, HTTP_ROUTES
from webapp.apimachinery.meta import namespaced_name
from webapp.controller.custom_kinds import CustomKinds
from webapp.network.gateway_routes import GATEWAY_LABEL, GROUP, attached, route_rules

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.client.informer import InformerFactory, SharedInformer
    from webapp.network.http_routes import Rule
    from webapp.network.policy.ends import End


class GatewayRules:
    """Follows Gateways and HTTPRoutes once their kinds are served."""

    def __init__(self, informers: InformerFactory) -> None:
        self._informers = informers
        self._gateways: SharedInformer | None = None
        self._routes: SharedInformer | None = None
        self._rules: dict[tuple[str, int], list[Rule]] = {}
        CustomKinds(informers).on_established(self._on_kind)

    def __call__(self, end: End, port: int) -> list[Rule] | None:
        """The rules of the proxy in a Pod, for one of its ports."""
        key = (f"{end.namespace}/{end.labels.get(GATEWAY_LABEL, '')}", port)
        if key not in self._rules:
            self._rules[key] = self._make(*key)
        return self._rules[key]

    def _make(self, key: str, port: int) -> list[Rule]:
        gateway = self._gateways.get(key) if self._gateways is not None else None
        if gateway is None or self._routes is None:
            return []
        routes = sorted(self._routes.list(), key=_age)
        return [
            rule
            for route in routes
            for listener in attached(route, gateway)
            if listener["port"] == port
            for rule in route_rules(route, listener)
        ]

    def _on_kind(self, info: ResourceInfo) -> None:
        if info.group != GROUP:
            return
        if info.kind == "Gateway" and self._gateways is None:
            self._gateways = self._follow(self._informers.informer(GATEWAYS))
        elif info.kind == "HTTPRoute" and self._routes is None:
            self._routes = self._follow(self._informers.informer(HTTP_ROUTES))

    def _follow(self, informer: SharedInformer) -> SharedInformer:
        informer.add_handler(
            on_add=self._forget, on_update=lambda _, new: self._forget(new), on_delete=self._forget
        )
        return informer

    def _forget(self, _obj: JSONObject) -> None:
        self._rules.clear()


def _age(route: JSONObject) -> tuple[str, str]:
    return route["metadata"]["creationTimestamp"], namespaced_name(route)
