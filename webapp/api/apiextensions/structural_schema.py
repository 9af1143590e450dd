"""Whether a schema is structural: every field has a type, and nothing hides in ``anyOf`` and its like.

Models:
    staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/validation.go ValidateStructural
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.api.apiextensions.values import validate_value
from webapp.apimachinery.field_path import Path, forbidden, invalid, not_supported, required

if TYPE_CHECKING:
    from webapp.apimachinery.field_path import FieldError
    from webapp.apimachinery.meta import JSONObject

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_NOT_INSIDE = (
    "additionalProperties",
    "default",
    "description",
    "nullable",
    "title",
    "type",
)
_MOST_LEVELS = 64


def validate_structural(schema: JSONObject, path: Path) -> list[FieldError]:
    """All that keeps ``schema`` from being structural."""
    errors = []
    if schema.get("type") != "object":
        kind, place = schema.get("type") or "", path.child("type")
        text = "must be object at the root"
        if kind:
            errors.append(invalid(place, kind, text))
        else:
            errors.append(required(place, "must not be empty at the root"))
        return errors
    return _validate(schema, path, _MOST_LEVELS, is_root=True)


def _validate(
    schema: Any, path: Path, levels: int, *, is_root: bool = False, is_item: bool = False
) -> list[FieldError]:
    if not isinstance(schema, dict):
        return [invalid(path, schema, "must be a schema")]
    if not levels:
        return [forbidden(path, "schemas must not be nested that deeply")]
    errors = [] if is_root else _validate_type(schema, path, is_item=is_item)
    errors += _validate_pattern(schema, path)
    for name in ("$ref", "definitions", "dependencies", "deprecated", "id", "patternProperties"):
        if schema.get(name):
            errors.append(forbidden(path.child(name), f"{name} is not supported"))
    if schema.get("uniqueItems"):
        text = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        errors.append(forbidden(path.child("uniqueItems"), text))
    properties, entries = schema.get("properties") or {}, schema.get("additionalProperties")
    if properties and isinstance(entries, dict):
        text = "additionalProperties and properties are mutual exclusive"
        errors.append(forbidden(path.child("additionalProperties"), text))
    for name, part in properties.items():
        errors += _validate(part, path.child("properties").key(name), levels - 1)
    if isinstance(entries, dict):
        errors += _validate(entries, path.child("additionalProperties"), levels - 1)
    if schema.get("type") == "array" and "items" not in schema:
        errors.append(required(path.child("items"), "must be specified"))
    elif "items" in schema:
        errors += _validate(schema["items"], path.child("items"), levels - 1, is_item=True)
    errors += _validate_junctors(schema, path)
    return errors + _validate_default(schema, path)


def _validate_type(schema: JSONObject, path: Path, *, is_item: bool) -> list[FieldError]:
    kind, place = schema.get("type"), path.child("type")
    is_free = schema.get("x-kubernetes-int-or-string") or schema.get(
        "x-kubernetes-preserve-unknown-fields"
    )
    if not kind:
        if is_free:
            return []
        where = "array items" if is_item else "object fields"
        return [required(place, f"must not be empty for specified {where}")]
    return [] if kind in _TYPES else [not_supported(place, kind, _TYPES)]


def _validate_pattern(schema: JSONObject, path: Path) -> list[FieldError]:
    pattern = schema.get("pattern")
    if not pattern:
        return []
    try:
        re.compile(pattern)
    except re.error as error:
        text = f"must be a valid regular expression, but isn't: {error}"
        return [invalid(path.child("pattern"), pattern, text)]
    return []


def _validate_junctors(schema: JSONObject, path: Path) -> list[FieldError]:
    """Inside ``allOf``, ``anyOf``, ``oneOf`` and ``not`` there are only restrictions of what stands outside."""
    errors: list[FieldError] = []
    for name in ("allOf", "anyOf", "oneOf"):
        for index, part in enumerate(schema.get(name) or ()):
            errors += _validate_inside(part, path.child(name).index(index), schema)
    if schema.get("not"):
        errors += _validate_inside(schema["not"], path.child("not"), schema)
    return errors


def _validate_inside(part: JSONObject, path: Path, outer: JSONObject) -> list[FieldError]:
    is_choice_of_type = outer.get("x-kubernetes-int-or-string")
    errors = [
        forbidden(path.child(name), "must be empty to be structural")
        for name in _NOT_INSIDE
        if part.get(name) and not (name == "type" and is_choice_of_type)
    ]
    known = outer.get("properties") or {}
    for name, inner in (part.get("properties") or {}).items():
        if name not in known:
            errors.append(
                required(
                    Path(f"{str(path).rsplit('.', 1)[0]}.properties[{name}]"),
                    f"because it is defined in {path.child('properties').key(name)}",
                )
            )
            continue
        errors += _validate_inside(inner, path.child("properties").key(name), known[name])
    return errors


def _validate_default(schema: JSONObject, path: Path) -> list[FieldError]:
    if "default" not in schema:
        return []
    bare = {key: value for key, value in schema.items() if key != "default"}
    errors = validate_value(bare, schema["default"], Path("<root>"))
    return [
        invalid(path.child("default"), schema["default"], error.message.split(": ", 2)[-1])
        for error in errors
    ]
