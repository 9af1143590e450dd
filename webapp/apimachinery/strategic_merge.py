"""Strategic merge patch: a merge patch that knows, by schema, which lists merge item by item.

A tree and a patch enter, a tree leaves that shares everything the patch did not change; a patch that
changes nothing gives back the very same object. Directives understood: ``$patch`` (delete, replace),
``$setElementOrder/<list>``, ``$deleteFromPrimitiveList/<list>``, ``$retainKeys``, and null, which deletes.

Models:
    staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go StrategicMergeMapPatch
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.apimachinery.patch import json_equal, same_if_equal
from webapp.apimachinery.status import BadRequest, StatusError

if TYPE_CHECKING:
    from webapp.apimachinery.field_schema import FieldSchema
    from webapp.apimachinery.meta import JSONObject

_PATCH = "$patch"
_RETAIN_KEYS = "$retainKeys"
_SET_ORDER = "$setElementOrder/"
_DELETE_PRIMITIVES = "$deleteFromPrimitiveList/"


class PatchFailed(StatusError):
    """The patch does not fit the object; upstream answers 500 without a reason."""

    code = 500
    reason = ""


def strategic_merge_patch(doc: JSONObject, patch: Any, schema: FieldSchema | None) -> JSONObject:
    """Apply a strategic merge patch.

    Args:
        doc: The object as stored.
        patch: The patch as decoded from the request.
        schema: The kind's root schema; places it does not know merge as maps and replace as lists.

    Raises:
        BadRequest: The patch or one of its directives is malformed.
        PatchFailed: An item lacks its merge key, or carries an unknown ``$patch``.
    """
    if not isinstance(patch, dict):
        raise BadRequest(
            "json: cannot unmarshal array into Go value of type map[string]interface {}"
        )
    return _merge_map(doc, patch, schema)


def _merge_map(original: JSONObject, patch: JSONObject, schema: FieldSchema | None) -> JSONObject:
    if _PATCH in patch:
        return _directed_map(original, patch, schema)
    result = dict(original)
    _retain_keys(result, patch)
    for key, value in patch.items():
        if key == _RETAIN_KEYS or key.startswith(_SET_ORDER):
            continue
        if key.startswith(_DELETE_PRIMITIVES):
            _delete_primitives(result, key.removeprefix(_DELETE_PRIMITIVES), value)
        elif value is None:
            result.pop(key, None)
        else:
            _merge_field(result, key, value, patch, schema)
    _order_untouched_lists(result, patch, schema)
    unchanged = len(result) == len(original) and all(
        key in original and original[key] is value for key, value in result.items()
    )
    return original if unchanged else result


def _merge_field(
    result: JSONObject, key: str, value: Any, patch: JSONObject, schema: FieldSchema | None
) -> None:
    child = schema.child(key) if schema is not None else None
    current = result.get(key)
    if isinstance(value, dict):
        replaces = child is not None and child.patch_strategy == "replace"
        if isinstance(current, dict) and not replaces:
            result[key] = _merge_map(current, value, child)
        else:
            result[key] = same_if_equal(current, _without_directives(value, child))
    elif isinstance(value, list):
        order = patch.get(_SET_ORDER + key)
        merged = _merge_list(current if isinstance(current, list) else [], value, child)
        if order is not None:
            _check_order(value, order, _merge_key(child))
            merged = _in_order(merged, order, current or [], _merge_key(child))
        result[key] = same_if_equal(current, merged)
    else:
        result[key] = same_if_equal(current, value)


def _directed_map(
    original: JSONObject, patch: JSONObject, schema: FieldSchema | None
) -> JSONObject:
    directive = patch[_PATCH]
    if directive == "delete":
        return same_if_equal(original, {})  # type: ignore[no-any-return]
    if directive == "replace":
        content = {key: value for key, value in patch.items() if key != _PATCH}
        return same_if_equal(original, _without_directives(content, schema))  # type: ignore[no-any-return]
    raise PatchFailed(f"unknown patch type: {_go_text(directive)} in map: {_go_text(patch)}")


def _retain_keys(result: JSONObject, patch: JSONObject) -> None:
    if _RETAIN_KEYS not in patch:
        return
    retained = patch[_RETAIN_KEYS]
    malformed = BadRequest("invalid patch format of retainKeys")
    if not isinstance(retained, list):
        raise malformed
    for key, value in patch.items():
        if value is not None and key not in retained and not key.startswith("$"):
            raise malformed
    for key in [key for key in result if key not in retained]:
        del result[key]


def _delete_primitives(result: JSONObject, key: str, unwanted: Any) -> None:
    if not isinstance(unwanted, list):
        raise BadRequest("invalid patch format of primitive list")
    current = result.get(key)
    if isinstance(current, list):
        kept = [item for item in current if not _contains(unwanted, item)]
        result[key] = same_if_equal(current, kept)


def _order_untouched_lists(
    result: JSONObject, patch: JSONObject, schema: FieldSchema | None
) -> None:
    """A ``$setElementOrder`` may stand without its list: the items are only put in order."""
    for directive, order in patch.items():
        if not directive.startswith(_SET_ORDER):
            continue
        if not isinstance(order, list):
            raise BadRequest("invalid patch format of setElementOrder list")
        key = directive.removeprefix(_SET_ORDER)
        current = result.get(key)
        if key not in patch and isinstance(current, list):
            child = schema.child(key) if schema is not None else None
            ordered = _in_order(current, order, current, _merge_key(child))
            result[key] = same_if_equal(current, ordered)


def _merge_key(schema: FieldSchema | None) -> str:
    return schema.patch_merge_key if schema is not None else ""


def _merge_list(original: list[Any], patch: list[Any], schema: FieldSchema | None) -> list[Any]:
    item_schema = schema.item() if schema is not None else None
    if schema is None or "merge" not in schema.patch_strategy.split(","):
        return [_without_directives(item, item_schema) for item in _without_deletions(patch)]
    if any(isinstance(item, list) for item in patch):
        raise BadRequest("lists of lists are not supported")
    if not any(isinstance(item, dict) for item in (*original, *patch)):
        merged = _without_duplicates([*original, *patch])
        return _in_order(merged, patch, original, "")
    merge_key = schema.patch_merge_key
    if not merge_key:
        raise PatchFailed("cannot merge lists without merge key")
    return _merge_keyed_list(original, patch, merge_key, item_schema)


def _merge_keyed_list(
    original: list[Any], patch: list[Any], merge_key: str, item_schema: FieldSchema | None
) -> list[Any]:
    merged = list(original)
    plain = []
    for item in patch:
        directive = item.get(_PATCH) if isinstance(item, dict) else None
        if directive is None:
            plain.append(item)
        elif directive == "delete":
            unwanted = _key_of(item, merge_key)
            merged = [
                other for other in merged if not json_equal(_key_of(other, merge_key), unwanted)
            ]
        elif directive == "replace":
            merged = []
        elif directive == "merge":
            raise PatchFailed("merging lists cannot yet be specified in the patch")
        else:
            raise PatchFailed(f"unknown patch type: {_go_text(directive)} in map: {_go_text(item)}")
    if any(isinstance(item, dict) and item.get(_PATCH) == "replace" for item in patch):
        return [_without_directives(item, item_schema) for item in plain]
    for item in plain:
        key = _key_of(item, merge_key)
        for index, other in enumerate(merged):
            if json_equal(_key_of(other, merge_key), key):
                merged[index] = _merge_map(other, item, item_schema)
                break
        else:
            merged.append(_without_directives(item, item_schema))
    return _in_order(merged, plain, original, merge_key)


def _key_of(item: Any, merge_key: str) -> Any:
    if not isinstance(item, dict) or merge_key not in item:
        raise PatchFailed(f"map: {_go_text(item)} does not contain declared merge key: {merge_key}")
    return item[merge_key]


def _check_order(patch: list[Any], order: Any, merge_key: str) -> None:
    """The patch's items must stand in the order's order, deletions aside."""
    if not isinstance(order, list):
        raise BadRequest("invalid patch format of setElementOrder list")
    items = [item for item in patch if not (isinstance(item, dict) and _PATCH in item)]
    if not items or not order:
        return
    wanted = iter(order)
    for item in items:
        if not any(_same_item(item, other, merge_key) for other in wanted):
            raise PatchFailed(
                f"The order in patch list:\n{_go_text(patch)}\n doesn't match $setElementOrder list:\n"
                f"{_go_text(order)}\n"
            )


def _same_item(left: Any, right: Any, merge_key: str) -> bool:
    if merge_key:
        return json_equal(_key_of(left, merge_key), _key_of(right, merge_key))
    return json_equal(left, right)


def _in_order(items: list[Any], order: list[Any], live: list[Any], merge_key: str) -> list[Any]:
    """Items named by ``order`` in its order, the others in the live list's, woven by the live list.

    An item that only the server knows stands before the first ordered item that followed it in the live list.
    """

    def place(item: Any, within: list[Any]) -> int:
        return next(
            (index for index, other in enumerate(within) if _same_item(item, other, merge_key)), -1
        )

    ordered = sorted(
        (item for item in items if place(item, order) >= 0), key=lambda item: place(item, order)
    )
    others = sorted(
        (item for item in items if place(item, order) < 0), key=lambda item: place(item, live)
    )
    result: list[Any] = []
    for item in ordered:
        here = place(item, live)
        while others and 0 <= place(others[0], live) < here:
            result.append(others.pop(0))
        result.append(item)
    return result + others


def _without_directives(value: Any, schema: FieldSchema | None) -> Any:
    """A value that enters the object as new: its own nulls and directives mean nothing there."""
    if isinstance(value, dict):
        return _merge_map({}, value, schema)
    if isinstance(value, list):
        item_schema = schema.item() if schema is not None else None
        return [_without_directives(item, item_schema) for item in _without_deletions(value)]
    return value


def _without_deletions(items: list[Any]) -> list[Any]:
    return [
        item
        for item in items
        if not (
            isinstance(item, dict) and (item.get(_PATCH) == "delete" or item == {_PATCH: "replace"})
        )
    ]


def _contains(items: list[Any], wanted: Any) -> bool:
    return any(json_equal(item, wanted) for item in items)


def _without_duplicates(items: list[Any]) -> list[Any]:
    result: list[Any] = []
    for item in items:
        if not _contains(result, item):
            result.append(item)
    return result


def _go_text(value: Any) -> str:
    """A JSON value as Go prints it with ``%v``; some messages contain such texts."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_go_text(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_go_text, value)) + "]"
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
