"""The built-in Gateway controller: a Deployment and a load balancer for each Gateway of its class.

GatewayClasses, Gateways, HTTPRoutes and Services enter through informers, as soon as the kinds are served;
Deployments, Services and status leave through the API. Requests pass through the proxies' Pods
(:mod:`webapp.cluster.http_proxy`).

Models:
    kubernetes-sigs/gateway-api/apis/v1/shared_types.go RouteParentStatus
    kubernetes-sigs/gateway-api/apis/v1/gateway_types.go GatewayStatus, ListenerStatus
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import DEPLOYMENTS, GATEWAY_CLASSES, GATEWAYS, HTTP_ROUTES, SERVICES
from webapp.apimachinery.meta import namespaced_name
from webapp.apimachinery.timestamps import time_text
from webapp.controller.controller import Controller
from webapp.controller.custom_kinds import CustomKinds
from webapp.controller.gateway.proxy_objects import proxy_deployment, proxy_service
from webapp.controller.load_balancers import addresses_of
from webapp.network.gateway_routes import (
    CONTROLLER,
    GROUP,
    attached,
    is_service,
    parent_key,
    parent_refs,
    refusal,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.client.informer import SharedInformer
    from webapp.controller.context import ControllerContext

KINDS = {"Gateway": GATEWAYS, "GatewayClass": GATEWAY_CLASSES, "HTTPRoute": HTTP_ROUTES}
GATHER_MS = 100


class GatewayController(Controller):
    """Reconciles the Gateway API; keys are ``Kind:namespace/name``."""

    name = "gateway-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._followed: dict[str, SharedInformer] = {}
        self._services = context.informers.informer(SERVICES)
        self._deployments = context.informers.informer(DEPLOYMENTS)
        self._services.add_handler(
            on_add=self._on_service,
            on_update=lambda _, new: self._on_service(new),
            on_delete=self._on_service,
        )
        CustomKinds(context.informers).on_established(self._on_kind)

    def sync(self, key: str) -> None:
        """Bring one object's proxy and status up to date."""
        kind, _, name = key.partition(":")
        obj = self._get(kind, name)
        if obj is None or "deletionTimestamp" in obj["metadata"]:
            return
        if kind == "GatewayClass":
            self._accept_class(obj)
        elif kind == "Gateway":
            self._sync_gateway(obj)
        else:
            self._sync_route(obj)

    # --- GatewayClasses and Gateways

    def _accept_class(self, class_: JSONObject) -> None:
        if class_["spec"].get("controllerName") != CONTROLLER:
            return
        accepted = ("Accepted", "True", "Accepted", "Handled by Podarium's gateway controller")
        status = class_.get("status") or {}
        conditions = self._conditions(status.get("conditions"), class_, [accepted])
        self._write(GATEWAY_CLASSES, class_, {**status, "conditions": conditions})

    def _sync_gateway(self, gateway: JSONObject) -> None:
        if not self._is_ours(gateway):
            return
        self._make_proxy(gateway)
        metadata = gateway["metadata"]
        service = self._services.get(f"{metadata['namespace']}/{_proxy_name(gateway)}")
        addresses = addresses_of(service) if service is not None else []
        programmed = (
            "Programmed",
            "True",
            "Programmed",
            f"Programmed, with {len(addresses)} address",
        )
        if not addresses:
            text = "the load balancer has no address yet"
            programmed = ("Programmed", "False", "AddressNotAssigned", text)
        status = gateway.get("status") or {}
        wanted = [("Accepted", "True", "Accepted", "the Gateway is valid"), programmed]
        held = {entry["name"]: entry for entry in status.get("listeners") or ()}
        listeners = [
            self._listener_status(gateway, listener, held.get(listener["name"]) or {})
            for listener in gateway["spec"].get("listeners") or ()
        ]
        changed = {
            **status,
            "addresses": [{"type": "IPAddress", "value": address} for address in addresses],
            "conditions": self._conditions(status.get("conditions"), gateway, wanted),
            "listeners": listeners,
        }
        self._write(GATEWAYS, gateway, changed)

    def _listener_status(
        self, gateway: JSONObject, listener: JSONObject, held: JSONObject
    ) -> JSONObject:
        is_http = listener.get("protocol") in ("HTTP", "HTTPS")
        accepted = ("Accepted", "True", "Accepted", "the listener is valid")
        if not is_http:
            text = f"protocol {listener.get('protocol')} is not supported"
            accepted = ("Accepted", "False", "UnsupportedProtocol", text)
        wanted = [
            accepted,
            ("Programmed", accepted[1], "Programmed" if is_http else "Invalid", accepted[3]),
            ("ResolvedRefs", "True", "ResolvedRefs", "all references are resolved"),
        ]
        routes = [
            route
            for route in self._list("HTTPRoute")
            if listener["name"] in [entry["name"] for entry in attached(route, gateway)]
        ]
        return {
            "name": listener["name"],
            "attachedRoutes": len(routes),
            "supportedKinds": [{"group": GROUP, "kind": "HTTPRoute"}] if is_http else [],
            "conditions": self._conditions(held.get("conditions"), gateway, wanted),
        }

    def _make_proxy(self, gateway: JSONObject) -> None:
        namespace, name = gateway["metadata"]["namespace"], _proxy_name(gateway)
        key = f"{namespace}/{name}"
        service = proxy_service(gateway, name)
        held = self._services.get(key)
        if held is None:
            self.client.create(SERVICES, namespace, service)
        elif [port["port"] for port in held["spec"]["ports"]] != [
            port["port"] for port in service["spec"]["ports"]
        ]:
            patch = {"spec": {"ports": service["spec"]["ports"]}}
            self.client.patch(SERVICES, namespace, name, patch)
        deployment = proxy_deployment(gateway, name)
        running = self._deployments.get(key)
        if running is None:
            self.client.create(DEPLOYMENTS, namespace, deployment)
        elif _ports(running) != _ports(deployment):
            template = {"spec": {"template": deployment["spec"]["template"]}}
            self.client.patch(DEPLOYMENTS, namespace, name, template)

    # --- HTTPRoutes

    def _sync_route(self, route: JSONObject) -> None:
        status = route.get("status") or {}
        held = status.get("parents") or []
        parents = [entry for entry in held if entry.get("controllerName") != CONTROLLER]
        for ref in parent_refs(route):
            gateway = self._get("Gateway", parent_key(ref, route))
            if gateway is None or not self._is_ours(gateway):
                continue
            before: JSONObject = next((entry for entry in held if entry["parentRef"] == ref), {})
            reason, message = refusal(route, ref, gateway)
            accepted = ("Accepted", "True", "Accepted", "the route is attached")
            if reason:
                accepted = ("Accepted", "False", reason, message)
            wanted = [accepted, self._resolved(route)]
            parents.append(
                {
                    "parentRef": ref,
                    "controllerName": CONTROLLER,
                    "conditions": self._conditions(before.get("conditions"), route, wanted),
                }
            )
        if parents or held:
            self._write(HTTP_ROUTES, route, {**status, "parents": parents})

    def _resolved(self, route: JSONObject) -> tuple[str, str, str, str]:
        namespace = route["metadata"]["namespace"]
        for rule in (route.get("spec") or {}).get("rules") or ():
            for ref in rule.get("backendRefs") or ():
                if not is_service(ref):
                    text = f"backends of the kind {ref.get('kind')} are not supported"
                    return "ResolvedRefs", "False", "InvalidKind", text
                where = ref.get("namespace") or namespace
                if where != namespace:
                    text = f"no ReferenceGrant lets the route refer to {where}/{ref['name']}"
                    return "ResolvedRefs", "False", "RefNotPermitted", text
                if self._services.get(f"{where}/{ref['name']}") is None:
                    text = f'service "{where}/{ref["name"]}" not found'
                    return "ResolvedRefs", "False", "BackendNotFound", text
        return "ResolvedRefs", "True", "ResolvedRefs", "all references are resolved"

    # --- conditions and handlers

    def _conditions(
        self,
        held: list[JSONObject] | None,
        obj: JSONObject,
        wanted: list[tuple[str, str, str, str]],
    ) -> list[JSONObject]:
        known = {condition["type"]: condition for condition in held or ()}
        now = time_text(self.sim.now_ms)
        found = []
        for type_, status, reason, message in wanted:
            before = known.get(type_) or {}
            same = before.get("status") == status
            found.append(
                {
                    "type": type_,
                    "status": status,
                    "observedGeneration": obj["metadata"].get("generation", 1),
                    "lastTransitionTime": before.get("lastTransitionTime", now) if same else now,
                    "reason": reason,
                    "message": message,
                }
            )
        return found

    def _write(self, resource: GroupVersionResource, obj: JSONObject, status: JSONObject) -> None:
        if obj.get("status") != status:
            self.client.update(resource, {**obj, "status": status}, "status")

    def _is_ours(self, gateway: JSONObject) -> bool:
        class_ = self._get("GatewayClass", gateway["spec"].get("gatewayClassName", ""))
        return class_ is not None and class_["spec"].get("controllerName") == CONTROLLER

    def _get(self, kind: str, key: str) -> JSONObject | None:
        informer = self._followed.get(kind)
        return informer.get(key) if informer is not None else None

    def _list(self, kind: str) -> list[JSONObject]:
        informer = self._followed.get(kind)
        return informer.list() if informer is not None else []

    def _on_kind(self, info: ResourceInfo) -> None:
        if info.group != GROUP or info.kind not in KINDS or info.kind in self._followed:
            return
        informer = self._followed[info.kind] = self.informers.informer(KINDS[info.kind])
        for obj in informer.list():
            self._on_change(obj)
        informer.add_handler(
            on_add=self._on_change,
            on_update=lambda _, new: self._on_change(new),
            on_delete=self._on_change,
        )

    def _on_change(self, _obj: JSONObject) -> None:
        """What one object says changes what becomes of others; there are few."""
        for kind in KINDS:
            for obj in self._list(kind):
                key = f"{kind}:{namespaced_name(obj)}"
                self.enqueue_after(key, GATHER_MS, background=False)

    def _on_service(self, service: JSONObject) -> None:
        if self._followed:
            self._on_change(service)


def _proxy_name(gateway: JSONObject) -> str:
    return f"{gateway['metadata']['name']}-{gateway['spec'].get('gatewayClassName', '')}"[:63]


def _ports(deployment: JSONObject) -> list[int]:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return [port["containerPort"] for port in container.get("ports") or ()]
