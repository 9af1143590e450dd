"""What patches and field ownership ask of a kind's schema.

``webapp.api.schema.field_schema`` implements it from the OpenAPI definitions; the machinery here
knows only this protocol, so it never imports the kinds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


class FieldSchema(Protocol):
    """The schema of one place in an object.

    Attributes:
        patch_strategy: ``x-kubernetes-patch-strategy``: "", "merge", "replace", "retainKeys" or
            "merge,retainKeys".
        patch_merge_key: ``x-kubernetes-patch-merge-key``, or "".
        list_type: "atomic", "set" or "map" for server-side apply; where the schema has no
            ``x-kubernetes-list-type`` it follows from the patch strategy, else "atomic".
        list_map_keys: Names of the fields that tell items of a "map" list apart.
        map_type: "atomic" or "granular".
        required: Names of fields that are always written, even empty.
    """

    @property
    def patch_strategy(self) -> str: ...
    @property
    def patch_merge_key(self) -> str: ...
    @property
    def list_type(self) -> str: ...
    @property
    def list_map_keys(self) -> tuple[str, ...]: ...
    @property
    def map_type(self) -> str: ...
    @property
    def required(self) -> frozenset[str]: ...

    def child(self, name: str) -> FieldSchema | None:
        """The schema of field or map entry ``name``; ``None`` when nothing is known about it."""

    def item(self) -> FieldSchema | None:
        """The schema of this list's items."""

    def has_field(self, name: str) -> bool:
        """Whether ``name`` is a declared field, not an entry of a map with free keys."""

    def key_defaults(self) -> JSONObject:
        """Values of list map keys that an item may leave out (``protocol``: TCP)."""
