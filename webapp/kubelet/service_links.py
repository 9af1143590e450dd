"""Variables that tell a container where Services are, in the manner of Docker's links.

Models:
    pkg/kubelet/envvars/envvars.go FromServices
    pkg/kubelet/kubelet_pods.go getServiceEnvVarMap
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.apimachinery.meta import JSONObject

API_SERVER = "kubernetes"


def service_links(
    services_in: Callable[[str], list[JSONObject]], namespace: str, *, enabled: bool
) -> dict[str, str]:
    """Name → value.

    Args:
        services_in: Services of a namespace, sorted by name.
        namespace: The Pod's.
        enabled: Whether the Pod wants its own namespace's; the API server is always told.
    """
    found: dict[str, str] = {}
    for service in services_in("default"):
        if service["metadata"]["name"] == API_SERVER:
            found.update(_variables(service))
    if enabled:
        for service in services_in(namespace):
            found.update(_variables(service))
    return found


def _variables(service: JSONObject) -> Iterator[tuple[str, str]]:
    spec = service["spec"]
    ip = spec.get("clusterIP", "")
    ports = spec.get("ports") or ()
    if not ports or ip in ("", "None"):
        return
    prefix = service["metadata"]["name"].upper().replace("-", "_")
    yield f"{prefix}_SERVICE_HOST", ip
    yield f"{prefix}_SERVICE_PORT", str(ports[0]["port"])
    for port in ports:
        if port.get("name"):
            name = port["name"].upper().replace("-", "_")
            yield f"{prefix}_SERVICE_PORT_{name}", str(port["port"])
    for index, port in enumerate(ports):
        protocol = port.get("protocol", "TCP")
        url = f"{protocol.lower()}://{ip}:{port['port']}"
        if not index:
            yield f"{prefix}_PORT", url
        start = f"{prefix}_PORT_{port['port']}_{protocol}"
        yield start, url
        yield f"{start}_PROTO", protocol.lower()
        yield f"{start}_PORT", str(port["port"])
        yield f"{start}_ADDR", ip
