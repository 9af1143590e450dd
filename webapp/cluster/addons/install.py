"""Creates the add-ons in a new cluster, as its administrator would with ``kubectl create``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import GATEWAY_CLASSES
from webapp.apimachinery.schema import GroupVersionResource
from webapp.apimachinery.scheme import BUILTIN_KINDS
from webapp.cluster.addons.agents import agent_objects, proxy_objects
from webapp.cluster.addons.dns import dns_objects
from webapp.cluster.addons.gateway import gateway_class, gateway_definitions
from webapp.cluster.addons.ingress import ingress_objects

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.client.rest import RESTClient

_RESOURCES = {
    (f"{info.group}/{info.version}" if info.group else info.version, info.kind): (
        GroupVersionResource(info.group, info.version, info.resource)
    )
    for info in BUILTIN_KINDS
    if info.is_stored
}


def addon_objects(plugin: str, proxy_mode: str) -> list[JSONObject]:
    """All objects, in order of making."""
    return [
        *dns_objects(),
        *proxy_objects(proxy_mode),
        *agent_objects(plugin),
        *ingress_objects(),
        *gateway_definitions(),
    ]


def install(client: RESTClient, plugin: str, proxy_mode: str) -> None:
    """Create them."""
    for obj in addon_objects(plugin, proxy_mode):
        resource = _RESOURCES[obj["apiVersion"], obj["kind"]]
        client.create(resource, obj["metadata"].get("namespace", ""), obj)


def install_gateway_class(client: RESTClient) -> None:
    """Create the class of the built-in Gateway controller, once its kind is served."""
    client.create(GATEWAY_CLASSES, "", gateway_class())
