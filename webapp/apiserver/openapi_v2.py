"""OpenAPI v2 as JSON and as protobuf, for kubectl up to 1.28, which validates and explains from it.

Field numbers are those of ``openapi.v2.Document``; only the fields that clients read are written.

Models:
    github.com/google/gnostic-models/openapiv2/OpenAPIv2.proto
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from webapp.api.schema.definitions import definitions, reference_of
from webapp.apiserver.openapi_common import PATCH_PARAMETERS, schemas_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import Scheme

PROTOBUF_MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_LENGTH_DELIMITED = 2


def make_document(scheme: Scheme) -> JSONObject:
    """The whole API as one Swagger 2.0 document."""
    resources = scheme.resources()
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": definitions().version},
        "paths": {
            _item_path(info.gvr.path, info.resource, namespaced=info.namespaced): {
                "patch": {
                    "parameters": [
                        {"in": "query", "name": name, "type": "string"} for name in PATCH_PARAMETERS
                    ],
                    "responses": {"200": {"description": "OK"}},
                    "x-kubernetes-group-version-kind": {
                        "group": info.group,
                        "version": info.version,
                        "kind": info.kind,
                    },
                }
            }
            for info in resources
            if "patch" in info.verbs
        },
        "definitions": {
            name: _swagger_definition(name, schema)
            for name, schema in schemas_for(resources).items()
        },
    }


def encode_document(document: JSONObject) -> bytes:
    """The document as protobuf."""
    info = document["info"]
    return b"".join(
        (
            _text(1, document["swagger"]),
            _field(2, _text(1, info["title"]) + _text(2, info["version"])),
            _field(8, b"".join(_path_item(*item) for item in document["paths"].items())),
            _field(
                9, b"".join(_named_schema(1, *item) for item in document["definitions"].items())
            ),
        )
    )


def _item_path(prefix: str, resource: str, *, namespaced: bool) -> str:
    scope = "namespaces/{namespace}/" if namespaced else ""
    return f"{prefix}/{scope}{resource}/{{name}}"


def _swagger_definition(name: str, schema: JSONObject) -> JSONObject:
    if name == _INT_OR_STRING:
        return {"type": "string", "format": "int-or-string"}
    if name == _QUANTITY:
        return {"type": "string", "description": schema.get("description", "")}
    return _swagger(schema)


def _swagger(schema: JSONObject) -> JSONObject:
    """A v3 schema in v2's words: a reference may have siblings, and points elsewhere."""
    result = {
        key: value
        for key, value in schema.items()
        if key
        not in {"$ref", "allOf", "oneOf", "anyOf", "properties", "items", "additionalProperties"}
    }
    name = reference_of(schema)
    if name is not None:
        result["$ref"] = f"#/definitions/{name}"
    if "properties" in schema:
        result["properties"] = {key: _swagger(value) for key, value in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            result[key] = _swagger(schema[key])
    return result


def _schema(schema: JSONObject) -> bytes:
    parts = [
        _text(number, schema[key])
        for number, key in ((1, "$ref"), (2, "format"), (4, "description"))
        if schema.get(key)
    ]
    parts += [_text(19, name) for name in schema.get("required", ())]
    if "additionalProperties" in schema and isinstance(schema["additionalProperties"], dict):
        parts.append(_field(21, _field(1, _schema(schema["additionalProperties"]))))
    if "type" in schema:
        parts.append(_field(22, _text(1, schema["type"])))
    if "items" in schema:
        parts.append(_field(23, _field(1, _schema(schema["items"]))))
    if "properties" in schema:
        named = (_named_schema(1, *item) for item in schema["properties"].items())
        parts.append(_field(25, b"".join(named)))
    parts += _extensions(31, schema)
    return b"".join(parts)


def _named_schema(number: int, name: str, schema: JSONObject) -> bytes:
    return _field(number, _text(1, name) + _field(2, _schema(schema)))


def _path_item(path: str, item: JSONObject) -> bytes:
    operation = item["patch"]
    parameters = (
        _text(2, parameter["in"]) + _text(4, parameter["name"]) + _text(6, parameter["type"])
        for parameter in operation["parameters"]
    )
    # A query parameter lies in ParametersItem → Parameter → NonBodyParameter.
    encoded = [_field(8, _field(1, _field(2, _field(3, parameter)))) for parameter in parameters]
    encoded += _extensions(13, operation)
    return _field(2, _text(1, path) + _field(2, _field(8, b"".join(encoded))))


def _extensions(number: int, owner: JSONObject) -> Iterable[bytes]:
    """Vendor extensions; their values are YAML, of which JSON is a part."""
    return [
        _field(number, _text(1, key) + _field(2, _field(2, orjson.dumps(value))))
        for key, value in owner.items()
        if key.startswith("x-kubernetes-")
    ]


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
