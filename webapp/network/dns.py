"""Cluster DNS: names of Services and Pods to addresses.

Reads Services and EndpointSlices as any component does. Answers what CoreDNS' kubernetes plugin
answers for A records, with the search path that Pods have.

Models:
    coredns/plugin/kubernetes/kubernetes.go Kubernetes.Records
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webapp.api.resources import ENDPOINT_SLICES, SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory

DOMAIN = "cluster.local"
_BY_SERVICE = "kubernetes.io/service-name"
_POD_NAME = re.compile(r"^\d{1,3}(-\d{1,3}){3}$")


class ClusterDNS:
    """The cluster's name server."""

    def __init__(self, informers: InformerFactory) -> None:
        self._services = informers.informer(SERVICES)
        self._slices = informers.informer(ENDPOINT_SLICES)
        self._slices.add_index(_BY_SERVICE, _service_names)

    def lookup(self, name: str, namespace: str) -> list[str]:
        """Addresses of a name as a Pod in ``namespace`` writes it; empty when it does not exist."""
        if name.endswith("."):
            return self.resolve(name[:-1])
        for suffix in (f"{namespace}.svc.{DOMAIN}", f"svc.{DOMAIN}", DOMAIN, ""):
            found = self.resolve(f"{name}.{suffix}" if suffix else name)
            if found:
                return found
        return []

    def resolve(self, name: str) -> list[str]:
        """Addresses of a full name; a headless Service gives its ready Pods, sorted."""
        labels = name.lower().split(".")
        if labels[-2:] != DOMAIN.split("."):
            return []
        labels = labels[:-2]
        if len(labels) == 3 and labels[2] == "svc":
            return self._service(labels[1], labels[0])
        if len(labels) == 4 and labels[3] == "svc":
            return self._member(labels[2], labels[1], labels[0])
        if len(labels) == 3 and labels[2] == "pod" and _POD_NAME.match(labels[0]):
            return [labels[0].replace("-", ".")]
        return []

    def _service(self, namespace: str, name: str) -> list[str]:
        service = self._services.get(f"{namespace}/{name}")
        if service is None:
            return []
        cluster_ip = service["spec"].get("clusterIP", "")
        if cluster_ip and cluster_ip != "None":
            return [cluster_ip]
        publish = bool(service["spec"].get("publishNotReadyAddresses"))
        return sorted(
            address
            for endpoint in self._endpoints(namespace, name)
            if publish or (endpoint.get("conditions") or {}).get("ready", True)
            for address in endpoint.get("addresses") or ()
        )

    def _member(self, namespace: str, service: str, hostname: str) -> list[str]:
        return sorted(
            address
            for endpoint in self._endpoints(namespace, service)
            if endpoint.get("hostname") == hostname
            for address in endpoint.get("addresses") or ()
        )

    def _endpoints(self, namespace: str, service: str) -> Iterable[JSONObject]:
        for piece in self._slices.by_index(_BY_SERVICE, f"{namespace}/{service}"):
            yield from piece.get("endpoints") or ()


def _service_names(piece: JSONObject) -> Iterable[str]:
    name = (piece["metadata"].get("labels") or {}).get(_BY_SERVICE)
    return (f"{piece['metadata']['namespace']}/{name}",) if name else ()
