"""One Pod as one endpoint of a Service: addresses, conditions, ports. Pure.

Models:
    staging/src/k8s.io/endpointslice/utils.go podToEndpoint, getEndpointPorts
    staging/src/k8s.io/endpointslice/util/controller_utils.go ShouldPodBeInEndpoints
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.controller.pods import is_pod_ready, is_pod_terminal
from webapp.controller.service_pods import find_target_port

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

ZONE_LABEL = "topology.kubernetes.io/zone"


def should_be_endpoint(pod: JSONObject) -> bool:
    """Whether the Pod has an address and its containers may still run."""
    return not is_pod_terminal(pod) and bool((pod.get("status") or {}).get("podIP"))


def pod_addresses(pod: JSONObject) -> dict[str, str]:
    """Family → the Pod's address of that family."""
    status = pod.get("status") or {}
    listed = [entry["ip"] for entry in status.get("podIPs") or ()] or [status.get("podIP") or ""]
    return {"IPv6" if ":" in address else "IPv4": address for address in listed if address}


def endpoint_ports(service: JSONObject, pod: JSONObject) -> tuple[JSONObject, ...]:
    """Ports of the Service as this Pod serves them, in the Service's order.

    A headless Service may have no ports; its endpoints have none either.
    """
    ports = []
    for service_port in service["spec"].get("ports") or ():
        number = find_target_port(pod, service_port)
        if number is None:
            continue
        port: JSONObject = {
            "name": service_port.get("name", ""),
            "protocol": service_port.get("protocol", "TCP"),
            "port": number,
        }
        if service_port.get("appProtocol"):
            port["appProtocol"] = service_port["appProtocol"]
        ports.append(port)
    return tuple(ports)


def pod_to_endpoint(
    pod: JSONObject, service: JSONObject, node: JSONObject | None, address: str
) -> JSONObject:
    """The Pod as an entry of an EndpointSlice's ``endpoints``.

    Args:
        pod: With an address.
        service: May publish Pods that are not ready.
        node: The Pod's Node, for its zone; ``None`` when it is not known.
        address: The Pod's address of the slice's family.
    """
    metadata, spec = pod["metadata"], pod["spec"]
    serving = is_pod_ready(pod)
    terminating = "deletionTimestamp" in metadata
    published = bool(service["spec"].get("publishNotReadyAddresses"))
    endpoint: JSONObject = {
        "addresses": [address],
        "conditions": {
            "ready": published or (serving and not terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "targetRef": {
            "kind": "Pod",
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
    }
    if spec.get("nodeName"):
        endpoint["nodeName"] = spec["nodeName"]
    if node is not None:
        zone = (node["metadata"].get("labels") or {}).get(ZONE_LABEL)
        if zone:
            endpoint["zone"] = zone
    if spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]:
        endpoint["hostname"] = spec["hostname"]
    hints = _hints(endpoint, service["spec"].get("trafficDistribution"))
    if hints:
        endpoint["hints"] = hints
    return endpoint


def _hints(endpoint: JSONObject, wanted: str | None) -> JSONObject:
    """Who should use a ready endpoint: clients of its zone, or of its Node.

    Models:
        staging/src/k8s.io/endpointslice/trafficdist/trafficdist.go ReconcileHintsForSlices
    """
    hints: JSONObject = {}
    if not wanted or not endpoint["conditions"]["ready"]:
        return hints
    if endpoint.get("zone"):
        hints["forZones"] = [{"name": endpoint["zone"]}]
    if wanted == "PreferSameNode" and endpoint.get("nodeName"):
        hints["forNodes"] = [{"name": endpoint["nodeName"]}]
    return hints
