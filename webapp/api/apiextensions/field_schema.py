"""A kind's schema as field ownership asks for it, whether the kind is built-in or custom."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from webapp.api.apiextensions.kinds import published_schema
from webapp.api.schema.field_schema import SchemaNode, field_schema

if TYPE_CHECKING:
    from webapp.apimachinery.scheme import CustomKind, ResourceInfo


def field_schema_of(info: ResourceInfo) -> SchemaNode | None:
    """The root schema of a kind, or ``None`` for kinds without a definition."""
    if info.custom is not None:
        return _custom_root(info.custom)
    return field_schema(info.group, info.version, info.kind)


@lru_cache(maxsize=256)
def _custom_root(custom: CustomKind) -> SchemaNode:
    return SchemaNode(published_schema(custom))
