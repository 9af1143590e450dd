"""The EndpointSliceMirroring controller: what people write into Endpoints, as slices that are read today.

Endpoints of Services without selector enter through informers; slices leave through the API, one a subset
and address family, at most 1,000 addresses each.

Models:
    pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go syncEndpoints
    pkg/controller/endpointslicemirroring/reconciler.go reconcile
    pkg/controller/endpointslicemirroring/utils.go newEndpointSlice, addressToEndpoint, cloneAndRemoveKeys
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import ENDPOINT_SLICES, ENDPOINTS, SERVICES
from webapp.apimachinery.meta import namespaced_name, split_name
from webapp.apimachinery.status import NotFound
from webapp.controller.controller import Controller
from webapp.controller.controller_ref_manager import new_controller_ref

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

MANAGED_BY = "endpointslicemirroring-controller.k8s.io"
MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
SERVICE_NAME_LABEL = "kubernetes.io/service-name"
SKIP_LABEL = "endpointslice.kubernetes.io/skip-mirror"
LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader"
MAX_ENDPOINTS = 1000
_NOT_COPIED = (
    "endpoints.kubernetes.io/last-change-trigger-time",
    "kubectl.kubernetes.io/last-applied-configuration",
)
_BY_SERVICE = "mirrored-service"


class EndpointSliceMirroringController(Controller):
    """Reconciles the mirrors of Endpoints; keys are ``namespace/name``."""

    name = "endpointslice-mirroring-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._endpoints = context.informers.informer(ENDPOINTS)
        self._services = context.informers.informer(SERVICES)
        self._slices = context.informers.informer(ENDPOINT_SLICES)
        self._slices.add_index(_BY_SERVICE, _mirrored_service)
        self._endpoints.add_handler(
            on_add=self._on_object,
            on_update=lambda _, new: self._on_object(new),
            on_delete=self._on_object,
        )
        self._services.add_handler(
            on_add=self._on_object, on_update=self._on_service, on_delete=self._on_object
        )
        self._slices.add_handler(
            on_update=lambda _, new: self._on_slice(new), on_delete=self._on_slice
        )

    def sync(self, key: str) -> None:
        """Bring the slices of one Endpoints object up to date."""
        endpoints, service = self._endpoints.get(key), self._services.get(key)
        held = self._slices.by_index(_BY_SERVICE, key)
        wanted: list[JSONObject] = []
        if endpoints is not None and service is not None and _is_mirrored(endpoints, service):
            wanted = list(mirror(endpoints))
        namespace, _ = split_name(key)
        for stored in held[len(wanted) :]:
            self._delete(namespace, stored)
        for number, new in enumerate(wanted):
            if number >= len(held):
                self.client.create(ENDPOINT_SLICES, namespace, new)
            else:
                self._replace(namespace, held[number], new)

    def _replace(self, namespace: str, stored: JSONObject, new: JSONObject) -> None:
        if stored["addressType"] != new["addressType"]:
            self._delete(namespace, stored)
            self.client.create(ENDPOINT_SLICES, namespace, new)
            return
        fields = ("endpoints", "ports")
        metadata = stored["metadata"]
        parts = ("annotations", "labels")
        if all((stored.get(field) or []) == new[field] for field in fields) and all(
            (metadata.get(part) or {}) == (new["metadata"].get(part) or {}) for part in parts
        ):
            return
        merged = {**metadata, **{part: new["metadata"][part] for part in parts}}
        self.client.update(
            ENDPOINT_SLICES,
            {**stored, **{field: new[field] for field in fields}, "metadata": merged},
        )

    def _delete(self, namespace: str, stored: JSONObject) -> None:
        try:
            self.client.delete(ENDPOINT_SLICES, namespace, stored["metadata"]["name"])
        except NotFound:
            return

    def _on_object(self, obj: JSONObject) -> None:
        key = namespaced_name(obj)
        service = self._services.get(key) or {}
        # Most Services have selectors; there is nothing to do for them.
        if not (service.get("spec") or {}).get("selector") or self._slices.by_index(
            _BY_SERVICE, key
        ):
            self.enqueue(key)

    def _on_service(self, old: JSONObject, new: JSONObject) -> None:
        if bool(old["spec"].get("selector")) != bool(new["spec"].get("selector")):
            self.enqueue(namespaced_name(new))

    def _on_slice(self, held: JSONObject) -> None:
        for key in _mirrored_service(held):
            self.enqueue(key)


def mirror(endpoints: JSONObject) -> list[JSONObject]:
    """The slices that stand for an Endpoints object. Pure."""
    found: list[JSONObject] = []
    for subset in endpoints.get("subsets") or ():
        by_family: dict[str, list[JSONObject]] = {}
        for field, ready in (("addresses", True), ("notReadyAddresses", False)):
            for address in subset.get(field) or ():
                if not address.get("ip"):
                    continue
                family = "IPv6" if ":" in address["ip"] else "IPv4"
                by_family.setdefault(family, []).append(_endpoint(address, ready=ready))
        ports = [
            {"name": port.get("name", ""), **{k: v for k, v in port.items() if k != "name"}}
            for port in subset.get("ports") or ()
        ]
        found += [
            _slice(endpoints, family, addresses[:MAX_ENDPOINTS], ports)
            for family, addresses in by_family.items()
        ]
    return found


def _slice(
    endpoints: JSONObject, family: str, addresses: list[JSONObject], ports: list[JSONObject]
) -> JSONObject:
    metadata = endpoints["metadata"]
    name = metadata["name"]
    annotations = {
        key: value
        for key, value in (metadata.get("annotations") or {}).items()
        if key not in _NOT_COPIED
    }
    labels = {
        **(metadata.get("labels") or {}),
        MANAGED_BY_LABEL: MANAGED_BY,
        SERVICE_NAME_LABEL: name,
    }
    owner = new_controller_ref({"apiVersion": "v1", "kind": "Endpoints", **endpoints})
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{name[:57]}-",
            "namespace": metadata["namespace"],
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [owner],
        },
        "addressType": family,
        "endpoints": addresses,
        "ports": ports,
    }


def _endpoint(address: JSONObject, *, ready: bool) -> JSONObject:
    endpoint: JSONObject = {"addresses": [address["ip"]], "conditions": {"ready": ready}}
    for field in ("hostname", "nodeName", "targetRef"):
        if address.get(field):
            endpoint[field] = address[field]
    return endpoint


def _is_mirrored(endpoints: JSONObject, service: JSONObject) -> bool:
    metadata = endpoints["metadata"]
    return not (
        service["spec"].get("selector")
        or (metadata.get("labels") or {}).get(SKIP_LABEL) == "true"
        or LEADER_ANNOTATION in (metadata.get("annotations") or {})
        or "deletionTimestamp" in metadata
    )


def _mirrored_service(held: JSONObject) -> tuple[str, ...]:
    labels = held["metadata"].get("labels") or {}
    if labels.get(MANAGED_BY_LABEL) != MANAGED_BY:
        return ()
    return (f"{held['metadata']['namespace']}/{labels.get(SERVICE_NAME_LABEL, '')}",)
