"""The EndpointSlice controller: publishes the Pods behind each Service, a hundred in each slice.

Services, Pods, Nodes and slices enter through informers; slices leave through the API, for
kube-proxy, DNS and the page to follow.

Deviation: changes of a Service with many Pods are gathered for a while before its slices are
written, 20 ms for each 1,000 Pods; upstream takes a good part of that to compute them.

Models:
    pkg/controller/endpointslice/endpointslice_controller.go syncService
    staging/src/k8s.io/endpointslice/reconciler.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import ENDPOINT_SLICES, NODES
from webapp.apimachinery.meta import namespaced_name, object_ref, split_name
from webapp.apimachinery.status import NotFound
from webapp.apimachinery.timestamps import time_text
from webapp.controller.controller import Controller
from webapp.controller.controller_ref_manager import new_controller_ref
from webapp.controller.endpointslice.endpoints import (
    ZONE_LABEL,
    endpoint_ports,
    pod_addresses,
    pod_to_endpoint,
    should_be_endpoint,
)
from webapp.controller.endpointslice.packing import plan_slices, ports_key
from webapp.controller.service_pods import ServicePods
from webapp.trace.facts import EndpointsChanged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext
    from webapp.controller.endpointslice.packing import PackingPlan, Ports

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
MANAGED_BY = "endpointslice-controller.k8s.io"
HEADLESS_LABEL = "service.kubernetes.io/headless"
TRIGGER_TIME_ANNOTATION = "endpoints.kubernetes.io/last-change-trigger-time"

_BY_SERVICE = "service"
_NOT_COPIED_LABELS = frozenset({HEADLESS_LABEL, MANAGED_BY_LABEL, SERVICE_NAME_LABEL})


class _Published:
    """What a Service's slices should hold.

    Attributes:
        service: The Service that it was computed for.
        endpoints: Pod name → (key of its ports, endpoint), in order of arrival.
        ports_by_key: What the keys stand for.
    """

    __slots__ = ("families", "ports_by_key", "service")

    def __init__(self, service: JSONObject) -> None:
        self.service = service
        self.families: dict[str, dict[str, tuple[str, JSONObject]]] = {
            family: {} for family in service["spec"].get("ipFamilies") or ("IPv4",)
        }
        self.ports_by_key: dict[str, Ports] = {}


class EndpointSliceController(Controller):
    """Reconciles the slices of Services; keys are ``namespace/name`` of the Service."""

    name = "endpointslice-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._published: dict[str, _Published] = {}
        self._counts: dict[str, tuple[int, int]] = {}
        self._unseen: dict[str, dict[str, int | None]] = {}
        self._nodes = context.informers.informer(NODES)
        self._slices = context.informers.informer(ENDPOINT_SLICES)
        self._slices.add_index(_BY_SERVICE, _service_key)
        self._service_pods = ServicePods(context.informers, self._enqueue_service)
        self._slices.add_handler(
            on_add=self._on_slice,
            on_update=lambda _, new: self._on_slice(new),
            on_delete=self._on_slice_delete,
        )
        self._nodes.add_handler(on_update=self._on_node_update)

    def sync(self, key: str) -> None:
        """Bring the slices of one Service up to date."""
        service = self._service_pods.service(key)
        if service is None:
            self._published.pop(key, None)
            self._counts.pop(key, None)
            self._unseen.pop(key, None)
            return
        spec = service["spec"]
        if not spec.get("selector") or spec.get("type") == "ExternalName":
            self._published.pop(key, None)
            return
        if self._unseen.get(key):
            return
        held = self._slices.by_index(_BY_SERVICE, key)
        published = self._bring_up_to_date(key, service)
        for stored in held:
            if stored["addressType"] not in published.families:
                self._delete(key, stored)
        for family, endpoints in published.families.items():
            pieces = [stored for stored in held if stored["addressType"] == family]
            plan = plan_slices(pieces, endpoints, published.ports_by_key)
            self._write(key, service, family, self._with_labels(service, pieces, plan))
        self._tell_counts(key, published)

    def _bring_up_to_date(self, key: str, service: JSONObject) -> _Published:
        """Compute anew those Pods that changed; all of them when the Service did."""
        pods = self._service_pods.pods(key)
        changes: Iterable[str] = self._service_pods.take_changes(key)
        published = self._published.get(key)
        if published is None or published.service is not service:
            published = self._published[key] = _Published(service)
            changes = pods
        for pod_key in changes:
            self._publish(published, pod_key, pods.get(pod_key))
        return published

    def _publish(self, published: _Published, pod_key: str, pod: JSONObject | None) -> None:
        _, name = split_name(pod_key)
        usable = pod_addresses(pod) if pod is not None and should_be_endpoint(pod) else {}
        for family, endpoints in published.families.items():
            if family not in usable:
                endpoints.pop(name, None)
        if pod is None or not usable:
            return
        service = published.service
        ports = endpoint_ports(service, pod)
        key = ports_key(ports)
        published.ports_by_key.setdefault(key, ports)
        node = self._nodes.get(pod["spec"].get("nodeName", ""))
        for family, endpoints in published.families.items():
            if family in usable:
                endpoint = pod_to_endpoint(pod, service, node, usable[family])
                endpoints[name] = (key, endpoint)

    # --- writing

    def _with_labels(
        self, service: JSONObject, held: list[JSONObject], plan: PackingPlan
    ) -> PackingPlan:
        """The plan, with those slices too that only lack the Service's present labels."""
        labels = _slice_labels(service)
        planned = [stored["metadata"]["uid"] for stored, *_ in plan.update]
        planned += [stored["metadata"]["uid"] for stored in plan.delete]
        for stored in held:
            metadata = stored["metadata"]
            if metadata["uid"] not in planned and metadata.get("labels") != labels:
                ports = tuple(stored.get("ports") or ())
                plan.update.append((stored, ports, stored.get("endpoints") or []))
        return plan

    def _write(self, key: str, service: JSONObject, family: str, plan: PackingPlan) -> None:
        namespace = service["metadata"]["namespace"]
        unseen = self._unseen.setdefault(key, {})
        common = {
            "labels": _slice_labels(service),
            "annotations": {TRIGGER_TIME_ANNOTATION: time_text(self.sim.now_ms)},
        }
        for stored, ports, endpoints in plan.update:
            changed = {
                **stored,
                "metadata": {**stored["metadata"], **common},
                "endpoints": endpoints,
                "ports": list(ports),
            }
            written = self.client.update(ENDPOINT_SLICES, changed)
            if written["metadata"]["resourceVersion"] != stored["metadata"]["resourceVersion"]:
                unseen[namespaced_name(written)] = int(written["metadata"]["resourceVersion"])
        for ports, endpoints in plan.create:
            new_slice = {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "generateName": f"{service['metadata']['name'][:57]}-",
                    "namespace": namespace,
                    **common,
                    "ownerReferences": [new_controller_ref(_with_kind(service))],
                },
                "addressType": family,
                "endpoints": endpoints,
                "ports": list(ports),
            }
            written = self.client.create(ENDPOINT_SLICES, namespace, new_slice)
            unseen[namespaced_name(written)] = int(written["metadata"]["resourceVersion"])
        for stored in plan.delete:
            self._delete(key, stored)

    def _delete(self, key: str, stored: JSONObject) -> None:
        metadata = stored["metadata"]
        try:
            self.client.delete(ENDPOINT_SLICES, metadata["namespace"], metadata["name"])
        except NotFound:
            return
        self._unseen.setdefault(key, {})[namespaced_name(stored)] = None

    def _tell_counts(self, key: str, published: _Published) -> None:
        endpoints = next(iter(published.families.values())).values()
        ready = sum(endpoint["conditions"]["ready"] for _, endpoint in endpoints)
        counts = (ready, len(endpoints) - ready)
        if self._counts.get(key, (0, 0)) == counts:
            return
        self._counts[key] = counts
        self.recorder.record(
            EndpointsChanged(
                actor=self.client.name,
                subject=object_ref(_with_kind(published.service)),
                ready=counts[0],
                not_ready=counts[1],
            )
        )

    # --- handlers; what was written is left alone until the informer has seen it

    def _on_slice(self, held: JSONObject) -> None:
        slice_key = namespaced_name(held)
        for key in _service_key(held):
            unseen = self._unseen.get(key, {})
            version = unseen.get(slice_key)
            if version is not None and int(held["metadata"]["resourceVersion"]) >= version:
                del unseen[slice_key]
            self._enqueue_service(key)

    def _on_slice_delete(self, held: JSONObject) -> None:
        for key in _service_key(held):
            self._unseen.get(key, {}).pop(namespaced_name(held), None)
            self._enqueue_service(key)

    def _on_node_update(self, old: JSONObject, new: JSONObject) -> None:
        if _zone(old) == _zone(new):
            return
        name = new["metadata"]["name"]
        for key, published in list(self._published.items()):
            if any(
                endpoint.get("nodeName") == name
                for endpoints in published.families.values()
                for _, endpoint in endpoints.values()
            ):
                del self._published[key]
                self._enqueue_service(key)

    def _enqueue_service(self, key: str) -> None:
        gather_ms = self._service_pods.count(key) // 50
        if gather_ms:
            self.enqueue_after(key, gather_ms, background=False)
        else:
            self.enqueue(key)


def _service_key(held: JSONObject) -> tuple[str, ...]:
    labels = held["metadata"].get("labels") or {}
    name = labels.get(SERVICE_NAME_LABEL)
    if not name or labels.get(MANAGED_BY_LABEL) != MANAGED_BY:
        return ()
    return (f"{held['metadata']['namespace']}/{name}",)


def _slice_labels(service: JSONObject) -> JSONObject:
    own = service["metadata"].get("labels") or {}
    labels = {key: value for key, value in own.items() if key not in _NOT_COPIED_LABELS}
    if service["spec"].get("clusterIP") == "None":
        labels[HEADLESS_LABEL] = ""
    labels[MANAGED_BY_LABEL] = MANAGED_BY
    labels[SERVICE_NAME_LABEL] = service["metadata"]["name"]
    return labels


def _with_kind(service: JSONObject) -> JSONObject:
    return {"apiVersion": "v1", "kind": "Service", **service}


def _zone(node: JSONObject | None) -> str:
    if node is None:
        return ""
    return str((node["metadata"].get("labels") or {}).get(ZONE_LABEL, ""))
