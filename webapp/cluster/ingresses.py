"""The rules of the built-in ingress controller: all Ingresses whose class it handles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import INGRESS_CLASSES, INGRESSES
from webapp.apimachinery.meta import namespaced_name
from webapp.controller.ingress.ingress_status import CONTROLLER
from webapp.network.http_routes import ingress_rules

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory
    from webapp.network.http_routes import Rule
    from webapp.network.policy.ends import End

HTTP_PORT = 80
IMAGE = "registry.k8s.io/ingress-nginx/controller"


class IngressRules:
    """Follows Ingresses and their classes."""

    def __init__(self, informers: InformerFactory) -> None:
        self._ingresses = informers.informer(INGRESSES)
        self._classes = informers.informer(INGRESS_CLASSES)
        self._rules: list[Rule] | None = None
        for informer in (self._ingresses, self._classes):
            informer.add_handler(
                on_add=self._forget,
                on_update=lambda _, new: self._forget(new),
                on_delete=self._forget,
            )

    def __call__(self, _end: End, port: int) -> list[Rule] | None:
        """All rules, those of older Ingresses first; every controller Pod has the same."""
        if port != HTTP_PORT:
            return None
        if self._rules is None:
            ours = sorted(filter(self._is_ours, self._ingresses.list()), key=_age)
            self._rules = [rule for ingress in ours for rule in ingress_rules(ingress)]
        return self._rules

    def _is_ours(self, ingress: JSONObject) -> bool:
        found = self._classes.get((ingress.get("spec") or {}).get("ingressClassName") or "")
        return found is not None and found["spec"].get("controller") == CONTROLLER

    def _forget(self, _obj: JSONObject) -> None:
        self._rules = None


def _age(ingress: JSONObject) -> tuple[str, str]:
    return ingress["metadata"]["creationTimestamp"], namespaced_name(ingress)
