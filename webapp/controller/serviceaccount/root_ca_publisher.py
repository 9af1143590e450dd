"""The root CA publisher: every Namespace has the ConfigMap ``kube-root-ca.crt``.

Pods mount it to know the API server when they see it.

Models:
    pkg/controller/certificates/rootcacertpublisher/publisher.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import CONFIG_MAPS, NAMESPACES
from webapp.apimachinery.status import AlreadyExists, NotFound, StatusError
from webapp.controller.controller import Controller, is_namespace_terminating

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

CONFIG_MAP_NAME = "kube-root-ca.crt"
DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints "
    "such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across "
    "distributions of Kubernetes clusters."
)


class RootCACertPublisher(Controller):
    """Keeps the ConfigMap as it should be; keys are names of Namespaces."""

    name = "root-ca-certificate-publisher-controller"
    service_ms = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._data = {"ca.crt": context.root_ca}
        self._namespaces = context.informers.informer(NAMESPACES)
        self._config_maps = context.informers.informer(CONFIG_MAPS)
        self._namespaces.add_handler(
            on_add=self._on_namespace, on_update=lambda _, new: self._on_namespace(new)
        )
        self._config_maps.add_handler(
            on_update=lambda _, new: self._on_config_map(new), on_delete=self._on_config_map
        )

    def sync(self, key: str) -> None:
        """Create the ConfigMap, or put its data right.

        Raises:
            StatusError: It could not be written, while the Namespace is not ending.
        """
        namespace = self._namespaces.get(key)
        if namespace is None or "deletionTimestamp" in namespace["metadata"]:
            return
        current = self._config_maps.get(f"{key}/{CONFIG_MAP_NAME}")
        if current is not None and current.get("data") == self._data:
            return
        try:
            self._write(key, current)
        except (AlreadyExists, NotFound):
            return
        except StatusError as error:
            if is_namespace_terminating(error):
                return
            raise

    def _write(self, namespace: str, current: JSONObject | None) -> None:
        if current is not None:
            self.client.update(CONFIG_MAPS, {**current, "data": self._data})
            return
        config_map = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": CONFIG_MAP_NAME,
                "namespace": namespace,
                "annotations": {"kubernetes.io/description": DESCRIPTION},
            },
            "data": self._data,
        }
        self.client.create(CONFIG_MAPS, namespace, config_map)

    def _on_namespace(self, namespace: JSONObject) -> None:
        name = namespace["metadata"]["name"]
        if self._config_maps.get(f"{name}/{CONFIG_MAP_NAME}") is None:
            self.enqueue(name)

    def _on_config_map(self, config_map: JSONObject) -> None:
        if config_map["metadata"]["name"] == CONFIG_MAP_NAME:
            self.enqueue(config_map["metadata"]["namespace"])
