"""Sets of fields in the form that ``managedFields`` stores them (FieldsV1), and their algebra.

A set is a tree of dictionaries: ``f:name`` a field or map entry, ``k:{"name":"x"}`` an item of a list by its
map keys, ``v:"x"`` an item of a set. An empty dictionary is a member of the set; one with entries is a member
only if it contains ``.``. Sets are never changed; results share what they can.

Models:
    sigs.k8s.io/structured-merge-diff/v6/fieldpath Set
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from webapp.apimachinery.patch import json_equal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.field_schema import FieldSchema
    from webapp.apimachinery.meta import JSONObject

FieldSet: TypeAlias = dict[str, Any]
"""FieldsV1; ``{}`` at the root is the empty set."""

_MEMBER: FieldSet = {}
_SELF = "."


def union(left: FieldSet, right: FieldSet) -> FieldSet:
    """Members of either; ``left`` itself when that is all."""
    result = left
    for key, other in right.items():
        mine = left.get(key)
        joined = other if mine is None else _union_below(mine, other)
        if joined is not mine:
            if result is left:
                result = dict(left)
            result[key] = joined
    return result


def difference(left: FieldSet, right: FieldSet) -> FieldSet:
    """Members of ``left`` that are none of ``right``; ``left`` itself when that is all."""
    result = left
    for key, other in right.items():
        mine = left.get(key)
        if mine is None:
            continue
        rest = _difference_below(mine, other)
        if rest is mine:
            continue
        if result is left:
            result = dict(left)
        if rest is None:
            del result[key]
        else:
            result[key] = rest
    return result


def intersection(left: FieldSet, right: FieldSet) -> FieldSet:
    """Members of both."""
    result = {}
    for key, mine in left.items():
        other = right.get(key)
        if other is None:
            continue
        common = mine if mine is other else _intersection_below(mine, other)
        if common is not None:
            result[key] = common
    return result


def member_paths(fields: FieldSet, prefix: str = "") -> Iterator[str]:
    """The members as conflicts print them: ``.spec.containers[name="web"].image``."""
    for key, below in fields.items():
        if key == _SELF:
            continue
        path = prefix + _path_element(key)
        if _is_member(below):
            yield path
        yield from member_paths(below, path)


def _is_member(below: FieldSet) -> bool:
    return not below or _SELF in below


def _as_node(member: bool, children: FieldSet) -> FieldSet | None:
    if not children:
        return _MEMBER if member else None
    return {_SELF: _MEMBER, **children} if member else children


def _children(below: FieldSet) -> FieldSet:
    return {key: value for key, value in below.items() if key != _SELF} if _SELF in below else below


def _union_below(mine: FieldSet, other: FieldSet) -> FieldSet:
    if mine is other:
        return mine
    if not mine:
        return other if not other or _SELF in other else {_SELF: _MEMBER, **other}
    if not other:
        return mine if _SELF in mine else {_SELF: _MEMBER, **mine}
    return union(mine, other)


def _difference_below(mine: FieldSet, other: FieldSet) -> FieldSet | None:
    member = _is_member(mine) and not _is_member(other)
    children = difference(_children(mine), _children(other))
    if member == _is_member(mine) and len(children) == len(_children(mine)):
        # Nothing fell away here, so whatever changed lies deeper.
        same = all(children[key] is value for key, value in _children(mine).items())
        if same:
            return mine
    return _as_node(member, children)


def _intersection_below(mine: FieldSet, other: FieldSet) -> FieldSet | None:
    return _as_node(
        _is_member(mine) and _is_member(other), intersection(_children(mine), _children(other))
    )


@lru_cache(maxsize=8192)
def _path_element(key: str) -> str:
    kind, content = key[0], key[2:]
    if kind == "f":
        return f".{content}"
    if kind == "k":
        keys = orjson.loads(content)
        return "[" + ",".join(f"{name}={_json(keys[name])}" for name in sorted(keys)) + "]"
    return f"[={content}]" if kind == "v" else f"[{content}]"


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


# --- from values to sets --------------------------------------------------------------------------


def item_key(item: Any, schema: FieldSchema) -> str:
    """The key of a list's item: by its map keys, or by its value in a set."""
    if schema.list_type == "set":
        return _value_key(item) if isinstance(item, str) else f"v:{_json(item)}"
    names = schema.list_map_keys
    if len(names) == 1:
        value = item.get(names[0]) if isinstance(item, dict) else None
        if isinstance(value, str):
            return _single_key(names[0], value)
    keys = {}
    for name in names:
        value = item.get(name, schema.key_defaults.get(name)) if isinstance(item, dict) else None
        if value is not None:
            keys[name] = value
    return f"k:{_json(keys)}"


@lru_cache(maxsize=8192)
def _single_key(name: str, value: str) -> str:
    return f"k:{_json({name: value})}"


@lru_cache(maxsize=8192)
def _value_key(value: str) -> str:
    return f"v:{_json(value)}"


def configured_fields(value: JSONObject, schema: FieldSchema | None) -> FieldSet:
    """The fields that an applied configuration speaks of.

    Containers are no members of their own, but items of lists, entries of free maps and empty containers are.
    """
    result = {}
    for name, item in value.items():
        child = schema.child(name) if schema is not None else None
        below = _configured_below(item, child)
        is_entry = schema is None or not schema.has_field(name)
        if is_entry or item is None or item == {}:
            below = _as_member(below)
        if below is not None:
            result[f"f:{name}"] = below
    return result


def _configured_below(value: Any, schema: FieldSchema | None) -> FieldSet | None:
    if isinstance(value, dict):
        if schema is not None and schema.map_type == "atomic":
            return _MEMBER
        return configured_fields(value, schema) or None
    if isinstance(value, list) and value and schema is not None and schema.list_type != "atomic":
        item_schema = schema.item()
        return {
            item_key(item, schema): _as_member(_configured_below(item, item_schema))
            for item in value
        }
    return _MEMBER


def _as_member(below: FieldSet | None) -> FieldSet:
    if not below or _SELF in below:
        return below or _MEMBER
    return {_SELF: _MEMBER, **below}


ALWAYS_THERE = frozenset(
    ("metadata", "spec", "status", "template", "jobTemplate", "strategy", "updateStrategy")
)
"""Structs that exist, empty, in every object of their kind: they are never added, so never owned."""


def created_fields(value: JSONObject, schema: FieldSchema | None) -> FieldSet:
    """The fields that come into being with an object: every leaf, and containers that may be absent."""
    result = {}
    for name, item in value.items():
        child = schema.child(name) if schema is not None else None
        if name in ALWAYS_THERE and isinstance(item, dict):
            below: FieldSet | None = created_fields(item, child) or None
        else:
            below = added_below(item, child)
            if schema is not None and name in schema.required and _SELF in below:
                below = _children(below)
        if below is not None:
            result[f"f:{name}"] = below
    return result


def added_below(value: Any, schema: FieldSchema | None) -> FieldSet:
    """The set of a value that was not there before, itself included."""
    if isinstance(value, dict):
        if not value or (schema is not None and schema.map_type == "atomic"):
            return _MEMBER
        result: FieldSet = {_SELF: _MEMBER}
        if schema is None:
            for name, item in value.items():
                result[f"f:{name}"] = added_below(item, None)
            return result
        child = schema.child
        for name, item in value.items():
            result[f"f:{name}"] = (
                added_below(item, child(name)) if type(item) in (dict, list) else _MEMBER
            )
        return result
    if isinstance(value, list) and value and schema is not None and schema.list_type != "atomic":
        item_schema = schema.item()
        result = {_SELF: _MEMBER}
        for item in value:
            result[item_key(item, schema)] = added_below(item, item_schema)
        return result
    return _MEMBER


def compared_fields(
    old: JSONObject, new: JSONObject, schema: FieldSchema | None
) -> tuple[FieldSet, FieldSet]:
    """What lies between two versions: the fields added or changed, and the fields removed."""
    changed, removed = {}, {}
    for name, value in new.items():
        before = old.get(name)
        if before is value:
            continue
        child = schema.child(name) if schema is not None else None
        if name not in old:
            changed[f"f:{name}"] = added_below(value, child)
            continue
        changed_below, removed_below = _compared_below(before, value, child)
        if changed_below is not None:
            changed[f"f:{name}"] = changed_below
        if removed_below is not None:
            removed[f"f:{name}"] = removed_below
    for name, value in old.items():
        if name not in new:
            removed[f"f:{name}"] = added_below(
                value, schema.child(name) if schema is not None else None
            )
    return changed, removed


def _compared_below(
    old: Any, new: Any, schema: FieldSchema | None
) -> tuple[FieldSet | None, FieldSet | None]:
    if isinstance(old, dict) and isinstance(new, dict):
        if schema is not None and schema.map_type == "atomic":
            return (None if json_equal(old, new) else _MEMBER), None
        changed, removed = compared_fields(old, new, schema)
        return changed or None, removed or None
    if isinstance(old, list) and isinstance(new, list):
        if schema is None or schema.list_type == "atomic":
            return (None if json_equal(old, new) else _MEMBER), None
        return _compared_items(old, new, schema)
    return (None if json_equal(old, new) else _MEMBER), None


def _compared_items(
    old: list[Any], new: list[Any], schema: FieldSchema
) -> tuple[FieldSet | None, FieldSet | None]:
    item_schema = schema.item()
    before = {item_key(item, schema): item for item in old}
    after = {item_key(item, schema): item for item in new}
    changed, removed = {}, {}
    for key, item in after.items():
        known = before.get(key)
        if known is item:
            continue
        if key not in before:
            changed[key] = added_below(item, item_schema)
            continue
        changed_below, removed_below = _compared_below(known, item, item_schema)
        if changed_below is not None:
            changed[key] = changed_below
        if removed_below is not None:
            removed[key] = removed_below
    for key, item in before.items():
        if key not in after:
            removed[key] = added_below(item, item_schema)
    return changed or None, removed or None
