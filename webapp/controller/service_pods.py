"""Which Pods stand behind which Service, for the two controllers that publish them.

Pods and Services enter through informers; a Service's key is handed to ``enqueue`` when its Pods, or
what is published of them, have changed.

Models:
    staging/src/k8s.io/endpointslice/util/controller_utils.go GetServicesToUpdateOnPodChange
    pkg/api/v1/pod/util.go FindPort
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import PODS, SERVICES
from webapp.apimachinery.labels import selector_from_labels
from webapp.apimachinery.meta import namespaced_name
from webapp.controller.indexes import BY_NAMESPACE, namespace_of
from webapp.controller.pods import is_pod_ready, pod_phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.labels import Selector
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory


def find_target_port(pod: JSONObject, service_port: JSONObject) -> int | None:
    """The port on the Pod that a Service's port leads to; ``None`` when the Pod has no such name."""
    target = service_port.get("targetPort") or service_port["port"]
    if isinstance(target, int):
        return target
    protocol = service_port.get("protocol", "TCP")
    spec = pod["spec"]
    sidecars = [
        container
        for container in spec.get("initContainers") or ()
        if container.get("restartPolicy") == "Always"
    ]
    for container in (*spec["containers"], *sidecars):
        for port in container.get("ports") or ():
            if port.get("name") == target and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return None


class ServicePods:
    """Services with a selector, and the Pods that they select.

    Args:
        informers: Where Pods and Services come from.
        enqueue: Called with the key of a Service to look at.
    """

    def __init__(self, informers: InformerFactory, enqueue: Callable[[str], None]) -> None:
        self._enqueue = enqueue
        self._selectors: dict[str, dict[str, Selector]] = {}
        self._members: dict[str, dict[str, JSONObject]] = {}
        self._changed: dict[str, dict[str, None]] = {}
        self._pods = informers.informer(PODS)
        self._pods.add_index(BY_NAMESPACE, namespace_of)
        self._services = informers.informer(SERVICES)
        self._services.add_handler(
            on_add=self._on_service,
            on_update=lambda _, new: self._on_service(new),
            on_delete=self._on_service_delete,
        )
        self._pods.add_handler(
            on_add=self._on_pod_add, on_update=self._on_pod_update, on_delete=self._on_pod_delete
        )

    def service(self, key: str) -> JSONObject | None:
        """The Service ``namespace/name``."""
        return self._services.get(key)

    def pods(self, key: str) -> dict[str, JSONObject]:
        """Pod key → Pod, for all that the Service selects, in order of arrival."""
        return self._members.get(key) or {}

    def take_changes(self, key: str) -> list[str]:
        """Keys of Pods that came, went or changed since this was last asked, in order."""
        return list(self._changed.pop(key, ()))

    def count(self, key: str) -> int:
        """How many Pods the Service selects."""
        return len(self._members.get(key) or ())

    def _on_service(self, service: JSONObject) -> None:
        key = namespaced_name(service)
        namespace = service["metadata"]["namespace"]
        labels = service["spec"].get("selector")
        if labels:
            selector = selector_from_labels(labels)
            by_service = self._selectors.setdefault(namespace, {})
            if by_service.get(key) != selector:
                by_service[key] = selector
                self._members[key] = {
                    namespaced_name(pod): pod
                    for pod in self._pods.by_index(BY_NAMESPACE, namespace)
                    if selector.matches(pod["metadata"].get("labels"))
                }
        else:
            self._forget(namespace, key)
        self._enqueue(key)

    def _on_service_delete(self, service: JSONObject) -> None:
        key = namespaced_name(service)
        self._forget(service["metadata"]["namespace"], key)
        self._enqueue(key)

    def _forget(self, namespace: str, key: str) -> None:
        self._selectors.get(namespace, {}).pop(key, None)
        self._members.pop(key, None)
        self._changed.pop(key, None)

    def _on_pod_add(self, pod: JSONObject) -> None:
        labels = pod["metadata"].get("labels")
        pod_key = namespaced_name(pod)
        for key, selector in self._selectors.get(pod["metadata"]["namespace"], {}).items():
            if selector.matches(labels):
                self._members[key][pod_key] = pod
                self._tell(key, pod_key)

    def _on_pod_update(self, old: JSONObject, new: JSONObject) -> None:
        selectors = self._selectors.get(new["metadata"]["namespace"])
        if not selectors:
            return
        labels = new["metadata"].get("labels")
        pod_key = namespaced_name(new)
        changed = _published(old) != _published(new)
        for key, selector in selectors.items():
            members = self._members[key]
            if selector.matches(labels):
                entered = pod_key not in members
                members[pod_key] = new
                if entered or changed:
                    self._tell(key, pod_key)
            elif members.pop(pod_key, None) is not None:
                self._tell(key, pod_key)

    def _on_pod_delete(self, pod: JSONObject) -> None:
        pod_key = namespaced_name(pod)
        for key in self._selectors.get(pod["metadata"]["namespace"], {}):
            if self._members[key].pop(pod_key, None) is not None:
                self._tell(key, pod_key)

    def _tell(self, key: str, pod_key: str) -> None:
        self._changed.setdefault(key, {})[pod_key] = None
        self._enqueue(key)


def _published(pod: JSONObject) -> tuple[object, ...]:
    """What of a Pod its endpoints show; labels are compared by the selectors."""
    return (
        (pod.get("status") or {}).get("podIP"),
        pod_phase(pod) in {"Failed", "Succeeded"},
        is_pod_ready(pod),
        "deletionTimestamp" in pod["metadata"],
        pod["spec"].get("nodeName"),
        pod["metadata"]["uid"],
    )
