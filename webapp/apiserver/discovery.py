"""What the server serves: ``/api``, ``/apis`` and below, in the legacy and the aggregated form.

A scheme enters, documents leave. kubectl asks for the aggregated form and falls back; ``drain`` and
``auth can-i`` read the legacy lists in every version.

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/discovery/aggregated/handler.go
    staging/src/k8s.io/apiserver/pkg/endpoints/discovery/legacy.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.scheme import subresource_info

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo, Scheme

AGGREGATED_VERSIONS = ("v2", "v2beta1")
_SERVER_ADDRESSES = [{"clientCIDR": "0.0.0.0/0", "serverAddress": ""}]


def api_versions() -> JSONObject:
    """``/api``: the versions of the core group."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": _SERVER_ADDRESSES,
    }


def api_group_list(scheme: Scheme) -> JSONObject:
    """``/apis``: all named groups."""
    groups = [_group(name, versions) for name, versions in scheme.groups() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def api_group(scheme: Scheme, group: str) -> JSONObject | None:
    """``/apis/GROUP``, or ``None`` when there is no such group."""
    for name, versions in scheme.groups():
        if name == group:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}
    return None


def api_resource_list(scheme: Scheme, group: str, version: str) -> JSONObject | None:
    """``/api/v1`` or ``/apis/GROUP/VERSION``, or ``None`` when nothing is served there."""
    resources: list[JSONObject] = []
    for info in _resources(scheme, group, version):
        if info.verbs:
            resources.append(_legacy_resource(info))
        resources += [_legacy_subresource(info, name) for name in info.subresources]
    if not resources:
        return None
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": resources,
    }


def aggregated(scheme: Scheme, *, core: bool, version: str) -> JSONObject:
    """The aggregated form of ``/api`` (``core``) or ``/apis``, as ``version`` of apidiscovery.k8s.io."""
    items = [
        {
            "metadata": {"name": group, "creationTimestamp": None},
            "versions": [_aggregated_version(scheme, group, name) for name in versions],
        }
        for group, versions in scheme.groups()
        if (not group) == core
    ]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": items,
    }


def wanted_aggregation(accept: str) -> str | None:
    """The first aggregated version that an Accept header asks for and this server knows."""
    for clause in accept.split(","):
        parameters = dict(
            part.strip().partition("=")[::2] for part in clause.split(";")[1:] if "=" in part
        )
        if (
            parameters.get("as") == "APIGroupDiscoveryList"
            and parameters.get("g") == "apidiscovery.k8s.io"
            and parameters.get("v") in AGGREGATED_VERSIONS
        ):
            return parameters["v"]
    return None


def _group(name: str, versions: tuple[str, ...]) -> JSONObject:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _resources(scheme: Scheme, group: str, version: str) -> list[ResourceInfo]:
    return [info for info in scheme.resources() if (info.group, info.version) == (group, version)]


def _legacy_resource(info: ResourceInfo) -> JSONObject:
    resource: JSONObject = {
        "name": info.resource,
        "singularName": info.singular,
        "namespaced": info.namespaced,
        "kind": info.kind,
        "verbs": list(info.verbs),
    }
    return {**resource, **_names(info)}


def _legacy_subresource(info: ResourceInfo, name: str) -> JSONObject:
    exchanged = subresource_info(info, name)
    resource: JSONObject = {
        "name": f"{info.resource}/{name}",
        "singularName": "",
        "namespaced": info.namespaced,
        "kind": exchanged.kind,
        "verbs": list(exchanged.verbs),
    }
    if (exchanged.group, exchanged.version) != (info.group, info.version):
        resource["group"] = exchanged.group
        resource["version"] = exchanged.version
    return resource


def _aggregated_version(scheme: Scheme, group: str, version: str) -> JSONObject:
    return {
        "version": version,
        "freshness": "Current",
        "resources": [_aggregated_resource(info) for info in _resources(scheme, group, version)],
    }


def _aggregated_resource(info: ResourceInfo) -> JSONObject:
    resource: JSONObject = {
        "resource": info.resource,
        "responseKind": {"group": info.group, "version": info.version, "kind": info.kind},
        "scope": "Namespaced" if info.namespaced else "Cluster",
        "singularResource": info.singular,
        "verbs": list(info.verbs),
        **_names(info),
    }
    if info.subresources:
        resource["subresources"] = [
            _aggregated_subresource(info, name) for name in info.subresources
        ]
    return resource


def _aggregated_subresource(info: ResourceInfo, name: str) -> JSONObject:
    exchanged = subresource_info(info, name)
    return {
        "subresource": name,
        "responseKind": {
            "group": exchanged.group,
            "version": exchanged.version,
            "kind": exchanged.kind,
        },
        "verbs": list(exchanged.verbs),
    }


def _names(info: ResourceInfo) -> JSONObject:
    names: JSONObject = {}
    if info.short_names:
        names["shortNames"] = list(info.short_names)
    if info.categories:
        names["categories"] = list(info.categories)
    return names
