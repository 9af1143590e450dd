"""The ServiceAccount controller: every Namespace has the ServiceAccount ``default``.

Models:
    pkg/controller/serviceaccount/serviceaccounts_controller.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import NAMESPACES, SERVICE_ACCOUNTS
from webapp.apimachinery.status import AlreadyExists, StatusError
from webapp.controller.controller import Controller, is_namespace_terminating

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

DEFAULT_NAME = "default"


class ServiceAccountsController(Controller):
    """Makes missing default ServiceAccounts; keys are names of Namespaces."""

    name = "serviceaccount-controller"
    service_ms = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._namespaces = context.informers.informer(NAMESPACES)
        self._accounts = context.informers.informer(SERVICE_ACCOUNTS)
        self._namespaces.add_handler(
            on_add=self._on_namespace, on_update=lambda _, new: self._on_namespace(new)
        )
        self._accounts.add_handler(on_delete=self._on_account_delete)

    def sync(self, key: str) -> None:
        """Create the Namespace's ``default`` if it is missing.

        Raises:
            StatusError: It could not be created, while the Namespace is not ending.
        """
        namespace = self._namespaces.get(key)
        if namespace is None or "deletionTimestamp" in namespace["metadata"]:
            return
        if self._accounts.get(f"{key}/{DEFAULT_NAME}") is not None:
            return
        account = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": DEFAULT_NAME, "namespace": key},
        }
        try:
            self.client.create(SERVICE_ACCOUNTS, key, account)
        except AlreadyExists:
            return
        except StatusError as error:
            if is_namespace_terminating(error):
                return
            raise
        self.acted(namespace, "ServiceAccount controller created the ServiceAccount default")

    def _on_namespace(self, namespace: JSONObject) -> None:
        name = namespace["metadata"]["name"]
        if self._accounts.get(f"{name}/{DEFAULT_NAME}") is None:
            self.enqueue(name)

    def _on_account_delete(self, account: JSONObject) -> None:
        if account["metadata"]["name"] == DEFAULT_NAME:
            self.enqueue(account["metadata"]["namespace"])
