"""From a CustomResourceDefinition to the kinds that it adds to the scheme.

Models:
    staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_discovery_controller.go
    staging/src/k8s.io/kube-openapi/pkg/util/util.go ToRESTFriendlyName
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.schema.definitions import REFERENCE_PREFIX
from webapp.apimachinery.schema import GroupVersionResource
from webapp.apimachinery.scheme import CustomKind, ResourceInfo

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_LIST_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"


def kinds_of(definition: JSONObject) -> tuple[ResourceInfo, ...]:
    """One kind for each served version; all are stored as the storage version."""
    spec = definition["spec"]
    return tuple(_kind(spec, version) for version in spec["versions"] if version.get("served"))


def is_established(definition: JSONObject) -> bool:
    """Whether the definition's names are accepted and its kind is served."""
    return any(
        condition["type"] == "Established" and condition["status"] == "True"
        for condition in (definition.get("status") or {}).get("conditions") or ()
    )


def _kind(spec: JSONObject, version: JSONObject) -> ResourceInfo:
    names = spec["names"]
    subresources = version.get("subresources") or {}
    stored = next(item for item in spec["versions"] if item.get("storage"))
    stored_as = None
    if stored["name"] != version["name"]:
        stored_as = GroupVersionResource(spec["group"], stored["name"], names["plural"])
    return ResourceInfo(
        spec["group"],
        version["name"],
        names["kind"],
        names["plural"],
        names.get("singular") or names["kind"].lower(),
        spec["scope"] == "Namespaced",
        tuple(names.get("shortNames") or ()),
        tuple(names.get("categories") or ()),
        subresources=tuple(sorted(name for name in ("scale", "status") if name in subresources)),
        stored_as=stored_as,
        custom=CustomKind(
            (version.get("schema") or {}).get("openAPIV3Schema") or {"type": "object"},
            names.get("listKind") or names["kind"] + "List",
            tuple(version.get("additionalPrinterColumns") or ()),
            subresources.get("scale") or {},
        ),
    )


def definition_name_of(info: ResourceInfo) -> str:
    """What OpenAPI documents call a custom kind: ``com.example.stable.v1.CronTab``."""
    return ".".join((*reversed(info.group.split(".")), info.version, info.kind))


def published_schema(custom: CustomKind) -> JSONObject:
    """A custom kind's schema with the fields that every object has."""
    schema = custom.schema
    own = schema.get("properties") or {}
    return {
        **schema,
        "properties": {
            "apiVersion": {"type": "string", "description": _description(own, "apiVersion")},
            "kind": {"type": "string", "description": _description(own, "kind")},
            "metadata": {"allOf": [{"$ref": REFERENCE_PREFIX + OBJECT_META}]},
            **{name: part for name, part in own.items() if name not in _EVERYWHERE},
        },
    }


def published_list_schema(info: ResourceInfo) -> JSONObject:
    """The schema of a custom kind's lists."""
    return {
        "type": "object",
        "description": f"{info.kind}List is a list of {info.kind}",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string", "description": _EVERYWHERE["apiVersion"]},
            "kind": {"type": "string", "description": _EVERYWHERE["kind"]},
            "metadata": {"allOf": [{"$ref": REFERENCE_PREFIX + _LIST_META}]},
            "items": {
                "type": "array",
                "description": f"List of {info.resource}.",
                "items": {"allOf": [{"$ref": REFERENCE_PREFIX + definition_name_of(info)}]},
            },
        },
    }


_EVERYWHERE = {
    "apiVersion": "The version of the schema that this representation of the object follows.",
    "kind": "The kind of REST resource that this object represents, in CamelCase.",
    "metadata": "Standard object's metadata.",
}


def _description(properties: JSONObject, name: str) -> str:
    """The description that a schema gives a field, or the one it has everywhere."""
    text: str = (properties.get(name) or {}).get("description") or _EVERYWHERE[name]
    return text
