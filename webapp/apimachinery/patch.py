"""JSON patch (RFC 6902) and JSON merge patch (RFC 7396) on immutable trees.

A tree and a patch enter, a tree leaves that shares everything the patch did not change. A patch that
changes nothing gives back the very same object, which is how no-op requests are recognised.

Models:
    staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go jsonPatcher
"""

from __future__ import annotations

from typing import Any

from webapp.apimachinery.status import BadRequest, Invalid, RequestEntityTooLarge

MAX_JSON_PATCH_OPERATIONS = 10_000

_REJECTED = "the server rejected our request due to an error in our request"


def json_patch(doc: Any, ops: Any) -> Any:
    """Apply the operations of a JSON patch in order; all or none take effect.

    Raises:
        BadRequest: ``ops`` is no list of operations.
        RequestEntityTooLarge: There are more than 10,000 of them.
        Invalid: An operation fails: its path does not exist, or a test found another value. The
            message is upstream's, which does not say which operation it was.
    """
    if not isinstance(ops, list) or not all(isinstance(op, dict) for op in ops):
        raise BadRequest(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        )
    if len(ops) > MAX_JSON_PATCH_OPERATIONS:
        raise RequestEntityTooLarge(
            f"The allowed maximum operations in a JSON patch is {MAX_JSON_PATCH_OPERATIONS}, got {len(ops)}"
        )
    result = doc
    try:
        for op in ops:
            result = _apply_operation(result, op)
    except _PatchFailure as failure:
        raise Invalid(_REJECTED) from failure
    return same_if_equal(doc, result)


def merge_patch(doc: Any, patch: Any) -> Any:
    """Apply a JSON merge patch: maps merge, nulls delete, everything else replaces."""
    if not isinstance(patch, dict):
        return same_if_equal(doc, patch)
    if not isinstance(doc, dict):
        return _without_nulls(patch)
    result = None
    for key, change in patch.items():
        if change is None:
            if key in doc:
                result = dict(doc) if result is None else result
                del result[key]
            continue
        known = key in doc
        value = merge_patch(doc[key], change) if known else _without_nulls(change)
        if not known or value is not doc[key]:
            result = dict(doc) if result is None else result
            result[key] = value
    return doc if result is None else result


def json_equal(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal; unlike ``==``, true is not 1."""
    if left is right:
        return True
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and len(left) == len(right)
            and all(key in right and json_equal(value, right[key]) for key, value in left.items())
        )
    if isinstance(left, list):
        return (
            isinstance(right, list)
            and len(left) == len(right)
            and all(map(json_equal, left, right))
        )
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    return bool(left == right)


def same_if_equal(old: Any, new: Any) -> Any:
    """``new``, with each sub-tree that equals its old counterpart replaced by that very counterpart."""
    if old is new:
        return old
    if isinstance(old, dict) and isinstance(new, dict):
        shared = {
            key: same_if_equal(old[key], value) if key in old else value
            for key, value in new.items()
        }
        unchanged = len(old) == len(shared) and all(
            key in old and old[key] is value for key, value in shared.items()
        )
        return old if unchanged else shared
    if isinstance(old, list) and isinstance(new, list):
        items = [same_if_equal(before, after) for before, after in zip(old, new, strict=False)]
        items.extend(new[len(items) :])
        unchanged = len(old) == len(items) and all(a is b for a, b in zip(old, items, strict=True))
        return old if unchanged else items
    return old if json_equal(old, new) else new


class _PatchFailure(Exception):
    """An operation that cannot be carried out."""


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _apply_operation(doc: Any, op: dict[str, Any]) -> Any:
    name, tokens = op.get("op"), _tokens(op.get("path"))
    if name == "add":
        return _added(doc, tokens, _operand(op))
    if name == "remove":
        return _removed(doc, tokens)
    if name == "replace":
        _get(doc, tokens)
        return _replaced(doc, tokens, _operand(op))
    if name == "move":
        source = _tokens(op.get("from"))
        return _added(_removed(doc, source), tokens, _get(doc, source))
    if name == "copy":
        return _added(doc, tokens, _get(doc, _tokens(op.get("from"))))
    if name == "test":
        if not json_equal(_get_or_null(doc, tokens), op.get("value")):
            raise _PatchFailure("testing value failed")
        return doc
    raise _PatchFailure(f"Unexpected kind: {name}")


def _operand(op: dict[str, Any]) -> Any:
    if "value" not in op:
        raise _PatchFailure("missing value")
    return op["value"]


def _tokens(pointer: Any) -> list[str]:
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise _PatchFailure(f"not a JSON pointer: {pointer}")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _get(doc: Any, tokens: list[str]) -> Any:
    for token in tokens:
        if isinstance(doc, dict) and token in doc:
            doc = doc[token]
        elif isinstance(doc, list):
            doc = doc[_index(token, len(doc) - 1)]
        else:
            raise _PatchFailure(f"missing path at {token}")
    return doc


def _get_or_null(doc: Any, tokens: list[str]) -> Any:
    # A test against null also holds where the last member is missing.
    if tokens:
        parent = _get(doc, tokens[:-1])
        if isinstance(parent, dict):
            return parent.get(tokens[-1])
    return _get(doc, tokens)


def _index(token: str, highest: int) -> int:
    if not token.lstrip("-").isdigit():
        raise _PatchFailure(f"not an index: {token}")
    index = int(token)
    if index < 0:
        # Negative indexes count from the end, as upstream's library allows.
        index += highest + 1
    if not 0 <= index <= highest:
        raise _PatchFailure(f"index out of bounds: {token}")
    return index


def _replaced(doc: Any, tokens: list[str], value: Any) -> Any:
    if not tokens:
        return value
    head, rest = tokens[0], tokens[1:]
    if isinstance(doc, dict):
        return {**doc, head: _replaced(doc[head], rest, value)}
    index = _index(head, len(doc) - 1)
    return [*doc[:index], _replaced(doc[index], rest, value), *doc[index + 1 :]]


def _added(doc: Any, tokens: list[str], value: Any) -> Any:
    if not tokens:
        return value
    parent_tokens, last = tokens[:-1], tokens[-1]
    parent = _get(doc, parent_tokens)
    if isinstance(parent, dict):
        return _replaced(doc, parent_tokens, {**parent, last: value})
    if not isinstance(parent, list):
        raise _PatchFailure(f"missing path at {last}")
    index = len(parent) if last == "-" else _index(last, len(parent))
    return _replaced(doc, parent_tokens, [*parent[:index], value, *parent[index:]])


def _removed(doc: Any, tokens: list[str]) -> Any:
    _get(doc, tokens)
    if not tokens:
        raise _PatchFailure("cannot remove the document")
    parent_tokens, last = tokens[:-1], tokens[-1]
    parent = _get(doc, parent_tokens)
    if isinstance(parent, dict):
        return _replaced(
            doc, parent_tokens, {key: value for key, value in parent.items() if key != last}
        )
    index = _index(last, len(parent) - 1)
    return _replaced(doc, parent_tokens, [*parent[:index], *parent[index + 1 :]])
