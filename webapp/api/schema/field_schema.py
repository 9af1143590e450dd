"""Schemas as patches and field ownership ask for them, made from the definitions on demand.

:func:`field_schema` gives a kind's root; from there ``child`` and ``item`` lead to every place. Nodes are
made once and kept, so that walking costs a dictionary look-up a step.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from webapp.api.schema.definitions import definition, definition_name, reference_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.apimachinery.meta import JSONObject

_PREFIX = "x-kubernetes-"

# Map keys whose fields have defaults; the definitions do not carry these.
_KEY_DEFAULTS: dict[str, object] = {"protocol": "TCP"}


class SchemaNode:
    """One place in a kind; implements :class:`webapp.apimachinery.field_schema.FieldSchema`.

    Attributes:
        definition: Name of the definition this place has the type of, or "" for plain types.
        type: "object", "array", "string", "integer", "number", "boolean", or "" when any type goes.
    """

    __slots__ = (
        "_additional",
        "_children",
        "_item",
        "_items",
        "_properties",
        "definition",
        "key_defaults",
        "list_map_keys",
        "list_type",
        "map_type",
        "patch_merge_key",
        "patch_strategy",
        "required",
        "type",
    )

    def __init__(self, schema: JSONObject) -> None:
        name = reference_of(schema)
        resolved = (definition(name) if name else None) or schema
        self.definition = name or ""
        self.type: str = resolved.get("type", "")
        self._properties: JSONObject = resolved.get("properties", {})
        self._items: JSONObject | None = resolved.get("items")
        additional = resolved.get("additionalProperties")
        self._additional: JSONObject | None = additional if isinstance(additional, dict) else None
        self._children: dict[str, SchemaNode | None] = {}
        self._item: SchemaNode | None = None

        def extension(key: str, default: Any) -> Any:
            return schema.get(_PREFIX + key, resolved.get(_PREFIX + key, default))

        self.required: frozenset[str] = frozenset(resolved.get("required", ()))
        self.patch_strategy: str = extension("patch-strategy", "")
        self.patch_merge_key: str = extension("patch-merge-key", "")
        self.map_type: str = extension("map-type", "granular")
        self.list_type, self.list_map_keys = self._list_relationship(
            extension("list-type", ""), extension
        )
        self.key_defaults: Mapping[str, object] = {
            key: _KEY_DEFAULTS[key] for key in self.list_map_keys if key in _KEY_DEFAULTS
        }

    def child(self, name: str) -> SchemaNode | None:
        """The schema of field or map entry ``name``; ``None`` when nothing is known about it."""
        children = self._children
        if name in children:
            return children[name]
        schema = self._properties.get(name)
        if schema is None:
            # Entries of a map all have one schema: keep it once, not once a key.
            return self._entry()
        node = children[name] = SchemaNode(schema)
        return node

    def item(self) -> SchemaNode | None:
        """The schema of this list's items; ``None`` when nothing is known about them."""
        if self._item is None and self._items is not None:
            self._item = SchemaNode(self._items)
        return self._item

    def has_field(self, name: str) -> bool:
        """Whether ``name`` is a declared field here, not an entry of a map with free keys."""
        return name in self._properties

    def _entry(self) -> SchemaNode | None:
        if self._additional is None:
            return None
        entry = self._children.get("")
        if entry is None:
            entry = self._children[""] = SchemaNode(self._additional)
        return entry

    def _list_relationship(self, list_type: str, extension: Any) -> tuple[str, tuple[str, ...]]:
        if list_type:
            return list_type, tuple(extension("list-map-keys", ()))
        if "merge" in self.patch_strategy.split(","):
            return ("map", (self.patch_merge_key,)) if self.patch_merge_key else ("set", ())
        return "atomic", ()


@lru_cache(maxsize=1024)
def field_schema(group: str, version: str, kind: str) -> SchemaNode | None:
    """The root schema of a kind, or ``None`` for kinds without a definition."""
    name = definition_name(group, version, kind)
    return None if name is None else SchemaNode({"$ref": name})
