"""Decodes the protobuf bodies that kubectl's typed commands send; answers are always JSON.

Bytes enter, the JSON tree that the same client would have sent as JSON leaves. Which fields a message has comes
from ``protobuf_fields.json`` (message → property names by field number); their types come from the definitions
that the caller passes in.

Models:
    staging/src/k8s.io/apimachinery/pkg/runtime/serializer/protobuf/protobuf.go Decode
"""

from __future__ import annotations

import base64
import re
import struct
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from webapp.apimachinery.schema import parse_api_version
from webapp.apimachinery.status import BadRequest
from webapp.apimachinery.timestamps import micro_time_text, time_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from webapp.apimachinery.meta import JSONObject

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
MAX_DEPTH = 100

_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
_RAW = (
    f"{_META}FieldsV1",
    "io.k8s.apimachinery.pkg.runtime.RawExtension",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
)

# Structs that JSON writes into their parent: field on the wire → message.
_INLINED = {
    "ephemeralContainerCommon": "io.k8s.api.core.v1.EphemeralContainerCommon",
    "handler": "io.k8s.api.core.v1.ProbeHandler",
    "ingressRuleValue": "io.k8s.api.networking.v1.IngressRuleValue",
    "localObjectReference": "io.k8s.api.core.v1.LocalObjectReference",
    "persistentVolumeSource": "io.k8s.api.core.v1.PersistentVolumeSource",
    "volumeSource": "io.k8s.api.core.v1.VolumeSource",
}

# Scalars that may be absent, so that a zero on the wire was meant; all others are written even when unset.
_OPTIONAL = re.compile(
    r"(?:replicas|minReplicas|parallelism|completions|backoffLimit|ttlSecondsAfterFinished|revisionHistoryLimit"
    r"|runAs\w+|fsGroup|priority|suspend|immutable|optional|privileged|readOnlyRootFilesystem"
    r"|allowPrivilegeEscalation|automountServiceAccountToken|controller|blockOwnerDeletion|tolerationSeconds"
    r"|averageUtilization|shareProcessNamespace|enableServiceLinks|\w*[gG]racePeriodSeconds|\w*JobsHistoryLimit"
    r"|\w*DeadlineSeconds|orphanDependents|expirationSeconds)\Z"
)


class DefinitionSource(Protocol):
    """Where the decoder finds types.

    Attributes:
        schemas: Definition name → schema.
        names_by_kind: ``group/version/kind`` → definition name.
    """

    @property
    def schemas(self) -> Mapping[str, JSONObject]:
        """Definition name → schema."""

    @property
    def names_by_kind(self) -> Mapping[str, str]:
        """``group/version/kind`` → definition name."""


def decode_protobuf(data: bytes, definitions: DefinitionSource) -> JSONObject:
    """The object in a protobuf body.

    Args:
        data: The body: magic bytes, then the message ``Unknown`` around the object.
        definitions: Types of all kinds.

    Raises:
        BadRequest: The bytes are no such body, or hold a kind without a definition.
    """
    if not data.startswith(_MAGIC):
        raise BadRequest(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        )
    try:
        envelope = _texts_and_bytes(memoryview(data)[len(_MAGIC) :])
        type_meta = _texts_and_bytes(envelope.get(1, memoryview(b"")))
        api_version, kind = _text(type_meta.get(1)), _text(type_meta.get(2))
        name = definitions.names_by_kind.get("/".join((*parse_api_version(api_version), kind)))
        if name is None:
            raise BadRequest(f'no kind "{kind}" is registered for version "{api_version}"')
        decoder = _Decoder(definitions.schemas)
        content = decoder.message(name, envelope.get(2, memoryview(b"")), 0)
    except (IndexError, struct.error, UnicodeDecodeError, ValueError) as error:
        raise BadRequest(f"unable to decode protobuf: {error}") from error
    return {"apiVersion": api_version, "kind": kind, **content}


@cache
def _field_table() -> dict[str, list[str | None]]:
    """Message → names of its fields; the first has number 1, gaps are ``None``."""
    source = files("webapp.apimachinery").joinpath("protobuf_fields.json")
    table: dict[str, list[str | None]] = orjson.loads(source.read_bytes())
    return table


def _read_varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("integer overflow")


def _fields(data: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Field number, wire type and raw value of each field, in order."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _read_varint(data, at)
        wire = tag & 7
        value: Any
        if wire == _VARINT:
            value, at = _read_varint(data, at)
        elif wire == _BYTES:
            length, at = _read_varint(data, at)
            value = data[at : at + length]
            at += length
        elif wire == _FIXED64:
            value = data[at : at + 8]
            at += 8
        elif wire == _FIXED32:
            value = data[at : at + 4]
            at += 4
        else:
            raise ValueError(f"unsupported wire type {wire}")
        if at > end:
            raise ValueError("unexpected EOF")
        yield tag >> 3, wire, value


def _texts_and_bytes(data: memoryview) -> dict[int, memoryview]:
    return {number: value for number, wire, value in _fields(data) if wire == _BYTES}


def _text(data: memoryview | None) -> str:
    return "" if data is None else bytes(data).decode()


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _reference(schema: JSONObject) -> str:
    reference = schema.get("$ref") or (schema["allOf"][0].get("$ref") if "allOf" in schema else "")
    return reference.rpartition("/")[2] if isinstance(reference, str) else ""


class _Decoder:
    def __init__(self, schemas: Mapping[str, JSONObject]) -> None:
        self._schemas = schemas

    def message(self, name: str, data: memoryview, depth: int) -> JSONObject:
        """A message as an object, with the fields that its JSON would have."""
        schema = self._schemas.get(name, {})
        result: JSONObject = {}
        self._into(result, name, schema, data, depth)
        return result

    def _into(
        self, result: JSONObject, message: str, schema: JSONObject, data: memoryview, depth: int
    ) -> None:
        if depth > MAX_DEPTH:
            raise ValueError("exceeded max depth")
        names = _field_table().get(message, ())
        properties = schema.get("properties", {})
        for number, wire, raw in _fields(data):
            field = names[number - 1] if 0 < number <= len(names) else None
            if field is None:
                continue
            if field in properties:
                self._set(result, field, properties[field], wire, raw, schema, depth)
            elif field in _INLINED:
                self._into(result, _INLINED[field], schema, raw, depth + 1)

    def _set(
        self,
        result: JSONObject,
        field: str,
        schema: JSONObject,
        wire: int,
        raw: Any,
        parent: JSONObject,
        depth: int,
    ) -> None:
        kind = schema.get("type")
        if kind == "array":
            items = schema.get("items", {})
            if wire == _BYTES and items.get("type") == "integer":
                result.setdefault(field, []).extend(_packed(raw))
            else:
                result.setdefault(field, []).append(self._value(items, wire, raw, depth))
        elif kind == "object" and "additionalProperties" in schema:
            key, value = self._entry(schema["additionalProperties"], raw, depth)
            result.setdefault(field, {})[key] = value
        else:
            value = self._value(schema, wire, raw, depth)
            unset = value in (0, "", None) and not isinstance(value, float)
            meant = value is not None and (
                _OPTIONAL.match(field) is not None or field in parent.get("required", ())
            )
            if not unset or meant:
                result[field] = value

    def _entry(self, schema: JSONObject, raw: memoryview, depth: int) -> tuple[str, Any]:
        key, value = "", None
        for number, wire, content in _fields(raw):
            if number == 1:
                key = _text(content)
            elif schema.get("type") == "array":
                # A list as a map's value is wrapped in a message of its own.
                value = [
                    self._value(schema["items"], inner_wire, inner, depth)
                    for _, inner_wire, inner in _fields(content)
                ]
            else:
                value = self._value(schema, wire, content, depth)
        return key, "" if value is None and schema.get("type") == "string" else value

    def _value(self, schema: JSONObject, wire: int, raw: Any, depth: int) -> Any:
        name = _reference(schema)
        if name:
            return self._referenced(name, raw, depth)
        kind = schema.get("type")
        if wire == _VARINT:
            return bool(raw) if kind == "boolean" else _signed(raw)
        if wire == _FIXED64:
            return struct.unpack("<d", raw)[0]
        if wire == _FIXED32:
            return struct.unpack("<f", raw)[0]
        if schema.get("format") == "byte":
            return base64.b64encode(raw).decode()
        return _text(raw)

    def _referenced(self, name: str, raw: memoryview, depth: int) -> Any:
        if name == _QUANTITY:
            return _text(_texts_and_bytes(raw).get(1)) or "0"
        if name == _INT_OR_STRING:
            values = {number: value for number, _, value in _fields(raw)}
            return _text(values.get(3)) if values.get(1) else _signed(values.get(2, 0))
        if name in (f"{_META}Time", f"{_META}MicroTime"):
            return _time(raw, micro=name.endswith("MicroTime"))
        if name in _RAW:
            content = _texts_and_bytes(raw).get(1)
            return orjson.loads(content) if content else {}
        return self.message(name, raw, depth + 1)


def _packed(raw: memoryview) -> Iterator[int]:
    at = 0
    while at < len(raw):
        value, at = _read_varint(raw, at)
        yield _signed(value)


def _time(raw: memoryview, *, micro: bool) -> str | None:
    """RFC 3339, or ``None`` for the zero time, which is an empty message."""
    values = {number: _signed(value) for number, _, value in _fields(raw)}
    if not values:
        return None
    at_ms = values.get(1, 0) * 1000 + values.get(2, 0) // 1_000_000
    return micro_time_text(at_ms) if micro else time_text(at_ms)
