"""Custom objects as their schema wants them: unknown fields dropped, defaults filled in.

Both walks return their argument when nothing changes and a copy that shares the rest otherwise.

Models:
    staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go
    staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/algorithm.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api.schema.structural import StructureReport, validate_structure

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_PRESERVES = "x-kubernetes-preserve-unknown-fields"
_EMBEDS = "x-kubernetes-embedded-resource"
OF_EVERY_OBJECT = frozenset(("apiVersion", "kind", "metadata"))


def custom_structure(schema: JSONObject, obj: JSONObject) -> StructureReport:
    """What decoding says of a custom object, and the object without unknown fields."""
    metadata = {"metadata": obj.get("metadata") or {}}
    report = validate_structure("", "v1", "ConfigMap", metadata)  # all kinds' metadata is alike
    if report.type_error:
        return report
    unknown = list(report.unknown_fields)
    pruned = _pruned(schema, {**obj, **report.object}, "", unknown, is_object=True)
    return StructureReport("", tuple(unknown), obj if pruned == obj else pruned)


def with_defaults(schema: JSONObject, obj: JSONObject) -> JSONObject:
    """A custom object with the schema's defaults; nulls that have a default count as missing."""
    defaulted: JSONObject = _defaulted(schema, obj)
    return defaulted


def _pruned(
    schema: JSONObject, value: Any, path: str, unknown: list[str], *, is_object: bool = False
) -> Any:
    if isinstance(value, list):
        items = schema.get("items")
        if items is None:
            return value
        return [
            _pruned(items, item, f"{path}[{index}]", unknown) for index, item in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    properties = schema.get("properties") or {}
    entries = schema.get("additionalProperties")
    keeps_all = bool(schema.get(_PRESERVES)) or entries is True
    keeps_type = is_object or bool(schema.get(_EMBEDS))
    kept: JSONObject = {}
    for name, item in value.items():
        place = f"{path}.{name}" if path else name
        if keeps_type and name in OF_EVERY_OBJECT:
            kept[name] = item
        elif name in properties:
            kept[name] = _pruned(properties[name], item, place, unknown)
        elif isinstance(entries, dict):
            kept[name] = _pruned(entries, item, place, unknown)
        elif keeps_all:
            kept[name] = item
        else:
            unknown.append(f'unknown field "{place}"')
    return kept


def _defaulted(schema: JSONObject, value: Any) -> Any:
    if isinstance(value, list):
        items = schema.get("items")
        if items is None:
            return value
        filled = [_defaulted(items, item) for item in value]
        return (
            filled if any(new is not old for new, old in zip(filled, value, strict=True)) else value
        )
    if not isinstance(value, dict):
        return value
    changed: JSONObject = {}
    entries = schema.get("additionalProperties")
    properties = schema.get("properties") or {}
    for name, part in properties.items():
        item = value.get(name)
        if "default" in part and (name not in value or (item is None and not part.get("nullable"))):
            item = changed[name] = part["default"]
        if name in value or name in changed:
            filled = _defaulted(part, item)
            if filled is not item:
                changed[name] = filled
    if isinstance(entries, dict):
        for name, item in value.items():
            if name not in properties:
                filled = _defaulted(entries, item)
                if filled is not item:
                    changed[name] = filled
    return {**value, **changed} if changed else value
