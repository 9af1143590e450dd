"""The Endpoints controller: the addresses behind each Service as one object, for older clients.

Services and Pods enter through informers; Endpoints leave through the API.

Deviation: changes of a Service with very many Pods are gathered, 100 ms for each 1,000 Pods.

Models:
    pkg/controller/endpoint/endpoints_controller.go syncService
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import ENDPOINTS
from webapp.apimachinery.meta import namespaced_name, split_name
from webapp.apimachinery.status import NotFound
from webapp.apimachinery.timestamps import time_text
from webapp.controller.controller import Controller
from webapp.controller.endpoints.subsets import Address, repack_subsets, truncate_subsets
from webapp.controller.pods import is_pod_ready, is_pod_terminal
from webapp.controller.service_pods import ServicePods, find_target_port

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

MANAGED_BY_LABEL = "endpoints.kubernetes.io/managed-by"
MANAGED_BY = "endpoint-controller"
HEADLESS_LABEL = "service.kubernetes.io/headless"
TRIGGER_TIME_ANNOTATION = "endpoints.kubernetes.io/last-change-trigger-time"
OVER_CAPACITY_ANNOTATION = "endpoints.kubernetes.io/over-capacity"


class EndpointsController(Controller):
    """Reconciles the Endpoints of Services; keys are ``namespace/name``."""

    name = "endpoints-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._endpoints = context.informers.informer(ENDPOINTS)
        self._service_pods = ServicePods(context.informers, self._enqueue_service)
        self._endpoints.add_handler(
            on_update=lambda _, new: self._on_endpoints(new), on_delete=self._on_endpoints
        )

    def sync(self, key: str) -> None:
        """Bring the Endpoints of one Service up to date; they go with their Service."""
        service = self._service_pods.service(key)
        if service is None:
            self._delete(key)
            return
        spec = service["spec"]
        if not spec.get("selector") or spec.get("type") == "ExternalName":
            return
        subsets, truncated = truncate_subsets(repack_subsets(self._addresses(key, service)))
        current = self._endpoints.get(key)
        labels = _labels(service)
        before = (current or {}).get("metadata", {})
        annotations = dict(before.get("annotations") or {})
        annotations.pop(OVER_CAPACITY_ANNOTATION, None)
        if truncated:
            annotations[OVER_CAPACITY_ANNOTATION] = "truncated"
        if (
            current is not None
            and (current.get("subsets") or []) == subsets
            and before.get("labels") == labels
            and (OVER_CAPACITY_ANNOTATION in (before.get("annotations") or {})) == truncated
        ):
            return
        annotations[TRIGGER_TIME_ANNOTATION] = time_text(self.sim.now_ms)
        self._write(service, current, labels, annotations, subsets)

    def _addresses(self, key: str, service: JSONObject) -> list[Address]:
        published = bool(service["spec"].get("publishNotReadyAddresses"))
        service_ports = service["spec"].get("ports") or ()
        found = []
        for pod in self._service_pods.pods(key).values():
            if not (pod.get("status") or {}).get("podIP") or is_pod_terminal(pod):
                continue
            if "deletionTimestamp" in pod["metadata"] and not published:
                continue
            address = _address(pod, service)
            ready = published or is_pod_ready(pod)
            if not service_ports:
                found.append(Address(address, None, ready))
            for service_port in service_ports:
                number = find_target_port(pod, service_port)
                if number is not None:
                    found.append(Address(address, _port(service_port, number), ready))
        return found

    def _write(
        self,
        service: JSONObject,
        current: JSONObject | None,
        labels: JSONObject,
        annotations: JSONObject,
        subsets: list[JSONObject],
    ) -> None:
        name = service["metadata"]["name"]
        namespace = service["metadata"]["namespace"]
        metadata = (current or {}).get("metadata") or {"name": name, "namespace": namespace}
        endpoints: JSONObject = {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {**metadata, "labels": labels, "annotations": annotations},
        }
        if subsets:
            endpoints["subsets"] = subsets
        if current is None:
            self.client.create(ENDPOINTS, namespace, endpoints)
        else:
            self.client.update(ENDPOINTS, endpoints)

    def _delete(self, key: str) -> None:
        # Endpoints that people made for a Service without selector go with the Service as well.
        if self._endpoints.get(key) is None:
            return
        namespace, name = split_name(key)
        try:
            self.client.delete(ENDPOINTS, namespace, name)
        except NotFound:
            return

    def _on_endpoints(self, endpoints: JSONObject) -> None:
        if self._service_pods.service(namespaced_name(endpoints)) is not None:
            self._enqueue_service(namespaced_name(endpoints))

    def _enqueue_service(self, key: str) -> None:
        gather_ms = self._service_pods.count(key) // 10
        if gather_ms:
            self.enqueue_after(key, gather_ms, background=False)
        else:
            self.enqueue(key)


def _address(pod: JSONObject, service: JSONObject) -> JSONObject:
    metadata, spec = pod["metadata"], pod["spec"]
    address: JSONObject = {"ip": pod["status"]["podIP"]}
    if spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]:
        address["hostname"] = spec["hostname"]
    if spec.get("nodeName"):
        address["nodeName"] = spec["nodeName"]
    address["targetRef"] = {
        "kind": "Pod",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
    return address


def _port(service_port: JSONObject, number: int) -> JSONObject:
    port: JSONObject = {"port": number, "protocol": service_port.get("protocol", "TCP")}
    for field in ("name", "appProtocol"):
        if service_port.get(field):
            port[field] = service_port[field]
    return port


def _labels(service: JSONObject) -> JSONObject:
    labels = dict(service["metadata"].get("labels") or {})
    labels.pop(HEADLESS_LABEL, None)
    labels[MANAGED_BY_LABEL] = MANAGED_BY
    if service["spec"].get("clusterIP") == "None":
        labels[HEADLESS_LABEL] = ""
    return labels
