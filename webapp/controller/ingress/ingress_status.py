"""Writes into each Ingress of the class ``nginx`` the addresses of the controller's own Service.

Ingresses, classes and Services enter through informers; status and Events leave through the API. The
requests themselves pass through the controller's Pods (:mod:`webapp.cluster.http_proxy`).

Models:
    kubernetes/ingress-nginx/internal/ingress/status/status.go statusSync, runningAddresses
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import INGRESS_CLASSES, INGRESSES, SERVICES
from webapp.apimachinery.meta import namespaced_name
from webapp.controller.controller import Controller
from webapp.controller.load_balancers import addresses_of

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

CONTROLLER = "k8s.io/ingress-nginx"
PUBLISHED_SERVICE = "ingress-nginx/ingress-nginx-controller"
NOTICE_MS = 1_000
"""How long changes are gathered."""


class IngressStatusController(Controller):
    """Reconciles the status of Ingresses; keys are ``namespace/name``."""

    name = "ingress-nginx-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events("nginx-ingress-controller")
        self._ingresses = context.informers.informer(INGRESSES)
        self._classes = context.informers.informer(INGRESS_CLASSES)
        self._services = context.informers.informer(SERVICES)
        self._ingresses.add_handler(
            on_add=self._on_ingress, on_update=lambda _, new: self._on_ingress(new)
        )
        self._classes.add_handler(
            on_add=self._on_change, on_update=lambda _, new: self._on_change(new)
        )
        self._services.add_handler(
            on_add=self._on_service,
            on_update=lambda _, new: self._on_service(new),
            on_delete=self._on_service,
        )
        self._told: dict[str, int] = {}

    def sync(self, key: str) -> None:
        """Tell that an Ingress is taken on, and where it can be reached."""
        ingress = self._ingresses.get(key)
        service = self._services.get(PUBLISHED_SERVICE)
        if ingress is None:
            self._told.pop(key, None)
            return
        if service is None or not self._is_ours(ingress):
            return
        metadata = ingress["metadata"]
        generation = metadata.get("generation", 1)
        if self._told.get(key) != generation:
            self._told[key] = generation
            self._events.event(ingress, "Normal", "Sync", "Scheduled for sync")
        points = [{"ip": address} for address in addresses_of(service)]
        held = (ingress.get("status") or {}).get("loadBalancer") or {}
        if (held.get("ingress") or []) == points:
            return
        status: JSONObject = {"status": {"loadBalancer": {"ingress": points or None}}}
        self.client.patch(
            INGRESSES, metadata["namespace"], metadata["name"], status, subresource="status"
        )

    def _is_ours(self, ingress: JSONObject) -> bool:
        found = self._classes.get((ingress.get("spec") or {}).get("ingressClassName") or "")
        return found is not None and found["spec"].get("controller") == CONTROLLER

    def _on_ingress(self, ingress: JSONObject) -> None:
        self.enqueue_after(namespaced_name(ingress), NOTICE_MS, background=False)

    def _on_change(self, _obj: JSONObject) -> None:
        for ingress in self._ingresses.list():
            self._on_ingress(ingress)

    def _on_service(self, service: JSONObject) -> None:
        if namespaced_name(service) == PUBLISHED_SERVICE:
            self._on_change(service)
