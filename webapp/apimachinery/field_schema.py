"""What patches and field ownership ask of a kind's schema.

``webapp.api.schema.field_schema`` implements it from the OpenAPI definitions; the machinery here
knows only this protocol, so it never imports the kinds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class FieldSchema(Protocol):
    """The schema of one place in an object; never changed once made.

    Attributes:
        patch_strategy: ``x-kubernetes-patch-strategy``: "", "merge", "replace", "retainKeys" or
            "merge,retainKeys".
        patch_merge_key: ``x-kubernetes-patch-merge-key``, or "".
        list_type: "atomic", "set" or "map", as server-side apply sees the list. Where the schema has
            no ``x-kubernetes-list-type`` it follows from the patch strategy; else it is "atomic".
        list_map_keys: Names of the fields that tell the items of a "map" list apart.
        map_type: "atomic" or "granular".
        required: Names of the fields that are always written, even when empty.
        key_defaults: For a list: values of map keys that an item may leave out (``protocol``: TCP).
    """

    patch_strategy: str
    patch_merge_key: str
    list_type: str
    list_map_keys: tuple[str, ...]
    map_type: str
    required: frozenset[str]
    key_defaults: Mapping[str, object]

    def child(self, name: str) -> FieldSchema | None:
        """The schema of field or map entry ``name``; ``None`` when nothing is known about it."""

    def item(self) -> FieldSchema | None:
        """The schema of this list's items; ``None`` when nothing is known about them."""

    def has_field(self, name: str) -> bool:
        """Whether ``name`` is a declared field here, not an entry of a map with free keys."""
